"""Wherever power fails, what a disk may lose is what its server notices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import count
from random import Random

import msgspec
import pytest

from nemesis.cluster.protocol import DiskFile
from nemesis.cluster.sim.disk import PowerLost, SimulatedDisk
from raft.consensus.entry import Entry
from raft.consensus.snapshot import first_snapshot
from raft.errors import RaftError
from raft.storage import Storage

FIRST = first_snapshot(("n1",))
SEGMENT = 120


def busy(disk: SimulatedDisk) -> None:
    """Votes, segments that follow one another, snapshots that precede the log or replace it."""
    storage = Storage(disk, SEGMENT)
    storage.recover()
    storage.save(1, "n1", [])
    for index in range(1, 7):
        storage.save(1, "n1", [Entry(index, 1, bytes(20))])
        if index in (3, 5):
            snapshot = msgspec.structs.replace(FIRST, last_index=index, last_term=1)
            storage.save_snapshot(snapshot)
            storage.compact(index)
    storage.save_snapshot(msgspec.structs.replace(FIRST, last_index=9, last_term=2))
    storage.save(3, None, [Entry(10, 3, bytes(40))])


def failed_disks() -> Iterator[SimulatedDisk]:
    """What is left where power fails at each of the syncs in turn, and after the last."""
    for syncs in count():
        disk = SimulatedDisk(Random(0), Counter())
        Storage(disk, SEGMENT).initialize(FIRST)
        disk.power_fails, disk.syncs_with_power = "unsynced-loss", syncs
        try:
            busy(disk)
        except PowerLost:
            yield disk
        else:
            yield disk
            return


def starts(disk: SimulatedDisk) -> bool:
    try:
        Storage(disk, SEGMENT).recover()
    except RaftError:
        return False
    return True


@pytest.mark.parametrize("file", ["vote", "snapshot", "log", "older-log"])
@pytest.mark.parametrize("kept", [None, 0, 30])
def test_what_may_be_lost_is_missed(file: DiskFile, kept: int | None) -> None:
    lost = spared = 0
    for disk in failed_disks():
        disk.power_fails = None
        disk.crash()
        name = disk.to_lose(file, whole=kept is None, is_up=False)
        if name is None:
            spared += 1
            assert starts(disk)
            continue
        disk.lose(name, kept, zeroed=file == "older-log")
        assert not starts(disk), name
        lost += 1
    assert lost >= 5
    # A snapshot, or a segment, that is on the disk before the vote file names it.
    assert bool(spared) == ((kept is None and file in ("snapshot", "log")) or file == "older-log")


@pytest.mark.parametrize("file", ["vote", "snapshot", "log"])
def test_what_may_be_flipped_is_seen(file: DiskFile) -> None:
    seen = 0
    for disk in failed_disks():
        disk.power_fails = None
        disk.crash()
        name = disk.to_lose(file, whole=False, is_up=False)
        assert name is not None
        if disk.flip_last_bit(name):
            assert not starts(disk), name
            seen += 1
    assert seen >= 10
