"""A server votes for every candidate of a term."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus, NodeId
from raft.replica import Variant


class VotesTwice(Consensus):
    """Does not look at votedFor."""

    def may_vote_for(self, candidate: NodeId) -> bool:
        return True


register(
    Variant("vote-twice", consensus=VotesTwice),
    summary="a vote is granted to every candidate of a term, not only to the first",
    source="a generic mistake of first implementations; the paper's section 5.2",
    convicted_by={"one-vote-a-term", "election-safety"},
    scenario="""
        n3 votes for n1 in term 1, and must not vote for n2 in the same term.
    """,
    witness="""
        elect n1 [n3]
        elect n2 [n3]
    """,
)
