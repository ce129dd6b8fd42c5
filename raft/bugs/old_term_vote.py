"""A vote is granted for a term that is over."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.messages import RequestVote, RequestVoteReply
from raft.replica import Variant


class VotesInOldTerms(Consensus):
    """Answers in the candidate's term, if that is older than its own."""

    def on_request_vote(self, message: RequestVote) -> None:
        if message.term < self.current_term:
            self.outbox.append(RequestVoteReply(self.node, message.source, message.term, True))
        else:
            super().on_request_vote(message)


register(
    Variant("old-term-vote", consensus=VotesInOldTerms),
    summary="RequestVote of a term below currentTerm is granted, in that term",
    source="a generic mistake; Figure 2, RequestVote, rule 1",
    convicted_by={"elected-by-quorum", "election-safety", "leader-completeness", "one-vote-a-term"},
    scenario="""
        n1 and n2 campaign in term 1 at once, and n3 elects n2. Then n3 goes on to term 2, in which
        it has not voted; the late request of n1 is still one of term 1.
    """,
    witness="""
        elect n1 []
        elect n2 [n3]
        elect n3 []
        deliver n1 n3 vote
        deliver n3 n1 vote-reply
    """,
)
