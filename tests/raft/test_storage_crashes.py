"""Storage and crashes: whatever is left, recovery finds what was acknowledged, or refuses."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raft.consensus import Entry
from raft.consensus.snapshot import Snapshot
from raft.storage import DiskFull, Recovered, Storage, StorageCorrupt, StorageMissing
from tests.raft.harness import MemoryDisk, log
from tests.raft.storage_model import (
    FIRST,
    NEW,
    SEGMENT_BYTES,
    Crash,
    CrashingDisk,
    Save,
    Step,
    TakeSnapshot,
    contents,
    new_disk,
    recovered,
    start,
)
from tests.raft.test_storage import CHOICES

# A first entry, several at once, a vote alone, replaced entries, new segments, a snapshot of one's
# own, received ones beyond the log's end and against its terms.
SCENARIO: list[Step] = [
    Save(1, "n1", tuple(log(1))),
    Save(1, "n1", tuple(log(1, 1, 1)[1:])),
    Save(2, "n3", ()),
    Save(2, "n3", (Entry(2, 2, b"other"), Entry(3, 2, b""), Entry(4, 2, b"4"))),
    *(Save(2, "n3", (Entry(at, 2, b"%d" % at),)) for at in range(5, 12)),
    TakeSnapshot(Snapshot(8, 2, FIRST.configuration, b"own")),
    Save(3, None, (Entry(12, 3, b""), Entry(13, 3, b"13"))),
    TakeSnapshot(Snapshot(20, 3, FIRST.configuration, b"received")),
    Save(3, None, tuple(Entry(at, 3, b"%d" % at) for at in range(21, 29))),
    *(Save(3, None, (Entry(at, 3, b"%d" % at),)) for at in range(29, 33)),
    TakeSnapshot(Snapshot(24, 4, FIRST.configuration, b"another log's")),
    Save(4, "n2", (Entry(25, 4, b"x"),)),
]


def crashes(
    steps: list[Step], files: dict[str, bytes]
) -> Iterator[tuple[CrashingDisk, list[Recovered]]]:
    """A disk for every operation before which a crash can come while the steps are done, and what
    may be recovered from it."""
    for crash_at in range(10_000):
        disk = CrashingDisk(files, crash_at)
        possible: list[Recovered] = []
        try:
            storage, state = start(disk)
            possible = [state]
            for step in steps:
                possible = step.states(state)
                step.perform(storage)
                state = possible[-1]
                possible = [state]
        except Crash:
            yield disk, possible or [recovered(files)]
        else:
            yield disk, possible
            return
    raise AssertionError("the steps never end")


def test_a_crash_at_every_operation_loses_nothing_acknowledged() -> None:
    seen = 0
    for disk, possible in crashes(SCENARIO, contents(new_disk())):
        for files in disk.left():
            again = MemoryDisk(files)
            storage, found = start(again)
            assert found in possible
            following = Save(
                found.term + 1,
                "n9",
                (Entry(found.snapshot.last_index + len(found.entries) + 1, found.term + 1, b"!"),),
            )
            following.perform(storage)
            assert recovered(contents(again)) == following.states(found)[-1]
            seen += 1
    assert seen > 1_000


def test_what_a_process_that_died_left_unsynced_is_durable_once_it_is_recovered() -> None:
    unsynced = 0
    for disk, possible in crashes(SCENARIO, contents(new_disk())):
        unsynced += any(name.startswith("log-") for name, _, _ in disk.unsynced)
        disk.crash_at = -1
        _, found = start(disk)
        assert found in possible
        for files in disk.left():
            assert recovered(files) == found
    assert unsynced > 5


def test_a_torn_save_leaves_a_first_part_of_it() -> None:
    """Every number of the entries of one save is left by some crash."""
    before = contents(new_disk())
    entries = tuple(log(1, 1, 1))
    found = {
        len(recovered(files).entries)
        for disk, _ in crashes([Save(1, None, entries)], before)
        for files in disk.left()
    }
    assert found == {0, 1, 2, 3}


def test_a_crash_during_recovery_from_a_crash() -> None:
    seen = 0
    for disk, _ in crashes(SCENARIO, contents(new_disk())):
        for files in disk.left(parts=3):
            expected = recovered(files)
            for second, possible in crashes([], files):
                assert possible == [expected]
                for rest in second.left(parts=3):
                    assert recovered(rest) == expected
                    seen += 1
    assert seen > 1_000


def test_a_crash_during_initialization() -> None:
    seen = set()
    for crash_at in range(100):
        disk = CrashingDisk({}, crash_at)
        try:
            Storage(disk, SEGMENT_BYTES).initialize(FIRST)
        except Crash:
            pass
        else:
            break
        for files in disk.left():
            try:
                seen.add(recovered(files) == NEW)
            except StorageMissing:
                seen.add(False)
            again = MemoryDisk(files)
            Storage(again, SEGMENT_BYTES).initialize(FIRST)
            assert again.is_synced
            assert recovered(contents(again)) == NEW
    assert recovered(contents(disk)) == NEW
    assert seen == {False}


@given(CHOICES, st.data())
def test_a_crash_at_any_operation_of_any_steps(steps: list[Step], data: st.DataObject) -> None:
    disk = CrashingDisk(contents(new_disk()), data.draw(st.integers(0, 12 * len(steps) + 2)))
    state = NEW
    possible = [state]
    try:
        storage, _ = start(disk)
        for step in steps:
            possible = step.states(state)
            step.perform(storage)
            state = possible[-1]
            possible = [state]
    except Crash:
        pass
    for files in disk.left(parts=8):
        again = MemoryDisk(files)
        storage, state = start(again)
        assert state in possible
        first = state.snapshot.last_index + len(state.entries) + 1
        following = Entry(first, state.term + 1, b"after")
        steps_after: list[Step] = [
            Save(state.term + 1, "n1", (following,)),
            TakeSnapshot(Snapshot(first, state.term + 1, FIRST.configuration)),
            Save(state.term + 1, "n1", (Entry(first + 1, state.term + 1, b"more"),)),
        ]
        for step in steps_after:
            step.perform(storage)
            state = step.states(state)[-1]
        assert recovered(contents(again)) == state


class FillingDisk(CrashingDisk):
    """Has no space from operation ``crash_at`` on."""

    def _step(self) -> None:
        try:
            super()._step()
        except Crash:
            raise DiskFull("no space left") from None


def test_a_disk_that_fails_at_any_operation_keeps_what_was_acknowledged() -> None:
    files = contents(new_disk())
    failures = 0
    for fails_at in range(1, 10_000):
        disk = FillingDisk(files, fails_at)
        storage, state = start(disk)
        possible = [state]
        try:
            for step in SCENARIO:
                possible = step.states(state)
                step.perform(storage)
                state = possible[-1]
        except DiskFull:
            failures += 1
            for left in (contents(disk), *disk.left()):
                assert recovered(left) in possible
        else:
            break
    assert failures > 50


# Flipped bits.


def flipped(files: dict[str, bytes], name: str, position: int) -> dict[str, bytes]:
    data = bytearray(files[name])
    data[position // 8] ^= 1 << position % 8
    return {**files, name: bytes(data)}


@pytest.mark.parametrize("done", [0, 1, 3, 8, 11, 12, len(SCENARIO)])
def test_every_flipped_bit_is_refused(done: int) -> None:
    disk = new_disk()
    storage, _ = start(disk)
    for step in SCENARIO[:done]:
        step.perform(storage)
    files = contents(disk)
    for name, data in files.items():
        for position in range(len(data) * 8):
            with pytest.raises(StorageCorrupt, match="replace this replica"):
                recovered(flipped(files, name, position))


def test_every_flipped_bit_is_refused_in_front_of_a_torn_tail() -> None:
    """Behind it, in zeros that say nothing, a flip may be cut away with it."""
    disk = new_disk()
    storage, _ = start(disk)
    for step in SCENARIO[:1]:
        step.perform(storage)
    before = contents(disk)
    (name,) = (name for name in before if name.startswith("log-"))
    acknowledged = len(before[name].rstrip(b"\0"))
    torn = 0
    for crashed, possible in crashes(SCENARIO[1:2], before):
        for files in crashed.left(parts=6):
            if files[name] == before[name]:
                continue
            torn += 1
            for position in range(len(files[name]) * 8):
                try:
                    found = recovered(flipped(files, name, position))
                except StorageCorrupt:
                    continue
                assert position >= acknowledged * 8
                assert found in possible
            for other in ("vote", f"snapshot-{0:020}"):
                for position in range(len(files[other]) * 8):
                    with pytest.raises(StorageCorrupt):
                        recovered(flipped(files, other, position))
    assert torn > 4
