"""A follower deletes its log because it no longer has the entry before."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.replica import Variant


class DeletesAtCompacted(Consensus):
    """Deletes what differs at prevLogIndex at once, and takes what was compacted for different."""

    def log_matches(self, prev_log_index: int, prev_log_term: int) -> bool:
        log = self.log
        matches = log.term_at(prev_log_index) == prev_log_term
        if not matches and prev_log_index < log.last_index:
            self.truncate_log_from(max(prev_log_index, log.first_index))
        return matches

    def find_conflict(self, prev_log_index: int) -> tuple[int, int]:
        """Of what was compacted no more is known than where it ends."""
        return super().find_conflict(max(prev_log_index, self.log.base_index))


register(
    Variant("compacted-is-a-conflict", consensus=DeletesAtCompacted),
    summary=(
        "a compacted entry at prevLogIndex counts as a conflict, and everything after it is deleted"
    ),
    source="openraft #511",
    convicted_by={"state-machine-safety", "leader-completeness", "committed-on-majority"},
    scenario="""
        n2 has one entry as a snapshot and another, committed one in its log. The first
        AppendEntries of all comes late: n2 does not know what preceded, and deletes its log.
    """,
    witness="""
        with entries_kept_after_snapshot=1
        elect n1 [n2]
        propose n1 put x 1
        replicate n1 [n2]
        replicate n1 [n2]
        snapshot n2
        deliver n1 n2 append
    """,
)
