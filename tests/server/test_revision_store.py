"""The state machine with revisions: against a model that keeps every event, and by example."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from raft.kv.commands import CommandError, Get
from raft.kv.revision_store import RevisionStore
from raft.kv.revisions import (
    Compare,
    DeleteRange,
    KeyValue,
    Put,
    PutMember,
    Range,
    Transaction,
    TransactionAnswer,
    Update,
)
from raft.kv.snapshot import SnapshotError


def command(write: Any, number: int = 1) -> bytes:
    return msgspec.msgpack.encode(Update("test", number, write))


def applied(store: RevisionStore, write: Any) -> Any:
    return store.apply(1, command(write)).result


class Events:
    """The model: all that ever happened, one (key, value or None, revision) after the other; what
    holds is read from that each time anew."""

    def __init__(self) -> None:
        self.events: list[tuple[bytes, bytes | None, int]] = []
        self.revision = 1

    def lookup(self, key: bytes) -> KeyValue | None:
        found: KeyValue | None = None
        for each, value, revision in self.events:
            if each == key and value is None:
                found = None
            elif each == key and value is not None:
                created = revision if found is None else found.create_revision
                version = 1 if found is None else found.version + 1
                found = KeyValue(key, value, created, revision, version)
        return found

    def select(self, key: bytes, end: bytes) -> list[KeyValue]:
        keys = {each for each, _, _ in self.events}
        if not end:
            keys &= {key}
        else:
            keys = {k for k in keys if k >= key and (end == b"\0" or k < end)}
        return [kv for k in sorted(keys) if (kv := self.lookup(k)) is not None]

    def perform(self, operation: Any, following: int) -> Any:
        """In the shape of ``plain``."""
        now = self.revision if not self.changed(following) else following
        if isinstance(operation, Range):
            kvs = self.select(operation.key, operation.range_end)
            shown = kvs[: operation.limit] if operation.limit else kvs
            return ("range", now, tuple(shown), len(kvs))
        if isinstance(operation, Put):
            before = self.lookup(operation.key)
            self.events.append((operation.key, operation.value, following))
            return ("put", following, before if operation.prev_kv else None)
        kvs = self.select(operation.key, operation.range_end)
        self.events += [(kv.key, None, following) for kv in kvs]
        now = self.revision if not self.changed(following) else following
        return ("delete", now, len(kvs), tuple(kvs) if operation.prev_kv else ())

    def changed(self, following: int) -> bool:
        return bool(self.events) and self.events[-1][2] == following

    def holds(self, compare: Compare) -> bool:
        kvs = self.select(compare.key, compare.range_end)
        if not kvs and compare.target == "VALUE":
            return False
        absent = KeyValue(compare.key, b"", 0, 0, 0)
        fields = {
            "VALUE": "value",
            "VERSION": "version",
            "CREATE": "create_revision",
            "MOD": "mod_revision",
        }
        for kv in kvs or [absent]:
            found = getattr(kv, fields[compare.target])
            relations = {
                "EQUAL": found == compare.operand,
                "NOT_EQUAL": found != compare.operand,
                "GREATER": found > compare.operand,
                "LESS": found < compare.operand,
            }
            if not relations[compare.result]:
                return False
        return True

    def apply(self, write: Any) -> Any:
        following = self.revision + 1
        if isinstance(write, Transaction):
            held = all(self.holds(each) for each in write.compares)
            chosen = write.success if held else write.failure
            answers = tuple(self.perform(each, following) for each in chosen)
            if self.changed(following):
                self.revision = following
            return ("txn", self.revision, held, answers)
        answer = self.perform(write, following)
        if self.changed(following):
            self.revision = following
        return answer


def plain(answer: Any) -> Any:
    """An answer as a tuple, for the model knows no answers."""
    kind = type(answer).__struct_config__.tag
    if isinstance(answer, TransactionAnswer):
        responses = tuple(plain(each) for each in answer.responses)
        return (kind, answer.revision, answer.succeeded, responses)
    return (kind, *msgspec.structs.astuple(answer))


KEYS = st.sampled_from([b"a", b"b", b"ba", b"c", b"\xff"])
ENDS = st.sampled_from([b"", b"", b"\0", b"b", b"bb", b"z", b"a"])
VALUES = st.sampled_from([b"", b"1", b"2"])
PUTS = st.builds(Put, KEYS, VALUES, st.booleans())
DELETES = st.builds(DeleteRange, KEYS, ENDS, st.booleans())
RANGES = st.builds(Range, KEYS, ENDS, st.integers(0, 3))
RESULTS = st.sampled_from(["EQUAL", "NOT_EQUAL", "GREATER", "LESS"])
COMPARES = st.one_of(
    st.builds(Compare, KEYS, st.just("VALUE"), RESULTS, VALUES, ENDS),
    st.builds(
        Compare,
        KEYS,
        st.sampled_from(["VERSION", "CREATE", "MOD"]),
        RESULTS,
        st.integers(0, 6),
        ENDS,
    ),
)
OPERATIONS = st.lists(st.one_of(PUTS, DELETES, RANGES), max_size=4).map(tuple)
TRANSACTIONS = st.builds(
    Transaction, st.lists(COMPARES, max_size=2).map(tuple), OPERATIONS, OPERATIONS
)
WRITES = st.lists(st.one_of(PUTS, DELETES, TRANSACTIONS), max_size=12)


@given(WRITES, RANGES)
def test_it_does_what_the_model_does(writes: list[Any], read: Range) -> None:
    store, model = RevisionStore(None, 1), Events()
    for write in writes:
        assert plain(applied(store, write)) == model.apply(write)
        assert store.revision == model.revision
    assert plain(store.query(read)) == model.perform(read, model.revision + 1)


@given(WRITES, WRITES)
def test_a_snapshot_is_the_whole_state(before: list[Any], after: list[Any]) -> None:
    store, restored = RevisionStore(None, 1), RevisionStore(None, 1)
    for write in before:
        applied(store, write)
    applied(store, PutMember("n4", "127.0.0.1:1", ""))
    applied(restored, Put(b"gone", b"afterwards"))
    restored.restore(store.snapshot())
    for write in after:
        assert applied(restored, write) == applied(store, write)
    assert restored.snapshot() == store.snapshot()
    assert restored.members == store.members


def test_equal_states_give_equal_snapshots_whatever_led_to_them() -> None:
    one, other = RevisionStore(None, 1), RevisionStore(None, 1)
    applied(one, Transaction((), (Put(b"a", b"1"), Put(b"b", b"2")), ()))
    applied(other, Transaction((), (Put(b"b", b"2"), Put(b"a", b"1")), ()))
    assert one.snapshot() == other.snapshot()


@pytest.mark.parametrize(
    "data", [b"", b"\xc1", b"garbage", msgspec.msgpack.encode((1, ((b"b", b"", 2, 2, 1), (b"a", b"", 2, 2, 1)), ()))]
)  # fmt: skip
def test_what_is_no_snapshot_is_refused_and_changes_nothing(data: bytes) -> None:
    store = RevisionStore(None, 1)
    applied(store, Put(b"a", b"1"))
    before = store.snapshot()
    with pytest.raises(SnapshotError):
        store.restore(data)
    assert store.snapshot() == before


def test_what_is_no_command_is_refused() -> None:
    with pytest.raises(CommandError, match="entry 7"):
        RevisionStore(None, 1).apply(7, b"garbage")


def test_a_no_op_changes_nothing() -> None:
    store = RevisionStore(None, 1)
    assert store.apply(1, b"").executed is False
    assert store.revision == 1


def test_a_command_names_its_request() -> None:
    done = RevisionStore(None, 1).apply(5, command(Put(b"a", b"1"), number=7))
    assert (done.session, done.sequence, done.executed) == ("test", 7, True)


def test_only_ranges_are_queries() -> None:
    with pytest.raises(TypeError):
        RevisionStore(None, 1).query(Get("a"))


@pytest.mark.parametrize(
    ("target", "order", "keys"),
    [
        ("KEY", "DESCEND", [b"c", b"b", b"a"]),
        ("VERSION", "ASCEND", [b"b", b"c", b"a"]),
        ("CREATE", "ASCEND", [b"b", b"c", b"a"]),
        ("MOD", "DESCEND", [b"a", b"c", b"b"]),
        ("VALUE", "ASCEND", [b"c", b"a", b"b"]),
    ],
)
def test_ranges_are_sorted(target: Any, order: Any, keys: list[bytes]) -> None:
    store = RevisionStore(None, 1)
    for key, value in (
        (b"b", b"3"),
        (b"c", b"0"),
        (b"c", b"1"),
        (b"a", b"0"),
        (b"a", b"0"),
        (b"a", b"2"),
    ):
        applied(store, Put(key, value))
    found = store.query(Range(b"a", b"\0", sort_target=target, sort_order=order))
    assert [kv.key for kv in found.kvs] == keys
    first = store.query(Range(b"a", b"\0", 1, sort_target=target, sort_order=order))
    assert ([kv.key for kv in first.kvs], first.count, first.more) == (keys[:1], 3, True)


def test_keys_alone_and_counts_alone() -> None:
    store = RevisionStore(None, 1)
    applied(store, Put(b"a", b"1"))
    assert store.query(Range(b"a", keys_only=True)).kvs == (KeyValue(b"a", b"", 2, 2, 1),)
    counted = store.query(Range(b"a", b"\0", count_only=True))
    assert (counted.kvs, counted.count) == ((), 1)
