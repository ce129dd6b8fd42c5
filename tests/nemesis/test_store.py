"""Saved runs: whole or not there, read back as written, replayed, and broken ones named."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import msgspec
import pytest

from checker.verdict import Validity
from nemesis.errors import ScheduleError
from nemesis.replay import judge_history, refresh, replay
from nemesis.run import Run, run
from nemesis.schedule import decode_schedule, encode_schedule
from nemesis.search.generate import generate
from nemesis.store import (
    StoreError,
    StoreUnwritable,
    directory_for,
    find,
    load,
    new_directory,
    save,
)
from raft.bugs import BUGS

NOON = datetime(2026, 1, 2, 12, 0, 0)


def failed() -> Run:
    variant = BUGS["term-not-persisted"].variant
    return next(r for r in (run(generate(s), variant) for s in range(50)) if r.verdict.failures)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    result = failed()
    directory = tmp_path / "saved"
    save(directory, result, judge_history(result.history, result.model))
    return directory


def test_what_is_saved_is_loaded(saved: Path) -> None:
    result, loaded = failed(), load(saved)
    assert loaded.schedule == result.schedule
    assert loaded.trace == result.trace_bytes()
    assert loaded.results.variant == "term-not-persisted"
    assert loaded.results.validity is Validity.INVALID
    assert {failure.kind for failure in loaded.results.failures} == result.verdict.kinds
    assert loaded.results.statistics == result.statistics


def test_a_saved_run_replays(saved: Path) -> None:
    assert replay(saved).problems == ()


def test_what_was_saved_is_not_written_over(tmp_path: Path) -> None:
    """Two tests, or campaigns, that draw different schedules from the same seed."""
    one, other = generate(1), generate(2)
    directory = directory_for(tmp_path / "histories", "healthy-liveness-1", one)
    (directory / "schedule.json").write_bytes(encode_schedule(one))
    again = directory_for(tmp_path / "histories", "healthy-liveness-1", one)
    assert again == directory == tmp_path / "histories" / "healthy-liveness-1"
    elsewhere = directory_for(tmp_path / "histories", "healthy-liveness-1", other)
    assert elsewhere.name == "healthy-liveness-1-2"
    # Nor what another process is about to write.
    assert directory_for(tmp_path / "histories", "healthy-liveness-1", other) != elsewhere


def edit(path: Path, old: bytes, new: bytes) -> None:
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new, 1))


@pytest.mark.parametrize(
    ("file", "old", "new", "problem"),
    [
        ("trace.jsonl", b'"time":0', b'"time":1', "the trace differs from line 2"),
        ("history.jsonl", b'"type": "invoke"', b'"type":  "invoke"', "the history differs"),
        ("results.json", b"monotonic-term", b"log-matching", "the verdict is now"),
        (
            "results.json",
            b'"history_validity": "valid"',
            b'"history_validity": "invalid"',
            "lincheck",
        ),
        ("results.json", b'"term-not-persisted"', b'"vote-twice"', "trace"),
    ],
)
def test_what_is_no_longer_true_is_told(
    saved: Path, file: str, old: bytes, new: bytes, problem: str
) -> None:
    edit(saved / file, old, new)
    assert any(problem in each for each in replay(saved).problems)


@pytest.mark.parametrize(
    ("file", "content", "error"),
    [
        ("results.json", b"{", StoreError),
        ("results.json", b"{}", StoreError),
        ("schedule.json", b"{", ScheduleError),
        ("schedule.json", b"\xff", ScheduleError),
    ],
)
def test_a_broken_file_is_named(
    saved: Path, file: str, content: bytes, error: type[Exception]
) -> None:
    (saved / file).write_bytes(content)
    with pytest.raises(error, match=file):
        replay(saved)
    (saved / file).unlink()
    with pytest.raises(error, match=file):
        replay(saved)


def test_refresh_saves_anew_what_still_fails(saved: Path) -> None:
    edit(saved / "trace.jsonl", b'"time":0', b'"time":1')
    refresh(saved)
    assert replay(saved).problems == ()
    edit(saved / "results.json", b'"term-not-persisted"', b'"healthy"')
    with pytest.raises(StoreError, match="does not fail any more"):
        refresh(saved)


def test_directories_by_time_and_the_latest(tmp_path: Path) -> None:
    first = new_directory(tmp_path, "fuzz", NOON)
    second = new_directory(tmp_path, "fuzz", NOON)
    assert first.name == "20260102T120000"
    assert second.name == "20260102T120000-1"
    assert (tmp_path / "fuzz" / "latest").resolve() == second
    assert (tmp_path / "latest").resolve() == second


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(StoreUnwritable, match="file"):
        new_directory(blocked, "fuzz", NOON)


def test_find_takes_runs_and_folders_of_runs(saved: Path) -> None:
    assert find([saved]) == [saved]
    assert find([saved.parent]) == [saved]
    assert find([saved, saved.parent]) == [saved]
    with pytest.raises(StoreError, match="neither"):
        find([saved.parent / "nowhere"])


def schedule_text(**knobs: object) -> bytes:
    schedule = encode_schedule(generate(1))
    decoded = msgspec.json.decode(schedule)
    decoded["knobs"].update(knobs)
    return msgspec.json.encode(decoded)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (schedule_text(replicas=0), "1 to 9"),
        (schedule_text(replicas="3"), "knobs"),
        (schedule_text(clients=0), "clients"),
        (schedule_text(heartbeat_interval=10**12), "heartbeat"),
        (encode_schedule(generate(1)).replace(b'"wait":', b'"wait":-1', 1), "negative"),
        (encode_schedule(generate(1)).replace(b'"step":"', b'"step":"x', 1), r"steps\[0\]"),
        (encode_schedule(generate(1)).replace(b'"version": 1', b'"version": 2', 1), "version"),
        (encode_schedule(generate(1))[:-30], "malformed"),
    ],
)
def test_a_malformed_schedule_is_refused_with_the_place(text: bytes, reason: str) -> None:
    with pytest.raises(ScheduleError, match=reason):
        decode_schedule(text)


def small_disk(room: int) -> Callable[[Path, bytes], int]:
    """``Path.write_bytes`` where there is room for so many bytes; then a part of it gets there."""
    left = room
    write = Path.write_bytes

    def write_bytes(path: Path, content: bytes) -> int:
        nonlocal left
        fits = content[:left]
        left -= len(fits)
        write(path, fits)
        if len(fits) < len(content):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        return len(content)

    return write_bytes


@pytest.mark.parametrize("part", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_disk_that_fills_up_leaves_no_run_that_looks_whole(
    part: float, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even where a whole one was."""
    result = failed()
    names = ("schedule.json", "schedule.json", "trace.jsonl", "results.json")
    whole = sum((saved / name).stat().st_size for name in names)
    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_bytes", small_disk(int(part * whole)))
        with pytest.raises(StoreUnwritable, match="No space left on device; not saved is"):
            save(saved, result, Validity.VALID)
    with pytest.raises(StoreError, match="is a run directory"):
        find([saved])
    assert not list(saved.glob(".*"))
    save(saved, result, judge_history(result.history, result.model))
    assert replay(saved).problems == ()


def test_two_runs_may_begin_at_once(tmp_path: Path) -> None:
    """In one store, in the same second, in processes of one number, as those of containers are."""
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: new_directory(tmp_path, "x", NOON), range(40)))
    assert len(set(made)) == 40
    assert (tmp_path / "latest").resolve() in made
    assert not list(tmp_path.glob("**/.*"))
