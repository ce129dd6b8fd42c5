"""From events to operations: each invocation with its completion, and ranks in real time.

The rank of an event is its position, save that within a run of equal times invocations come before
completions (see ``checker.history``): then closed intervals overlap exactly where ranks do. One
pass over the columns of a history, no object but the operations themselves; a tie costs a sort.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import chain, islice, repeat
from operator import itemgetter, lt
from typing import Any, cast

from checker.events import (
    EVENT_TYPES,
    NEMESIS,
    Columns,
    Event,
    HistoryError,
    Operation,
    columns_of,
)

_as_operation = partial(tuple.__new__, Operation)


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


def pair(events: Iterable[Event]) -> list[Operation]:
    """Pair each invocation with its completion; the result is in order of invocation.

    Raises HistoryError (with the event's position) for a completion without an invocation, two
    open operations of a process, a process used again after ``info``, an unknown type, a time
    that runs backwards, an index that does not increase.
    """
    return pair_columns(columns_of(events))


_BETWEEN_LOOKS = 1 << 14
"""Events between two looks: some milliseconds."""

_Row = tuple[Any, ...]

_Open = tuple[int, int, int, str, Any, Any, str | None]
"""An operation that waits for its completion: its place in the result, and of its invocation the
rank, index, f, key, value and error."""


def pair_columns(columns: Columns, look: Callable[[], object] | None = None) -> list[Operation]:
    """As ``pair``, of columns. ``look`` is called now and then, and may end it by an exception."""
    ranks = _ranks(columns)
    positions = list(range(len(columns.indexes)))
    indexes, processes, types, functions, keys, values, _, errors = columns
    if indexes == range(len(indexes)):
        indexes = positions  # The same numbers, not as many again.
    operations: list[Operation | None] = []
    open_: dict[int | str, _Open] = {}
    retired: dict[int | str, int] = {}
    rows = zip(
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
    )
    for position, rank, index, process, type_, f, key, value, error in (
        rows if look is None else _watched(rows, look)
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


def _watched(rows: Iterator[_Row], look: Callable[[], object]) -> Iterator[_Row]:
    """The rows, with a look after every so many."""

    def stretches() -> Iterator[Iterable[_Row]]:
        for first in rows:
            yield (first,)
            yield islice(rows, _BETWEEN_LOOKS)
            look()

    return chain.from_iterable(stretches())


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
                    f"time runs backwards: {time} ns after {last_known} ns; put the events in "
                    "order, or leave the times out if their order is right",
                    position=position,
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


def columns_of_paired(operations: Sequence[Operation]) -> Columns:
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
