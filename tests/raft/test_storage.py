"""The write-ahead log: nothing synced is lost or changed in silence, whatever a crash leaves."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raft.consensus import Entry
from raft.storage import DiskFull, Recovered, Storage, StorageCorrupt
from tests.raft.harness import MemoryDisk, log

FILE = "log"


def written(*batches: tuple[int, str | None, list[Entry]]) -> MemoryDisk:
    """A disk on which these were saved, one after the other."""
    disk = MemoryDisk()
    storage = Storage(disk)
    storage.recover()
    for batch in batches:
        storage.save(*batch)
    return disk


def recovered(data: bytes) -> Recovered:
    return Storage(MemoryDisk({FILE: data})).recover()


THREE = written((1, "n2", log(1)), (2, None, log(1, 1, 2)[1:]))


def test_what_was_saved_is_recovered() -> None:
    assert recovered(THREE.read(FILE)) == Recovered(2, None, log(1, 1, 2))


def test_a_new_disk_holds_nothing() -> None:
    assert Storage(MemoryDisk()).recover() == Recovered(0, None, [])


def test_an_entry_takes_the_place_of_those_from_its_index_on() -> None:
    disk = written((1, None, log(1, 1, 1)), (2, None, [Entry(2, 2, b"new")]))
    assert recovered(disk.read(FILE)).entries == [*log(1), Entry(2, 2, b"new")]


def test_nothing_changed_nothing_written() -> None:
    disk = written((1, "n2", log(1)))
    storage = Storage(disk)
    storage.recover()
    size = len(disk.read(FILE))
    assert not storage.save(1, "n2", ())
    assert len(disk.read(FILE)) == size


def test_a_save_is_durable_when_it_returns() -> None:
    disk = MemoryDisk()
    storage = Storage(disk)
    storage.recover()
    assert storage.save(1, "n1", log(1))
    assert disk.synced[FILE] == len(disk.read(FILE))
    assert (storage.durable_term, storage.durable_vote, storage.durable_index) == (1, "n1", 1)


def test_every_flipped_bit_is_detected() -> None:
    data = THREE.read(FILE)
    for position in range(len(data) * 8):
        flipped = bytearray(data)
        flipped[position // 8] ^= 1 << position % 8
        with pytest.raises(StorageCorrupt, match="replace this replica"):
            recovered(bytes(flipped))


def test_every_flipped_bit_is_detected_in_front_of_a_torn_tail() -> None:
    data = THREE.read(FILE)
    for tail in (bytes(40), b"\x30"):
        for position in range(len(data) * 8):
            flipped = bytearray(data + tail)
            flipped[position // 8] ^= 1 << position % 8
            with pytest.raises(StorageCorrupt):
                recovered(bytes(flipped))


def cuts() -> Iterator[tuple[bytes, int]]:
    """What a crash may leave of a last save that was not synced: (data, how much of it)."""
    first = written((1, "n2", log(1)))
    synced = len(first.read(FILE))
    whole = written((1, "n2", log(1)), (2, "n3", log(1, 2, 2)[1:])).read(FILE)
    for size in range(synced, len(whole) + 1):
        yield whole[:size], size
        yield whole[:size] + bytes(len(whole) - size), size


def test_a_torn_tail_is_cut_off_and_what_was_synced_is_kept() -> None:
    expected = {(1, "n2", 1), (2, "n3", 1), (2, "n3", 2), (2, "n3", 3)}
    seen = set()
    for data, _size in cuts():
        found = recovered(data)
        assert found.entries == log(1, 2, 2)[: len(found.entries)]
        seen.add((found.term, found.voted_for, len(found.entries)))
    assert seen == expected


def test_recovery_makes_durable_what_it_found_and_goes_on_from_there() -> None:
    for data, _size in cuts():
        disk = MemoryDisk({FILE: data})
        storage = Storage(disk)
        found = storage.recover()
        assert disk.synced[FILE] == len(disk.read(FILE))
        following = Entry(len(found.entries) + 1, 3, b"next")
        storage.save(3, None, [following])
        assert recovered(disk.read(FILE)) == Recovered(3, None, [*found.entries, following])


def test_a_full_disk_leaves_what_was_synced() -> None:
    disk = written((1, "n2", log(1)))
    storage = Storage(disk)
    storage.recover()
    disk.free = 3
    with pytest.raises(DiskFull):
        storage.save(2, None, log(1, 2)[1:])
    assert recovered(disk.read(FILE)) == Recovered(1, "n2", log(1))


def test_a_crash_while_the_file_is_made_leaves_none() -> None:
    disk = MemoryDisk({"log.new": b"half"})
    assert Storage(disk).recover() == Recovered(0, None, [])
    assert recovered(disk.read(FILE)) == Recovered(0, None, [])


SAVES = st.lists(
    st.tuples(
        st.integers(1, 5),
        st.sampled_from([None, "n1", "n2"]),
        st.integers(0, 3),
        st.lists(st.binary(max_size=20), max_size=3),
    ),
    max_size=8,
)


@given(SAVES)
def test_any_sequence_of_saves_is_recovered(
    saves: list[tuple[int, str | None, int, list[bytes]]],
) -> None:
    disk = MemoryDisk()
    storage = Storage(disk)
    storage.recover()
    model = Recovered(0, None, [])
    for term, vote, back, commands in saves:
        kept = model.entries[: max(0, len(model.entries) - back)]
        new = [Entry(len(kept) + at, term, c) for at, c in enumerate(commands, start=1)]
        entries = [*kept, *new] if new else model.entries
        storage.save(term, vote, new)
        model = Recovered(term, vote, entries)
    assert recovered(disk.read(FILE)) == model
