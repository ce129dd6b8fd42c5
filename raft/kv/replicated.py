"""What a replica takes for its state machine, whichever service it is."""

from __future__ import annotations

import msgspec
from mypy_extensions import mypyc_attr

from raft.kv.commands import Operation, Result
from raft.kv.revisions import Answer, Range


class Applied(msgspec.Struct, frozen=True, gc=False):
    """What applying an entry did. ``session`` is empty for a no-op, ``sequence`` 0 for the
    beginning of a session; ``executed`` is false for a duplicate, and if the session is expired;
    ``result`` is None if nobody can wait for it."""

    session: str
    sequence: int
    executed: bool
    result: Result | Answer | None
    is_expired: bool = False


NO_OP = Applied("", 0, False, None)


@mypyc_attr(allow_interpreted_subclasses=True)
class StateMachine:
    """Deterministic: equal logs give equal states, equal answers and equal snapshots."""

    def __init__(self, session_timeout: int | None, max_sessions: int) -> None:
        # The highest log time among the entries applied, in ns; 0 where commands have none.
        self.log_time = 0

    def apply(self, index: int, command: bytes) -> Applied:
        """Apply the entry at ``index``: a command, or nothing. Raises CommandError for bytes that
        are no command."""
        raise NotImplementedError

    def query(self, operation: Operation | Range) -> Result | Answer:
        """Answer a read from the present state; TypeError for what is no read of this service."""
        raise NotImplementedError

    def log_time_of(self, command: bytes) -> int:
        """The log time that a command in the log was stamped with, in ns; 0 if it has none."""
        raise NotImplementedError

    def snapshot(self) -> bytes:
        """The whole state, for ``restore``; equal states give equal bytes."""
        raise NotImplementedError

    def restore(self, snapshot: bytes) -> None:
        """Take on the state of a snapshot instead of the present one. Raises SnapshotError for
        bytes that are none; the state is then unchanged."""
        raise NotImplementedError
