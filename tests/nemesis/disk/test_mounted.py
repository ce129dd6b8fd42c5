"""A disk that is mounted, and asked by its runner; and what is left of it, which is nothing."""

from __future__ import annotations

import mmap
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from nemesis.cluster.real.run_file import RunFile, clean_up, marked_with
from nemesis.disk.control import CutPowerAtSync, Lie, LosePower, RestorePower, Tell
from nemesis.disk.mounted import DiskGone, MountedDisk
from nemesis.disk.mounts import mount_points, why_not

pytestmark = pytest.mark.skipif(why_not() is not None, reason=why_not() or "")

# A server that appends and syncs, and says so.
WRITER = """
import os, sys
file = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
while True:
    os.write(file, b"0123456789")
    os.fsync(file)
    print("synced", flush=True)
"""
# A run that mounts a disk, writes to it, says so, and waits to be killed.
RUNNER = """
import sys, time
from pathlib import Path
from nemesis.cluster.real.run_file import RunFile
from nemesis.disk.mounted import MountedDisk
store = Path(sys.argv[1])
run_file = RunFile(store)
disk = MountedDisk("n1", store, run_file, 0, "journal")
disk.start()
disk.await_ready()
file = (disk.mount / "a").open("w")
print(f"splitbrain-{run_file.token}-n1", flush=True)
time.sleep(600)
"""


@pytest.fixture
def run_file(tmp_path: Path) -> Iterator[RunFile]:
    made = RunFile(tmp_path)
    yield made
    assert marked_with(made.token) == []
    assert mount_points(f"splitbrain-{made.token}-n1") == []
    made.remove()


@pytest.fixture
def disk(tmp_path: Path, run_file: RunFile) -> Iterator[MountedDisk]:
    made = MountedDisk("n1", tmp_path, run_file, 0, "journal")
    made.start()
    try:
        made.await_ready()
        yield made
    finally:
        made.close()


def test_what_was_not_synced_is_forgotten_also_by_the_kernel(disk: MountedDisk) -> None:
    """The same names and the same file are looked at again, sizes and all."""
    path = disk.mount / "d" / "file"
    path.parent.mkdir()
    path.write_bytes(b"durable")
    with path.open("r+b") as file:
        os.fsync(file.fileno())
        file.write(b"longer than before")
        file.flush()
        (disk.mount / "another").write_bytes(b"x")
        assert path.read_bytes() == b"longer than before"
    report = disk.ask(LosePower())
    assert (report.unsynced, report.names) == (19, 1)
    with pytest.raises(OSError, match="Input/output error"):
        path.read_bytes()
    disk.ask(RestorePower())
    assert path.read_bytes() == b"durable"
    assert path.stat().st_size == 7
    assert [each.name for each in disk.mount.iterdir()] == ["d"]


def test_a_mapped_file_shows_what_is_written(disk: MountedDisk) -> None:
    """As bbolt, etcd's database, has it."""
    with (disk.mount / "db").open("w+b", buffering=0) as file:
        file.write(b"x" * 4096)
        with mmap.mmap(file.fileno(), 4096, prot=mmap.PROT_READ) as mapped:
            assert mapped[:3] == b"xxx"
            os.pwrite(file.fileno(), b"abc", 0)
            assert mapped[:3] == b"abc"


def test_an_unsynced_rename_is_undone_with_what_it_replaced(disk: MountedDisk) -> None:
    for name in ("old", "new"):
        with (disk.mount / name).open("w") as file:
            file.write(name)
            file.flush()
            os.fsync(file.fileno())
    (disk.mount / "new").rename(disk.mount / "old")
    (disk.mount / "old").unlink()
    disk.ask(LosePower())
    disk.ask(RestorePower())
    assert {each.name: each.read_text() for each in disk.mount.iterdir()} == {
        "old": "old",
        "new": "new",
    }


def test_a_server_dies_in_its_sync_and_never_learns_of_it(disk: MountedDisk) -> None:
    path = disk.mount / "log"
    server = subprocess.Popen(
        (sys.executable, "-c", WRITER, str(path)), stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        assert server.stdout.readline() == "synced\n"
        disk.ask(CutPowerAtSync(pid=server.pid, torn=False, syncs=3))
        told = 1 + len(server.stdout.readlines())
        server.wait(30)
        server.stdout.close()
    finally:
        server.kill()
        server.wait()
    report = disk.ask(Tell())
    assert (report.cuts, report.unsynced) == (1, 10)
    disk.ask(RestorePower())
    assert path.read_bytes() == b"0123456789" * told


def test_an_answer_that_nobody_waited_for_is_not_that_to_the_next_request(
    disk: MountedDisk, run_file: RunFile
) -> None:
    """Ctrl-C comes while it is asked."""

    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    def ask_soon_interrupted() -> None:
        signal.setitimer(signal.ITIMER_REAL, 0.01)
        disk.ask(Tell())

    (pid,) = marked_with(run_file.token)
    before = signal.signal(signal.SIGALRM, interrupt)
    os.kill(pid, signal.SIGSTOP)
    try:
        with pytest.raises(KeyboardInterrupt):
            ask_soon_interrupted()
    finally:
        os.kill(pid, signal.SIGCONT)
        signal.signal(signal.SIGALRM, before)
    assert not disk.ask(LosePower()).has_power
    assert disk.ask(RestorePower()).has_power


def test_a_lie(disk: MountedDisk) -> None:
    path = disk.mount / "a"
    disk.ask(Lie(lies=True))
    with path.open("w") as file:
        file.write("promised")
        file.flush()
        os.fsync(file.fileno())
    report = disk.ask(LosePower())
    assert (report.lies, report.unsynced, report.promised) == (1, 0, 8)
    disk.ask(RestorePower())
    assert not path.exists()


def test_disk_whose_process_has_died_is_missed_and_unmounted(
    disk: MountedDisk, run_file: RunFile
) -> None:
    """Whoever waits for it is told; nothing hangs."""
    file = os.open(disk.mount / "a", os.O_WRONLY | os.O_CREAT)
    try:
        (pid,) = marked_with(run_file.token)
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(DiskGone, match="n1's disk"):
            disk.ask(Tell())
        with pytest.raises(OSError, match=r"not connected|connection abort"):
            os.fsync(file)
    finally:
        with suppress(OSError):
            os.close(file)
    disk.close()
    assert not disk.mount.exists()


def test_mount_of_a_killed_run_is_taken_away_by_the_next(tmp_path: Path) -> None:
    runner = subprocess.Popen(
        (sys.executable, "-c", RUNNER, str(tmp_path)), stdout=subprocess.PIPE, text=True
    )
    try:
        assert runner.stdout is not None
        name = runner.stdout.readline().strip()
        assert mount_points(name) == [tmp_path / "n1.disk"]
        assert clean_up(tmp_path) == [], "it goes on"
        runner.kill()
        runner.wait()
        runner.stdout.close()
        assert mount_points(name) == [tmp_path / "n1.disk"]
        left = [str(each) for each in clean_up(tmp_path)]
        assert f"mount {name}" in left
        assert any(each.startswith("n1's disk (process") for each in left)
        assert mount_points(name) == []
        assert clean_up(tmp_path) == []
    finally:
        runner.kill()
        runner.wait()
