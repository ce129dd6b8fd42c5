"""Turns what a replica tells about itself into trace events, and hands them to the monitors."""

from __future__ import annotations

from collections import Counter

from checker.invariants import Monitors
from checker.trace import (
    Appended,
    Applied,
    Committed,
    Compacted,
    ConfigurationChanged,
    LeaseRead,
    Persisted,
    Role,
    RoleChanged,
    SnapshotRestored,
    SnapshotTaken,
    Started,
    StateDigest,
    Stopped,
    TermChanged,
    TermExposed,
    TraceEvent,
    TransferEnded,
    TransferStarted,
    Truncated,
    VoteGranted,
)
from nemesis.cluster.sim.events import EventQueue
from raft.consensus.configuration import Configuration
from raft.observer import Observer


class Trace:
    """The events of one run, judged as they come."""

    __slots__ = ("configurations", "elections", "events", "milestones", "monitors", "queue")

    def __init__(self, queue: EventQueue, monitors: Monitors) -> None:
        self.queue = queue
        self.monitors = monitors
        self.events: list[TraceEvent] = []
        # Who became leader, in the order in which it happened.
        self.elections: list[str] = []
        # The indices of entries with a configuration that were committed.
        self.configurations: set[int] = set()
        # What else happened, and how often: snapshots, transfers, reads by lease.
        self.milestones: Counter[str] = Counter()

    def all_milestones(self) -> dict[str, int]:
        """What happened beside elections, and how often, by name."""
        found = dict(self.milestones)
        if self.configurations:
            found["configurations committed"] = len(self.configurations)
        return found


class Recorder(Observer):
    """The observer of one simulated replica: each event is kept, and judged at once."""

    __slots__ = (
        "_configuration_index",
        "_events",
        "_is_recovering",
        "_judge",
        "_keep",
        "_node",
        "_queue",
        "_snapshot_index",
        "_trace",
    )

    def __init__(self, node: str, trace: Trace) -> None:
        self._node = node
        self._trace = trace
        self._queue = trace.queue
        self._events = trace.events
        self._keep = trace.events.append
        self._judge = trace.monitors.judge_of(node)
        # The entry with a configuration that is yet to be committed, as far as is known here; 0
        # for none. A configuration at the snapshot's index came with it, not by an entry.
        self._configuration_index = 0
        self._snapshot_index = 0
        self._is_recovering = False

    def _add(self, event: TraceEvent) -> None:
        self._keep(event)
        self._judge(event)

    def started(self, term: int, voted_for: str | None) -> None:
        self._is_recovering = True
        self._snapshot_index = 0
        self._add(Started(len(self._events), self._queue.now, self._node, term, voted_for))

    def stopped(self, reason: str) -> None:
        """The process is gone; told by the simulator, since the replica no longer can."""
        self._add(Stopped(len(self._events), self._queue.now, self._node, reason))

    def term_changed(self, term: int) -> None:
        self._add(TermChanged(len(self._events), self._queue.now, self._node, term))

    def term_exposed(self, term: int) -> None:
        self._add(TermExposed(len(self._events), self._queue.now, self._node, term))

    def role_changed(self, role: Role, term: int) -> None:
        if role == "leader":
            self._trace.elections.append(self._node)
        self._add(RoleChanged(len(self._events), self._queue.now, self._node, role, term))

    def vote_granted(self, term: int, candidate: str) -> None:
        self._add(VoteGranted(len(self._events), self._queue.now, self._node, term, candidate))

    def configuration_changed(self, index: int, configuration: Configuration) -> None:
        self._configuration_index = index if index > self._snapshot_index else 0
        self._add(
            ConfigurationChanged(
                len(self._events),
                self._queue.now,
                self._node,
                index,
                configuration.voters,
                configuration.outgoing,
                configuration.learners,
            )
        )

    def snapshot_taken(self, index: int, term: int, digest: str) -> None:
        self._trace.milestones["snapshots taken"] += 1
        self._add(
            SnapshotTaken(len(self._events), self._queue.now, self._node, index, term, digest)
        )

    def snapshot_restored(self, index: int, term: int, digest: str, last_index: int) -> None:
        self._snapshot_index = index
        if not self._is_recovering:
            self._trace.milestones["snapshots installed"] += 1
        self._add(
            SnapshotRestored(
                len(self._events), self._queue.now, self._node, index, term, digest, last_index
            )
        )

    def compacted(self, index: int) -> None:
        self._add(Compacted(len(self._events), self._queue.now, self._node, index))

    def state_digest(self, index: int, digest: str) -> None:
        self._add(StateDigest(len(self._events), self._queue.now, self._node, index, digest))

    def lease_read(self, index: int, term: int) -> None:
        self._trace.milestones["lease reads"] += 1
        self._add(LeaseRead(len(self._events), self._queue.now, self._node, index, term))

    def transfer_started(self, target: str) -> None:
        self._add(TransferStarted(len(self._events), self._queue.now, self._node, target))

    def transfer_ended(self, outcome: str) -> None:
        self._trace.milestones[f"transfers {outcome}"] += 1
        self._add(TransferEnded(len(self._events), self._queue.now, self._node, outcome))

    # The four that make up nearly all of a trace are written out.

    def appended(self, index: int, term: int, command: bytes) -> None:
        event = Appended(len(self._events), self._queue.now, self._node, index, term, command)
        self._keep(event)
        self._judge(event)

    def truncated(self, index: int) -> None:
        self._add(Truncated(len(self._events), self._queue.now, self._node, index))

    def persisted(self, term: int, voted_for: str | None, last_index: int) -> None:
        self._is_recovering = False
        event = Persisted(
            len(self._events), self._queue.now, self._node, term, voted_for, last_index
        )
        self._keep(event)
        self._judge(event)

    def committed(self, index: int) -> None:
        if 0 < self._configuration_index <= index:
            self._trace.configurations.add(self._configuration_index)
            self._configuration_index = 0
        event = Committed(len(self._events), self._queue.now, self._node, index)
        self._keep(event)
        self._judge(event)

    def applied(self, index: int, session: str, sequence: int, executed: bool) -> None:
        event = Applied(
            len(self._events), self._queue.now, self._node, index, session, sequence, executed
        )
        self._keep(event)
        self._judge(event)
