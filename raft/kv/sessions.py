"""The session table: what makes a retried command take effect once (thesis, 6.3).

A client has one command under way at a time, so the last sequence number of each session and its
answer are all that must be remembered. What a session was used for last is told by log time: that
of the entries, not of anybody's clock, so that all replicas forget the same sessions at the same
entry.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from raft.kv.commands import Result
from raft.kv.snapshot import Session

_NOTHING: Final = Result()


class Sessions:
    """Part of the replicated state: equal on all replicas that have applied the same entries.

    A session is forgotten once it was not used for ``timeout`` ns of log time, or when there are
    more than ``most``: then the one that was not used for longest goes first. With the timeout
    None none is ever forgotten.
    """

    __slots__ = ("_most", "_none_expires_before", "_sessions", "_timeout")

    def __init__(self, timeout: int | None, most: int, table: Iterable[Session] = ()) -> None:
        self._timeout = timeout
        self._most = most
        # In the order of their last use, which is also that of ``last_used``.
        self._sessions = {session.name: session for session in table}
        # Spares a look at the oldest; what is used later only expires later.
        self._none_expires_before = 0

    def register(self, name: str, now: int) -> None:
        """Begin a session, at the log time ``now``; forget the least recently used one, if there
        are too many."""
        self._sessions[name] = Session(name, now, 0, _NOTHING)
        if self._timeout is not None and len(self._sessions) > self._most:
            del self._sessions[next(iter(self._sessions))]

    def expire(self, now: int) -> None:
        """Forget the sessions that were not used for too long before the log time ``now``."""
        assert self._timeout is not None
        if now <= self._none_expires_before:
            return
        sessions = self._sessions
        while sessions:
            oldest = next(iter(sessions.values()))
            if oldest.last_used + self._timeout >= now:
                self._none_expires_before = oldest.last_used + self._timeout
                return
            del sessions[oldest.name]

    def is_known(self, name: str) -> bool:
        """Whether the session was registered and has not been forgotten."""
        return name in self._sessions

    def use(self, name: str, now: int) -> None:
        """The session, which must be known, is in use at the log time ``now``."""
        session = self._sessions.pop(name)
        session.last_used = now
        self._sessions[name] = session

    def last_sequence(self, name: str) -> int:
        """The sequence number of the last command executed for the session; 0 if there is none."""
        session = self._sessions.get(name)
        return 0 if session is None else session.sequence

    def first_answer(self, name: str, sequence: int) -> Result | None:
        """The answer to the session's last command; None for an older one, whose client has long
        gone on and waits for no answer."""
        session = self._sessions[name]
        return session.result if session.sequence == sequence else None

    def remember(self, name: str, sequence: int, result: Result) -> None:
        """The command was executed, with this answer."""
        session = self._sessions[name]
        session.sequence = sequence
        session.result = result

    def table(self) -> tuple[Session, ...]:
        """All sessions, in the order of their last use."""
        return tuple(self._sessions.values())
