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

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any

from checker.events import (
    EVENT_TYPES,
    MISMATCH,
    NEMESIS,
    REASON_MAX,
    Columns,
    Event,
    HistoryError,
    Operation,
    columns_of,
)
from checker.pairing import collector_paused, columns_of_paired, pair, pair_columns

__all__ = [
    "EVENT_TYPES",
    "MISMATCH",
    "NEMESIS",
    "REASON_MAX",
    "Columns",
    "Event",
    "History",
    "HistoryError",
    "Operation",
    "collector_paused",
    "columns_of",
    "pair",
]

_as_event = partial(tuple.__new__, Event)


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
            self._columns = columns_of_paired(self._operations)
        return self._columns

    @property
    def events(self) -> tuple[Event, ...]:
        """The events in order."""
        if self._events is None:
            with collector_paused():
                self._events = tuple(map(_as_event, self.columns.rows()))
        return self._events

    def operations(self, look: Callable[[], object] | None = None) -> tuple[Operation, ...]:
        """The operations of the clients, in order of invocation.

        ``look`` is called every some thousand events, and may end it by an exception.

        Raises HistoryError, with file and line, for a history that contradicts itself.
        """
        if self._operations is None:
            try:
                with collector_paused():
                    self._operations = tuple(pair_columns(self.columns, look))
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
