"""The trace file: what is written is read, what is broken is named."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import get_args

import pytest

from checker.trace import (
    Appended,
    Committed,
    ConfigurationChanged,
    SnapshotRestored,
    TraceError,
    TraceEvent,
    encode_trace,
    read_trace,
)
from tests.checker.raft_model import RaftModel
from tests.checker.traces import Trace, names

EVENTS: list[TraceEvent] = [Appended(0, 10, "n1", 1, 1, b"\x00\xff"), Committed(1, 20, "n1", 1)]


def test_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    path.write_bytes(encode_trace(("n1", "n2"), EVENTS))
    header, events = read_trace(path)
    assert header.members == ("n1", "n2")
    assert events == EVENTS


def test_round_trip_of_every_kind_of_event(tmp_path: Path) -> None:
    model = RaftModel(Random(4))
    for _ in range(1_000):
        model.step()
    joint = Trace(started=False).configure(1, 7, names(1, 2), names(1, 3), names(4)).events
    told = [*model.trace.events, *joint, *EVENTS]
    assert {type(event) for event in told} == set(get_args(TraceEvent))
    path = tmp_path / "trace.jsonl"
    path.write_bytes(encode_trace(names(1, 2, 3), told))
    _, events = read_trace(path)
    assert events == told
    assert encode_trace(names(1, 2, 3), events) == path.read_bytes()


def test_what_the_lines_of_new_events_say(tmp_path: Path) -> None:
    """The form on disk is read by other programs, and by later versions."""
    configuration = ConfigurationChanged(0, 5, "n1", 3, ("n1",), ("n1", "n2"), ("n4",))
    restored = SnapshotRestored(1, 6, "n2", 9, 2, "abc", 11)
    lines = encode_trace(("n1", "n2"), [configuration, restored]).decode().splitlines()
    assert lines[1:] == [
        '{"event":"configuration-changed","sequence":0,"time":5,"node":"n1","index":3,'
        '"voters":["n1"],"outgoing":["n1","n2"],"learners":["n4"]}',
        '{"event":"snapshot-restored","sequence":1,"time":6,"node":"n2","index":9,"term":2,'
        '"digest":"abc","last_index":11}',
    ]


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
