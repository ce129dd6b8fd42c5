"""A follower believes the leader's commitIndex, whatever it holds itself."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.replica import Variant


class CommitsBeyondLog(Consensus):
    """Does not ask which entries have come."""

    def learn_commit_index(self, leader_commit: int, last_new_index: int) -> None:
        if leader_commit > self.commit_index:
            self.set_commit_index(leader_commit)


register(
    Variant("commits-beyond-log", consensus=CommitsBeyondLog),
    summary="commitIndex = leaderCommit, without the minimum with the last new entry",
    source="pyraftlog 3.0.0; a generic mistake of first implementations; the paper's Figure 2",
    convicted_by={"monotonic-commit", "state-machine-safety", "committed-on-majority"},
    scenario="""
        n1 and n2 commit an entry. n3, whose log is empty, hears of it by a heartbeat, and counts as
        committed what it does not have.
    """,
    witness="""
        elect n1 [n2]
        replicate n1 [n2]
        replicate n1 [n3]
    """,
)
