"""From the raw fields of a file to an Event: each has the type it must have, or the line is wrong.

What a format calls its fields is the format's business; what may stand in them is said here, and
what counts as JSON: no name twice in an object, no number beyond what Python reads, and lists and
objects within reason.
"""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Iterable
from typing import Any, NoReturn

from checker.history import EVENT_TYPES, Event

DEPTH_MAX = 200
"""Collections inside collections; deeper ones are refused: whoever follows them uses the stack."""


class FieldError(ValueError):
    """A field of an event is missing or is not what it must be; the reader adds file and line."""


class NotJson(FieldError):
    """A text that is not JSON; ``column`` counts from 1."""

    def __init__(self, reason: str, column: int = 1) -> None:
        super().__init__(reason)
        self.column = column


def make_event(
    *,
    index: Any,
    process: Any,
    type_: Any,
    f: Any,
    key: Any,
    value: Any,
    time: Any,
    error: Any,
) -> Event:
    """An Event of these fields; FieldError says which one is wrong."""
    if (
        type(index) is int
        and index >= 0
        and type(process) is int
        and type_ in EVENT_TYPES
        and type(f) is str
        and f
        and (time is None or type(time) is int)
        and (error is None or type(error) is str)
    ):
        return Event(index, process, type_, f, key, value, time, error)
    if not _is_integer(index) or index < 0:
        raise FieldError(f"index must be an integer from 0 on, not {index!r}")
    if not _is_integer(process) and not (isinstance(process, str) and process):
        raise FieldError(f"process must be an integer or a name, not {process!r}")
    if type_ not in EVENT_TYPES:
        raise FieldError(
            f"unknown type {type_!r}; it must be one of {', '.join(EVENT_TYPES)}"
            + suggestion(type_, EVENT_TYPES)
        )
    if not isinstance(f, str) or not f:
        raise FieldError(f"f must be the name of an operation, not {f!r}")
    if time is not None and not _is_integer(time):
        raise FieldError(f"time must be an integer number of ns, not {time!r}")
    if error is not None and not isinstance(error, str):
        raise FieldError(f"error must be a string, not {error!r}")
    return Event(index, process, type_, f, key, value, time, error)


def suggestion(given: Any, known: Iterable[str]) -> str:
    """A question to end a message with, if what was given is close to something known."""
    if not isinstance(given, str) or len(given) > 40:
        return ""
    close = difflib.get_close_matches(given, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def decode_json(text: str) -> Any:
    """The value that this text says.

    Raises NotJson if it is not JSON, FieldError if it is but cannot be read.
    """
    if text.count("[") + text.count("{") > DEPTH_MAX and _depth(text) > DEPTH_MAX:
        raise FieldError(f"this nests too deeply: more than {DEPTH_MAX} lists and objects")
    try:
        if text.startswith("{"):
            # As many colons as names that are left: so no name occurs twice, or hides in a value.
            record = _SIMPLE_DECODER.decode(text)
            if len(record) == text.count(":"):
                return record
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise NotJson(f"{error.msg} at column {error.colno}", error.colno) from None
    except FieldError:
        raise
    except ValueError as error:
        raise FieldError(f"a number is beyond what can be read: {error}") from None
    except RecursionError:
        raise FieldError("this nests too deeply") from None


def _depth(text: str) -> int:
    """How deep the brackets of this text nest outside strings, if it is JSON."""
    depth = deepest = 0
    # Between quotes that no backslash escapes: text and strings by turns.
    for outside in text.replace("\\\\", "").replace('\\"', "").split('"')[::2]:
        for character in outside:
            if character in "[{":
                depth += 1
                deepest = max(deepest, depth)
            elif character in "]}":
                depth -= 1
    return deepest


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise FieldError(f"the name {name!r} occurs twice in one object")
            seen.add(name)
    return record


def _refuse_constant(name: str) -> NoReturn:
    raise NotJson(f"{name} is not JSON")


def _float(word: str) -> float:
    number = float(word)
    if math.isinf(number):
        raise FieldError(f"{word[:40]} is a number beyond what can be read")
    return number


def read_integer(word: str) -> int:
    """The number of these digits; FieldError if they are more than Python reads (4300)."""
    try:
        return int(word)
    except ValueError:
        raise FieldError(f"{word[:40]}... is a number beyond what can be read") from None


_SIMPLE_DECODER = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_float)
_DECODER = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_constant=_refuse_constant,
    parse_float=_float,
)
