"""A successor that has no vote any more."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.messages import TimeoutNow
from raft.consensus.state import LEADER
from raft.replica import Variant


class ObeysAsLearner(Consensus):
    """Campaigns when the leader says so, whatever it is."""

    def heeds_timeout_now(self, message: TimeoutNow) -> bool:
        return message.term == self.current_term and self.role != LEADER


register(
    Variant("timeout-now-at-learner", consensus=ObeysAsLearner),
    summary="a learner that TimeoutNow reaches campaigns, and is elected",
    source="etcd db54973; hashicorp/raft #398",
    convicted_by={"voters-lead"},
    scenario="""
        n1 wants to hand over to n3, gives up, and demotes n3 to a learner. Then its TimeoutNow
        arrives.
    """,
    witness="""
        elect n1 [n2]
        replicate n1 [n2 n3]
        transfer n1 n3 held
        wait 150 [n1]
        change n1 demote n3
        replicate n1 [n2 n3]
        replicate n1 [n3]
        deliver n1 n3 timeout-now
        deliver n3 n1 vote
        deliver n3 n2 vote
        deliver n1 n3 vote-reply
        deliver n2 n3 vote-reply
    """,
)
