"""History files: which format is this, and what does it say.

``read_history`` tells the format from the content: our own JSON lines (``native``), Jepsen's EDN
(``jepsen_edn``), the log lines that Jepsen prints (``jepsen_log``), tables (``csv_table``); each of
them also compressed with gzip. ``read_events`` gives the events one by one, as they come. For
operations that are in memory there is ``operations_history``.

Whatever is wrong with a file ends in one HistoryError with file, line and reason; there is no
half-read history.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any, TextIO

from checker.formats import csv_table, jepsen_edn, jepsen_log, native
from checker.formats.batches import Batch, events_of, gather
from checker.formats.blocks import Block, ByteFile, blocks_of
from checker.formats.jepsen_edn import write_edn
from checker.formats.native import HistoryWriter, encode_event, encode_header, write_history
from checker.formats.operations import TimedOperation, operation, operations_history
from checker.history import Event, History, HistoryError

__all__ = [
    "ByteFile",
    "HistoryWriter",
    "TimedOperation",
    "detect_format",
    "encode_event",
    "encode_header",
    "operation",
    "operations_history",
    "parse_history",
    "read_events",
    "read_history",
    "write_edn",
    "write_history",
]

NATIVE = "splitbrain"
EDN = "edn"
LOG = "jepsen-log"
CSV = "csv"

IN_DIRECTORIES = ("history.jsonl", "history.edn", "history.jsonl.gz", "history.edn.gz")
"""The names under which the directory of a run has its history, the first one there."""


def read_history(path: str | Path, *, independent: bool = False) -> History:
    """Read the history in this file and check that it does not contradict itself.

    A directory is that of a run, ours or Jepsen's: the history in it is read.

    ``independent``: the values of an EDN history are pairs ``[key value]``, as the generators of
    ``jepsen.independent`` make them.

    Raises HistoryError, which names file and line, for whatever is wrong with it; OSError if it
    cannot be opened.
    """
    place = Path(path)
    if place.is_dir():
        place = _in_directory(place)
    with open(place, "rb") as file:
        return _read(file, str(place), independent)


def parse_history(
    content: bytes | str | ByteFile, *, source: str = "<history>", independent: bool = False
) -> History:
    """As ``read_history``, of a file's content or an open file; ``source`` names it in errors."""
    return _read(content, source, independent)


def read_events(
    file: ByteFile | TextIO, *, source: str = "<history>", independent: bool = False
) -> Iterator[Event]:
    """The events of an open file or pipe, each as soon as its line is there.

    A table of operations is read to its end first. Raises HistoryError with file and line when it
    comes to a line that is wrong, after the events before it; whether the events contradict each
    other is for whoever pairs them.
    """
    kind, blocks = _detect(blocks_of(file, source), source, independent)
    if kind == CSV:
        table = csv_table.Table(blocks, source)
        if not table.has_events:
            yield from _of_table(table).events
            return
        yield from events_of(csv_table.read_events(table))
        return
    yield from events_of(_batches(kind, blocks, source, independent, {}))


def detect_format(text: str, *, source: str = "<history>") -> str:
    """``splitbrain``, ``edn``, ``jepsen-log`` or ``csv``; HistoryError for anything else."""
    kind, _ = _detect(blocks_of(text, source), source, independent=False)
    return kind


def _in_directory(place: Path) -> Path:
    for name in IN_DIRECTORIES:
        if (place / name).is_file():
            return place / name
    raise HistoryError(
        f"cannot be read: the directory has none of {', '.join(IN_DIRECTORIES)}",
        source=str(place),
    )


def _read(content: bytes | str | ByteFile, source: str, independent: bool) -> History:
    kind, blocks = _detect(blocks_of(content, source), source, independent)
    metadata: dict[str, Any] = {}
    if kind == CSV:
        table = csv_table.Table(blocks, source)
        if not table.has_events:
            return _of_table(table)
        batches = csv_table.read_events(table)
    else:
        batches = _batches(kind, blocks, source, independent, metadata)
    history = gather(batches, source=source, metadata=metadata)
    history.operations()
    return history


def _of_table(table: csv_table.Table) -> History:
    operations, lines = csv_table.read_operations(table)
    return operations_history(operations, source=table.source, lines=lines)


def _batches(
    kind: str, blocks: Iterator[Block], source: str, independent: bool, metadata: dict[str, Any]
) -> Iterator[Batch]:
    if kind == NATIVE:
        return native.read(blocks, source, metadata)
    if kind == LOG:
        return jepsen_log.read(blocks, source)
    return jepsen_edn.read(blocks, source, independent)


def _detect(blocks: Iterator[Block], source: str, independent: bool) -> tuple[str, Iterator[Block]]:
    """The format, and all the blocks."""
    seen: list[Block] = []
    for block in blocks:
        seen.append(block)
        for number, line in enumerate(block.text.split("\n"), block.line):
            if not (words := line.strip()):
                continue
            kind = _format_of(words, source, number)
            if independent and kind != EDN:
                raise HistoryError(
                    f"independent keys are a matter of EDN histories; this one is {kind}",
                    source=source,
                )
            return kind, chain(seen, blocks)
    raise HistoryError("the file is empty: nothing was recorded", source=source, line=1)


def _format_of(words: str, source: str, number: int) -> str:
    if jepsen_log.looks_like(words):
        return LOG
    if words[0] == "{" and words[1:].lstrip()[:1] == '"':
        return NATIVE
    if words[0] in "{[(#;,":
        return EDN
    if csv_table.looks_like(words):
        return CSV
    raise HistoryError(
        f"this is no history: it starts with {_shorten(words)}; a history starts with the header "
        f"of a splitbrain history, an EDN map or vector, a Jepsen log line, or the names of the "
        f"columns of a table",
        source=source,
        line=number,
    )


def _shorten(words: str) -> str:
    return repr(words if len(words) <= 40 else words[:40] + "...")
