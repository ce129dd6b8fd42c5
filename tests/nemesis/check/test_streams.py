"""``splitbrain check``: events that are judged as they come."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nemesis.cli.check_stream import Growing
from tests.nemesis.check.checks import STALE, Capture, check, hard, objects

# Newer Pythons warn of forks beside threads, which the runner of the tests may have.
pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


class Pipe(io.RawIOBase):
    """Gives a line at each read, and refuses to be read beyond the last."""

    def __init__(self, text: str) -> None:
        self._lines = iter(text.encode().splitlines(keepends=True))

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        line = next(self._lines, None)
        assert line is not None, "nobody waits for more"
        buffer[: len(line)] = line
        return len(line)


def test_a_stream_ends_at_the_first_impossible_event(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    # Completions of one moment are judged together, so the next moment must come.
    later = '{"index": 4, "process": 7, "type": "invoke", "f": "read", "key": "x", "time": 99}\n'
    pipe = io.TextIOWrapper(io.BufferedReader(Pipe(STALE + later)))
    monkeypatch.setattr(sys, "stdin", pipe)
    assert check("--stream", "-") == 1
    assert capsys.readouterr().out == (
        "<stdin>: invalid  (5 events)\n  impossible from event 3 on: process 1: read 'x' -> nil\n"
    )


def test_a_stream_is_judged_to_its_end(capsys: Capture) -> None:
    assert check("--stream", "good", "--json") == 0
    (told,) = objects(capsys)
    assert (told["validity"], told["events"], told["event"]) == ("valid", 4, None)
    assert check("--stream", "stale", "--json") == 1
    (told,) = objects(capsys)
    assert (told["validity"], told["event"], told["keys"]) == ("invalid", 3, ["x"])
    assert check("--stream", "broken") == 254
    assert check("--stream", "nowhere") == 254
    assert check("--stream", "lost.edn", model="list-append") == 254
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 3


def test_a_stream_has_a_budget(capsys: Capture) -> None:
    Path("hard").write_text(hard("x"))
    assert check("--stream", "hard", "--configurations", "500", model="cas-register") == 2
    assert "the budget of 500 configurations is exhausted" in capsys.readouterr().out


def test_an_interrupted_stream_is_judged_as_far_as_it_came(
    interrupted: Callable[[int], None], capsys: Capture
) -> None:
    interrupted(3)
    assert check("--stream", "stale") == 0
    assert "stale: valid  (2 events, then interrupted)" in capsys.readouterr().out


def test_a_growing_file_is_waited_for() -> None:
    path = Path("growing")
    path.write_bytes(b"one\n")
    added = iter([b"", b"two\n"])

    def wait(_seconds: float) -> None:
        with open(path, "ab") as file:
            file.write(next(added))

    with open(path, "rb") as file:
        growing = Growing(file, wait)
        assert growing.read(0) == b""
        assert [growing.read1(100), growing.read1(100)] == [b"one\n", b"two\n"]
    assert next(added, None) is None
