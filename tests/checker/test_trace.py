"""The trace file: what is written is read, what is broken is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from checker.trace import Appended, Committed, TraceError, encode_trace, read_trace

EVENTS = [Appended(0, 10, "n1", 1, 1, b"\x00\xff"), Committed(1, 20, "n1", 1)]


def test_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    path.write_bytes(encode_trace(("n1", "n2"), EVENTS))
    header, events = read_trace(path)
    assert header.members == ("n1", "n2")
    assert events == EVENTS


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"", 1),
        (b"{}\n", 1),
        (encode_trace(("n1",), EVENTS)[:-10], 3),
        (encode_trace(("n1",), EVENTS).replace(b'"appended"', b'"apended"'), 2),
    ],
)
def test_a_broken_trace_is_named_with_file_and_line(
    content: bytes, line: int, tmp_path: Path
) -> None:
    path = tmp_path / "trace.jsonl"
    path.write_bytes(content)
    with pytest.raises(TraceError, match=f"trace.jsonl:{line}: "):
        read_trace(path)
