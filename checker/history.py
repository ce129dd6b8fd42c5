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

import gc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import islice, repeat
from operator import itemgetter, lt
from types import MappingProxyType
from typing import Any, NamedTuple, cast

NEMESIS = "nemesis"
MISMATCH = "mismatch"
"""The error of a compare-and-set that failed because the state differed from what it expected."""

EVENT_TYPES = ("invoke", "ok", "fail", "info")

REASON_MAX = 360
"""Characters of a HistoryError's reason; what is cut out of a longer one is its middle."""


class HistoryError(Exception):
    """A history that contradicts itself or cannot be read; there is no verdict on it.

    ``source`` names the file, ``line`` its line (from 1), ``position`` the event (from 0, in the
    order of the history) where the reason lies; each is None where it is not known. A history made
    of operations has their positions instead, and ``unit`` is "operation". The message is one
    printable line.
    """

    def __init__(
        self,
        reason: str,
        *,
        source: str | None = None,
        line: int | None = None,
        position: int | None = None,
        unit: str = "event",
    ) -> None:
        self.reason = _one_line(reason)
        self.source = source
        self.line = line
        self.position = position
        self.unit = unit
        super().__init__(self.reason)

    def __str__(self) -> str:
        place = self.source
        if self.line is not None:
            place = f"{place or 'history'}:{self.line}"
        elif self.position is not None:
            place = f"{place or 'history'}: {self.unit} {self.position}"
        return f"{place}: {self.reason}" if place else self.reason


def _one_line(reason: str) -> str:
    """The reason without anything that a terminal cannot show, and not longer than REASON_MAX."""
    reason = _shorten(reason)
    return reason if reason.isprintable() else _shorten(printable(reason))


def _shorten(text: str) -> str:
    if len(text) <= REASON_MAX:
        return text
    return f"{text[: REASON_MAX - 105]} ... {text[-100:]}"


def printable(text: str) -> str:
    """The text with an escape in the place of each character that is not printable."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


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
        words = [printable(f"process {self.process}: {self.f}")]
        if self.key is not None:
            words.append(repr(self.key))
        if self.argument is not None:
            words.append(repr(self.argument))
        if self.outcome == "ok":
            if self.argument is None or self.result not in (None, self.argument):
                words.append("-> nil" if self.result is None else f"-> {self.result!r}")
        else:
            error = f" ({printable(self.error)})" if self.error else ""
            words.append(f"-> {self.outcome}{error}")
        return " ".join(words)


class Columns(NamedTuple):
    """Events as a sequence for each field, all of one length: a tenth of the memory of Events.

    ``keys``, ``times`` and ``errors`` are None where no event has any.
    """

    indexes: Sequence[int]
    processes: Sequence[int | str]
    types: Sequence[str]
    functions: Sequence[str]
    keys: Sequence[Any] | None
    values: Sequence[Any]
    times: Sequence[int | None] | None
    errors: Sequence[str | None] | None

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """The fields of each event, as in Event."""
        return zip(*(repeat(None) if column is None else column for column in self), strict=False)


def columns_of(events: Iterable[Event]) -> Columns:
    """The same events as columns."""
    return Columns(*(list(zip(*events, strict=True)) or [()] * 8))


@contextmanager
def collector_paused() -> Iterator[None]:
    """Keeps the garbage collector still while many tuples are made, none of them in a cycle.

    It would walk through all of them again and again, for more than half of the time.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


_as_event = partial(tuple.__new__, Event)
_as_operation = partial(tuple.__new__, Operation)


