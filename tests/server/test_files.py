"""The disk of real files: what any Disk must do, and what the system may say against it."""

from __future__ import annotations

import errno
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nemesis.cluster.sim.disk import SimulatedDisk
from raft.consensus import Entry
from raft.replica import HEALTHY
from raft.server.config import Config
from raft.server.directory import DataDirectory, DirectoryError
from raft.server.files import Files
from raft.storage import Disk, DiskError, DiskFull, Recovered, Storage, StorageMissing
from raft.storage.disk import replace_file
from tests.raft.storage_model import FIRST, SEGMENT_BYTES


@pytest.fixture(params=["files", "simulated"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk]:
    if request.param == "simulated":
        yield SimulatedDisk(Random(1), Counter())
        return
    files = Files(tmp_path)
    yield files
    files.close()


# What any Disk must do.


def test_a_file_holds_what_it_was_made_of_and_zeros(disk: Disk) -> None:
    disk.create("a", b"data", 100_000)
    disk.create("b", b"data", 2)
    assert disk.read("a") == b"data" + bytes(99_996)
    assert disk.read("b") == b"data"
    assert sorted(disk.files()) == ["a", "b"]


def test_writes_go_over_what_is_there(disk: Disk) -> None:
    disk.create("a", b"data", 6)
    disk.write("a", 3, b"xyz")
    disk.sync("a")
    assert disk.read("a") == b"datxyz"


def test_a_write_beyond_the_end_is_refused(disk: Disk) -> None:
    disk.create("a", b"data")
    with pytest.raises(DiskError, match="a: ends at byte 4, before byte 5"):
        disk.write("a", 4, b"x")
    assert disk.read("a") == b"data"


def test_a_file_made_again_begins_anew(disk: Disk) -> None:
    disk.create("a", b"a long one")
    disk.create("a", b"new")
    assert disk.read("a") == b"new"


def test_a_rename_takes_the_place_of_a_file_that_is_written(disk: Disk) -> None:
    disk.create("a", b"old")
    disk.write("a", 0, b"OLD")
    disk.create("b", b"new")
    disk.rename("b", "a")
    disk.write("a", 0, b"N")
    assert (disk.files(), disk.read("a")) == (["a"], b"New")


def test_a_removed_file_is_gone(disk: Disk) -> None:
    disk.create("a", b"data")
    disk.remove("a")
    assert disk.files() == []
    for what in (lambda: disk.read("a"), lambda: disk.remove("a"), lambda: disk.sync("a")):
        with pytest.raises(DiskError, match=r"^a: "):
            what()
    with pytest.raises(DiskError, match=r"^a: "):
        disk.write("a", 0, b"x")
    with pytest.raises(DiskError, match=r"^a: "):
        disk.rename("a", "b")


def test_storage_finds_again_what_it_saved(disk: Disk) -> None:
    storage = Storage(disk, SEGMENT_BYTES)
    storage.initialize(FIRST)
    storage.recover()
    entries = [Entry(index, 1 + index // 5, b"command") for index in range(1, 20)]
    for entry in entries:
        storage.save(entry.term, "n2", (entry,))
    assert Storage(disk, SEGMENT_BYTES).recover() == Recovered(4, "n2", FIRST, entries)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 3), st.binary(max_size=5))))
def test_both_kinds_of_disk_hold_the_same(steps: list[tuple[str, int, bytes]]) -> None:
    with TemporaryDirectory() as directory:
        files, simulated = Files(Path(directory)), SimulatedDisk(Random(1), Counter())
        for name, kind, data in steps:
            told = []
            for each in (files, simulated):
                try:
                    if kind == 0:
                        replace_file(each, name, data, 8)
                    elif kind == 1:
                        each.write(name, len(data), data)
                    elif kind == 2:
                        each.remove(name)
                    else:
                        each.rename(name, "b" if name == "a" else "a")
                    told.append("done")
                except DiskError:
                    told.append("refused")
            assert told[0] == told[1]
            assert sorted(files.files()) == sorted(simulated.files())
            for each in files.files():
                assert files.read(each) == simulated.read(each)
        files.close()


# What the system may say.


def test_no_space_left_leaves_nothing(tmp_path: Path) -> None:
    files = Files(tmp_path)
    (tmp_path / "a").symlink_to("/dev/full")
    with pytest.raises(DiskFull, match="a: No space left on device"):
        files.create("a", b"data", 10)
    assert files.files() == []


