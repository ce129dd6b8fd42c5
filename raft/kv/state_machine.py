"""The replicated state machine: keys and values, changed by commands in the order of the log."""

from __future__ import annotations

import msgspec

from raft.errors import RaftError
from raft.kv.commands import (
    Append,
    Command,
    CompareAndSet,
    Delete,
    Get,
    Operation,
    Put,
    Result,
    Transaction,
    decode_command,
)
from raft.kv.sessions import Session, Sessions

_DONE = Result()


class SnapshotError(RaftError):
    """Bytes that are no snapshot of a key-value store."""


class Applied(msgspec.Struct, frozen=True, gc=False):
    """What applying an entry did. ``session`` is empty for a no-op; ``executed`` is false for a
    duplicate; ``result`` is None if nobody can wait for it."""

    session: str
    sequence: int
    executed: bool
    result: Result | None


_NO_OP = Applied("", 0, False, None)


class _State(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a snapshot holds; equal states are encoded equally."""

    # In order of the keys.
    values: tuple[tuple[str, str], ...]
    sessions: tuple[Session, ...]


_encode_state = msgspec.msgpack.Encoder().encode
_decode_state = msgspec.msgpack.Decoder(_State).decode


class KeyValueStore:
    """Deterministic: equal logs give equal states and equal answers."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}
        self._sessions = Sessions()

    def apply(self, index: int, command: bytes) -> Applied:
        """Apply the entry at ``index``. Raises CommandError for bytes that are no command."""
        if not command:
            return _NO_OP
        decoded = decode_command(command)
        session, sequence = decoded.session, decoded.sequence
        if self.is_duplicate(decoded):
            return Applied(session, sequence, False, self._sessions.first_answer(session, sequence))
        result = self._execute(decoded.operation)
        self._sessions.remember(session, sequence, result)
        return Applied(session, sequence, True, result)

    def is_duplicate(self, command: Command) -> bool:
        """Whether the command was executed before: a retry, or a copy that the network made."""
        return command.sequence <= self._sessions.last_sequence(command.session)

    def query(self, operation: Operation) -> Result:
        """Answer a read from the present state; anything but a Get is refused with TypeError."""
        if type(operation) is not Get:
            raise TypeError(f"{type(operation).__name__} changes the state: send it as a command")
        return self._get(operation)

    def contents(self) -> tuple[dict[str, str], list[tuple[str, int, Result]]]:
        """The whole state, keys and sessions in order: equal on replicas that agree."""
        return {key: self._values[key] for key in sorted(self._values)}, self._sessions.items()

    # -- Snapshots -------------------------------------------------------------------------------

    def snapshot(self) -> bytes:
        """The whole state, for ``restore``; equal states give equal bytes."""
        return _encode_state(
            _State(tuple(sorted(self._values.items())), tuple(self.sessions_to_snapshot()))
        )

    def sessions_to_snapshot(self) -> list[Session]:
        """The session table belongs to the state: without it a command that was executed before
        the snapshot, and is retried after it, would be executed again (thesis, 6.3)."""
        return self._sessions.table()

    def restore(self, snapshot: bytes) -> None:
        """Take on the state of a snapshot instead of the present one. Raises SnapshotError for
        bytes that are none; the state is then unchanged."""
        try:
            state = _decode_state(snapshot)
        except msgspec.DecodeError as error:
            raise SnapshotError(
                f"{len(snapshot)} bytes are no snapshot of a key-value store: {error}"
            ) from error
        self._values = dict(state.values)
        self._sessions = Sessions(state.sessions)

    # -- Operations ------------------------------------------------------------------------------

    def _execute(self, operation: Operation) -> Result:
        if isinstance(operation, Put):
            return self._put(operation)
        if isinstance(operation, Get):
            return self._get(operation)
        if isinstance(operation, Append):
            return self._append(operation)
        if isinstance(operation, Delete):
            return self._delete(operation)
        if isinstance(operation, CompareAndSet):
            return self._compare_and_set(operation)
        return self._transaction(operation)

    def _get(self, operation: Get) -> Result:
        return Result(self._values.get(operation.key))

    def _put(self, operation: Put) -> Result:
        self._values[operation.key] = operation.value
        return _DONE

    def _append(self, operation: Append) -> Result:
        self._values[operation.key] = self._values.get(operation.key, "") + operation.value
        return _DONE

    def _delete(self, operation: Delete) -> Result:
        self._values.pop(operation.key, None)
        return _DONE

    def _compare_and_set(self, operation: CompareAndSet) -> Result:
        if self._values.get(operation.key) != operation.expected:
            return Result(succeeded=False)
        self._values[operation.key] = operation.value
        return _DONE

    def _transaction(self, operation: Transaction) -> Result:
        values = self._values
        held = all(values.get(each.key) == each.expected for each in operation.compares)
        chosen = operation.then if held else operation.otherwise
        results = tuple(self._execute(each).value for each in chosen)
        return Result(None, held, results)
