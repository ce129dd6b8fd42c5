"""History files: which format is this, and what does it say.

``read_history`` tells the format from the content: our own JSON lines (``native``), Jepsen's EDN
(``jepsen_edn``), and the log lines that Jepsen prints (``jepsen_log``). Whatever is wrong with a
file ends in one HistoryError with file, line and reason; there is no half-read history.
"""

from __future__ import annotations

from pathlib import Path

from checker.formats import jepsen_edn, jepsen_log, native
from checker.formats.jepsen_edn import write_edn
from checker.formats.native import HistoryWriter, encode_event, encode_header, write_history
from checker.history import History, HistoryError

__all__ = [
    "HistoryWriter",
    "detect_format",
    "encode_event",
    "encode_header",
    "parse_history",
    "read_history",
    "write_edn",
    "write_history",
]

NATIVE = "splitbrain"
EDN = "edn"
LOG = "jepsen-log"


def read_history(path: str | Path, *, independent: bool = False) -> History:
    """Read the history in this file and check that it does not contradict itself.

    ``independent``: the values of an EDN history are pairs ``[key value]``, as the generators of
    ``jepsen.independent`` make them.

    Raises HistoryError, which names file and line, for whatever is wrong with it; OSError if it
    cannot be opened.
    """
    with open(path, "rb") as file:
        content = file.read()
    return parse_history(content, source=str(path), independent=independent)


def parse_history(
    content: bytes | str, *, source: str = "<history>", independent: bool = False
) -> History:
    """As ``read_history``, of a file's content; ``source`` names it in errors."""
    text = _decode(content, source) if isinstance(content, bytes) else content
    kind = detect_format(text, source=source)
    if independent and kind != EDN:
        raise HistoryError(
            f"independent keys are a matter of EDN histories; this one is {kind}", source=source
        )
    if kind == NATIVE:
        history = native.parse(text, source=source)
    elif kind == LOG:
        history = jepsen_log.parse(text, source=source)
    else:
        history = jepsen_edn.parse(text, source=source, independent=independent)
    history.operations()
    return history


def detect_format(text: str, *, source: str = "<history>") -> str:
    """``splitbrain``, ``edn`` or ``jepsen-log``; HistoryError for anything else."""
    for number, line in enumerate(text.split("\n"), 1):
        words = line.strip()
        if not words:
            continue
        if jepsen_log.looks_like(words):
            return LOG
        if words[0] == "{" and words[1:].lstrip()[:1] == '"':
            return NATIVE
        if words[0] in "{[(#;,":
            return EDN
        raise HistoryError(
            f"this is no history: it starts with {_shorten(words)}; a history starts with the "
            f"header of a splitbrain history, an EDN map or vector, or a Jepsen log line",
            source=source,
            line=number,
        )
    raise HistoryError("the file is empty: nothing was recorded", source=source, line=1)


def _decode(content: bytes, source: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise HistoryError(
            f"this is not UTF-8 text: byte 0x{content[error.start]:02x} at offset {error.start}",
            source=source,
            line=content.count(b"\n", 0, error.start) + 1,
        ) from None


def _shorten(words: str) -> str:
    return repr(words if len(words) <= 40 else words[:40] + "...")
