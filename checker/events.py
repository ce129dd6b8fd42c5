"""Events and operations: the words in which a history is told (``checker.history``)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat
from typing import Any, NamedTuple

NEMESIS = "nemesis"
MISMATCH = "mismatch"
"""The error of a compare-and-set that failed because the state differed from what it expected."""

EVENT_TYPES = ("invoke", "ok", "fail", "info")

REASON_MAX = 360
"""Characters of a HistoryError's reason; what is cut out of a longer one is its middle."""


class HistoryError(Exception):
    """A history that contradicts itself or cannot be read; there is no verdict on it.

    ``source`` names the file, ``line`` its line (from 1), ``position`` the event (from 0, in the
    order of the history) where the reason lies; each is None where it is not known. A history made
    of operations has their positions instead, and ``unit`` is "operation". The message is one
    printable line.
    """

    def __init__(
        self,
        reason: str,
        *,
        source: str | None = None,
        line: int | None = None,
        position: int | None = None,
        unit: str = "event",
    ) -> None:
        self.reason = _one_line(reason)
        self.source = source
        self.line = line
        self.position = position
        self.unit = unit
        super().__init__(self.reason)

    def __str__(self) -> str:
        place = self.source
        if self.line is not None:
            place = f"{place or 'history'}:{self.line}"
        elif self.position is not None:
            place = f"{place or 'history'}: {self.unit} {self.position}"
        return f"{place}: {self.reason}" if place else self.reason


def _one_line(reason: str) -> str:
    """The reason without anything that a terminal cannot show, and not longer than REASON_MAX."""
    reason = _shorten(reason)
    return reason if reason.isprintable() else _shorten(printable(reason))


def _shorten(text: str) -> str:
    if len(text) <= REASON_MAX:
        return text
    return f"{text[: REASON_MAX - 105]} ... {text[-100:]}"


def printable(text: str) -> str:
    """The text with an escape in the place of each character that is not printable."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


class Event(NamedTuple):
    """One line of a history.

    ``index`` increases along the history; ``type`` is one of ``invoke``, ``ok``, ``fail``,
    ``info``; ``f`` names the operation (``put``), ``value`` is its argument in an invocation and
    its result in a completion, made of JSON types; ``time`` is in ns since the run began.
    """

    index: int  # type: ignore[assignment]  # hides tuple.index, which nobody asks an event
    process: int | str
    type: str
    f: str
    key: Any = None
    value: Any = None
    time: int | None = None
    error: str | None = None


class Operation(NamedTuple):
    """An invocation with its completion.

    ``outcome`` is ``ok``, ``fail`` or ``info``. ``invoked`` and ``completed`` are ranks in the
    real-time order, each used once: an operation precedes another if and only if its ``completed``
    is smaller than the other's ``invoked``. ``completed`` is None for ``info``, which never ends.
    ``invocation`` and ``completion`` are the indexes of its two events.
    """

    process: int | str
    f: str
    key: Any
    argument: Any
    result: Any
    outcome: str
    invoked: int
    completed: int | None
    error: str | None = None
    invocation: int | None = None
    completion: int | None = None

    def __str__(self) -> str:
        words = [printable(f"process {self.process}: {self.f}")]
        if self.key is not None:
            words.append(repr(self.key))
        if self.argument is not None:
            words.append(repr(self.argument))
        if self.outcome == "ok":
            # As they are written: True == 1 in Python, in a history they differ.
            told = self.result is not None and repr(self.result) != repr(self.argument)
            if self.argument is None or told:
                words.append("-> nil" if self.result is None else f"-> {self.result!r}")
        else:
            error = f" ({printable(self.error)})" if self.error else ""
            words.append(f"-> {self.outcome}{error}")
        return " ".join(words)


class Columns(NamedTuple):
    """Events as a sequence for each field, all of one length: a tenth of the memory of Events.

    ``keys``, ``times`` and ``errors`` are None where no event has any.
    """

    indexes: Sequence[int]
    processes: Sequence[int | str]
    types: Sequence[str]
    functions: Sequence[str]
    keys: Sequence[Any] | None
    values: Sequence[Any]
    times: Sequence[int | None] | None
    errors: Sequence[str | None] | None

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """The fields of each event, as in Event."""
        return zip(*(repeat(None) if column is None else column for column in self), strict=False)


def columns_of(events: Iterable[Event]) -> Columns:
    """The same events as columns."""
    return Columns(*(list(zip(*events, strict=True)) or [()] * 8))
