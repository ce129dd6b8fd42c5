"""Jepsen's histories in EDN: one map a line, or one vector of maps.

    {:index 0, :process 0, :type :invoke, :f :cas, :value [0 4], :time 1200}
    #jepsen.history.Op{:index 1, :process :nemesis, :type :info, :f :start, :value nil}

``:key`` is a field of ours; with ``independent`` the value is a pair ``[key value]`` instead.
Fields that Jepsen's tests add for themselves (``:node``, ``:link``) are passed over.

Values become JSON types, as everywhere in a history: keywords, symbols and characters their text
(``:a`` stays ``":a"``, but ``a`` as a key of a map), vectors, lists and sets a list, ratios and
decimals their text.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from typing import Any, TextIO

from checker.formats import edn
from checker.formats.fields import FieldError, make_event
from checker.history import Event, History, HistoryError


def parse(text: str, *, source: str, independent: bool = False) -> History:
    """The history that this text says; HistoryError with line and reason if it says none."""
    events: list[Event] = []
    lines: list[int] = []
    line = 1
    try:
        for line, form in edn.Reader(text).values(unwrap=True):
            events.append(_event(form, len(events), independent))
            lines.append(line)
    except edn.EdnError as error:
        raise HistoryError(str(error), source=source, line=error.line) from None
    except FieldError as error:
        raise HistoryError(str(error), source=source, line=line) from None
    return History(events, source=source, lines=lines)


def _event(form: Any, position: int, independent: bool) -> Event:
    if isinstance(form, edn.Tagged):
        form = form.value
    if not isinstance(form, edn.Map):
        raise FieldError(f"an event must be a map, not {edn.dumps(form)[:40]!r}")
    fields = {key.name: value for key, value in form.items if isinstance(key, edn.Keyword)}
    for name in ("process", "type", "f"):
        if name not in fields:
            raise FieldError(f"the event has no :{name}")
    key, value = plain(fields.get("key")), plain(fields.get("value"))
    if independent and fields["process"] != edn.Keyword("nemesis"):
        if not isinstance(value, list) or len(value) != 2:
            raise FieldError(f"the value must be a pair [key value], not {value!r}")
        key, value = value
    return make_event(
        index=fields.get("index", position),
        process=_name(fields["process"]),
        type_=_name(fields["type"]),
        f=_name(fields["f"]),
        key=key,
        value=value,
        time=fields.get("time"),
        error=_error(fields.get("error")),
    )


def _name(value: Any) -> Any:
    return value.name if isinstance(value, edn.Keyword) else value


def _error(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return value.name if isinstance(value, edn.Keyword) else edn.dumps(value)


def plain(value: Any) -> Any:
    """An EDN value as JSON types."""
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if isinstance(value, edn.List | edn.Set):
        return [plain(item) for item in value.items]
    if isinstance(value, edn.Map):
        return _plain_map(value)
    if isinstance(value, edn.Keyword):
        return ":" + value.name
    if isinstance(value, edn.Symbol):
        return value.name
    if isinstance(value, edn.Character):
        return value.value
    if isinstance(value, edn.Tagged):
        return plain(value.value)
    if isinstance(value, Fraction | Decimal):
        return str(value)
    return value


def _plain_map(value: edn.Map) -> dict[str, Any]:
    record = {_map_key(key): plain(item) for key, item in value.items}
    if len(record) != len(value.items):
        raise FieldError(f"two keys of {edn.dumps(value)} are the same text")
    return record


def _map_key(key: Any) -> str:
    if isinstance(key, str):
        return key
    return key.name if isinstance(key, edn.Keyword) else edn.dumps(key)


def write_edn(file: TextIO, events: Iterable[Event]) -> None:
    """Write a history as EDN, a map a line; ValueError for a name that EDN cannot say."""
    for event in events:
        file.write(encode(event) + "\n")


def encode(event: Event) -> str:
    """The EDN map of an event, on one line."""
    index, process, type_, f, key, value, time, error = event
    fields: list[tuple[str, Any]] = [
        ("index", index),
        ("process", edn.Keyword(process) if isinstance(process, str) else process),
        ("type", edn.Keyword(type_)),
        ("f", edn.Keyword(f)),
    ]
    if key is not None:
        fields.append(("key", _from_plain(key)))
    fields.append(("value", _from_plain(value)))
    if time is not None:
        fields.append(("time", time))
    if error is not None:
        fields.append(("error", error))
    return edn.dumps(edn.Map(tuple((edn.Keyword(name), item) for name, item in fields)))


def _from_plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return tuple(_from_plain(item) for item in value)
    if isinstance(value, dict):
        return edn.Map(tuple((key, _from_plain(item)) for key, item in value.items()))
    return value
