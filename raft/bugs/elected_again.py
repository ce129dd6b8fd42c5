"""A vote that comes late elects the leader once more."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.messages import RequestVoteReply
from raft.replica import Variant


class CountsVotesInOffice(Consensus):
    """Does not look whether it still campaigns."""

    def counts_vote(self, message: RequestVoteReply) -> bool:
        return message.term == self.current_term


register(
    Variant("elected-again", consensus=CountsVotesInOffice),
    summary="votes are counted whatever the role: one more makes a leader begin its office again",
    source="a generic mistake; a leader's rounds of confirmation (thesis, 6.4) begin anew",
    convicted_by={"linearizability"},
    scenario="""
        n1 leads term 1 and confirms a read, whose answer from n2 is late; so is n3's vote. n2 and
        n3 elect n3, which writes x. The late vote makes n1 count its rounds from 0 again, and so
        the late answer confirms its next read, which is stale.
    """,
    witness="""
        elect n1 [n2 n3?]
        replicate n1 [n2 n3]
        read n1 x
        replicate n1 [n2?]
        elect n3 [n2]
        propose n3 put x 1 as c1
        replicate n3 [n2]
        deliver n3 n1 vote-reply
        read n1 x as c2
        deliver n2 n1 append-reply
    """,
)
