"""A late message takes a follower's commitIndex back."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.replica import Variant


class FollowsCommitIndex(Consensus):
    """Sets commitIndex to what the message leads to, be it less."""

    def learn_commit_index(self, leader_commit: int, last_new_index: int) -> None:
        index = min(leader_commit, last_new_index)
        if index != self.commit_index:
            self.set_commit_index(index)


register(
    Variant("commit-index-goes-back", consensus=FollowsCommitIndex),
    summary="commitIndex is set from every AppendEntries, not only raised",
    source="PySyncObj #166; the paper's Figure 2: only if leaderCommit > commitIndex",
    convicted_by={"monotonic-commit"},
    scenario="""
        n2 holds an entry and knows that it is committed. Then the first AppendEntries that was sent
        to it arrives late, with the commit index of those days.
    """,
    witness="""
        elect n1 [n2]
        replicate n1 [n2]
        replicate n1 [n2]
        deliver n1 n2 append
    """,
)
