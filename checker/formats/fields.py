"""From the raw fields of a file to an Event: each has the type it must have, or the line is wrong.

What a format calls its fields is the format's business; what may stand in them is said here.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

from checker.history import EVENT_TYPES, Event


class FieldError(ValueError):
    """A field of an event is missing or is not what it must be; the reader adds file and line."""


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
    if not isinstance(given, str):
        return ""
    close = difflib.get_close_matches(given, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
