"""The lines that Jepsen logs as a test runs.

    INFO  jepsen.util - 0    :invoke    :cas    [3 0]
    INFO  jepsen.util - 0    :fail      :cas    [3 0]
    INFO  jepsen.util - 4    :info      :write  :timed-out

Fields are separated by tabs or spaces; the value is EDN. A keyword in the place of a completion's
value is an error, not a value. These tests tell a failed compare-and-set from one that never
reached the server: ``:fail :cas`` with a value was compared and differed, so it reads as the error
``mismatch``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from checker.formats import edn
from checker.formats.batches import Batch, batch_of
from checker.formats.blocks import Block
from checker.formats.fields import FieldError, make_event, read_integer
from checker.formats.jepsen_edn import plain
from checker.history import MISMATCH, Event, HistoryError

_LINE = re.compile(
    r"INFO\s+jepsen\.util\s+-\s+(?P<process>[0-9]+|:nemesis)\s+:(?P<type>\S+)\s+:(?P<f>\S+)"
    r"(?:\s+(?P<value>.*))?\Z"
)


def looks_like(line: str) -> bool:
    """Whether this line is one of Jepsen's log."""
    return re.match(r"INFO\s+jepsen\.util\b", line) is not None


def read(blocks: Iterable[Block], source: str) -> Iterator[Batch]:
    """The events of these blocks, as they come.

    Raises HistoryError with line and reason when it comes to a line that is wrong.
    """
    position = 0
    for block in blocks:
        events: list[Event] = []
        numbers: list[int] = []
        fault: HistoryError | None = None
        for number, line in enumerate(block.text.split("\n"), block.line):
            words = line.strip()
            if not words:
                continue
            try:
                events.append(_event(words, position))
            except (FieldError, edn.EdnError) as error:
                fault = HistoryError(str(error), source=source, line=number)
                break
            numbers.append(number)
            position += 1
        if events:
            yield batch_of(events, numbers)
        if fault is not None:
            raise fault


def _event(line: str, index: int) -> Event:
    match = _LINE.match(line)
    if match is None:
        raise FieldError(
            "this is not a line of the log, 'INFO  jepsen.util - PROCESS :TYPE :F VALUE' "
            "(is it cut off?)"
        )
    process = match["process"]
    type_, f = match["type"], match["f"]
    values = edn.loads(match["value"] or "")
    if len(values) != 1:
        raise FieldError(f"one value must follow :{f}, not {len(values)} (is the line cut off?)")
    value: Any = values[0]
    error: str | None = None
    if type_ != "invoke" and isinstance(value, edn.Keyword):
        error, value = value.name, None
    elif type_ == "fail" and f == "cas":
        error = MISMATCH
    return make_event(
        index=index,
        process="nemesis" if process == ":nemesis" else read_integer(process),
        type_=type_,
        f=f,
        key=None,
        value=plain(value),
        time=None,
        error=error,
    )
