"""A server without a vote that wants to lead."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.replica import Variant


class AnyoneCampaigns(Consensus):
    """Campaigns, whoever it is."""

    def may_campaign(self) -> bool:
        return True


register(
    Variant("learner-campaigns", consensus=AnyoneCampaigns),
    summary="a learner campaigns when it does not hear from a leader, and is elected",
    source="etcd db54973; rabbitmq/ra #435",
    convicted_by={"voters-lead"},
    scenario="""
        n1 takes n4 in as a learner. Its log is as good as any, so n1 and n2 vote for it.
    """,
    witness="""
        with spares=1
        elect n1 [n2]
        replicate n1 [n2]
        change n1 add-learner n4
        replicate n1 [n2 n4]
        elect n4 [n1 n2]
    """,
)
