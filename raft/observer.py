"""What a replica tells about its own state transitions, for those who judge it.

The consensus module and the layers around it call these methods as things happen; the simulator
turns them into trace events and hands them to the monitors, a server appends them to a file. They
must not change anything. The methods here do nothing, so an observer overrides what it needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from raft.consensus.configuration import Configuration
    from raft.consensus.entry import NodeId
    from raft.consensus.state import Role


class Observer:
    """One per replica; knows which replica it watches."""

    __slots__ = ()

    def started(self, term: int, voted_for: NodeId | None) -> None:
        """The replica came up, with the term and vote that its disk held. Its log is empty until
        ``appended`` and ``persisted`` tell what was recovered."""

    def term_changed(self, term: int) -> None:
        """currentTerm is now ``term``."""

    def role_changed(self, role: Role, term: int) -> None:
        """The role is now "follower", "pre-candidate", "candidate" or "leader"."""

    def vote_granted(self, term: int, candidate: NodeId) -> None:
        """A vote (one's own included) becomes visible to others now: the message with the grant,
        or the request for votes of the candidate itself, leaves."""

    def term_exposed(self, term: int) -> None:
        """The first message of a new term leaves: from now on others may know of it."""

    def appended(self, index: int, term: int, command: bytes) -> None:
        """An entry was appended to the log in memory."""

    def truncated(self, index: int) -> None:
        """The entries from ``index`` (inclusive) on were removed from the log in memory."""

    def persisted(self, term: int, voted_for: NodeId | None, last_index: int) -> None:
        """A sync has returned: term, vote and the log up to ``last_index`` are durable."""

    def committed(self, index: int) -> None:
        """commitIndex is now ``index``."""

    def applied(self, index: int, session: str, sequence: int, executed: bool) -> None:
        """The entry at ``index`` was applied. ``session`` is empty for a no-op; ``executed`` is
        false when the command was a duplicate, answered from the session table."""

    def configuration_changed(self, index: int, configuration: Configuration) -> None:
        """The configuration of the entry, or of the snapshot, at ``index`` is now in effect."""

    def snapshot_taken(self, index: int, term: int, digest: str) -> None:
        """A snapshot of the state after the entry at ``index``, of ``term``, is durable; ``digest``
        stands for the state."""

    def snapshot_restored(self, index: int, term: int, digest: str, last_index: int) -> None:
        """State and commitIndex are now those of a snapshot, received or found on the disk; of the
        log, the entries after ``index`` up to ``last_index`` are kept."""

    def compacted(self, index: int) -> None:
        """The entries up to ``index`` are no longer held in the log."""

    def state_digest(self, index: int, digest: str) -> None:
        """``digest`` stands for the state after applying the entry at ``index``."""

    def lease_read(self, index: int, term: int) -> None:
        """A read is confirmed at ``index`` by the lease alone: this server is sure that nobody
        leads in a newer term than its own, ``term``."""

    def transfer_started(self, target: NodeId) -> None:
        """The leader hands over to ``target``; it takes no proposals meanwhile."""

    def transfer_ended(self, outcome: str) -> None:
        """The hand-over is over: "done" if this server no longer leads, else "abandoned"."""
