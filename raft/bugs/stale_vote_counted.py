"""A vote of an election long over helps to win the present one."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.messages import RequestVoteReply
from raft.consensus.state import CANDIDATE
from raft.replica import Variant


class CountsAnyVote(Consensus):
    """Does not compare the reply's term with the one that it campaigns in."""

    def counts_vote(self, message: RequestVoteReply) -> bool:
        return self.role == CANDIDATE


register(
    Variant("stale-vote-counted", consensus=CountsAnyVote),
    summary="a candidate counts a vote whatever term it was granted in",
    source="Xraft #33 (SandTable); eliben/raft 5a550b1",
    convicted_by={"elected-by-quorum", "election-safety", "leader-completeness"},
    scenario="""
        n2 votes for n1 in term 1, but its answer is late, and n1 has gone on to term 2 when it
        comes: it is no vote for term 2, in which n2 may still vote for another.
    """,
    witness="""
        elect n1 [n2?]
        elect n1 []
        deliver n2 n1 vote-reply
    """,
)
