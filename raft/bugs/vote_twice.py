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
    source="eliben/raft 5a550b1: votedFor cleared on a step-down within the term",
    convicted_by={"one-vote-a-term", "election-safety"},
)
