"""A handful of consensus modules whose messages a test carries by hand: no disk, no network."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from random import Random

from raft.consensus import Consensus, Entry, Message, Settings
from raft.consensus.configuration import Configuration
from raft.consensus.snapshot import Snapshot
from raft.observer import Observer
from tests.acceptance.slow_disk import SlowDisk, Write
from tests.raft.harness import save

# The paper's rules alone.
PLAIN = Settings(pre_vote=False, check_quorum=False)


def log_of(terms: Iterable[int]) -> list[Entry]:
    """A log whose entries have these terms; equal prefixes of terms are equal logs."""
    return [Entry(at, term, f"{at}.{term}".encode()) for at, term in enumerate(terms, start=1)]


class ConsensusCluster:
    """Servers n1, n2, ...; ``wire`` holds what was sent and has not been delivered yet.

    They begin in ``configuration``, all as voters if there is none; who is not in it waits to be
    added. Their state machine remembers the commands, in their order.
    """

    def __init__(
        self,
        size: int = 3,
        logs: dict[str, tuple[int, ...]] | None = None,
        terms: dict[str, int] | None = None,
        settings: Settings = PLAIN,
        seed: int = 1,
        observer: Callable[[str], Observer] = lambda name: Observer(),
        configuration: Configuration | None = None,
    ) -> None:
        self.names = tuple(f"n{number}" for number in range(1, size + 1))
        self.settings = settings
        self.observer = observer
        self.now = 0
        self.wire: list[Message] = []
        self.servers: dict[str, Consensus] = {}
        # Of servers that write asynchronously.
        self.disks: dict[str, SlowDisk] = {}
        first = configuration or Configuration(self.names)
        for position, name in enumerate(self.names):
            joined = first if name in first.members else Configuration(())
            snapshot = Snapshot(0, 0, joined)
            log = (logs or {}).get(name, ())
            term = (terms or {}).get(name, max(log, default=0))
            random = Random(seed * 100 + position)
            self._start(name, term, None, snapshot, log_of(log), random)

    def _start(
        self,
        name: str,
        term: int,
        voted_for: str | None,
        snapshot: Snapshot,
        log: Iterable[Entry],
        random: Random,
    ) -> None:
        observer = self.observer(name)
        server = self.servers[name] = Consensus(
            name,
            self.settings,
            random,
            observer,
            term=term,
            voted_for=voted_for,
            snapshot=snapshot,
            entries=log,
            now=self.now,
        )
        if self.settings.asynchronous_storage:
            self.disks[name] = SlowDisk(server, observer)

    def __getitem__(self, name: str) -> Consensus:
        return self.servers[name]

    def restart(self, name: str) -> None:
        """Crash, and start again on what is persistent: term, vote, snapshot, and the log after
        it."""
        old = self.servers[name]
        disk = self.disks.get(name)
        if disk is not None:
            self._start(name, disk.term, disk.voted_for, old.snapshot, disk.log, old.random)
            return
        log = old.log.entries_from(old.snapshot.last_index + 1)
        self._start(name, old.current_term, old.voted_for, old.snapshot, log, old.random)

    def settle(self, name: str) -> list[Message]:
        """Do what is due on a server, save, and put what leaves on the wire; returns that."""
        server = self.servers[name]
        server.now = self.now
        if server.now >= server.deadline:
            server.tick()
        if server.must_broadcast:
            server.finish()
        server.give_up_late_reads()
        disk = self.disks.get(name)
        if disk is not None:
            sent = disk.release()
        else:
            if server.must_save:
                save(server)
            if server.received_snapshot is not None:
                server.install_snapshot()
            sent, server.outbox = server.outbox, []
        self.wire.extend(sent)
        return sent

    def begin_write(self, name: str) -> Write | None:
        """A server that writes asynchronously begins to; None if it has no reason to, or does."""
        return self.disks[name].begin()

    def end_write(self, name: str) -> list[Message]:
        """The write that is under way is acknowledged; what leaves then."""
        self.disks[name].end()
        return self.settle(name)

    def state(self, name: str, index: int | None = None) -> bytes:
        """What the state machine of a server remembers after the entry at ``index``, which is not
        below the snapshot's; of all that is committed if there is none."""
        server = self.servers[name]
        index = server.commit_index if index is None else index
        first = server.snapshot.last_index + 1
        commands = [server.log.entry_at(at).command for at in range(first, index + 1)]
        return b";".join(filter(None, [server.snapshot.data, *commands]))

    def take_snapshot(self, name: str, index: int | None = None) -> None:
        """A server keeps its state after a committed entry, the last one if none is named, in
        place of what led to it."""
        server = self.servers[name]
        index = server.commit_index if index is None else index
        term = server.log.term_at(index)
        configuration = server.configuration_at(index)
        server.snapshot_taken(Snapshot(index, term, configuration, self.state(name, index)))

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
