"""Jepsen's histories in EDN: one map a line, or one vector or list of maps.

    {:index 0, :process 0, :type :invoke, :f :cas, :value [0 4], :time 1200}
    #jepsen.history.Op{:index 1, :process :nemesis, :type :info, :f :start, :value nil}

Knossos' oldest test data have vectors instead: ``[70 :fail :write 1 :no-conns]``.

``:key`` is a field of ours; Jepsen has a pair ``[key value]`` as the value instead, which nothing
tells from a value that is a pair. So it must be said (``independent``), unless a tag says it
(``#jepsen.independent/tuple [k v]``, ``#clojure.lang.MapEntry [k v]``). Fields that Jepsen's tests
add for themselves (``:node``, ``:exception``) are passed over.

Values become JSON types, as everywhere in a history: keywords, symbols and characters their text
(``:a`` stays ``":a"``, but ``a`` as a key of a map and as the name of a small operation of a
``:txn``), vectors, lists and sets a list, ratios and decimals their text; a tag goes. An
``:error`` that is neither a string nor a keyword becomes the text of its EDN.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from math import isfinite
from typing import Any, TextIO

from checker.formats import edn
from checker.formats.batches import Batch, batch_of
from checker.formats.blocks import Block
from checker.formats.fields import FieldError, make_event
from checker.history import Event, HistoryError

_PAIR_TAGS = frozenset(
    ("jepsen.independent/tuple", "jepsen.independent.Tuple", "clojure.lang.MapEntry")
)
"""What says that a value is a pair of key and value."""

_SCALAR = r'nil|-?(?:0|[1-9][0-9]{0,17})|:[A-Za-z][A-Za-z0-9_.\-]*|"[^"\\]*"'
_WORD = rf"{_SCALAR}|\[(?:(?:{_SCALAR})(?: (?:{_SCALAR}))*)?\]"
_FLAT_MAP = re.compile(
    rf"(?:#(?:jepsen\.history|knossos\.op)\.Op ?)?"
    rf"\{{(:[a-z]+ (?:{_WORD})(?:,? :[a-z]+ (?:{_WORD}))*)\}}"
)
"""Nearly every event: names, and values that are scalars or vectors of scalars."""
_PAIR = re.compile(rf":([a-z]+) ({_WORD})")
_SCALARS = re.compile(_SCALAR)

_NEMESIS = edn.Keyword("nemesis")
_FIELDS = ("process", "type", "f", "value", "error")
"""Of an event that is a vector."""


def read(blocks: Iterable[Block], source: str, independent: bool = False) -> Iterator[Batch]:
    """The events of these blocks, as they come.

    Raises HistoryError with line and reason when it comes to something that is wrong.
    """
    reader = edn.Reader()
    position = 0
    for block in blocks:
        reader.feed(block.text)
        for batch in _batches(reader, source, independent, position, final=False):
            position += len(batch.lines)
            yield batch
    yield from _batches(reader, source, independent, position, final=True)


def _batches(
    reader: edn.Reader, source: str, independent: bool, position: int, *, final: bool
) -> Iterator[Batch]:
    events: list[Event] = []
    lines: list[int] = []
    fault: HistoryError | None = None
    line = 1
    try:
        for line, form in reader.values(unwrap=True, final=final, shortcut=_flat_map):
            events.append(_event(form, position + len(events), independent))
            lines.append(line)
    except edn.EdnError as error:
        fault = HistoryError(str(error), source=source, line=error.line)
    except FieldError as error:
        fault = HistoryError(str(error), source=source, line=line)
    if events:
        yield batch_of(events, lines)
    if fault is not None:
        raise fault


def _event(form: Any, position: int, independent: bool) -> Event:
    if isinstance(form, edn.Tagged):
        form = form.value
    if isinstance(form, dict):
        fields = form
    elif isinstance(form, tuple):
        fields = dict(zip(_FIELDS, form, strict=False))
        if len(form) > len(_FIELDS):
            raise FieldError("an event that is a vector has [process type f value error]")
    elif isinstance(form, edn.Map):
        fields = {key.name: value for key, value in form.items if type(key) is edn.Keyword}
    else:
        raise FieldError(f"an event must be a map, not {edn.describe(form)[:40]!r}")
    for name in ("process", "type", "f"):
        if name not in fields:
            raise FieldError(f"the event has no :{name}")
    key, value = fields.get("key"), fields.get("value")
    if isinstance(value, edn.Tagged) and value.tag in _PAIR_TAGS:
        key, value = _pair(value.value)
    elif independent and fields["process"] != _NEMESIS:
        key, value = _pair(value)
    return make_event(
        index=fields.get("index", position),
        process=_name(fields["process"]),
        type_=_name(fields["type"]),
        f=(f := _name(fields["f"])),
        key=plain(key),
        value=plain(_transaction(value) if f == "txn" else value),
        time=fields.get("time"),
        error=_error(fields.get("error")),
    )


def _flat_map(text: str, position: int) -> tuple[dict[str, Any], int] | None:
    """The fields of a map that is like nearly all, in a fifth of the time that EDN takes."""
    match = _FLAT_MAP.match(text, position)
    if match is None:
        return None
    pairs = _PAIR.findall(match[1])
    fields = {name: _read(word) for name, word in pairs}
    return (fields, match.end()) if len(fields) == len(pairs) else None


def _read(word: str) -> Any:
    first = word[0]
    if first == "n":
        return None
    if first == ":":
        return _keyword(word[1:])
    if first == '"':
        return word[1:-1]
    if first == "[":
        return tuple([_read(each) for each in _SCALARS.findall(word, 1, len(word) - 1)])
    return int(word)


_keyword = lru_cache(1024)(edn.Keyword)


def _pair(value: Any) -> tuple[Any, Any]:
    if not isinstance(value, tuple) or len(value) != 2:
        raise FieldError(f"the value must be a pair [key value], not {edn.describe(value)[:40]}")
    return value[0], value[1]


def _transaction(value: Any) -> Any:
    """The small operations ``[:append 1 2]`` of a transaction are named as operations are: by the
    name of a keyword, without its colon."""
    if not isinstance(value, tuple):
        return value
    return tuple(
        (_name(small[0]), *small[1:]) if isinstance(small, tuple) and small else small
        for small in value
    )


def _name(value: Any) -> Any:
    return value.name if isinstance(value, edn.Keyword) else value


def _error(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return value.name if isinstance(value, edn.Keyword) else edn.describe(value)


def plain(value: Any) -> Any:
    """An EDN value as JSON types."""
    if value is None or type(value) is int or type(value) is str:
        return value
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
    if isinstance(value, float) and not isfinite(value):
        return edn.describe(value)
    return value


def _plain_map(value: edn.Map) -> dict[str, Any]:
    record = {_map_key(key): plain(item) for key, item in value.items}
    if len(record) != len(value.items):
        raise FieldError(f"two keys of {edn.describe(value)} are the same text")
    return record


def _map_key(key: Any) -> str:
    if isinstance(key, str):
        return key
    return key.name if isinstance(key, edn.Keyword) else edn.describe(key)


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
