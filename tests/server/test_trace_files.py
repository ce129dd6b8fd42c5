"""Traces of processes: appended over several lives, cut where a process was killed, and merged."""

from __future__ import annotations

import resource
from itertools import pairwise
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from checker.merge import merge_traces
from checker.trace import Stopped, TraceError, TraceEvent, read_trace
from raft.consensus.configuration import Configuration
from raft.observer import Observer
from raft.server.trace import TraceClock, TraceFile, TraceFileError

MEMBERS = ("n1", "n2", "n3")


def tell_everything(observer: Observer) -> None:
    observer.started(1, None)
    observer.term_changed(2)
    observer.role_changed("leader", 2)
    observer.vote_granted(2, "n1")
    observer.term_exposed(2)
    observer.appended(1, 2, b"\0\xff")
    observer.truncated(1)
    observer.persisted(2, "n1", 1)
    observer.committed(1)
    observer.applied(1, "s", 3, True)
    observer.configuration_changed(1, Configuration(("n1",), ("n2",), ("n3",)))
    observer.snapshot_taken(1, 2, "digest")
    observer.snapshot_restored(1, 2, "digest", 1)
    observer.compacted(1)
    observer.state_digest(1, "digest")
    observer.lease_read(1, 2)
    observer.transfer_started("n2")
    observer.transfer_ended("done")


def trace(path: Path, node: str = "n1", clock: TraceClock | None = None) -> TraceFile:
    return TraceFile(path, node, MEMBERS, clock or TraceClock())


def test_all_that_an_observer_is_told_is_a_trace(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "trace.jsonl"
    file = trace(path)
    tell_everything(file)
    file.close("stopped")
    header, events = read_trace(path)
    assert header.members == MEMBERS
    assert {type(event) for event in events} == set(get_args(TraceEvent))
    assert [event.sequence for event in events] == list(range(len(events)))
    assert all(before.time < after.time for before, after in pairwise(events))
    for line, event in zip(path.read_bytes().splitlines()[1:], events, strict=True):
        assert line == msgspec.json.encode(event)


def test_nothing_is_written_before_the_flush(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    file = trace(path)
    file.started(1, None)
    assert path.read_bytes() == b""
    file.flush()
    assert len(read_trace(path)[1]) == 1


@pytest.mark.parametrize("torn", [b"", b'{"event":"commit', b'{"event":' + bytes(5000)])
def test_a_later_life_goes_on_and_cuts_off_what_was_torn(tmp_path: Path, torn: bytes) -> None:
    path = tmp_path / "trace.jsonl"
    first = trace(path)
    first.started(1, None)
    first.flush()
    with path.open("ab") as file:
        file.write(torn)
    second = trace(path)
    second.started(1, None)
    second.close("stopped")
    assert [event.sequence for event in read_trace(path)[1]] == [0, 1, 2]


def test_a_header_that_was_torn_is_written_anew(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    path.write_bytes(b'{"format":"spl')
    trace(path).close("stopped")
    assert read_trace(path)[0].members == MEMBERS


def test_time_goes_on_from_an_earlier_life_and_from_messages(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    clock = TraceClock()
    clock.observe(1 << 62)
    trace(path, clock=clock).close("stopped")
    later = TraceClock()
    trace(path, clock=later).close("stopped")
    assert later.read() > 1 << 62


def test_a_line_that_did_not_fit_is_the_end_of_a_life(tmp_path: Path) -> None:
    """Even if there is room again when the file is closed."""
    path = tmp_path / "trace.jsonl"
    first = trace(path)
    tell_everything(first)
    first.flush()
    written = path.read_bytes()
    first.committed(1)
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(written) + 20, unlimited[1]))
    try:
        with pytest.raises(TraceFileError, match="File too large"):
            first.flush()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    first.close("failed")
    assert len(path.read_bytes()) == len(written) + 20
    trace(path).close("stopped")
    assert path.read_bytes().startswith(written)
    assert isinstance(read_trace(path)[1][-1], Stopped)


def test_what_is_no_trace_is_not_appended_to(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    path.write_bytes(b"notes\n")
    with pytest.raises(TraceFileError, match="does not end as a trace does"):
        trace(path)
    with pytest.raises(TraceFileError, match="Is a directory"):
        trace(tmp_path)


def test_merged_traces_are_in_the_order_of_cause_and_effect(tmp_path: Path) -> None:
    clocks = {"n1": TraceClock(), "n2": TraceClock()}
    files = {name: trace(tmp_path / name, name, clock) for name, clock in clocks.items()}
    clocks["n1"].observe(1 << 60)  # its clock is far ahead
    for term in range(1, 20):
        files["n1"].term_changed(2 * term)
        clocks["n2"].observe(clocks["n1"].read())
        files["n2"].term_changed(2 * term + 1)
        clocks["n1"].observe(clocks["n2"].read())
    for file in files.values():
        file.flush()
    _, events = merge_traces([tmp_path / "n1", tmp_path / "n2"])
    assert [event.term for event in events] == list(range(2, 40))  # type: ignore[union-attr]
    assert [event.sequence for event in events] == list(range(38))


def test_a_life_that_was_ended_from_outside_gets_an_end(tmp_path: Path) -> None:
    path = tmp_path / "n1"
    for _ in range(2):
        file = trace(path)
        file.started(1, None)
        file.flush()
    with path.open("ab") as torn:
        torn.write(b'{"event"')
    _, events = merge_traces([path])
    assert [type(event).__name__ for event in events] == ["Started", "Stopped", "Started"]
    assert isinstance(events[1], Stopped)
    assert events[1].reason == "killed"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", ":1: empty file"),
        (b"{}\n", ":1: not a trace event"),
        (b'{"format":"splitbrain-trace","version":1,"members":[]}\nx\n', ":2: not a trace event"),
        (
            b'{"format":"splitbrain-trace","version":1,"members":[]}\n'
            + b'{"event":"committed","sequence":0,"time":5,"node":"n","index":1}\n' * 2,
            ":3: is not later",
        ),
        (
            b'{"format":"splitbrain-trace","version":1,"members":[]}\n'
            + b'{"event":"committed","sequence":0,"time":5,"node":"n","index":1}\n'
            + b'{"event":"committed","sequence":2,"time":6,"node":"n","index":2}\n',
            ":3: is event 2 of its server, and the 1 was to come",
        ),
    ],
)
def test_malformed_files_are_refused_with_their_line(
    tmp_path: Path, content: bytes, message: str
) -> None:
    path = tmp_path / "trace.jsonl"
    path.write_bytes(content)
    with pytest.raises(TraceError, match=f"trace.jsonl{message}"):
        merge_traces([path])


def test_files_that_are_not_there_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match="cannot be read"):
        merge_traces([tmp_path / "none"])
    with pytest.raises(TraceError, match="no files"):
        merge_traces([])
