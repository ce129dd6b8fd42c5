"""Sessions and snapshots of the state machine: what makes retries take effect once (thesis, 6.3)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raft.kv.commands import Append, Command, Operation, Put, encode_command
from raft.kv.state_machine import KeyValueStore, SnapshotError

SESSIONS = st.sampled_from("st")
OPERATIONS: st.SearchStrategy[Operation] = st.one_of(
    st.builds(Put, st.sampled_from("ab"), st.sampled_from("xy")),
    st.builds(Append, st.sampled_from("ab"), st.sampled_from("xy")),
)
COMMANDS = st.lists(st.builds(Command, SESSIONS, st.integers(1, 4), OPERATIONS))


@given(COMMANDS, st.integers(0, 10))
def test_going_on_from_a_snapshot_is_going_on(commands: list[Command], at: int) -> None:
    one, other = KeyValueStore(), KeyValueStore()
    for index, command in enumerate(commands, start=1):
        if index == at:
            other.restore(one.snapshot())
        applied = one.apply(index, encode_command(command))
        if index >= at > 0:
            assert other.apply(index, encode_command(command)) == applied
            assert other.snapshot() == one.snapshot()


def test_equal_states_give_equal_bytes() -> None:
    one, other = KeyValueStore(), KeyValueStore()
    first, second = Command("s", 1, Put("a", "x")), Command("t", 1, Put("b", "y"))
    for index, command in enumerate((first, second)):
        one.apply(index, encode_command(command))
    for index, command in enumerate((second, first)):
        other.apply(index, encode_command(command))
    assert one.snapshot() == other.snapshot()
    assert KeyValueStore().snapshot() != one.snapshot()


@pytest.mark.parametrize("data", [b"", b"?", KeyValueStore().snapshot() + b"?"])
def test_bytes_that_are_no_snapshot_are_refused_and_change_nothing(data: bytes) -> None:
    store = KeyValueStore()
    store.apply(1, encode_command(Command("s", 1, Put("a", "x"))))
    before = store.snapshot()
    with pytest.raises(SnapshotError, match=f"{len(data)} bytes"):
        store.restore(data)
    assert store.snapshot() == before
