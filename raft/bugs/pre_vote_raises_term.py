"""To be asked for a pre-vote is to enter its term."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.messages import PreVote
from raft.replica import Variant


class EntersAskedTerm(Consensus):
    """Takes the term of a pre-vote for one that somebody is in."""

    def on_pre_vote(self, message: PreVote) -> None:
        self.observe_term(message.term)
        super().on_pre_vote(message)


register(
    Variant("pre-vote-raises-term", consensus=EntersAskedTerm),
    summary="a pre-vote makes the voter adopt the term that is asked for, in which it then refuses",
    source="a generic mistake: the rule for all servers applied to PreVote; thesis, section 9.6",
    convicted_by={"liveness"},
    scenario="""
        Each server that is asked enters the term that is asked for, and says no, since it is no
        longer a newer one. Nobody gets beyond the pre-vote.
    """,
    witness="""
        with pre_vote=true
        settle
    """,
)
