"""Histories of operations that are there already: in a program, or a row each in a table.

    operations_history([
        operation(0, "write", argument=1, called=0, returned=10),
        operation(1, "read", result=1, called=5, returned=20),
        operation(2, "write", argument=2, called=7, outcome="info"),
    ])

Times are integers, in ns by convention; what counts is their order. Equal times are concurrent, for
intervals are closed: an invocation counts as earlier than a completion of the same instant. The
order in which the operations are given does not matter.

The history has two events for each operation, in an order that tells the same story: by time, and
where times are equal each process in its own order. Pairing them (``checker.history``) then makes
the ranks unique and finds the contradictions, as for any history.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from itertools import islice
from math import inf
from operator import lt
from types import NoneType
from typing import Any, NamedTuple

from checker.formats.fields import FieldError, make_event
from checker.history import (
    NEMESIS,
    Columns,
    History,
    HistoryError,
    Operation,
    collector_paused,
)

OUTCOMES = ("ok", "fail", "info")


class TimedOperation(NamedTuple):
    """An operation and when it was called and returned.

    ``returned`` is None if it never did; for ``info`` it says nothing, since such an operation may
    take effect at any later time.
    """

    process: int | str
    f: str
    key: Any
    argument: Any
    result: Any
    outcome: str
    called: int
    returned: int | None
    error: str | None = None


def operation(
    process: int | str,
    f: str,
    *,
    called: int,
    returned: int | None = None,
    key: Any = None,
    argument: Any = None,
    result: Any = None,
    outcome: str | None = None,
    error: str | None = None,
) -> TimedOperation:
    """An operation for ``operations_history``.

    ``outcome`` is ``ok`` if it returned and ``info`` if it did not, unless it is said.
    """
    if outcome is None:
        outcome = "info" if returned is None else "ok"
    return TimedOperation(process, f, key, argument, result, outcome, called, returned, error)


def operations_history(
    operations: Iterable[Operation | TimedOperation | tuple[Any, ...]],
    *,
    source: str | None = None,
    metadata: dict[str, Any] | None = None,
    lines: Sequence[int] | None = None,
) -> History:
    """The history of these operations.

    Each is an Operation, a TimedOperation, or a tuple with its fields: ``(process, f, key,
    argument, result, outcome, called, returned[, error])``. The ranks of an Operation are its
    times; so a process that did two things in touching instants seems to do both at once.
    ``lines`` has the line of each in ``source``, if they come from a file.

    Raises HistoryError with the position of the operation (or its line) for a field that is not
    what it must be, a return before its call, a process that does two things at once.
    """
    unit = "operation" if lines is None else "line"
    with collector_paused():
        given = list(operations)
        if lines is None and metadata is None:
            paired = _if_paired(given)
            if paired is not None:
                return History.of_paired(paired, source=source)
        rows = [
            row[:9] if len(row) == 11 else row if len(row) == 9 else (*row, None) for row in given
        ]
        for position, row in enumerate(rows):
            fault = _fault(row)
            if fault is not None:
                raise _error(fault, position, source, lines)
        columns, places = _events(rows)
        history = History(
            columns,
            source=source,
            metadata=metadata,
            lines=places if lines is None else [lines[place] for place in places],
            unit=unit,
        )
        history.operations()
    return history


def _error(
    reason: str, position: int, source: str | None, lines: Sequence[int] | None
) -> HistoryError:
    if lines is None:
        return HistoryError(reason, source=source, position=position, unit="operation")
    return HistoryError(reason, source=source, line=lines[position], position=position)


def _if_paired(rows: list[Any]) -> Iterable[Operation] | None:
    """The same operations, if they need no more than a look: a million take half a second.

    They do if ``pair`` made them, from a history without ties, or if whoever made them took as
    much care: in order of invocation, every rank used once and by nobody else.
    """
    if set(map(type, rows)) != {Operation}:
        return None
    columns: list[Any] = list(zip(*rows, strict=True))
    processes, functions, _, _, _, outcomes, invoked, completed, errors, *events = columns
    finished = [rank for rank in completed if rank is not None]
    if not (
        set(map(type, invoked)) == {int}
        and set(map(type, finished)) <= {int}
        and set(map(type, processes)) <= {int, str}
        and set(map(type, functions)) == {str}
        and set(map(type, errors)) <= {str, NoneType}
        and set(map(type, outcomes)) == {str}
        and set(outcomes) <= set(OUTCOMES)
        and "" not in functions
        and "" not in processes
        and NEMESIS not in processes
        and invoked[0] >= 0
        and all(map(lt, invoked, islice(invoked, 1, None)))
        and len(set(finished).union(invoked)) == len(finished) + len(invoked)
        and [rank is None for rank in completed] == [word == "info" for word in outcomes]
    ):
        return None
    free_at: dict[int | str, float] = {}
    for process, begin, end in zip(processes, invoked, completed, strict=True):
        if free_at.get(process, -1) > begin:
            return None
        if end is None:
            free_at[process] = inf
        elif end < begin:
            return None
        else:
            free_at[process] = end
    invocations, completions = events
    if invocations == invoked and completions == completed:
        return rows
    if set(invocations + completions) != {None}:
        return None
    return map(Operation._make, zip(*columns[:9], invoked, completed, strict=True))


def _fault(row: tuple[Any, ...]) -> str | None:
    """What is wrong with this row by itself."""
    if len(row) != 9:
        return (
            "an operation has the fields process, f, key, argument, result, outcome, called, "
            f"returned and perhaps error; this one has {len(row) - 1}"
        )
    process, f, _key, _argument, _result, outcome, called, returned, error = row
    if (
        type(process) is int
        and type(f) is str
        and f
        and type(called) is int
        and (error is None or type(error) is str)
        and (
            (outcome in ("ok", "fail") and type(returned) is int and called <= returned)
            or (outcome == "info" and returned is None)
        )
    ):
        return None  # As nearly all of them; the rest says what is wrong with the others.
    try:
        make_event(
            index=0, process=process, type_="invoke", f=f, key=None, value=None, time=called,
            error=error,
        )  # fmt: skip
    except FieldError as fault:
        return str(fault)
    if called is None:
        return "the operation has no time at which it was called"
    if outcome not in OUTCOMES:
        return f"unknown outcome {outcome!r}; it must be one of {', '.join(OUTCOMES)}"
    if returned is None:
        if outcome == "info":
            return None
        return f"the outcome is {outcome}, but it never returned; its outcome must be info then"
    if not isinstance(returned, int) or isinstance(returned, bool):
        return f"the time of the return must be an integer number of ns, not {returned!r}"
    if returned < called:
        return f"it returned at {returned} ns, before it was called at {called} ns"
    return None


def _events(rows: list[tuple[Any, ...]]) -> tuple[Columns, Sequence[int]]:
    """The events of the operations in order, and for each the position of its operation.

    An ``info`` is never completed: an open invocation says the same.
    """
    ends = [at for at, row in enumerate(rows) if row[5] != "info"]
    times = [row[6] for row in rows]
    times += [rows[at][7] for at in ends]
    places = list(range(len(rows)))
    places += ends
    count = len(rows)
    order = sorted(range(len(times)), key=times.__getitem__)
    if len(set(times)) < len(times):
        turns = _turns(rows)
        order.sort(key=lambda at: (times[at], turns[places[at]], at >= count))
    starts = [at < count for at in order]
    of = [places[at] for at in order]
    sides = list(zip(of, starts, strict=True))
    columns = Columns(
        range(len(order)),
        [rows[at][0] for at in of],
        ["invoke" if start else rows[at][5] for at, start in sides],
        [rows[at][1] for at in of],
        [rows[at][2] for at in of],
        [rows[at][3] if start else rows[at][4] for at, start in sides],
        [times[at] for at in order],
        [None if start and rows[at][5] != "info" else rows[at][8] for at, start in sides],
    )
    return columns, array("q", of)


def _turns(rows: list[tuple[Any, ...]]) -> list[int]:
    """For each operation, the how-manieth of its process it is.

    By the time of its call, then of its return: one that takes no time comes before one that starts
    at the same instant and takes longer. ``info`` never returns.
    """

    def begins(at: int) -> tuple[int, bool, int]:
        called, returned = rows[at][6], rows[at][7]
        never = returned is None or rows[at][5] == "info"
        return called, never, called if never else returned

    turns = [0] * len(rows)
    counts: dict[int | str, int] = {}
    for at in sorted(range(len(rows)), key=begins):
        process = rows[at][0]
        turns[at] = counts.get(process, 0)
        counts[process] = turns[at] + 1
    return turns
