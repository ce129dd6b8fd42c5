"""Several consensus modules and a network by hand: nothing is delivered unless a test says so.

What no run of Raft may show is asserted at every step: two leaders in a term, a leader that lacks a
committed entry, committed entries that differ, logs that differ below an entry that they share.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random

from raft.consensus import Consensus, Entry, Message, Settings
from raft.consensus.configuration import Configuration
from raft.consensus.messages import RequestVote, TimeoutNow
from raft.consensus.snapshot import Snapshot
from raft.observer import Observer
from tests.raft.harness import save


class Watcher(Observer):
    """Remembers how transfers began and ended."""

    __slots__ = ("transfers",)

    def __init__(self) -> None:
        self.transfers: list[str] = []

    def transfer_started(self, target: str) -> None:
        self.transfers.append(target)

    def transfer_ended(self, outcome: str) -> None:
        self.transfers.append(outcome)


class Network:
    """Servers by name; those outside ``members`` start with an empty configuration and wait."""

    def __init__(
        self,
        names: Sequence[str],
        members: Sequence[str] | Configuration,
        settings: Settings | None = None,
        kind: type[Consensus] = Consensus,
        seed: int = 1,
    ) -> None:
        self.now = 0
        self.kind = kind
        self.settings = settings or Settings()
        self.random = Random(seed)
        first = members if isinstance(members, Configuration) else Configuration(tuple(members))
        self.first = {name: first if name in first.members else Configuration(()) for name in names}
        self.watchers = {name: Watcher() for name in names}
        self.servers = {name: self._start(name) for name in names}
        self.in_flight: list[Message] = []
        self.sides: dict[str, int] = {}
        # Who led each term, and what is committed, as seen so far.
        self.leaders: dict[int, str] = {}
        self.committed: list[Entry] = []

    def _start(self, name: str, old: Consensus | None = None) -> Consensus:
        entries = () if old is None else old.log.entries_from(1)
        return self.kind(
            name,
            self.settings,
            Random(self.random.random()),
            self.watchers[name],
            term=0 if old is None else old.current_term,
            voted_for=None if old is None else old.voted_for,
            snapshot=Snapshot(0, 0, self.first[name]),
            entries=entries,
            now=self.now,
        )

    def restart(self, name: str) -> None:
        """Crash and come back with what was saved, which is everything."""
        self.servers[name] = self._start(name, self.servers[name])

    def __getitem__(self, name: str) -> Consensus:
        return self.servers[name]

    # -- Inputs ----------------------------------------------------------------------------------

    def step(self, name: str, *inputs: Message) -> None:
        """A batch of inputs, as raft.replica handles it."""
        server = self.servers[name]
        server.now = self.now
        for message in inputs:
            server.receive(message)
        self.settle(name)

    def settle(self, name: str) -> None:
        """What is due now; what leaves is in flight then."""
        server = self.servers[name]
        server.now = self.now
        for _ in range(10):
            if server.now >= server.deadline:
                server.tick()
            if server.must_broadcast:
                server.finish()
            if server.must_save:
                save(server)
            self.in_flight.extend(
                message for message in server.outbox if self.is_linked(name, message.target)
            )
            server.outbox = []
            self.check(name)
            if server.now < server.deadline and not server.must_broadcast:
                return
        raise AssertionError(f"{name} is due again and again at {self.now}")

    def deliver(self, message: Message) -> None:
        """Hand one message over, wherever it was."""
        self.in_flight.remove(message)
        if message.target in self.servers:
            self.step(message.target, message)

    def exchange(self, among: Iterable[str] | None = None) -> None:
        """Deliver in order until nothing is in flight; what goes to or comes from others than
        ``among`` is lost."""
        allowed = set(self.servers) if among is None else set(among)
        for _ in range(2000):
            if not self.in_flight:
                return
            message = self.in_flight.pop(0)
            if message.source in allowed and message.target in allowed:
                self.step(message.target, message)
        raise AssertionError("the servers never fall silent")

    def elapse(self, duration: int, among: Iterable[str] | None = None) -> None:
        """Let time pass from deadline to deadline, delivering everything in between; those outside
        ``among`` stand still."""
        running = sorted(self.servers if among is None else among)
        until = self.now + duration
        for _ in range(5000):
            due = min(self.servers[name].deadline for name in running)
            self.now = max(self.now, min(due, until))
            for name in running:
                self.settle(name)
            self.exchange(running)
            if self.now >= until:
                return
        raise AssertionError("time stands still")

    def time_out(self, name: str) -> None:
        """``name`` hears nothing until its election time-out."""
        self.now = max(self.now, self.servers[name].election_deadline)
        self.settle(name)

    def elect(self, name: str, among: Iterable[str] | None = None) -> None:
        """Everyone forgets its leader, ``name`` campaigns, its messages are delivered."""
        self.now += 2 * self.settings.election_timeout_max
        for server in self.servers.values():
            server.now = self.now
            if server.role != "leader":
                server.election_deadline = server.deadline = 10 * self.now
        server = self.servers[name]
        server.election_deadline = server.deadline = self.now
        self.settle(name)
        self.exchange(among)
        assert server.role == "leader", f"{name} is {server.role}"

    def propose(self, name: str, command: bytes = b"x") -> int:
        """A command for the log of a leader."""
        index = self.servers[name].append_as_leader(command)
        self.settle(name)
        return index

    def is_linked(self, one: str, other: str) -> bool:
        return self.sides.get(one, 0) == self.sides.get(other, 0)

    def leader(self) -> Consensus | None:
        """The leader of the newest term, if there is any."""
        leading = [server for server in self.servers.values() if server.role == "leader"]
        return max(leading, key=lambda server: server.current_term, default=None)

    def asked_for_votes(self, by: str) -> list[RequestVote]:
        return [m for m in self.in_flight if isinstance(m, RequestVote) and m.source == by]

    def timeouts_now(self) -> list[TimeoutNow]:
        return [m for m in self.in_flight if isinstance(m, TimeoutNow)]

    # -- What must hold --------------------------------------------------------------------------

    def check(self, name: str) -> None:
        server = self.servers[name]
        log = server.log
        if server.role == "leader":
            leader = self.leaders.setdefault(server.current_term, name)
            assert leader == name, f"{leader} and {name} lead term {server.current_term}"
        known = len(self.committed)
        for index in range(1, min(server.commit_index, known) + 1):
            assert log.entry_at(index) == self.committed[index - 1], f"{name} differs at {index}"
        for index in range(known + 1, server.commit_index + 1):
            self.committed.append(log.entry_at(index))
        if server.role == "leader":
            newest = max(other.current_term for other in self.servers.values())
            if server.current_term == newest and log.last_index < len(self.committed):
                raise AssertionError(f"{name} leads without a committed entry")

    def check_logs(self) -> None:
        """Log matching: an entry of the same index and term has the same log before it."""
        logs = [server.log.entries_from(1) for server in self.servers.values()]
        for at, one in enumerate(logs):
            for other in logs[at + 1 :]:
                shared = 0
                for index, (left, right) in enumerate(zip(one, other, strict=False), start=1):
                    if left.term == right.term:
                        shared = index
                assert one[:shared] == other[:shared]
