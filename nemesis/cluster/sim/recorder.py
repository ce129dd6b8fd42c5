"""Turns what a replica tells about itself into trace events, and hands them to the monitors."""

from __future__ import annotations

from checker.invariants import Monitors
from checker.trace import (
    Appended,
    Applied,
    Committed,
    Persisted,
    Role,
    RoleChanged,
    Started,
    Stopped,
    TermChanged,
    TermExposed,
    TraceEvent,
    Truncated,
    VoteGranted,
)
from nemesis.cluster.sim.events import EventQueue
from raft.observer import Observer


class Trace:
    """The events of one run, judged as they come."""

    __slots__ = ("elections", "events", "monitors", "queue")

    def __init__(self, queue: EventQueue, monitors: Monitors) -> None:
        self.queue = queue
        self.monitors = monitors
        self.events: list[TraceEvent] = []
        # Who became leader, in the order in which it happened.
        self.elections: list[str] = []

    def add(self, event: TraceEvent) -> None:
        """Keep and judge one event."""
        self.events.append(event)
        self.monitors.observe(event)


class Recorder(Observer):
    """The observer of one simulated replica."""

    __slots__ = ("_add", "_events", "_node", "_queue", "_trace")

    def __init__(self, node: str, trace: Trace) -> None:
        self._node = node
        self._trace = trace
        self._queue = trace.queue
        self._events = trace.events
        self._add = trace.add

    def started(self, term: int, voted_for: str | None) -> None:
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

    def appended(self, index: int, term: int, command: bytes) -> None:
        self._add(Appended(len(self._events), self._queue.now, self._node, index, term, command))

    def truncated(self, index: int) -> None:
        self._add(Truncated(len(self._events), self._queue.now, self._node, index))

    def persisted(self, term: int, voted_for: str | None, last_index: int) -> None:
        self._add(
            Persisted(len(self._events), self._queue.now, self._node, term, voted_for, last_index)
        )

    def committed(self, index: int) -> None:
        self._add(Committed(len(self._events), self._queue.now, self._node, index))

    def applied(self, index: int, session: str, sequence: int, executed: bool) -> None:
        self._add(
            Applied(
                len(self._events), self._queue.now, self._node, index, session, sequence, executed
            )
        )