class History:
    """Events in order, with the file they came from and what its header said.

    ``lines`` has the place of each event in its source: a line, or (``unit`` "operation") the
    position of its operation, as it was given.
    """

    __slots__ = ("_columns", "_events", "_operations", "lines", "metadata", "source", "unit")

    def __init__(
        self,
        events: Iterable[Event] | Columns,
        *,
        source: str | None = None,
        metadata: dict[str, Any] | None = None,
        lines: Sequence[int] | None = None,
        unit: str = "line",
    ) -> None:
        self._columns: Columns | None = None
        self._events: tuple[Event, ...] | None = None
        self._operations: tuple[Operation, ...] | None = None
        if isinstance(events, Columns):
            self._columns = events
        else:
            self._events = tuple(events)
        self.source = source
        self.metadata = MappingProxyType(dict(metadata or {}))
        self.lines = lines
        self.unit = unit

    @classmethod
    def of_paired(cls, operations: Iterable[Operation], *, source: str | None = None) -> History:
        """A history of operations as ``pair`` makes them, taken as they are.

        Their ranks are the indexes of their events; see ``checker.formats.operations`` for others.
        """
        history = cls((), source=source, unit="operation")
        history._events = None
        history._operations = tuple(operations)
        return history

    def __len__(self) -> int:
        return len(self.columns.indexes if self._events is None else self._events)

    @property
    def columns(self) -> Columns:
        """The events as columns."""
        if self._columns is None:
            if self._events is not None:
                return columns_of(self._events)
            assert self._operations is not None
            self._columns = _columns_of_paired(self._operations)
        return self._columns

    @property
    def events(self) -> tuple[Event, ...]:
        """The events in order."""
        if self._events is None:
            with collector_paused():
                self._events = tuple(map(_as_event, self.columns.rows()))
        return self._events

    def operations(self) -> tuple[Operation, ...]:
        """The operations of the clients, in order of invocation.

        Raises HistoryError, with file and line, for a history that contradicts itself.
        """
        if self._operations is None:
            try:
                with collector_paused():
                    self._operations = tuple(pair_columns(self.columns))
            except HistoryError as error:
                if error.position is None:
                    raise
                raise self.error(error.reason, error.position) from None
        return self._operations

    def error(self, reason: str, position: int) -> HistoryError:
        """A HistoryError at the event of this position, with its file and line."""
        if self.unit == "operation":
            place = self._operation_at(position) if self.lines is None else self.lines[position]
            return HistoryError(reason, source=self.source, position=place, unit=self.unit)
        line = self.lines[position] if self.lines is not None else None
        return HistoryError(reason, source=self.source, line=line, position=position)

    def _operation_at(self, position: int) -> int:
        index = self.columns.indexes[position]
        for place, operation in enumerate(self.operations()):
            if index in (operation.invocation, operation.completion):
                return place
        raise IndexError(f"no operation has the event {position}")

    def error_at_index(self, reason: str, index: int | None) -> HistoryError:
        """A HistoryError at the event of this ``index``."""
        indexes = self.columns.indexes
        if index is None or index not in indexes:
            return HistoryError(reason, source=self.source)
        return self.error(reason, indexes.index(index))


def _columns_of_paired(operations: Sequence[Operation]) -> Columns:
    """The events of these operations: their ranks are the indexes."""
    sides = [(each.invoked, "invoke", each, each.argument) for each in operations]
    sides += [
        (each.completed, each.outcome, each, each.result)
        for each in operations
        if each.completed is not None
    ]
    sides.sort(key=itemgetter(0))
    return Columns(
        [rank for rank, _, _, _ in sides],
        [each.process for _, _, each, _ in sides],
        [type_ for _, type_, _, _ in sides],
        [each.f for _, _, each, _ in sides],
        [each.key for _, _, each, _ in sides],
        [value for _, _, _, value in sides],
        None,
        [each.error for _, _, each, _ in sides],
    )


def pair(events: Iterable[Event]) -> list[Operation]:
    """Pair each invocation with its completion; the result is in order of invocation.

    Raises HistoryError (with the event's position) for a completion without an invocation, two
    open operations of a process, a process used again after ``info``, an unknown type, a time
    that runs backwards, an index that does not increase.
    """
    return pair_columns(columns_of(events))


_Open = tuple[int, int, int, str, Any, Any, str | None]
"""An operation that waits for its completion: its place in the result, and of its invocation the
rank, index, f, key, value and error."""


