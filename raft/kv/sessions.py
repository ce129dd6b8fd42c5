"""The session table: what makes a retried command take effect once (thesis, 6.3).

A client has one command under way at a time, so the last sequence number of each session and its
answer are all that must be remembered.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from raft.kv.commands import Result


class Session(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One line of the table: the last command that was executed for a session, and its answer."""

    name: str
    sequence: int
    result: Result


class Sessions:
    """Part of the replicated state: equal on all replicas that have applied the same entries."""

    __slots__ = ("_last",)

    def __init__(self, table: Iterable[Session] = ()) -> None:
        self._last = {line.name: (line.sequence, line.result) for line in table}

    def last_sequence(self, session: str) -> int:
        """The sequence number of the last command executed for the session; 0 if there is none."""
        last = self._last.get(session)
        return 0 if last is None else last[0]

    def first_answer(self, session: str, sequence: int) -> Result | None:
        """The answer to the session's last command; None for an older one, whose client has long
        gone on and waits for no answer."""
        last = self._last[session]
        return last[1] if last[0] == sequence else None

    def remember(self, session: str, sequence: int, result: Result) -> None:
        """The command was executed, with this answer."""
        self._last[session] = (sequence, result)

    def table(self) -> list[Session]:
        """All sessions in order of their names."""
        return [Session(*line) for line in self.items()]

    def items(self) -> list[tuple[str, int, Result]]:
        """All sessions in order of their names."""
        return [(session, *self._last[session]) for session in sorted(self._last)]
