"""A handful of consensus modules whose messages a test carries by hand: no disk, no network."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from random import Random

from raft.consensus import Consensus, Entry, Message, Settings
from raft.consensus.snapshot import first_snapshot
from raft.observer import Observer

# The paper's rules alone.
PLAIN = Settings(pre_vote=False, check_quorum=False)


def log_of(terms: Iterable[int]) -> list[Entry]:
    """A log whose entries have these terms; equal prefixes of terms are equal logs."""
    return [Entry(at, term, f"{at}.{term}".encode()) for at, term in enumerate(terms, start=1)]


class ConsensusCluster:
    """Servers n1, n2, ...; ``wire`` holds what was sent and has not been delivered yet."""

    def __init__(
        self,
        size: int = 3,
        logs: dict[str, tuple[int, ...]] | None = None,
        terms: dict[str, int] | None = None,
        settings: Settings = PLAIN,
        seed: int = 1,
        observer: Callable[[str], Observer] = lambda name: Observer(),
    ) -> None:
        self.names = tuple(f"n{number}" for number in range(1, size + 1))
        self.settings = settings
        self.observer = observer
        self.now = 0
        self.wire: list[Message] = []
        self.servers: dict[str, Consensus] = {}
        for position, name in enumerate(self.names):
            log = (logs or {}).get(name, ())
            term = (terms or {}).get(name, max(log, default=0))
            self._start(name, term, None, log_of(log), Random(seed * 100 + position))

    def _start(
        self, name: str, term: int, voted_for: str | None, log: list[Entry], random: Random
    ) -> None:
        self.servers[name] = Consensus(
            name,
            self.settings,
            random,
            self.observer(name),
            term=term,
            voted_for=voted_for,
            snapshot=first_snapshot(self.names),
            entries=log,
            now=self.now,
        )

    def __getitem__(self, name: str) -> Consensus:
        return self.servers[name]

    def restart(self, name: str) -> None:
        """Crash, and start again on what is persistent: term, vote and log."""
        old = self.servers[name]
        log = list(old.log.entries_from(1))
        self._start(name, old.current_term, old.voted_for, log, old.random)

    def settle(self, name: str) -> list[Message]:
        """Do what is due on a server, save, and put what leaves on the wire; returns that."""
        server = self.servers[name]
        server.now = self.now
        if server.now >= server.deadline:
            server.tick()
        if server.must_broadcast:
            server.finish()
        if server.must_save:
            server.saved()
        sent, server.outbox = server.outbox, []
        self.wire.extend(sent)
        return sent

    def receive(self, message: Message) -> list[Message]:
        """Hand a message to its target; what the target sends then."""
        server = self.servers[message.target]
        server.now = self.now
        server.receive(message)
        return self.settle(message.target)

    def time_out(self, name: str) -> list[Message]:
        """Let the election time-out of one server pass; what it sends then."""
        server = self.servers[name]
        self.now = max(self.now, server.election_deadline)
        return self.settle(name)

    def propose(self, name: str, command: bytes = b"x") -> list[Message]:
        """A client's command arrives at a leader; what it sends then."""
        self.servers[name].append_as_leader(command)
        return self.settle(name)

    def heartbeat(self, name: str) -> list[Message]:
        """Let a heartbeat interval pass on a leader; what it sends then."""
        self.now = max(self.now + 1, self.servers[name].deadline)
        return self.settle(name)

    def deliver(self, keep: Callable[[Message], bool] = lambda message: True) -> int:
        """Carry messages until the wire is empty, and lose those that ``keep`` refuses; how many
        arrived. Bounded: a cluster that never falls silent is an error."""
        arrived = 0
        while self.wire:
            message = self.wire.pop(0)
            if not keep(message):
                continue
            arrived += 1
            assert arrived < 10_000, "the servers never fall silent"
            self.receive(message)
        return arrived

    def deliver_among(self, *names: str) -> int:
        """As ``deliver``; only these servers reach each other."""
        return self.deliver(lambda message: message.source in names and message.target in names)

    def elect(self, name: str, *voters: str) -> None:
        """Make ``name`` leader with the votes of ``voters`` alone, or of all; nothing that the new
        leader sends is delivered."""
        self.wire.clear()
        asked = self.time_out(name)
        self.wire.clear()
        for request in asked:
            if not voters or request.target in voters:
                for answer in self.receive(request):
                    self.receive(answer)
        self.wire.clear()
        assert self.servers[name].role == "leader", f"{name} was not elected"

    def role_of(self, name: str) -> str:
        """The role of a server."""
        return self.servers[name].role

    def terms_of(self, name: str) -> list[int]:
        """The terms of a server's log."""
        log = self.servers[name].log
        return [log.term_at(index) for index in range(1, log.last_index + 1)]