@pytest.mark.parametrize(
    ("call", "operation"),
    [
        ("fdatasync", lambda files: files.sync("a")),
        ("pwrite", lambda files: files.write("a", 0, b"x")),
        ("rename", lambda files: files.rename("a", "b")),
        ("fsync", lambda files: files.rename("a", "b")),
        ("fsync", lambda files: files.remove("a")),
        ("listdir", lambda files: files.files()),
    ],
)
@pytest.mark.parametrize(("number", "kind"), [(errno.EIO, DiskError), (errno.ENOSPC, DiskFull)])
def test_what_the_system_refuses_is_an_error_of_the_disk(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    call: str,
    operation: object,
    number: int,
    kind: type[DiskError],
) -> None:
    files = Files(tmp_path)
    files.create("a", b"data")

    def fail(*arguments: object, **more: object) -> None:
        raise OSError(number, "as told")

    monkeypatch.setattr(os, call, fail)
    with pytest.raises(DiskError) as refused:
        operation(files)  # type: ignore[operator]
    assert type(refused.value) is kind


def test_descriptors_are_not_lost(tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    files = Files(tmp_path)
    for number in range(20):
        replace_file(files, "a", b"%d" % number)
        files.create("b", b"data")
        files.remove("b")
    files.close()
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_sync_is_one_of_the_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []

    def note(name: str) -> None:
        real = getattr(os, name)

        def call(descriptor: int) -> None:
            synced.append(os.path.basename(os.readlink(f"/proc/self/fd/{descriptor}")))
            real(descriptor)

        monkeypatch.setattr(os, name, call)

    note("fsync")
    note("fdatasync")
    replace_file(Files(tmp_path), "a", b"data")
    assert synced == ["a.new", tmp_path.name]


# Whose directory it is.


def config(directory: Path, **changes: object) -> Config:
    fields = {
        "name": "n1",
        "cluster": "c",
        "data_directory": str(directory),
        "listen_peers": "127.0.0.1:0",
        "listen_clients": "127.0.0.1:0",
        "members": dict.fromkeys(("n1", "n2")),
    }
    return Config(**{**fields, **changes})


def test_a_directory_is_initialised_once_and_belongs_to_one_server(tmp_path: Path) -> None:
    own = config(tmp_path / "data")
    first = DataDirectory(own)
    first.initialize(own, HEALTHY)
    with pytest.raises(DirectoryError, match="another server runs on it"):
        DataDirectory(own)
    first.close()
    again = DataDirectory(own)
    again.initialize(own, HEALTHY)
    again.close()
    for other in (config(tmp_path / "data", name="n2"), config(tmp_path / "data", cluster="d")):
        directory = DataDirectory(other)
        with pytest.raises(DirectoryError, match="belongs to n1 of the cluster 'c'"):
            directory.initialize(other, HEALTHY)
        directory.close()


def test_a_server_that_lost_its_files_does_not_begin_anew(tmp_path: Path) -> None:
    own = config(tmp_path)
    first = DataDirectory(own)
    first.initialize(own, HEALTHY)
    first.close()
    for path in (tmp_path / "raft").iterdir():
        path.unlink()
    again = DataDirectory(own)
    again.initialize(own, HEALTHY)
    with pytest.raises(StorageMissing):
        Storage(again.files).recover()
    again.close()


def test_a_server_that_is_to_join_votes_for_nobody(tmp_path: Path) -> None:
    own = config(tmp_path, initial_state="existing")
    directory = DataDirectory(own)
    directory.initialize(own, HEALTHY)
    assert Storage(directory.files).recover().snapshot.configuration.voters == ()
    directory.close()


def test_an_identity_that_cannot_be_read_is_no_beginning(tmp_path: Path) -> None:
    (tmp_path / "identity.json").write_bytes(b"")
    directory = DataDirectory(config(tmp_path))
    with pytest.raises(DirectoryError, match="does not tell whose files"):
        directory.initialize(config(tmp_path), HEALTHY)
    directory.close()


def test_a_directory_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DirectoryError, match="Not a directory"):
        DataDirectory(config(tmp_path / "file" / "data"))


def test_what_is_made_for_a_new_server_outlives_a_power_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each directory's name is synced in the one above, the identity after all others."""
    synced: list[Path] = []
    fsync = os.fsync

    def note(descriptor: int) -> None:
        synced.append(Path(os.readlink(f"/proc/self/fd/{descriptor}")))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    own = config(tmp_path / "deep" / "data")
    directory = DataDirectory(own)
    directory.initialize(own, HEALTHY)
    directory.close()
    data = tmp_path / "deep" / "data"
    assert {tmp_path, tmp_path / "deep", data, data / "raft"} <= set(synced)
    assert synced[-1] == data
    assert synced.index(tmp_path) < synced.index(tmp_path / "deep") < synced.index(data)
