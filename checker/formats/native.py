"""Our own format, ``history.jsonl``: a header line, then one event a line, all of them JSON.

    {"format": "splitbrain-history", "version": 1, "model": "kv"}
    {"index": 0, "process": 0, "type": "invoke", "f": "put", "key": "a", "value": "1", "time": 12}
    {"index": 1, "process": 0, "type": "ok", "f": "put", "key": "a", "value": null, "time": 340}

``index``, ``process``, ``type`` and ``f`` must be there; ``key``, ``value``, ``time`` and
``error`` are null where they are left out. What else the header says is free metadata.

The writer flushes each event as it happens, so a killed run leaves all that it has seen. Only the
last line can be cut off then, and that is an error: what the line was going to say is lost, and a
verdict on the rest is the user's decision, not ours.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, TextIO

from checker.formats.batches import Batch, batch_of
from checker.formats.blocks import Block
from checker.formats.fields import FieldError, NotJson, decode_json, make_event, suggestion
from checker.formats.native_bulk import columns_of_block
from checker.history import Event, HistoryError

FORMAT = "splitbrain-history"
VERSION = 1

_REQUIRED = ("index", "process", "type", "f")
_OPTIONAL = ("key", "value", "time", "error")
_KNOWN = frozenset(_REQUIRED + _OPTIONAL)


def encode_header(metadata: dict[str, Any] | None = None) -> str:
    """The header line, without its newline."""
    header: dict[str, Any] = {"format": FORMAT, "version": VERSION}
    for name, value in (metadata or {}).items():
        if name in header:
            raise ValueError(f"the header says {name!r} itself; metadata must use another name")
        header[name] = value
    return json.dumps(header, allow_nan=False)


def encode_event(event: Event) -> str:
    """The line of an event, without its newline."""
    index, process, type_, f, key, value, time, error = event
    fields: dict[str, Any] = {"index": index, "process": process, "type": type_, "f": f}
    if key is not None:
        fields["key"] = key
    fields["value"] = value
    if time is not None:
        fields["time"] = time
    if error is not None:
        fields["error"] = error
    return json.dumps(fields, allow_nan=False)


class HistoryWriter:
    """Appends events to a text file as they happen, and flushes each one.

    The file must be open for writing in UTF-8; whoever opened it closes it. The header is written
    at once.
    """

    def __init__(self, file: TextIO, metadata: dict[str, Any] | None = None) -> None:
        self._file = file
        self._append(encode_header(metadata))

    def write(self, event: Event) -> None:
        """Append one event; it has left this process when the call returns."""
        self._append(encode_event(event))

    def _append(self, line: str) -> None:
        # One write for line and newline: a process that dies between two would leave a cut line.
        self._file.write(line + "\n")
        self._file.flush()


def write_history(
    file: TextIO, events: Iterable[Event], metadata: dict[str, Any] | None = None
) -> None:
    """Write a whole history at once."""
    lines = [encode_header(metadata)]
    lines.extend(encode_event(event) for event in events)
    file.write("\n".join(lines) + "\n")


def read(blocks: Iterable[Block], source: str, metadata: dict[str, Any]) -> Iterator[Batch]:
    """The events of these blocks, as they come; what the header says goes into ``metadata``.

    Raises HistoryError with line and reason when it comes to a line that is wrong.
    """
    header_seen = False
    for block in blocks:
        columns = columns_of_block(block.text) if header_seen else None
        if columns is not None:
            yield Batch(columns, range(block.line, block.line + len(columns.indexes)))
            continue
        events: list[Event] = []
        numbers: list[int] = []
        fault: HistoryError | None = None
        lines = block.text.split("\n")
        for number, line in enumerate(lines, block.line):
            if not line.strip():
                continue
            try:
                if header_seen:
                    events.append(_event(_decode(line)))
                    numbers.append(number)
                else:
                    metadata.update(_header(_decode(line)))
                    header_seen = True
            except FieldError as error:
                without_newline = number == block.line + len(lines) - 1
                fault = HistoryError(_reason(error, without_newline), source=source, line=number)
                break
        if events:
            yield batch_of(events, numbers)
        if fault is not None:
            raise fault


def _reason(error: FieldError, without_newline: bool) -> str:
    if not isinstance(error, NotJson):
        return str(error)
    if without_newline:
        return (
            "the last line is cut off: the run that wrote it was stopped in the middle of it; "
            "delete this line to check the events before it"
        )
    return f"this line is not JSON: {error}"


def _decode(line: str) -> dict[str, Any]:
    record = decode_json(line)
    if not isinstance(record, dict):
        raise FieldError(f"a line must be a JSON object, not {line.strip()[:40]!r}")
    return record


def _header(record: dict[str, Any]) -> dict[str, Any]:
    if record.get("format") != FORMAT:
        raise FieldError(
            f"the first line must be the header of a history, "
            f'{{"format": "{FORMAT}", "version": {VERSION}, ...}}'
        )
    version = record.get("version")
    if version != VERSION or isinstance(version, bool):
        raise FieldError(f"this is version {version!r} of the format; we read version {VERSION}")
    return {name: value for name, value in record.items() if name not in ("format", "version")}


def _event(record: dict[str, Any]) -> Event:
    for name in _REQUIRED:
        if name not in record:
            raise FieldError(f"the event has no {name!r}")
    if not _KNOWN.issuperset(record):
        name = next(name for name in record if name not in _KNOWN)
        raise FieldError(f"an event has no field {name!r}" + suggestion(name, sorted(_KNOWN)))
    get = record.get
    return make_event(
        index=record["index"],
        process=record["process"],
        type_=record["type"],
        f=record["f"],
        key=get("key"),
        value=get("value"),
        time=get("time"),
        error=get("error"),
    )
