"""A follower commits what it has beyond the leader's message."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.replica import Variant


class CommitsOwnSuffix(Consensus):
    """Takes the end of its own log for the last new entry."""

    def learn_commit_index(self, leader_commit: int, last_new_index: int) -> None:
        super().learn_commit_index(leader_commit, max(last_new_index, self.log.last_index))


register(
    Variant("commits-own-suffix", consensus=CommitsOwnSuffix),
    summary=(
        "commitIndex = min(leaderCommit, end of the own log), not the last entry that was compared"
    ),
    source="copycat #265; scylladb #9965; PySyncObj 0.3.11; pyraftlog 3.0.0",
    convicted_by={"state-machine-safety", "committed-on-majority"},
    scenario="""
        n1's entry reaches nobody; n2 leads the next term and commits another one in its place. A
        heartbeat of n2, which compares nothing yet, tells n1 the commit index: n1 takes its own
        entry for the one that is committed.
    """,
    witness="""
        elect n1 [n2]
        elect n2 [n3]
        replicate n2 [n3]
        replicate n2 [n1]
    """,
)
