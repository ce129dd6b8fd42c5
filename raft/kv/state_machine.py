"""The replicated state machine: keys and values, changed by commands in the order of the log."""

from __future__ import annotations

from typing import Final

from mypy_extensions import mypyc_attr

from raft.kv.commands import (
    Append,
    Command,
    CommandError,
    CompareAndSet,
    Delete,
    Get,
    Operation,
    Put,
    RegisterSession,
    Result,
    Transaction,
)
from raft.kv.encoding import decode_command
from raft.kv.replicated import NO_OP, Applied, StateMachine
from raft.kv.revisions import Range
from raft.kv.sessions import Sessions
from raft.kv.snapshot import Session, State, decode_state, encode_state

_DONE: Final = Result()


@mypyc_attr(allow_interpreted_subclasses=True)
class KeyValueStore(StateMachine):
    """Deterministic: equal logs give equal states and equal answers.

    A session that is not used for ``session_timeout`` ns of log time expires, and of more than
    ``max_sessions`` the least recently used one; both must be the same on all replicas. With the
    timeout None no session is ever forgotten: then one need not be registered, for one that is not
    known can only be new.
    """

    def __init__(self, session_timeout: int | None, max_sessions: int) -> None:
        super().__init__(session_timeout, max_sessions)
        self._session_timeout = session_timeout
        self._max_sessions = max_sessions
        self._values: dict[str, str] = {}
        self._sessions = Sessions(session_timeout, max_sessions)

    def apply(self, index: int, command: bytes) -> Applied:
        """Apply the entry at ``index``: a command, or nothing. Raises CommandError for
        bytes that are no command."""
        if not command:
            return NO_OP
        decoded = decode_command(command)
        if decoded.log_time > self.log_time:
            # Log time never goes back, whatever leaders have stamped.
            self.log_time = decoded.log_time
            if self._session_timeout is not None:
                self.expire_sessions()
        if not decoded.sequence:
            return self._register(str(index))
        session, sequence = decoded.session, decoded.sequence
        if not self._sessions.is_known(session):
            if self.is_expired(decoded):
                return Applied(session, sequence, False, None, True)
            self._sessions.register(session, self.log_time)
        if self._session_timeout is not None:
            # Any command of a session, a duplicate too, is a sign of life of its client.
            self._sessions.use(session, self.log_time)
        if self.is_duplicate(decoded):
            return Applied(session, sequence, False, self.first_answer(decoded))
        result = self._execute(decoded.operation)
        self._sessions.remember(session, sequence, result)
        return Applied(session, sequence, True, result)

    def _register(self, name: str) -> Applied:
        self._sessions.register(name, self.log_time)
        return Applied(name, 0, True, Result(name))

    def expire_sessions(self) -> None:
        """Sessions expire by log time, and by nobody's clock: at the same entry on all replicas."""
        self._sessions.expire(self.log_time)

    def is_expired(self, command: Command) -> bool:
        """Whether a command must not be executed because its session is not known, or no longer.
        Where sessions are forgotten, nobody can tell if it was executed before."""
        return self._session_timeout is not None

    def is_duplicate(self, command: Command) -> bool:
        """Whether the command was executed before: a retry, or a copy that the network made."""
        return command.sequence <= self._sessions.last_sequence(command.session)

    def first_answer(self, command: Command) -> Result | None:
        """What a duplicate is answered: the same as the command was when it was executed."""
        return self._sessions.first_answer(command.session, command.sequence)

    def query(self, operation: Operation | Range) -> Result:
        """Answer a read from the present state; anything but a Get is refused with TypeError."""
        if type(operation) is not Get:
            raise TypeError(f"{type(operation).__name__} changes the state: send it as a command")
        return self._get(operation)

    def log_time_of(self, command: bytes) -> int:
        """What the leader stamped the command with."""
        return decode_command(command).log_time

    def contents(self) -> dict[str, str]:
        """All keys and their values, in order of the keys."""
        return dict(sorted(self._values.items()))

    # -- Snapshots -------------------------------------------------------------------------------

    def snapshot(self) -> bytes:
        """The whole state, for ``restore``; equal states give equal bytes."""
        return encode_state(
            State(self.log_time, tuple(sorted(self._values.items())), self.sessions_to_snapshot())
        )

    def sessions_to_snapshot(self) -> tuple[Session, ...]:
        """The session table belongs to the state: without it a command that was executed before
        the snapshot, and is retried after it, would not be known for a retry (thesis, 6.3)."""
        return self._sessions.table()

    def restore(self, snapshot: bytes) -> None:
        """Take on the state of a snapshot instead of the present one. Raises SnapshotError for
        bytes that are none; the state is then unchanged."""
        state = decode_state(snapshot)
        self.log_time = state.log_time
        self._values = dict(state.values)
        self._sessions = Sessions(self._session_timeout, self._max_sessions, state.sessions)

    # -- Operations ------------------------------------------------------------------------------

    def _execute(self, operation: Operation | RegisterSession) -> Result:
        if type(operation) is Put:
            return self._put(operation)
        if type(operation) is Get:
            return self._get(operation)
        if type(operation) is Append:
            return self._append(operation)
        if type(operation) is Delete:
            return self._delete(operation)
        if type(operation) is CompareAndSet:
            return self._compare_and_set(operation)
        if type(operation) is Transaction:
            return self._transaction(operation)
        raise CommandError("a registration has the sequence number 0, this one has another")

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
