"""A vote leaves as soon as its term is on the disk."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.messages import RequestVoteReply
from raft.replica import Variant


class VotesBeforeSaving(Consensus):
    """Treats a vote as any other message of the term."""

    def vote_may_leave(self, message: RequestVoteReply) -> bool:
        return self.is_term_saved(message.term)


register(
    Variant("vote-before-durable", consensus=VotesBeforeSaving),
    summary="a granted vote leaves once its term is durable, though the vote itself is not",
    source="the paper's Figure 2: persistent state is updated before responding to RPCs",
    convicted_by={"one-vote-a-term", "election-safety"},
    scenario="""
        n2 knows of term 1 from its leader, and its disk too. It grants n1 a vote in term 1, and its
        process dies before the disk has that.
    """,
    witness="""
        with asynchronous_storage=true
        elect n1 [n3]
        replicate n1 []
        deliver n1 n2 append newest
        stall n2
        deliver n1 n2 vote
        crash n2
        restart n2
    """,
)
