"""Histories: what clients asked, what they were told, and when.

An operation is two events, an invocation and a completion, as in Jepsen:

    process 0   |---- put a 1 ----|                    ok:   it happened, between its two events
    process 1          |---- get a ----|               fail: it did not happen
    process 2      |---- put a 2 ------- ... -------   info: nobody knows; it may take effect at any
                                                             later time, or never

After ``info`` a process is never used again: its operation stays open for ever. An invocation that
the history never completes counts as ``info``. A ``fail`` is dropped, with one exception: a
compare-and-set that failed with the error ``mismatch`` has observed that the state differed from
what it expected.

The order of the events is the truth, save that events of equal ``time`` are concurrent: two
readings of one clock can be equal across processes, so intervals are closed, and an invocation
counts as earlier than a completion of the same instant. That holds within a process too, for
closed intervals cannot say otherwise; whoever records strictly increasing times, or none, loses
nothing.

Nemesis events stand in the same history under the process ``nemesis``; they are not operations.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

NEMESIS = "nemesis"
MISMATCH = "mismatch"
"""The error of a compare-and-set that failed because the state differed from what it expected."""

EVENT_TYPES = ("invoke", "ok", "fail", "info")


class HistoryError(Exception):
    """A history that contradicts itself or cannot be read; there is no verdict on it.

    ``source`` names the file, ``line`` its line (from 1), ``position`` the event (from 0, in the
    order of the history) where the reason lies; each is None where it is not known.
    """

    def __init__(
        self,
        reason: str,
        *,
        source: str | None = None,
        line: int | None = None,
        position: int | None = None,
    ) -> None:
        self.reason = reason
        self.source = source
        self.line = line
        self.position = position
        super().__init__(reason)

    def __str__(self) -> str:
        place = self.source
        if self.line is not None:
            place = f"{place or 'history'}:{self.line}"
        elif self.position is not None:
            place = f"{place or 'history'}: event {self.position}"
        return f"{place}: {self.reason}" if place else self.reason


class Event(NamedTuple):
    """One line of a history.

    ``index`` increases along the history; ``type`` is one of ``invoke``, ``ok``, ``fail``,
    ``info``; ``f`` names the operation (``put``), ``value`` is its argument in an invocation and
    its result in a completion, made of JSON types; ``time`` is in ns since the run began.
    """

    index: int  # type: ignore[assignment]  # hides tuple.index, which nobody asks an event
    process: int | str
    type: str
    f: str
    key: Any = None
    value: Any = None
    time: int | None = None
    error: str | None = None


class Operation(NamedTuple):
    """An invocation with its completion.

    ``outcome`` is ``ok``, ``fail`` or ``info``. ``invoked`` and ``completed`` are ranks in the
    real-time order, each used once: an operation precedes another if and only if its ``completed``
    is smaller than the other's ``invoked``. ``completed`` is None for ``info``, which never ends.
    ``invocation`` and ``completion`` are the indexes of its two events.
    """

    process: int | str
    f: str
    key: Any
    argument: Any
    result: Any
    outcome: str
    invoked: int
    completed: int | None
    error: str | None = None
    invocation: int | None = None
    completion: int | None = None

    def __str__(self) -> str:
        words = [f"process {self.process}: {self.f}"]
        if self.key is not None:
            words.append(repr(self.key))
        if self.argument is not None:
            words.append(repr(self.argument))
        if self.outcome == "ok":
            if self.argument is None or self.result not in (None, self.argument):
                words.append("-> nil" if self.result is None else f"-> {self.result!r}")
        else:
            words.append(f"-> {self.outcome}" + (f" ({self.error})" if self.error else ""))
        return " ".join(words)


class History:
    """Events in order, with the file they came from and what its header said."""

    __slots__ = ("_operations", "events", "lines", "metadata", "source")

    def __init__(
        self,
        events: Iterable[Event],
        *,
        source: str | None = None,
        metadata: dict[str, Any] | None = None,
        lines: Sequence[int] | None = None,
    ) -> None:
        self.events: tuple[Event, ...] = tuple(events)
        self.source = source
        self.metadata = MappingProxyType(dict(metadata or {}))
        self.lines = lines
        self._operations: tuple[Operation, ...] | None = None

    def __len__(self) -> int:
        return len(self.events)

    def operations(self) -> tuple[Operation, ...]:
        """The operations of the clients, in order of invocation.

        Raises HistoryError, with file and line, for a history that contradicts itself.
        """
        if self._operations is None:
            try:
                self._operations = tuple(pair(self.events))
            except HistoryError as error:
                if error.position is None:
                    raise
                raise self.error(error.reason, error.position) from None
        return self._operations

    def error(self, reason: str, position: int) -> HistoryError:
        """A HistoryError at the event of this position, with its file and line."""
        line = self.lines[position] if self.lines is not None else None
        return HistoryError(reason, source=self.source, line=line, position=position)

    def error_at_index(self, reason: str, index: int | None) -> HistoryError:
        """A HistoryError at the event of this ``index``."""
        for position, event in enumerate(self.events):
            if event.index == index:
                return self.error(reason, position)
        return HistoryError(reason, source=self.source)


class _Open(NamedTuple):
    """An operation that waits for its completion: where it stands, and its invocation."""

    slot: int
    rank: int
    event: Event


def pair(events: Sequence[Event]) -> list[Operation]:
    """Pair each invocation with its completion; the result is in order of invocation.

    Raises HistoryError (with the event's position) for a completion without an invocation, two
    open operations of a process, a process used again after ``info``, an unknown type, a time
    that runs backwards, an index that does not increase.
    """
    ranks = _ranks(events)
    operations: list[Operation | None] = []
    open_: dict[int | str, _Open] = {}
    retired: dict[int | str, int] = {}
    for position, event in enumerate(events):
        index, process, type_, f, key, value, _time, error = event
        if process == NEMESIS:
            continue
        rank = position if ranks is None else ranks[position]
        if type_ == "invoke":
            if process in open_:
                earlier = open_[process].event
                raise HistoryError(
                    f"process {process!r} invokes {f!r} while its {earlier.f!r} of event "
                    f"{earlier.index} is still open; a process does one thing at a time",
                    position=position,
                )
            if process in retired:
                raise HistoryError(
                    f"process {process!r} is used again after the info of event "
                    f"{retired[process]}; its operation is open for ever, so the client must go on "
                    "under a new process id",
                    position=position,
                )
            open_[process] = _Open(len(operations), rank, event)
            operations.append(None)
            continue
        if type_ not in EVENT_TYPES:
            raise HistoryError(
                f"unknown type {type_!r}; it must be one of {', '.join(EVENT_TYPES)}",
                position=position,
            )
        pending = open_.pop(process, None)
        if pending is None:
            raise HistoryError(
                f"process {process!r} completes {f!r} ({type_}) without an invocation",
                position=position,
            )
        slot, invoked, invocation = pending
        if f != invocation.f or (key != invocation.key and key is not None):
            raise HistoryError(
                f"process {process!r} completes {_call(f, key)}, but what it invoked at event "
                f"{invocation.index} is {_call(invocation.f, invocation.key)}",
                position=position,
            )
        crashed = type_ == "info"
        if crashed:
            retired[process] = index
        operations[slot] = Operation(
            process,
            f,
            invocation.key,
            invocation.value,
            None if crashed else value,
            type_,
            invoked,
            None if crashed else rank,
            error,
            invocation.index,
            index,
        )
    for slot, invoked, invocation in open_.values():
        _, process, _, f, key, value, _, error = invocation
        operations[slot] = Operation(
            process, f, key, value, None, "info", invoked, None, error, invocation.index, None
        )
    return [operation for operation in operations if operation is not None]


def _call(f: str, key: Any) -> str:
    return repr(f) if key is None else f"{f!r} of key {key!r}"


def _ranks(events: Sequence[Event]) -> list[int] | None:
    """The rank of each event in the real-time order; None if that is simply its position.

    Within a run of equal times invocations come first. Checks that neither index nor time run
    backwards.
    """
    tied = False
    last_index = -1
    last_time: int | None = None
    last_known: int | None = None
    completion_seen = False
    for position, event in enumerate(events):
        index = event[0]
        if index <= last_index:
            raise HistoryError(
                f"index {index} does not increase: the event before it has {last_index}",
                position=position,
            )
        last_index = index
        time = event[6]
        if time is not None:
            if last_known is not None and time < last_known:
                raise HistoryError(
                    f"time runs backwards: {time} ns after {last_known} ns", position=position
                )
            last_known = time
            if time == last_time:
                if event[2] != "invoke":
                    completion_seen = True
                elif completion_seen:
                    tied = True
            else:
                completion_seen = event[2] != "invoke"
        last_time = time
    return _ranks_with_ties(events) if tied else None


def _ranks_with_ties(events: Sequence[Event]) -> list[int]:
    groups: list[int] = []
    group = 0
    last_time: int | None = None
    for event in events:
        if event.time is None or event.time != last_time:
            group += 1
        groups.append(group)
        last_time = event.time
    order = sorted(range(len(events)), key=lambda at: (groups[at], events[at].type != "invoke"))
    ranks = [0] * len(events)
    for rank, position in enumerate(order):
        ranks[position] = rank
    return ranks
