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
from collections.abc import Iterable
from typing import Any, NoReturn, TextIO

from checker.formats.fields import FieldError, make_event, suggestion
from checker.history import Event, History, HistoryError

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


def parse(text: str, *, source: str) -> History:
    """The history that this text says; HistoryError with line and reason if it says none."""
    metadata: dict[str, Any] | None = None
    events: list[Event] = []
    numbers: list[int] = []
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            record = _decode(line)
            if metadata is None:
                metadata = _header(record)
                continue
            events.append(_event(record))
        except (FieldError, ValueError, RecursionError) as error:
            cut_off = number == len(lines) and not isinstance(error, FieldError)
            raise HistoryError(_reason(error, cut_off), source=source, line=number) from None
        numbers.append(number)
    assert metadata is not None, "the format was told from a line that is not blank"
    return History(events, source=source, metadata=metadata, lines=numbers)


def _reason(error: Exception, cut_off: bool) -> str:
    if cut_off:
        return (
            "the last line is cut off: the run that wrote it was stopped in the middle of it; "
            "delete this line to check the events before it"
        )
    if isinstance(error, RecursionError):
        return "this line nests too deeply"
    if isinstance(error, json.JSONDecodeError):
        return f"this line is not JSON: {error.msg} at column {error.colno}"
    return str(error)


def _decode(line: str) -> dict[str, Any]:
    record = json.loads(line, object_pairs_hook=_object, parse_constant=_refuse_constant)
    if not isinstance(record, dict):
        raise FieldError(f"a line must be a JSON object, not {line.strip()[:40]!r}")
    return record


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise FieldError(f"the name {twice!r} occurs twice in one object")
    return record


def _refuse_constant(name: str) -> NoReturn:
    raise FieldError(f"{name} is not JSON")


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
    for name in record:
        if name not in _KNOWN:
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
