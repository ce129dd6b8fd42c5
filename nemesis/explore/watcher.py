"""What one server must keep to by itself, judged while it handles one input.

The rules are those of checker.invariants that need nothing but the server's own state.
"""

from __future__ import annotations

from nemesis.explore.servers import Violation
from raft.consensus import Consensus, Role
from raft.consensus.state import LEADER
from raft.observer import Observer


class Watcher(Observer):
    """The observer of one scratch server."""

    __slots__ = (
        "_commit_index",
        "_consensus",
        "_last_index",
        "_last_term",
        "_role",
        "_term",
        "commitments",
        "elected",
        "violation",
    )

    def __init__(self) -> None:
        self._consensus: Consensus
        self.elected: list[int] = []
        # Index, and the term in which it was found to be committed.
        self.commitments: list[tuple[int, int]] = []
        self.violation: Violation | None = None

    def watch(self, consensus: Consensus) -> None:
        """An input is about to be handled."""
        self._consensus = consensus
        self._term = consensus.current_term
        self._role: Role = consensus.role
        self._commit_index = consensus.commit_index
        self._last_index = consensus.log.last_index
        self._last_term = consensus.log.last_term
        self.elected = []
        self.commitments = []
        self.violation = None

    def _fail(self, kind: str, what: str) -> None:
        if self.violation is None:
            self.violation = Violation(kind, f"{self._consensus.node} {what}")

    def term_changed(self, term: int) -> None:
        if term <= self._term:
            self._fail("monotonic-term", f"went from term {self._term} to term {term}")
        self._term = term

    def role_changed(self, role: Role, term: int) -> None:
        self._role = role
        if role == LEADER:
            self.elected.append(term)

    def appended(self, index: int, term: int, command: bytes) -> None:
        if index != self._last_index + 1 or term < self._last_term:
            self._fail(
                "log-matching",
                f"appended entry {index} of term {term} after entry {self._last_index} of term "
                f"{self._last_term}",
            )
        self._last_index = index
        self._last_term = term

    def truncated(self, index: int) -> None:
        if self._role == LEADER:
            self._fail("leader-append-only", f"removed entries from {index} on as a leader")
        if index <= self._commit_index:
            self._fail(
                "state-machine-safety",
                f"removed entries from {index} on, though it had committed up to "
                f"{self._commit_index}",
            )
        self._last_index = self._consensus.log.last_index
        self._last_term = self._consensus.log.last_term

    def committed(self, index: int) -> None:
        if index <= self._commit_index:
            self._fail(
                "monotonic-commit", f"took its commitIndex from {self._commit_index} to {index}"
            )
        elif index > self._last_index:
            self._fail(
                "monotonic-commit",
                f"has {index} as its commitIndex, and a log that ends at {self._last_index}",
            )
        elif self._role == LEADER and self._consensus.log.term_at(index) != self._term:
            self._fail("own-term-commit", f"committed an older term's entry {index} as the leader")
        self._commit_index = index
        self.commitments.append((index, self._term))
