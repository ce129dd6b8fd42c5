"""Storage: what was saved is found again, and a disk that lost something is refused."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raft.consensus import Entry
from raft.consensus.configuration import Configuration
from raft.consensus.snapshot import Snapshot, first_snapshot
from raft.storage import (
    DiskError,
    DiskFull,
    Recovered,
    Storage,
    StorageCorrupt,
    StorageInUse,
    StorageMissing,
)
from tests.raft.harness import MEMBERS, MemoryDisk, log
from tests.raft.storage_model import (
    FIRST,
    NEW,
    SEGMENT_BYTES,
    Save,
    Step,
    TakeSnapshot,
    contents,
    new_disk,
    plan,
    recovered,
    start,
)

# The log of 12 entries stands in several segments.
LONG = log(*[1] * 6, *[2] * 6)
AT_FIVE = Snapshot(5, 1, Configuration(("n1", "n2")), b"five")


def written(*steps: Step) -> MemoryDisk:
    """A disk on which these were done, one after the other."""
    disk = new_disk()
    storage, _ = start(disk)
    for step in steps:
        step.perform(storage)
    return disk


def one_by_one(entries: list[Entry]) -> list[Save]:
    return [Save(entry.term, "n2", (entry,)) for entry in entries]


def segments(disk: MemoryDisk) -> list[str]:
    return sorted(name for name in disk.files() if name.startswith("log-"))


# Saving and recovering.


def test_what_was_saved_is_recovered() -> None:
    disk = written(Save(1, "n2", tuple(log(1))), Save(2, None, tuple(log(1, 1, 2)[1:])))
    assert recovered(contents(disk)) == Recovered(2, None, FIRST, log(1, 1, 2))


def test_an_entry_takes_the_place_of_those_from_its_index_on() -> None:
    disk = written(Save(1, None, tuple(log(1, 1, 1))), Save(2, None, (Entry(2, 2, b"new"),)))
    assert recovered(contents(disk)).entries == [*log(1), Entry(2, 2, b"new")]


def test_an_entry_keeps_its_configuration() -> None:
    entry = Entry(1, 1, b"", Configuration(("n1", "n2"), ("n1",), ("n3",), ("n4",), False))
    assert recovered(contents(written(Save(1, None, (entry,))))).entries == [entry]


def test_nothing_changed_nothing_written() -> None:
    disk = written(Save(1, "n2", tuple(log(1))))
    storage, _ = start(disk)
    disk.events.clear()
    assert not storage.save(1, "n2", ())
    assert disk.events == []


def test_a_save_is_durable_when_it_returns() -> None:
    disk = new_disk()
    storage, _ = start(disk)
    for entry in LONG:
        assert storage.save(entry.term, "n1", [entry])
        assert disk.is_synced
        state = (storage.durable_term, storage.durable_vote, storage.durable_index)
        assert state == (entry.term, "n1", entry.index)


def test_entries_replaced_but_not_synced_count_as_durable_no_more() -> None:
    class Late(Storage):
        def must_sync(self, state_changed: bool) -> bool:
            return state_changed

    storage = Late(new_disk(), SEGMENT_BYTES)
    storage.recover()
    assert storage.save(1, None, log(1, 1, 1))
    assert not storage.save(1, None, [Entry(2, 1, b"other")])
    assert storage.durable_index == 1
    assert storage.save(2, None, ())
    assert storage.durable_index == 2


def test_term_and_vote_are_durable_before_an_entry_of_their_term_is_written() -> None:
    disk = new_disk()
    storage, _ = start(disk)
    disk.events.clear()
    storage.save(1, "n1", log(1))
    assert disk.events == ["create", "sync", "rename", "write", "sync"]


def test_a_sync_need_not_change_the_size_of_a_file() -> None:
    disk = new_disk()
    storage, _ = start(disk)
    before = {name: len(data) for name, data in contents(disk).items() if name != "vote"}
    storage.save(1, None, log(1))
    after = {name: len(data) for name, data in contents(disk).items() if name != "vote"}
    assert before == after
    assert before[segments(disk)[0]] == SEGMENT_BYTES


def test_segments_are_named_by_what_they_hold_and_have_their_size() -> None:
    disk = written(*one_by_one(LONG))
    names = segments(disk)
    assert len(names) >= 4
    assert names[0] == f"log-{1:010}-{1:020}"
    firsts = [int(name[-20:]) for name in names]
    assert firsts == sorted(firsts)
    assert {len(disk.read(name)) for name in names} == {SEGMENT_BYTES}
    assert recovered(contents(disk)).entries == LONG


def test_a_record_longer_than_a_segment_gets_a_longer_one() -> None:
    long = [Entry(1, 1, b"x" * 1_000), *log(1, 1, 1)[1:]]
    disk = written(*one_by_one(long))
    assert recovered(contents(disk)).entries == long


def test_entries_must_follow_the_log() -> None:
    storage, _ = start(new_disk())
    with pytest.raises(ValueError, match="entry 2 cannot follow entry 0"):
        storage.save(1, None, log(1, 1)[1:])


CHOICES = st.lists(
    st.tuples(
        st.integers(-4, 4),
        st.integers(0, 2),
        st.sampled_from([None, "n1", "n2"]),
        st.lists(st.one_of(st.none(), st.binary(max_size=60)), max_size=4),
    ),
    max_size=12,
).map(plan)


@given(CHOICES)
def test_any_sequence_of_steps_is_recovered(steps: list[Step]) -> None:
    disk = new_disk()
    storage, state = start(disk)
    for step in steps:
        step.perform(storage)
        state = step.states(state)[-1]
        assert disk.is_synced
        assert storage.durable_index == state.snapshot.last_index + len(state.entries)
        assert recovered(contents(disk)) == state


@given(CHOICES)
def test_every_step_may_be_followed_by_a_restart(steps: list[Step]) -> None:
    disk = new_disk()
    state = NEW
    for step in steps:
        storage, found = start(disk)
        assert found == state
        step.perform(storage)
        state = step.states(state)[-1]
    assert recovered(contents(disk)) == state


# Snapshots.


def test_a_snapshot_of_ones_own_cuts_the_log() -> None:
    disk = written(*one_by_one(LONG), TakeSnapshot(AT_FIVE))
    assert recovered(contents(disk)) == Recovered(2, "n2", AT_FIVE, LONG[5:])
    assert int(segments(disk)[0][-20:]) > 1
    assert [name for name in disk.files() if name.startswith("snapshot")] == [f"snapshot-{5:020}"]


@pytest.mark.parametrize("last_term", [1, 3])
def test_a_received_snapshot_takes_the_place_of_a_log_that_does_not_hold_its_end(
    last_term: int,
) -> None:
    index = 20 if last_term == 1 else 5
    snapshot = Snapshot(index, last_term, Configuration(("n1",)), b"other")
    disk = written(*one_by_one(LONG), TakeSnapshot(snapshot))
    assert recovered(contents(disk)) == Recovered(2, "n2", snapshot, [])
    assert len(segments(disk)) == 1
    storage, _ = start(disk)
    following = Entry(index + 1, 3, b"next")
    storage.save(3, None, [following])
    assert recovered(contents(disk)) == Recovered(3, None, snapshot, [following])


def test_an_older_snapshot_changes_nothing() -> None:
    disk = written(*one_by_one(LONG), TakeSnapshot(AT_FIVE))
    storage, _ = start(disk)
    before = contents(disk)
    for older in (AT_FIVE, Snapshot(3, 1, FIRST.configuration)):
        storage.save_snapshot(older)
    assert contents(disk) == before


def test_the_log_is_not_cut_beyond_the_snapshot() -> None:
    storage, _ = start(written(*one_by_one(LONG), TakeSnapshot(AT_FIVE)))
    with pytest.raises(ValueError, match="no snapshot reaches 6"):
        storage.compact(6)


def test_cutting_keeps_every_entry_above() -> None:
    for index in range(1, 13):
        snapshot = Snapshot(index, LONG[index - 1].term, FIRST.configuration)
        disk = written(*one_by_one(LONG), TakeSnapshot(snapshot))
        assert recovered(contents(disk)).entries == LONG[index:]


# Initialization.


def test_a_disk_that_was_initialised_holds_the_first_snapshot() -> None:
    assert recovered(contents(new_disk())) == NEW


def test_initialising_may_be_repeated_until_the_server_has_run() -> None:
    disk = new_disk()
    Storage(disk, SEGMENT_BYTES).initialize(FIRST)
    storage, found = start(disk)
    assert found == NEW
    with pytest.raises(StorageInUse, match="empty the disk"):
        Storage(disk, SEGMENT_BYTES).initialize(first_snapshot(("n9",)))
    storage.save(1, None, ())
    with pytest.raises(StorageInUse, match="start it without initialising"):
        Storage(disk, SEGMENT_BYTES).initialize(FIRST)
    assert recovered(contents(disk)).term == 1


@pytest.mark.parametrize(
    "steps", [one_by_one(log(1)), one_by_one(LONG), [*one_by_one(LONG), TakeSnapshot(AT_FIVE)]]
)
def test_a_lost_vote_is_not_made_good_by_initialising(steps: list[Step]) -> None:
    disk = written(*steps)
    disk.remove("vote")
    before = contents(disk)
    with pytest.raises(StorageInUse, match="has lost its vote; replace this replica"):
        Storage(disk, SEGMENT_BYTES).initialize(FIRST)
    assert contents(disk) == before


# Files that are gone or exchanged.


def test_an_empty_disk_is_not_term_0() -> None:
    with pytest.raises(StorageMissing, match=r"vote: is missing: .* must be initialised"):
        recovered({})


def test_a_missing_file_is_an_error_whichever_it_is() -> None:
    disk = written(*one_by_one(LONG[:9]), TakeSnapshot(AT_FIVE), *one_by_one(LONG[9:]))
    files = contents(disk)
    assert len(segments(disk)) >= 3
    for name in files:
        rest = {other: data for other, data in files.items() if other != name}
        named = name if name == "vote" or name.startswith("snap") else "log"
        with pytest.raises(StorageMissing, match=f"{re.escape(named)}.* missing"):
            recovered(rest)


def test_a_missing_snapshot_is_an_error_even_if_an_older_one_is_there() -> None:
    disk = written(*one_by_one(LONG))
    older = contents(disk)[f"snapshot-{0:020}"]
    start(disk)[0].save_snapshot(AT_FIVE)
    files = contents(disk) | {f"snapshot-{0:020}": older}
    assert recovered(files).snapshot == AT_FIVE
    del files[f"snapshot-{5:020}"]
    with pytest.raises(StorageMissing, match=f"snapshot-{5:020}: is missing"):
        recovered(files)


def test_the_first_segment_is_missed_if_no_snapshot_makes_up_for_it() -> None:
    disk = written(*one_by_one(LONG))
    files = contents(disk)
    del files[segments(disk)[0]]
    with pytest.raises(StorageMissing, match="the newest snapshot ends at 0"):
        recovered(files)


def test_exchanged_snapshots_are_refused() -> None:
    files = contents(written(*one_by_one(LONG), TakeSnapshot(AT_FIVE)))
    files[f"snapshot-{6:020}"] = files.pop(f"snapshot-{5:020}")
    with pytest.raises(StorageCorrupt, match="holds the snapshot of index 5"):
        recovered(files)


def test_a_torn_tail_is_refused_in_a_segment_that_is_not_the_last() -> None:
    disk = written(*one_by_one([*log(1), Entry(2, 1, b"x" * 60)]))
    first, _ = segments(disk)
    data = disk.read(first)
    end = len(data.rstrip(b"\0"))
    torn = data[:end] + b"\xa5" + data[end + 1 :]
    assert len(torn) == len(data)
    with pytest.raises(StorageCorrupt, match="ends the segment before its time"):
        recovered({**contents(disk), first: torn})


def test_what_was_left_unfinished_is_removed() -> None:
    files = contents(written(*one_by_one(LONG)))
    left = {"vote.new": b"", f"snapshot-{7:020}.new": b"half", f"log-{9:010}-{99:020}.new": b"x"}
    disk = MemoryDisk({**files, **left})
    assert start(disk)[1].entries == LONG
    assert sorted(disk.files()) == sorted(files)


def test_exchanged_segments_are_refused() -> None:
    disk = written(*one_by_one(LONG))
    files = contents(disk)
    names = segments(disk)
    for one in names:
        for other in names:
            if one < other:
                swapped = {**files, one: files[other], other: files[one]}
                with pytest.raises(StorageCorrupt, match="is the segment"):
                    recovered(swapped)


def test_a_segment_of_another_log_is_refused() -> None:
    one, other = (
        written(*one_by_one([Entry(e.index, e.term, e.command + tail) for e in LONG]))
        for tail in (b"x", b"y")
    )
    for name in segments(one)[:-1]:
        mixed = {**contents(one), name: other.read(name)}
        with pytest.raises(StorageCorrupt, match="ends other than"):
            recovered(mixed)


@pytest.mark.parametrize("name", ["vote", f"snapshot-{0:020}", f"log-{1:010}-{1:020}"])
def test_a_file_that_is_cut_short_is_refused(name: str) -> None:
    files = contents(written(*one_by_one(log(1))))
    for size in range(len(files[name])):
        with pytest.raises(StorageCorrupt):
            recovered({**files, name: files[name][:size]})


# A disk that fails.


def test_a_full_disk_stops_the_storage_and_leaves_what_was_synced() -> None:
    stopped = 0
    for number in range(len(LONG)):
        disk = written(*one_by_one(LONG[:number]))
        storage, before = start(disk)
        disk.free = 3
        entry = LONG[number]
        for step in (Save(entry.term, "n3", (entry,)), TakeSnapshot(AT_FIVE)):
            disk.events.clear()
            with pytest.raises(DiskFull):
                step.perform(storage)
            stopped += 1
            with pytest.raises(DiskError, match="must not go on"):
                storage.save(before.term, before.voted_for, ())
            assert disk.events == []
            storage, found = start(MemoryDisk(contents(disk)))
            assert found == before
            disk = MemoryDisk(contents(disk))
            storage, _ = start(disk)
            disk.free = 3
    assert stopped == 2 * len(LONG)


def test_a_failed_sync_is_not_tried_again() -> None:
    class Failing(MemoryDisk):
        failures = 0

        def sync(self, name: str) -> None:
            if self.failures:
                raise DiskError(f"{name}: input/output error")
            super().sync(name)

    disk = Failing(contents(new_disk()))
    storage, _ = start(disk)
    disk.failures = 1
    with pytest.raises(DiskError, match="input/output"):
        storage.save(0, None, log(1))
    disk.failures = 0
    disk.events.clear()
    for again in (
        lambda: storage.save(0, None, log(1)),
        lambda: storage.save_snapshot(AT_FIVE),
        lambda: storage.compact(0),
    ):
        with pytest.raises(DiskError, match="must not go on"):
            again()
    assert disk.events == []


def test_storage_must_be_recovered_first() -> None:
    with pytest.raises(DiskError, match="not recovered"):
        Storage(new_disk()).save(1, None, ())


def test_members_are_in_the_first_snapshot() -> None:
    assert recovered(contents(new_disk())).snapshot.configuration.voters == MEMBERS
