"""A register judged while it runs: event by event, with no more memory than concurrency asks for.

Theory of operation
-------------------
``zones`` says when a history of unique values is impossible: two clusters A and B each have
something that completed before something of the other was invoked,

    earliest(A) < latest(B)  and  earliest(B) < latest(A).

An open operation counts as ``info``, so each prefix has clusters of its own; an event changes them
little. A completion that is the first of its cluster sets ``earliest`` to now, after every
invocation: no harm. Neither is there in another one of a write, whose invocation counted before. A
read that completes, of a cluster A that something had completed in, may raise ``latest(A)`` to its
invocation. So that is the one moment at which two clusters can come into conflict, and only A with
another one; and it is seen at that event, not later. (Besides, a read of what nobody has written
yet, and the failure of a write that was read, are impossible at once.)

What must be remembered? Let ``horizon`` be the earliest invocation of a read that is still open.
Reads that complete from now on were invoked at ``horizon`` or later. So of the *settled* clusters,
those with ``earliest < horizon``, all precede any later read; and of them only the greatest
``latest`` matters to others, two numbers if it may be the cluster's own. A cluster A is dead once
another, settled one B has ``latest(B) > earliest(A)``: the next read of A would be in conflict with
B. If it is settled itself, it has added its ``latest`` to those numbers and is forgotten; a value
that is read after it was forgotten is a violation, and one that is written again is a new value,
for nobody may confuse it with the old one.

Settled clusters that are not dead were all open at one time, so there are no more of them than
operations that were concurrent. The others completed since the horizon: while one read is open. So
a read that stays open for ever holds what is written meanwhile, which it may still return; whoever
gives it up must say ``info``. A crashed write is concurrent with everything: it is remembered until
its value is read, and overwritten.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from checker.history import NEMESIS, Event, HistoryError
from checker.lincheck.engine import NotApplicable
from checker.lincheck.monitors.zones import BEFORE, NEVER
from checker.models.model import CallError, distinct

_SIMPLE = frozenset((int, str, type(None)))


class _Cluster:
    """A written value: the earliest completion and the latest invocation of its operations."""

    __slots__ = ("earliest", "latest", "value")

    def __init__(self, value: Any, earliest: int, latest: int) -> None:
        self.value = value
        self.earliest = earliest
        self.latest = latest


class RegisterStream:
    """One register with ``read`` and ``write``, judged event by event.

    Feed it the events of one key in their order. It answers whether the history so far is possible,
    counting open operations as ``info``; ``impossible_at`` is the number of the first event (from
    0) after which it is not, ``contradiction`` says why. What comes after that is not looked at.

    Raises NotApplicable for a write of a value that may still be read; CallError for an operation
    that a register does not have; HistoryError for a completion of nothing, or a process that does
    two things at a time. The event that raised was not taken.
    """

    __slots__ = (
        "_alive",
        "_clusters",
        "_highest",
        "_horizon",
        "_now",
        "_reading",
        "_second",
        "_top",
        "_unsettled",
        "_writing",
        "contradiction",
        "impossible_at",
    )

    def __init__(self, initial: Any = None) -> None:
        first = _Cluster(distinct(initial), BEFORE, BEFORE)
        self.impossible_at: int | None = None
        self.contradiction: str | None = None
        self._now = 0
        # What a read may return: by value, the clusters that are not forgotten.
        self._clusters = {first.value: first}
        # Open operations: a read's invocation, in order of invocation; a write's cluster.
        self._reading: dict[int | str, int] = {}
        self._writing: dict[int | str, _Cluster] = {}
        self._horizon = NEVER
        # Clusters with a completion, in order of the earliest: before the horizon, and since.
        self._alive = [first]
        self._unsettled: deque[_Cluster] = deque()
        # Of all that settled: the one with the greatest latest invocation, and the second.
        self._top = first
        self._highest = BEFORE
        self._second = BEFORE - 1

    @property
    def is_possible(self) -> bool:
        """Whether what was fed so far is linearizable."""
        return self.impossible_at is None

    @property
    def held(self) -> int:
        """How many values are remembered."""
        return len(self._clusters)

    def feed(self, event: Event) -> bool:
        """Take an event of a history; those of the nemesis do not count."""
        if event.process == NEMESIS:
            return self.impossible_at is None
        if event.type == "invoke":
            return self.invoke(event.process, event.f, event.value)
        return self.complete(event.process, event.type, event.value)

    def invoke(self, process: int | str, f: str, value: Any = None) -> bool:
        """A process begins a ``read``, or a ``write`` of the value."""
        if self.impossible_at is not None:
            return False
        if process in self._reading or process in self._writing:
            raise HistoryError(f"process {process!r} invokes {f!r} while it has an operation open")
        now = self._now
        if f == "read":
            self._reading[process] = now
            if self._horizon == NEVER:
                self._horizon = now
        elif f == "write":
            if type(value) not in _SIMPLE:
                value = distinct(value)
            if value in self._clusters:
                raise NotApplicable(f"the value {value!r} is written while it may still be read")
            self._clusters[value] = self._writing[process] = _Cluster(value, NEVER, now)
        else:
            raise CallError(f"a register knows read and write, not {f!r}")
        self._now = now + 1
        return True

    def complete(self, process: int | str, type_: str, value: Any = None) -> bool:
        """The open operation of a process ends: ``ok`` (with what it read), ``fail``, ``info``.

        False if that makes the history impossible, or it was.
        """
        if self.impossible_at is not None:
            return False
        if type_ not in ("ok", "fail", "info"):
            raise HistoryError(f"an operation ends with ok, fail or info, not {type_!r}")
        invoked = self._reading.get(process)
        if invoked is not None:
            if type_ == "ok":
                if type(value) not in _SIMPLE:
                    value = distinct(value)
                self._read(value, invoked)
            del self._reading[process]
            if invoked == self._horizon:
                self._horizon = next(iter(self._reading.values()), NEVER)
        else:
            cluster = self._writing.pop(process, None)
            if cluster is None:
                raise HistoryError(f"process {process!r} completes what it has not invoked")
            if type_ == "ok":
                if cluster.earliest == NEVER:
                    cluster.earliest = self._now
                    self._unsettled.append(cluster)
            elif type_ == "fail":
                self._take_back(cluster)
        if self._unsettled and self._unsettled[0].earliest < self._horizon:
            self._settle()
        self._now += 1
        return self.impossible_at is None

    def _read(self, value: Any, invoked: int) -> None:
        """A read of the value, invoked then, completes now."""
        cluster = self._clusters.get(value)
        if cluster is None:
            self._convict(f"nobody wrote the value {value!r} that was read, or it was overwritten")
            return
        earliest = cluster.earliest
        if earliest == NEVER:
            cluster.earliest = self._now
            self._unsettled.append(cluster)
            if invoked > cluster.latest:
                cluster.latest = invoked
            return
        if invoked <= cluster.latest:
            return
        cluster.latest = invoked
        if (self._second if cluster is self._top else self._highest) > earliest:
            self._convict_of_overwritten(value)
            return
        for other in self._unsettled:
            if other.earliest > invoked:
                break
            if other.latest > earliest and other is not cluster:
                self._convict_of_overwritten(value)
                return
        if earliest < self._horizon:
            self._raise(cluster)
            if len(self._alive) > 1:
                self._forget_the_dead()

    def _take_back(self, cluster: _Cluster) -> None:
        """The write of the cluster did not happen."""
        if cluster.earliest != NEVER:
            self._convict(f"the value {cluster.value!r} was read, but its write failed")
        else:
            del self._clusters[cluster.value]

    def _settle(self) -> None:
        """The horizon has moved, or there is something new before it."""
        unsettled, horizon = self._unsettled, self._horizon
        while unsettled and unsettled[0].earliest < horizon:
            cluster = unsettled.popleft()
            self._alive.append(cluster)
            self._raise(cluster)
        self._forget_the_dead()

    def _raise(self, cluster: _Cluster) -> None:
        """Note the latest invocation of a settled cluster."""
        latest = cluster.latest
        if cluster is self._top:
            self._highest = latest
        elif latest > self._highest:
            self._second, self._highest = self._highest, latest
            self._top = cluster
        elif latest > self._second:
            self._second = latest

    def _forget_the_dead(self) -> None:
        top, highest, second = self._top, self._highest, self._second
        alive = []
        for cluster in self._alive:
            if cluster.earliest > (second if cluster is top else highest):
                alive.append(cluster)
            else:
                del self._clusters[cluster.value]
        self._alive = alive

    def _convict_of_overwritten(self, value: Any) -> None:
        self._convict(f"the value {value!r} was overwritten before the read that returned it began")

    def _convict(self, contradiction: str) -> None:
        self.impossible_at = self._now
        self.contradiction = contradiction