def pair_columns(columns: Columns) -> list[Operation]:
    """As ``pair``, of columns."""
    ranks = _ranks(columns)
    positions = list(range(len(columns.indexes)))
    indexes, processes, types, functions, keys, values, _, errors = columns
    if indexes == range(len(indexes)):
        indexes = positions  # The same numbers, not as many again.
    operations: list[Operation | None] = []
    open_: dict[int | str, _Open] = {}
    retired: dict[int | str, int] = {}
    for position, rank, index, process, type_, f, key, value, error in zip(
        positions,
        positions if ranks is None else ranks,
        indexes,
        processes,
        types,
        functions,
        repeat(None) if keys is None else keys,
        values,
        repeat(None) if errors is None else errors,
        strict=False,
    ):
        if process == NEMESIS:
            continue
        if type_ == "invoke":
            if process in open_ or process in retired:
                raise HistoryError(
                    _busy(process, f, open_.get(process), retired.get(process)), position=position
                )
            open_[process] = (len(operations), rank, index, f, key, value, error)
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
        slot, invoked, invocation, f_invoked, key_invoked, argument, _ = pending
        if f != f_invoked or (key is not None and key != key_invoked):
            raise HistoryError(
                f"process {process!r} completes {_call(f, key)}, but what it invoked at event "
                f"{invocation} is {_call(f_invoked, key_invoked)}",
                position=position,
            )
        result: Any = value
        completed: int | None = rank
        if type_ == "info":
            retired[process] = index
            result = completed = None
        operations[slot] = _as_operation(
            (
                process,
                f,
                key_invoked,
                argument,
                result,
                type_,
                invoked,
                completed,
                error,
                invocation,
                index,
            )
        )
    for process, (slot, invoked, invocation, f, key, argument, error) in open_.items():
        operations[slot] = Operation(
            process, f, key, argument, None, "info", invoked, None, error, invocation, None
        )
    return cast("list[Operation]", operations)


def _busy(process: int | str, f: str, open_: _Open | None, retired: int | None) -> str:
    if open_ is not None:
        _, _, index, earlier, _, _, _ = open_
        return (
            f"process {process!r} invokes {f!r} while its {earlier!r} of event {index} is still "
            "open; a process does one thing at a time"
        )
    return (
        f"process {process!r} is used again after the info of event {retired}; its operation is "
        "open for ever, so the client must go on under a new process id"
    )


def _call(f: str, key: Any) -> str:
    return repr(f) if key is None else f"{f!r} of key {key!r}"


def _ranks(columns: Columns) -> list[int] | None:
    """The rank of each event in the real-time order; None if that is simply its position.

    Within a run of equal times invocations come first. Checks that neither index nor time run
    backwards.
    """
    if _increases(columns.indexes, -1) and (
        columns.times is None or _increases(columns.times, None)
    ):
        return None
    return _ranks_with_ties(columns) if _has_ties(columns) else None


def _increases(numbers: Sequence[int | None], before: int | None) -> bool:
    """Whether these are numbers, each greater than the one before it."""
    if isinstance(numbers, range):
        return numbers.step > 0 and (before is None or not numbers or numbers[0] > before)
    if None in numbers:
        return False
    known = cast("Sequence[int]", numbers)
    if before is not None and known and known[0] <= before:
        return False
    return all(map(lt, known, islice(known, 1, None)))


def _has_ties(columns: Columns) -> bool:
    """Whether an invocation stands after a completion of the same time."""
    tied = False
    last_index = -1
    last_time: int | None = None
    last_known: int | None = None
    completion_seen = False
    times = columns.times
    for position, (index, time, type_) in enumerate(
        zip(columns.indexes, repeat(None) if times is None else times, columns.types, strict=False)
    ):
        if index <= last_index:
            raise HistoryError(
                f"index {index} does not increase: the event before it has {last_index}",
                position=position,
            )
        last_index = index
        if time is not None:
            if last_known is not None and time < last_known:
                raise HistoryError(
                    f"time runs backwards: {time} ns after {last_known} ns", position=position
                )
            last_known = time
            if time == last_time:
                if type_ != "invoke":
                    completion_seen = True
                elif completion_seen:
                    tied = True
            else:
                completion_seen = type_ != "invoke"
        last_time = time
    return tied


def _ranks_with_ties(columns: Columns) -> list[int]:
    groups: list[int] = []
    group = 0
    last_time: int | None = None
    times, types = columns.times, columns.types
    assert times is not None, "without times there are no ties"
    for time in times:
        if time is None or time != last_time:
            group += 1
        groups.append(group)
        last_time = time
    order = sorted(range(len(types)), key=lambda at: (groups[at], types[at] != "invoke"))
    ranks = [0] * len(types)
    for rank, position in enumerate(order):
        ranks[position] = rank
    return ranks
