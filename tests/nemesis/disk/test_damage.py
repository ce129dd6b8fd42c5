"""What is damaged on a disk is what a server must notice."""

from __future__ import annotations

import shutil
import subprocess
import threading
from pathlib import Path
from random import Random

import pytest

from nemesis.disk.damage import flip_bit, flip_bit_of_log, lose_file
from raft.consensus import Settings
from raft.consensus.snapshot import first_snapshot
from raft.errors import RaftError
from raft.observer import Observer
from raft.replica import Replica
from raft.server.files import Files
from tests.nemesis.real.test_real_clusters import NEEDS_ETCD

# How long etcd may take to start, in s.
_PATIENCE = 60.0


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """The files of a replica that has been initialised."""
    made = tmp_path / "raft"
    made.mkdir()
    files = Files(made)
    Replica.initialize(files, first_snapshot(("n1",)), segment_bytes=4096)
    files.close()
    return made


def _starts(directory: Path) -> bool:
    files = Files(directory)
    try:
        Replica("n1", files, Settings(), Random(0), Observer(), now=0, segment_bytes=4096)
    except RaftError:
        return False
    finally:
        files.close()
    return True


def test_whoever_is_left_alone_starts(directory: Path) -> None:
    assert _starts(directory)


@pytest.mark.parametrize("position", range(0, 5_000, 211))
def test_no_replica_starts_with_a_flipped_bit(directory: Path, position: int) -> None:
    before = {path.name: path.read_bytes() for path in directory.iterdir()}
    where = flip_bit(directory, position)
    assert where is not None
    after = {path.name: path.read_bytes() for path in directory.iterdir()}
    (changed,) = (name for name in before if before[name] != after[name])
    assert where.startswith(f"{changed}, byte ")
    assert not _starts(directory)
    flip_bit(directory, position)
    assert _starts(directory)


@pytest.mark.parametrize(
    ("file", "kept"), [("vote", None), ("log", None), ("snapshot", None), ("vote", 3), ("log", 20)]
)
def test_no_replica_starts_without_a_file(directory: Path, file: str, kept: int | None) -> None:
    name = lose_file(directory, file, kept)  # type: ignore[arg-type]
    assert name is not None
    assert name.startswith(file)
    assert (directory / name).exists() == (kept is not None)
    assert not _starts(directory)


def test_an_older_segment_that_may_be_covered_is_left_alone(directory: Path) -> None:
    assert lose_file(directory, "older-log", None) is None


def test_nothing_to_flip(tmp_path: Path) -> None:
    assert flip_bit(tmp_path, 7) is None
    (tmp_path / "zeros").write_bytes(bytes(100))
    assert flip_bit(tmp_path, 7) is None
    assert flip_bit_of_log(tmp_path, 7) is None


@NEEDS_ETCD
@pytest.mark.parametrize("position", [0, 5])
def test_etcd_refuses_a_log_with_a_flipped_bit(tmp_path: Path, position: int) -> None:
    """And starts on the same without."""
    command = [
        str(shutil.which("etcd")), "--data-dir", str(tmp_path / "data"), "--logger", "zap",
        "--listen-client-urls", "unix://c:1", "--advertise-client-urls", "unix://c:1",
        "--listen-peer-urls", "unix://p:1", "--initial-advertise-peer-urls", "unix://p:1",
        "--initial-cluster", "default=unix://p:1",
    ]  # fmt: skip

    def start() -> str:
        """What it says until it serves or ends. Sockets are left behind by one that was killed."""
        for name in ("c:1", "p:1"):
            (tmp_path / name).unlink(missing_ok=True)
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=tmp_path
        )
        said = []
        patience = threading.Timer(_PATIENCE, process.kill)
        patience.start()
        try:
            assert process.stderr is not None
            for line in process.stderr:
                said.append(line)
                if "serving client traffic" in line:
                    break
        finally:
            patience.cancel()
            process.kill()
            process.communicate()
        return "".join(said)

    assert "serving client traffic" in start()
    log = tmp_path / "data" / "member" / "wal"
    where = flip_bit_of_log(log, position)
    assert where is not None
    told = start()
    assert "serving client traffic" not in told
    assert "crc mismatch" in told
    flip_bit_of_log(log, position)
    assert "serving client traffic" in start()
