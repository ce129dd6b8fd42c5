"""Replicas with asynchronous storage, driven by hand: each write and each application is begun,
done and acknowledged when the test says so."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from random import Random
from typing import Any

from checker.invariants import Monitors
from nemesis.cluster.sim.disk import PowerLost, SimulatedDisk
from nemesis.cluster.sim.events import EventQueue
from nemesis.cluster.sim.recorder import Recorder, Trace
from raft.apply_queue import EntriesApplied, PendingApplication
from raft.client_messages import ClientRequest
from raft.consensus import (
    AppendEntriesReply,
    Message,
    PreVote,
    PreVoteReply,
    RequestVote,
    RequestVoteReply,
    Settings,
)
from raft.consensus.snapshot import first_snapshot
from raft.kv.commands import Append, Command
from raft.observer import Observer
from raft.replica import HEALTHY, Replica, Variant
from raft.storage import Disk
from raft.write_queue import PendingWrite, Saved
from tests.raft.harness import MEMBERS

ASYNCHRONOUS = Settings(
    pre_vote=False, check_quorum=False, session_timeout=None, asynchronous_storage=True
)
SEGMENT_BYTES = 512


class Node:
    """One replica, and what it has under way. ``sent`` and ``replies`` are all that ever left."""

    def __init__(
        self,
        name: str,
        disk: Disk,
        settings: Settings = ASYNCHRONOUS,
        observer: Observer | None = None,
        variant: Variant = HEALTHY,
    ) -> None:
        self.name = name
        self.disk = disk
        self.now = 0
        self.replica = Replica(
            name,
            disk,
            settings,
            Random(int(name[1:])),
            observer or Observer(),
            now=0,
            variant=variant,
            segment_bytes=SEGMENT_BYTES,
        )
        self.sent: list[Message] = []
        self.replies: list[Any] = []
        self.write: PendingWrite | None = None
        self.saved: Saved | None = None
        self.application: PendingApplication | None = None
        self.applied: EntriesApplied | None = None

    def handle(self, *inputs: Any) -> list[Message]:
        """Hand the inputs in, and begin what there is to do; what left."""
        outputs = self.replica.handle(inputs, self.now)
        self.sent += outputs.messages
        self.replies += outputs.replies
        if self.write is None:
            self.write = self.replica.begin_write()
        if self.application is None:
            self.application = self.replica.begin_application()
        return outputs.messages

    def perform(self) -> None:
        """Do the write that is under way."""
        if self.write is not None and self.saved is None:
            self.saved = self.replica.perform(self.write)

    def acknowledge(self) -> list[Message]:
        """Hand in the acknowledgement of what was written; what left then."""
        saved = self.saved
        if saved is None:
            return []
        self.saved = self.write = None
        return self.handle(saved)

    def save(self) -> list[Message]:
        """Write until there is nothing more to write; what left meanwhile."""
        left: list[Message] = []
        while self.write is not None:
            self.perform()
            left += self.acknowledge()
        return left

    def apply(self) -> None:
        """Do the application that is under way."""
        if self.application is not None and self.applied is None:
            self.applied = self.replica.apply(self.application)

    def acknowledge_application(self) -> list[Message]:
        """Hand in its acknowledgement; what left then."""
        applied = self.applied
        if applied is None:
            return []
        self.applied = self.application = None
        return self.handle(applied)

    def time_out(self) -> list[Message]:
        """Let the election time-out, or the heartbeat interval, pass."""
        self.now = max(self.now, self.replica.deadline)
        return self.handle()


def append(sequence: int, client: str = "c") -> ClientRequest:
    """A client's command."""
    return ClientRequest(
        client, client, sequence, 1, Command(client, sequence, Append("k", f"{sequence};")), None
    )


