"""A newcomer that votes for nobody."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.messages import RequestVote
from raft.replica import Variant


class VotesWhenMember(Consensus):
    """Votes if its own configuration says that it has a vote."""

    def grants_vote(self, message: RequestVote) -> bool:
        return super().grants_vote(message) and self.configuration.is_voter(self.node)


register(
    Variant("strangers-refuse-votes", consensus=VotesWhenMember),
    summary="a server that does not know yet that it is a voter grants no votes",
    source="thesis, section 4.1; etcd-io/raft, where learners vote for that reason",
    convicted_by={"liveness"},
    scenario="""
        n1 adds n3, which n2 learns and n3 does not, and loses its disk. n2 needs the vote of n3,
        who takes itself for a stranger.
    """,
    witness="""
        with replicas=2 spares=1
        elect n1 [n2]
        replicate n1 [n2]
        change n1 add-voter n3
        replicate n1 [n2]
        lose-file n1 vote
        settle
    """,
)
