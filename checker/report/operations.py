"""A history as the columns of a report."""

from __future__ import annotations

from typing import Literal, NamedTuple

from checker.history import History, Operation
from checker.report.data import Operations
from checker.report.shown import Shortener, Table

_TYPES = {"ok": 0, "info": 1, "fail": 2}


class OperationsShown(NamedTuple):
    """The columns; ``by_event`` finds an operation by the index of its invocation's event."""

    columns: Operations
    operations: tuple[Operation, ...]
    by_event: dict[int, int]
    unit: Literal["ns", "events"]
    end: int


def operations_shown(history: History, shortener: Shortener) -> OperationsShown:
    """The operations of a history. Raises HistoryError for one that contradicts itself."""
    operations = history.operations()
    times = _times(history)
    unit: Literal["ns", "events"] = "events" if times is None else "ns"
    processes, functions, keys, errors = Table(), Table(), Table(), Table()
    shown = Operations(
        processes=(),
        functions=(),
        keys=(),
        errors=(),
        process=[],
        f=[],
        key=[],
        value=[],
        result=[],
        type=[],
        start=[],
        end=[],
        error=[],
    )
    by_event: dict[int, int] = {}
    text, value = shortener.text, shortener.value
    for at, operation in enumerate(operations):
        begun = operation.invoked if operation.invocation is None else operation.invocation
        by_event[begun] = at
        ended = operation.completed if operation.completion is None else operation.completion
        start = begun if times is None else times[begun]
        shown.process.append(processes.position(text(str(operation.process))))
        shown.f.append(functions.position(text(operation.f)))
        key = operation.key
        shown.key.append(-1 if key is None else keys.position(_name(key, shortener)))
        shown.value.append("" if operation.argument is None else value(operation.argument))
        told = operation.outcome == "ok"
        shown.result.append(value(operation.result) if told else "")
        shown.type.append(_TYPES[operation.outcome])
        shown.start.append(start)
        shown.end.append(-1 if ended is None else ended if times is None else times[ended])
        error = operation.error
        shown.error.append(-1 if error is None else errors.position(text(error)))
    last = len(history) if times is None else max(times.values(), default=0)
    columns = Operations(
        processes=processes.words,
        functions=functions.words,
        keys=keys.words,
        errors=errors.words,
        process=shown.process,
        f=shown.f,
        key=shown.key,
        value=shown.value,
        result=shown.result,
        type=shown.type,
        start=shown.start,
        end=shown.end,
        error=shown.error,
    )
    return OperationsShown(columns, operations, by_event, unit, last)


def _name(key: object, shortener: Shortener) -> str:
    return shortener.text(key) if isinstance(key, str) else shortener.value(key)


def _times(history: History) -> dict[int, int] | None:
    """The time of each event by its index; None if some have none."""
    columns = history.columns
    if columns.times is None or any(time is None for time in columns.times):
        return None
    return dict(zip(columns.indexes, columns.times, strict=True))  # type: ignore[arg-type]