class Cluster:
    """Three such replicas, judged by the monitors, on disks that may lose power in a write.

    ``pool`` holds the messages that have left and not arrived. What a node has promised by them is
    noted, and compared with what it finds on its disk after a crash.
    """

    def __init__(self, settings: Settings, variant: Variant = HEALTHY) -> None:
        self.settings = settings
        self.variant = variant
        self.trace = Trace(EventQueue(), Monitors(MEMBERS))
        self.pool: list[Message] = []
        self.sequence = 0
        self.disks: dict[str, SimulatedDisk] = {}
        self.nodes: dict[str, Node] = {}
        self.recorders: dict[str, Recorder] = {}
        self.terms: Counter[str] = Counter()
        self.votes: dict[tuple[str, int], str] = {}
        # By node and term: index of the last entry acknowledged in it, and that entry's term.
        self.matches: dict[tuple[str, int], tuple[int, int]] = {}
        for number, name in enumerate(MEMBERS):
            self.disks[name] = disk = SimulatedDisk(Random(number), Counter())
            Replica.initialize(disk, first_snapshot(MEMBERS), segment_bytes=SEGMENT_BYTES)
            self.recorders[name] = Recorder(name, self.trace)
            self.start(name)

    def start(self, name: str) -> None:
        self.nodes[name] = Node(
            name, self.disks[name], self.settings, self.recorders[name], self.variant
        )

    def take(self, name: str, messages: list[Message]) -> None:
        """Note what these messages promise, and put them on their way."""
        consensus = self.nodes[name].replica.consensus
        for message in messages:
            if not isinstance(message, PreVote | PreVoteReply):
                self.terms[name] = max(self.terms[name], message.term)
            if isinstance(message, RequestVote):
                self.promise_vote(name, message.term, name)
            elif isinstance(message, RequestVoteReply) and message.vote_granted:
                self.promise_vote(name, message.term, message.target)
            elif isinstance(message, AppendEntriesReply) and message.success:
                index = message.match_index
                known = self.matches.get((name, message.term), (0, 0))
                if message.term == consensus.current_term and index > known[0]:
                    self.matches[name, message.term] = index, consensus.log.term_at(index)
        self.pool += messages

    def promise_vote(self, name: str, term: int, candidate: str) -> None:
        assert self.votes.setdefault((name, term), candidate) == candidate

    def check_promises(self, name: str) -> None:
        """What was just recovered contradicts nothing that had left."""
        consensus = self.nodes[name].replica.consensus
        term = consensus.current_term
        assert term >= self.terms[name]
        assert self.votes.get((name, term)) in (None, consensus.voted_for)
        index, entry_term = self.matches.get((name, term), (0, 0))
        if index > consensus.log.base_index:
            assert consensus.log.term_at(index) == entry_term

    def crash(self, name: str, *, in_write: bool = False) -> None:
        """The process dies, in the middle of the write that is under way or between its steps."""
        node = self.nodes[name]
        if in_write and node.write is not None and node.saved is None:
            self.disks[name].power_fails = "torn-write"
            with suppress(PowerLost):
                node.perform()
        self.disks[name].crash()
        self.recorders[name].stopped("crashed")
        self.start(name)
        self.check_promises(name)

    def do(self, name: str, what: str) -> None:
        """One step of one node."""
        node = self.nodes[name]
        if what == "perform":
            node.perform()
        elif what == "acknowledge":
            self.take(name, node.acknowledge())
        elif what == "apply":
            node.apply()
        elif what == "acknowledge-application":
            self.take(name, node.acknowledge_application())
        elif what == "time-out":
            self.take(name, node.time_out())
        elif what == "propose":
            self.sequence += 1
            self.take(name, node.handle(append(self.sequence)))
        elif what == "lose":
            self.lose(name)
        elif what == "crash":
            self.crash(name)
        elif what == "crash-in-write":
            self.crash(name, in_write=True)

    def deliver(self, at: int, *, again: bool = False) -> None:
        """One of the messages on their way arrives, or a copy of it."""
        if self.pool:
            at %= len(self.pool)
            message = self.pool[at] if again else self.pool.pop(at)
            self.take(message.target, self.nodes[message.target].handle(message))

    def lose(self, name: str) -> None:
        """Nothing that is on its way from or to this node arrives."""
        self.pool = [each for each in self.pool if name not in (each.source, each.target)]

    def run(self, rounds: int, without: str | None = None) -> None:
        """Let everything go its way for a while, in order; but for one node, which is cut off."""
        for _ in range(rounds):
            if without is not None:
                self.lose(without)
            for _ in range(len(self.pool)):
                self.deliver(0)
            for name in MEMBERS:
                if name == without:
                    continue
                for what in ("perform", "acknowledge", "apply", "acknowledge-application"):
                    self.do(name, what)

    @property
    def failures(self) -> list[Any]:
        """What the monitors have found."""
        return self.trace.monitors.failures
