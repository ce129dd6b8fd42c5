"""The state machine with revisions: what etcd's v3 API needs of one.

Sans-IO and deterministic, as the other one is. Changes of one request share a revision: the one
after the present, taken only if there is a change at all.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable
from itertools import pairwise
from typing import Any, Final

import msgspec

from raft.kv.commands import CommandError, Operation
from raft.kv.replicated import NO_OP, Applied, StateMachine
from raft.kv.revisions import (
    FIRST_REVISION,
    NO_END,
    Answer,
    Compare,
    DeleteAnswer,
    DeleteRange,
    KeyValue,
    Member,
    MemberAnswer,
    Put,
    PutAnswer,
    PutMember,
    Range,
    RangeAnswer,
    RevisionState,
    Simple,
    Transaction,
    TransactionAnswer,
    Update,
    Write,
)
from raft.kv.snapshot import SnapshotError

_decode_update: Final = msgspec.msgpack.Decoder(Update).decode
_encode_state: Final = msgspec.msgpack.Encoder().encode
_decode_state: Final = msgspec.msgpack.Decoder(RevisionState).decode

_SORT_KEYS: Final[dict[str, Callable[[KeyValue], Any]]] = {
    "KEY": lambda kv: kv.key,
    "VERSION": lambda kv: kv.version,
    "CREATE": lambda kv: kv.create_revision,
    "MOD": lambda kv: kv.mod_revision,
    "VALUE": lambda kv: kv.value,
}


class RevisionStore(StateMachine):
    """Keys and values with revisions, and the addresses of the members."""

    def __init__(self, session_timeout: int | None, max_sessions: int) -> None:
        super().__init__(session_timeout, max_sessions)
        self.revision = FIRST_REVISION
        self.members: dict[str, Member] = {}
        # How often ``members`` has changed here; no part of the state.
        self.member_changes = 0
        self._values: dict[bytes, KeyValue] = {}
        # The keys of ``_values``, in order.
        self._keys: list[bytes] = []

    # -- raft.kv.replicated.StateMachine ---------------------------------------------------------

    def apply(self, index: int, command: bytes) -> Applied:
        """Apply the entry at ``index``; raises CommandError for bytes that are no command."""
        if not command:
            return NO_OP
        try:
            update = _decode_update(command)
        except msgspec.DecodeError as error:
            raise CommandError(
                f"entry {index} holds {len(command)} bytes that are no command: {error}"
            ) from error
        return Applied(update.origin, update.number, True, self._write(update.write))

    def query(self, operation: Operation | Range) -> Answer:
        """Read a range; anything else is refused with TypeError."""
        if type(operation) is not Range:
            raise TypeError(f"{type(operation).__name__} is no read of a store with revisions")
        return self._range(operation, self.revision)

    def log_time_of(self, command: bytes) -> int:
        """Without sessions there is none."""
        return 0

    def snapshot(self) -> bytes:
        """The whole state; equal states give equal bytes."""
        values = self._values
        return _encode_state(
            RevisionState(
                self.revision,
                tuple([values[key] for key in self._keys]),
                tuple(sorted(self.members.items())),
            )
        )

    def restore(self, snapshot: bytes) -> None:
        """Take on another state; raises SnapshotError for bytes that are none."""
        try:
            state = _decode_state(snapshot)
        except msgspec.DecodeError as error:
            raise SnapshotError(
                f"{len(snapshot)} bytes are no snapshot of a store with revisions: {error}"
            ) from error
        keys = [kv.key for kv in state.kvs]
        if any(key >= following for key, following in pairwise(keys)):
            raise SnapshotError(
                f"{len(snapshot)} bytes are no snapshot of a store with revisions: keys stand "
                f"twice or out of order"
            )
        self.revision = state.revision
        self.members = dict(state.members)
        self.member_changes += 1
        self._values = {kv.key: kv for kv in state.kvs}
        self._keys = keys

    # -- Writes ----------------------------------------------------------------------------------

    def _write(self, write: Write) -> Answer:
        following = self.revision + 1
        if type(write) is Put:
            put = self._put(write, following)
            self.revision = following
            return put
        if type(write) is DeleteRange:
            deleted = self._delete(write, following, False)
            self.revision = deleted.revision
            return deleted
        if type(write) is PutMember:
            self.members[write.name] = Member(write.peer, write.client)
            self.member_changes += 1
            return MemberAnswer(self.revision)
        assert type(write) is Transaction
        return self._transaction(write, following)

    def _transaction(self, transaction: Transaction, following: int) -> TransactionAnswer:
        """Reads see the writes before them; all writes are at the revision ``following``."""
        held = all(self._holds(compare) for compare in transaction.compares)
        responses: list[RangeAnswer | PutAnswer | DeleteAnswer] = []
        has_changed = False
        for operation in transaction.success if held else transaction.failure:
            response = self._perform(operation, following, has_changed)
            if type(response) is PutAnswer or (
                type(response) is DeleteAnswer and response.deleted > 0
            ):
                has_changed = True
            responses.append(response)
        if has_changed:
            self.revision = following
        return TransactionAnswer(self.revision, held, tuple(responses))

    def _perform(
        self, operation: Simple, following: int, has_changed: bool
    ) -> RangeAnswer | PutAnswer | DeleteAnswer:
        if type(operation) is Put:
            return self._put(operation, following)
        if type(operation) is DeleteRange:
            return self._delete(operation, following, has_changed)
        assert type(operation) is Range
        return self._range(operation, following if has_changed else self.revision)

    def _put(self, put: Put, following: int) -> PutAnswer:
        key = put.key
        previous = self._values.get(key)
        if previous is None:
            insort(self._keys, key)
            self._values[key] = KeyValue(key, put.value, following, following, 1)
            return PutAnswer(following, None)
        self._values[key] = KeyValue(
            key, put.value, previous.create_revision, following, previous.version + 1
        )
        return PutAnswer(following, previous if put.prev_kv else None)

    def _delete(self, delete: DeleteRange, following: int, has_changed: bool) -> DeleteAnswer:
        start, end = self._bounds(delete.key, delete.range_end)
        keys = self._keys[start:end]
        del self._keys[start:end]
        previous = [self._values.pop(key) for key in keys]
        revision = following if previous or has_changed else self.revision
        return DeleteAnswer(revision, len(previous), tuple(previous) if delete.prev_kv else ())

    # -- Reads -----------------------------------------------------------------------------------

    def _range(self, request: Range, revision: int) -> RangeAnswer:
        values = self._values
        if not request.range_end:
            # By far the most frequent read.
            found = values.get(request.key)
            kvs = () if found is None else (found,)
            return RangeAnswer(revision, _shown(request, kvs), len(kvs))
        start, end = self._bounds(request.key, request.range_end)
        count = end - start
        if request.sort_order == "NONE" and request.limit:
            end = min(end, start + request.limit)
        found_kvs = [values[key] for key in self._keys[start:end]]
        if request.sort_order != "NONE":
            found_kvs.sort(
                key=_SORT_KEYS[request.sort_target], reverse=request.sort_order == "DESCEND"
            )
            if request.limit:
                del found_kvs[request.limit :]
        return RangeAnswer(revision, _shown(request, tuple(found_kvs)), count)

    def _bounds(self, key: bytes, range_end: bytes) -> tuple[int, int]:
        """Where in ``_keys`` a range begins and ends."""
        keys = self._keys
        start = bisect_left(keys, key)
        if not range_end:
            return start, start + (key in self._values)
        if range_end == NO_END:
            return start, len(keys)
        return start, max(start, bisect_left(keys, range_end))

    def _holds(self, compare: Compare) -> bool:
        start, end = self._bounds(compare.key, compare.range_end)
        if start == end:
            if compare.target == "VALUE":
                return False
            return _compare(0, compare.result, compare.operand)
        return all(
            _compare(_operand(self._values[key], compare), compare.result, compare.operand)
            for key in self._keys[start:end]
        )


def _shown(request: Range, kvs: tuple[KeyValue, ...]) -> tuple[KeyValue, ...]:
    if request.count_only:
        return ()
    if request.keys_only:
        return tuple(
            [KeyValue(kv.key, b"", kv.create_revision, kv.mod_revision, kv.version) for kv in kvs]
        )
    return kvs


def _operand(kv: KeyValue, compare: Compare) -> int | bytes:
    if compare.target == "VALUE":
        return kv.value
    if compare.target == "VERSION":
        return kv.version
    if compare.target == "CREATE":
        return kv.create_revision
    return kv.mod_revision


def _compare(found: Any, result: str, operand: Any) -> bool:
    if result == "EQUAL":
        return bool(found == operand)
    if result == "NOT_EQUAL":
        return bool(found != operand)
    if result == "GREATER":
        return bool(found > operand)
    return bool(found < operand)
