"""From batches of events, as the readers make them, to one history."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat
from typing import Any, NamedTuple

from checker.history import Columns, Event, History, collector_paused, columns_of


class Batch(NamedTuple):
    """Some events one after the other, and the line of each."""

    columns: Columns
    lines: Sequence[int]


def batch_of(events: Sequence[Event], lines: Sequence[int]) -> Batch:
    """A batch of these events."""
    columns = columns_of(events)
    return Batch(
        columns._replace(
            keys=_unless_empty(columns.keys),
            times=_unless_empty(columns.times),
            errors=_unless_empty(columns.errors),
        ),
        lines,
    )


def _unless_empty(column: Sequence[Any] | None) -> Sequence[Any] | None:
    assert column is not None
    return None if column.count(None) == len(column) else column


def gather(batches: Iterable[Batch], *, source: str, metadata: dict[str, Any]) -> History:
    """One history of all batches. ``metadata`` is looked at last: readers fill it."""
    indexes: range | list[int] = range(0)
    lines: range | list[int] = range(0)
    processes: list[int | str] = []
    types: list[str] = []
    functions: list[str] = []
    values: list[Any] = []
    keys, times, errors = _Sparse(), _Sparse(array("q")), _Sparse()
    with collector_paused():
        for columns, batch_lines in batches:
            count = len(columns.indexes)
            indexes = _joined(indexes, columns.indexes)
            lines = _joined(lines, batch_lines)
            processes += columns.processes
            types += columns.types
            functions += columns.functions
            values += columns.values
            keys.add(columns.keys, count)
            times.add(columns.times, count)
            errors.add(columns.errors, count)
    return History(
        Columns(
            indexes,
            processes,
            types,
            functions,
            keys.column,
            values,
            times.column,
            errors.column,
        ),
        source=source,
        metadata=metadata,
        lines=lines,
    )


def events_of(batches: Iterable[Batch]) -> Iterator[Event]:
    """The events of all batches, one by one."""
    for columns, _ in batches:
        yield from map(Event._make, columns.rows())


def _joined(before: range | list[int], more: Sequence[int]) -> range | list[int]:
    """Both, one after the other: numbers without a gap need no more memory than two of them."""
    if isinstance(more, range) and isinstance(before, range) and more.step == 1:
        if not before:
            return more
        if before.stop == more.start:
            return range(before.start, more.stop)
    joined = before if isinstance(before, list) else list(before)
    joined += more
    return joined


class _Sparse:
    """A column that is None until something stands in it.

    Kept in ``compact``, an array, as long as all are numbers of 64 bits.
    """

    def __init__(self, compact: array[int] | None = None) -> None:
        self._compact = compact
        self._count = 0
        self._loose: list[Any] | None = None

    @property
    def column(self) -> Any:
        return self._loose if self._loose is not None else (self._compact or None)

    def add(self, more: Sequence[Any] | None, count: int) -> None:
        """Add ``count`` items; None for as many Nones."""
        before = self._count
        self._count += count
        if more is None and self.column is None:
            return
        if self._loose is None:
            if more is not None and self._fits(more, before):
                return
            numbers = self._compact.tolist()[:before] if self._compact else [None] * before
            self._loose = list[Any](numbers)
        self._loose.extend(repeat(None, count) if more is None else more)

    def _fits(self, more: Sequence[Any], before: int) -> bool:
        """Whether these could be added to the compact column; if not, some of them were."""
        if self._compact is None or len(self._compact) < before:
            return False
        try:
            self._compact.extend(more)
        except (OverflowError, TypeError):
            return False
        return True
