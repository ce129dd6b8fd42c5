"""Histories as CSV: a line of names, then an event or an operation a line.

    process,type,f,key,value,time             process,f,key,argument,result,outcome,call,return
    0,invoke,write,x,1,10                     0,write,x,1,,ok,10,25
    0,ok,write,x,1,25                         1,read,x,,1,ok,12,30

The names say which it is: a table with ``type`` has events, in their order; one with ``call`` has
operations, in any order. Columns may stand in any order; those that a table can do without are
``index``, ``key``, ``value``, ``time``, ``error`` and ``key``, ``argument``, ``result``,
``outcome``, ``error``. ``call`` and ``return`` as a type are ``invoke`` and ``ok``.

A cell of ``key``, ``value``, ``argument`` or ``result`` is JSON where it can be read as JSON, and
text otherwise: ``1`` is a number, ``"1"`` and ``one`` are texts, ``[1, 2]`` is a list (in quotes,
since it has a comma). An empty cell is null, and ``""`` as JSON (``\"\"\"\"\"\"`` in CSV) the empty
text.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from io import StringIO
from typing import Any

from checker.formats.batches import Batch, batch_of
from checker.formats.blocks import Block
from checker.formats.fields import (
    FieldError,
    NotJson,
    decode_json,
    make_event,
    read_integer,
    suggestion,
)
from checker.formats.operations import TimedOperation, operation
from checker.history import Event, HistoryError

_EVENT_NEEDS = ("process", "type", "f")
_EVENT = (*_EVENT_NEEDS, "index", "key", "value", "time", "error")
_OPERATION_NEEDS = ("process", "f", "call", "return")
_OPERATION = (*_OPERATION_NEEDS, "key", "argument", "result", "outcome", "error")

_TYPES = {"call": "invoke", "return": "ok"}
_INTEGER = re.compile(r"-?[0-9]+\Z")
_COUNT = re.compile(r"(?:0|[1-9][0-9]{0,17})\Z")
_HEADER = re.compile(r'\s*("?)[A-Za-z_]+\1\s*(?:,\s*("?)[A-Za-z_]+\2\s*)+\Z')

_BATCH = 1000

Row = dict[str, str]


def looks_like(line: str) -> bool:
    """Whether this may be the line of names: words with commas between them, one of them known."""
    if _HEADER.match(line) is None:
        return False
    return any(word.strip(' "') in (*_EVENT, *_OPERATION) for word in line.split(","))


class Table:
    """The rows of a table, each with its line, as they come.

    Raises HistoryError for a line of names that does not say what the columns are, and later for a
    line that does not fit it.
    """

    def __init__(self, blocks: Iterable[Block], source: str) -> None:
        self.source = source
        self.would_wait = False
        """Whether the next row needs another block, which may take its time."""
        self._reader = csv.reader(self._lines(blocks), strict=True)
        self._rows = self._cells()
        number, cells = next(self._rows)
        names = [cell.strip() for cell in cells]
        self.has_events = "type" in names
        self._names = names
        known = _EVENT if self.has_events else _OPERATION
        for name in names:
            if name not in known:
                raise self.error(
                    f"a table of {self._what()} has no column {name!r}"
                    + suggestion(name, dict.fromkeys((*_EVENT, *_OPERATION))),
                    number,
                )
            if names.count(name) > 1:
                raise self.error(f"there are two columns {name!r}", number)
        for name in _EVENT_NEEDS if self.has_events else _OPERATION_NEEDS:
            if name not in names:
                raise self.error(f"a table of {self._what()} needs a column {name!r}", number)

    def _what(self) -> str:
        return "events" if self.has_events else "operations"

    def error(self, reason: str, line: int) -> HistoryError:
        """A HistoryError at this line."""
        return HistoryError(reason, source=self.source, line=line)

    def rows(self) -> Iterator[tuple[int, Row]]:
        """Each row as texts by the names of its columns, with its line."""
        names = self._names
        for line, cells in self._rows:
            if len(cells) != len(names):
                raise self.error(
                    f"the line has {len(cells)} cells, the line of names {len(names)}", line
                )
            yield line, dict(zip(names, cells, strict=True))

    def _lines(self, blocks: Iterable[Block]) -> Iterator[str]:
        for block in blocks:
            lines = StringIO(block.text, newline="\n").readlines()
            self.would_wait = False
            yield from lines[:-1]
            self.would_wait = True
            yield from lines[-1:]

    def _cells(self) -> Iterator[tuple[int, list[str]]]:
        reader = self._reader
        while True:
            line = reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise self.error(f"this is not CSV: {error}", line) from None
            if cells and any(map(str.strip, cells)):
                yield line, cells


def read_events(table: Table) -> Iterator[Batch]:
    """The events of a table that has events; HistoryError when it comes to a wrong line."""
    position = 0
    events: list[Event] = []
    lines: list[int] = []
    try:
        for line, row in table.rows():
            try:
                events.append(_event(row, position))
            except FieldError as error:
                raise table.error(str(error), line) from None
            lines.append(line)
            position += 1
            if len(events) == _BATCH or table.would_wait:
                yield batch_of(events, lines)
                events, lines = [], []
    except HistoryError:
        if events:
            yield batch_of(events, lines)
        raise
    if events:
        yield batch_of(events, lines)


def read_operations(table: Table) -> tuple[list[TimedOperation], list[int]]:
    """The operations of a table that has operations, and the line of each."""
    operations: list[TimedOperation] = []
    lines: list[int] = []
    for line, row in table.rows():
        try:
            operations.append(_operation(row))
        except FieldError as error:
            raise table.error(str(error), line) from None
        lines.append(line)
    return operations, lines


def _event(row: Row, position: int) -> Event:
    get = row.get
    type_ = row["type"].strip()
    index = _integer(get("index", ""), "index")
    return make_event(
        index=position if index is None else index,
        process=_process(row["process"]),
        type_=_TYPES.get(type_, type_),
        f=row["f"].strip(),
        key=_value(get("key", "")),
        value=_value(get("value", "")),
        time=_integer(get("time", ""), "time"),
        error=get("error") or None,
    )


def _operation(row: Row) -> TimedOperation:
    get = row.get
    called = _integer(row["call"], "call")
    if called is None:
        raise FieldError("the operation has no call: the time at which it began")
    return operation(
        _process(row["process"]),
        row["f"].strip(),
        key=_value(get("key", "")),
        argument=_value(get("argument", "")),
        result=_value(get("result", "")),
        outcome=get("outcome", "").strip() or None,
        called=called,
        returned=_integer(row["return"], "return"),
        error=get("error") or None,
    )


def _process(cell: str) -> int | str:
    word = cell.strip()
    return read_integer(word) if _INTEGER.match(word) else word


def _integer(cell: str, name: str) -> int | None:
    word = cell.strip()
    if not word:
        return None
    if not _INTEGER.match(word):
        raise FieldError(f"{name} must be an integer, not {word!r}")
    return read_integer(word)


def _value(cell: str) -> Any:
    if not cell:
        return None
    if _COUNT.match(cell):
        return int(cell)
    try:
        return decode_json(cell)
    except NotJson:
        return cell
