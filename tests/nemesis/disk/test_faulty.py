"""A disk that goes wrong: whoever uses it is told what a system call would tell."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from nemesis.disk.control import (
    CutPowerAtSync,
    DelaySyncs,
    FailAtSync,
    LeaveFree,
    LosePower,
    RestorePower,
    Tell,
)
from nemesis.disk.faulty import FaultyDisk, new_bytes, process_of
from nemesis.disk.image import make_image

NOBODY = 0


@pytest.fixture
def disk(tmp_path: Path) -> FaultyDisk:
    return FaultyDisk(make_image(tmp_path, Random(0), "directory"))


@pytest.fixture
def file(disk: FaultyDisk) -> Iterator[int]:
    descriptor = disk.change(lambda image: image.create("/a", 0o600))
    disk.sync(lambda image: image.sync_directory("/"), NOBODY)
    yield descriptor
    disk.close(descriptor)
    disk.perform(LosePower())


def _sync(disk: FaultyDisk, descriptor: int, caller: int = NOBODY) -> None:
    disk.sync(lambda image: image.sync(descriptor), caller)


def _refused(work: Callable[[], object]) -> int | None:
    with pytest.raises(OSError, match="Errno") as caught:
        work()
    return caught.value.errno


def test_power_is_lost_at_the_sync_that_was_asked_for(disk: FaultyDisk, file: int) -> None:
    server = subprocess.Popen(("sleep", "600"))
    try:
        disk.perform(CutPowerAtSync(pid=server.pid, torn=False, syncs=1))
        disk.write(file, b"kept", 0)
        _sync(disk, file, server.pid)
        disk.write(file, b"lost", 4)
        # Not its own.
        _sync(disk, file, os.getpid())
        disk.write(file, b"gone", 8)
        assert server.poll() is None
        assert _refused(lambda: _sync(disk, file, server.pid)) == errno.EIO
        assert server.wait(30) == -signal.SIGKILL
    finally:
        server.kill()
        server.wait()
    report = disk.perform(Tell())
    assert (report.has_power, report.cuts, report.unsynced) == (False, 1, 4)
    assert _refused(lambda: disk.write(file, b"x", 0)) == errno.EIO
    assert _refused(lambda: disk.look(lambda _: None)) == errno.EIO
    assert _refused(lambda: disk.change(lambda image: image.remove("/a"))) == errno.EIO
    assert disk.perform(RestorePower()).has_power
    assert os.pread(file, 100, 0) == b"keptlost"


def test_a_cut_that_was_asked_for_is_void_once_the_server_is_dead(
    disk: FaultyDisk, file: int
) -> None:
    disk.perform(CutPowerAtSync(pid=os.getpid(), torn=False, syncs=0))
    disk.perform(LosePower())
    disk.perform(RestorePower())
    _sync(disk, file, os.getpid())
    assert disk.perform(Tell()).cuts == 0


def test_a_full_disk_refuses_what_needs_new_blocks(disk: FaultyDisk, file: int) -> None:
    disk.write(file, bytes(8192), 0)
    disk.perform(LeaveFree(free=10))
    disk.write(file, b"over what is there", 100)
    disk.write(file, b"ten bytes.", 8192)
    assert _refused(lambda: disk.write(file, b"x", 8202)) == errno.ENOSPC
    assert disk.perform(Tell()).refused == 1
    disk.perform(RestorePower())
    disk.write(file, b"x", 8202)


def test_holes_need_blocks(disk: FaultyDisk, file: int) -> None:
    disk.write(file, b"x" * 4096, 1 << 20)
    assert new_bytes(file, 1 << 20, 4096) == 0
    assert new_bytes(file, 0, 4096) == 4096
    assert new_bytes(file, (1 << 20) - 4096, 8192) == 4096
    assert new_bytes(file, (1 << 20) + 4096, 100) == 100


def test_errors_last_until_power_comes_back(disk: FaultyDisk, file: int) -> None:
    disk.perform(FailAtSync(syncs=1))
    disk.write(file, b"x", 0)
    _sync(disk, file)
    disk.write(file, b"y", 1)
    assert _refused(lambda: _sync(disk, file)) == errno.EIO
    assert _refused(lambda: _sync(disk, file)) == errno.EIO
    assert _refused(lambda: disk.write(file, b"z", 2)) == errno.EIO
    assert disk.look(lambda _: os.pread(file, 10, 0)) == b"xy"
    assert disk.perform(Tell()).failed == 3
    disk.perform(LosePower())
    disk.perform(RestorePower())
    assert disk.look(lambda _: os.pread(file, 10, 0)) == b"x"
    _sync(disk, file)


def test_slow_syncs_are_counted(disk: FaultyDisk, file: int) -> None:
    disk.perform(DelaySyncs(delay=1))
    _sync(disk, file)
    disk.perform(DelaySyncs(delay=0))
    _sync(disk, file)
    report = disk.perform(Tell())
    assert (report.delayed, report.syncs) == (1, 3)


def test_whose_thread_it_is() -> None:
    assert process_of(os.getpid()) == os.getpid()
    assert process_of(1 << 22) is None
