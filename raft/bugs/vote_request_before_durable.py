"""A candidate asks for votes before its own is on the disk."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.messages import RequestVote
from raft.replica import Variant


class AsksBeforeSaving(Consensus):
    """Campaigns while its disk writes."""

    def request_vote_may_leave(self, message: RequestVote) -> bool:
        return True


register(
    Variant("vote-request-before-durable", consensus=AsksBeforeSaving),
    summary="RequestVote leaves before the new term and the candidate's own vote are durable",
    source="sofa-jraft #1241 (electSelf persists last)",
    convicted_by={"monotonic-term", "one-vote-a-term", "election-safety"},
    scenario="""
        n1 asks for votes in term 1, and its process dies before the disk knows of term 1, in which
        it could now vote for another.
    """,
    witness="""
        with asynchronous_storage=true
        stall n1
        elect n1 []
        crash n1
        restart n1
    """,
)
