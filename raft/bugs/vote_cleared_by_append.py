"""A server forgets whom it voted for when it hears of the one who won."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.messages import AppendEntries, InstallSnapshot
from raft.replica import Variant


class ForgetsVoteInTerm(Consensus):
    """Becomes a follower as if a new term had begun."""

    def recognize_leader(self, message: AppendEntries | InstallSnapshot) -> None:
        super().recognize_leader(message)
        self.voted_for = None


register(
    Variant("vote-cleared-by-append", consensus=ForgetsVoteInTerm),
    summary="votedFor is cleared on becoming a follower, though the term has not changed",
    source="eliben/raft 5a550b1",
    convicted_by={"one-vote-a-term", "election-safety"},
    scenario="""
        n1 and n3 campaign in term 1 at once. n2 votes for n1, which wins, and then hears from it.
        The request of n3 is late: n2 must not vote for it too, in the same term.
    """,
    witness="""
        elect n3 []
        elect n1 [n2]
        replicate n1 []
        deliver n1 n2 append newest
        deliver n3 n2 vote
    """,
)
