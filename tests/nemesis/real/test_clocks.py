"""Wrong clocks: what a process is shown, and what counts as seen."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nemesis.cluster.real.clocks import (
    SECOND,
    FakedClock,
    PendingDrift,
    find_library,
    is_about,
)

# Shows its clock at each line it is sent.
READER = """
import sys, time
for _ in sys.stdin:
    print(time.monotonic_ns(), time.time_ns(), flush=True)
"""
LIBRARY = find_library()
NEEDS_LIBRARY = pytest.mark.skipif(
    LIBRARY is None, reason="libfaketime is not installed: apt-get install faketime"
)


class Reader:
    """A process with a faked clock."""

    def __init__(self, clock: FakedClock) -> None:
        self.process = subprocess.Popen(
            (sys.executable, "-c", READER),
            env={**os.environ, **clock.environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def wrong(self) -> int:
        """By how much its clock is ahead of ours; both of its clocks agree on it."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        steady, calendar = map(int, self.process.stdout.readline().split())
        wrong = calendar - time.time_ns()
        assert abs(steady - calendar) < SECOND // 10
        return wrong

    def end(self) -> None:
        self.process.communicate()


@NEEDS_LIBRARY
def test_process_sees_jumps_and_drifts_and_another_life_goes_on_from_there(tmp_path: Path) -> None:
    assert LIBRARY is not None
    clock = FakedClock(tmp_path / "n1.clock", LIBRARY)
    clock.process_begins(time.monotonic_ns())
    reader = Reader(clock)
    try:
        began = reader.wrong()
        clock.jump(time.monotonic_ns(), 100 * SECOND)
        assert is_about(reader.wrong() - began, 100 * SECOND)
        clock.jump(time.monotonic_ns(), -300 * SECOND)
        assert is_about(reader.wrong() - began, -200 * SECOND)
        before, now = reader.wrong(), time.monotonic_ns()
        drift = PendingDrift(now, before, 2_000_000)
        clock.drift(now, 2_000_000)
        while not drift.is_confirmed(time.monotonic_ns(), reader.wrong()):
            assert time.monotonic_ns() < now + 10 * SECOND
        clock.drift(time.monotonic_ns(), 0)
        wrong = reader.wrong()
        assert wrong > before
    finally:
        reader.end()
    clock.process_begins(time.monotonic_ns())
    reader = Reader(clock)
    try:
        assert is_about(reader.wrong(), wrong)
    finally:
        reader.end()


def test_clock_is_continuous_when_its_rate_changes(tmp_path: Path) -> None:
    clock = FakedClock(tmp_path / "n1.clock", Path("library"))
    clock.process_begins(10 * SECOND)
    clock.drift(20 * SECOND, 1_000_000)
    assert clock.wrong_by(20 * SECOND) == 0
    assert clock.wrong_by(23 * SECOND) == 3 * SECOND
    # What the library makes of the file: offset, and the rate since the start of the process.
    assert (tmp_path / "n1.clock").read_text() == "-10.000000000 x2.000000\n"
    clock.drift(23 * SECOND, 0)
    assert clock.wrong_by(30 * SECOND) == 3 * SECOND
    assert (tmp_path / "n1.clock").read_text() == "+3.000000000 x1.000000\n"


def test_drift_is_confirmed_only_by_what_it_leads_to() -> None:
    drift = PendingDrift(0, 5 * SECOND, 500_000)
    assert not drift.is_confirmed(SECOND // 100, 5 * SECOND + SECOND // 200)
    assert not drift.is_confirmed(SECOND, 5 * SECOND)
    assert not drift.is_confirmed(SECOND, 5 * SECOND - SECOND // 2)
    assert drift.is_confirmed(SECOND, 5 * SECOND + SECOND // 2)


def test_library_that_is_not_there(tmp_path: Path) -> None:
    assert find_library([str(tmp_path / "*.so")]) is None
