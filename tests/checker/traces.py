"""Writes traces for the tests of the monitors, and says what a case must come to."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from checker import trace as told
from checker.invariants import judge_trace

MEMBERS = ("n1", "n2", "n3")


def names(*numbers: int) -> tuple[str, ...]:
    return tuple(f"n{n}" for n in numbers)


class Trace:
    """Writes a trace, an event a call; ``n`` is the node's number."""

    def __init__(self, *, started: bool = True) -> None:
        self.events: list[told.TraceEvent] = []
        if started:
            for n in (1, 2, 3):
                self.start(n).persist(n, 0, 0)

    def _add(self, kind: Callable[..., told.TraceEvent], n: int, *fields: object) -> Trace:
        at = len(self.events)
        self.events.append(kind(at, at * 10, f"n{n}", *fields))
        return self

    def start(self, n: int, term: int = 0, vote: str | None = None) -> Trace:
        return self._add(told.Started, n, term, vote)

    def stop(self, n: int) -> Trace:
        return self._add(told.Stopped, n, "crashed")

    def term(self, n: int, term: int) -> Trace:
        return self._add(told.TermChanged, n, term)

    def expose(self, n: int, term: int) -> Trace:
        return self._add(told.TermExposed, n, term)

    def role(self, n: int, role: str, term: int) -> Trace:
        return self._add(told.RoleChanged, n, role, term)

    def lead(self, n: int, term: int) -> Trace:
        return self.term(n, term).role(n, "leader", term)

    def vote(self, n: int, term: int, candidate: str) -> Trace:
        return self._add(told.VoteGranted, n, term, candidate)

    def append(self, n: int, index: int, term: int, command: bytes = b"c") -> Trace:
        return self._add(told.Appended, n, index, term, command)

    def truncate(self, n: int, index: int) -> Trace:
        return self._add(told.Truncated, n, index)

    def persist(self, n: int, last: int, term: int = 1) -> Trace:
        return self._add(told.Persisted, n, term, None, last)

    def store(self, n: int, index: int, term: int, command: bytes = b"c") -> Trace:
        return self.append(n, index, term, command).persist(n, index, term)

    def commit(self, n: int, index: int) -> Trace:
        return self._add(told.Committed, n, index)

    def apply(self, n: int, index: int, request: int = 1, *, executed: bool = True) -> Trace:
        return self._add(told.Applied, n, index, "s", request, executed)

    def configure(
        self,
        n: int,
        index: int,
        voters: tuple[str, ...],
        outgoing: tuple[str, ...] = (),
        learners: tuple[str, ...] = (),
    ) -> Trace:
        return self._add(told.ConfigurationChanged, n, index, voters, outgoing, learners)

    def change(
        self,
        n: int,
        index: int,
        term: int,
        voters: tuple[str, ...],
        outgoing: tuple[str, ...] = (),
        learners: tuple[str, ...] = (),
    ) -> Trace:
        """Append the entry of a configuration, which is in effect at once."""
        return self.append(n, index, term, b"").configure(n, index, voters, outgoing, learners)

    def take(self, n: int, index: int, term: int = 1, digest: str | None = None) -> Trace:
        return self._add(told.SnapshotTaken, n, index, term, digest or f"d{index}")

    def restore(
        self,
        n: int,
        index: int,
        term: int = 1,
        last: int | None = None,
        digest: str | None = None,
    ) -> Trace:
        fields = (index, term, digest or f"d{index}", index if last is None else last)
        return self._add(told.SnapshotRestored, n, *fields)

    def compact(self, n: int, index: int) -> Trace:
        return self._add(told.Compacted, n, index)

    def digest(self, n: int, index: int, digest: str | None = None) -> Trace:
        return self._add(told.StateDigest, n, index, digest or f"d{index}")

    def lease_read(self, n: int, index: int, term: int) -> Trace:
        return self._add(told.LeaseRead, n, index, term)

    def hand_over(self, n: int, target: str) -> Trace:
        return self._add(told.TransferStarted, n, target)

    def end_transfer(self, n: int, outcome: str = "abandoned") -> Trace:
        return self._add(told.TransferEnded, n, outcome)


def committed(last: int = 1) -> Trace:
    """n1 leads term 1 and has committed entries up to ``last``, which n1 and n2 hold."""
    trace = Trace().lead(1, 1).term(2, 1).term(3, 1)
    for index in range(1, last + 1):
        trace.store(1, index, 1).store(2, index, 1).commit(1, index)
    return trace


def applied(last: int = 1) -> Trace:
    """The same, and n1 has applied them."""
    trace = committed(last)
    for index in range(1, last + 1):
        trace.apply(1, index, index)
    return trace


class Case(NamedTuple):
    """A trace whose last event the monitor ``kind`` must convict; None: all must accept it."""

    name: str
    kind: str | None
    trace: Trace
    members: tuple[str, ...] = MEMBERS

    def check(self) -> None:
        events = self.trace.events
        verdict = judge_trace(self.members, events)
        if self.kind is None:
            assert verdict.failures == ()
            return
        assert self.kind in verdict.kinds
        first = next(failure for failure in verdict.failures if failure.kind == self.kind)
        # The last event is the one that breaks the promise, and the evidence says so.
        assert first.evidence["sequence"] == len(events) - 1
        assert first.time == events[-1].time
        assert first.node == events[-1].node
        assert judge_trace(self.members, events[:-1]).failures == ()
