"""A learner becomes leader."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.replica import Variant


class AnyoneCampaigns(Consensus):
    """Does not look whether it is a voter."""

    def may_campaign(self) -> bool:
        return True


register(
    Variant("learner-campaigns", consensus=AnyoneCampaigns),
    summary="a server that is no voter campaigns when its time-out ends, and is elected",
    source="etcd db54973; hashicorp/raft GH-398",
    convicted_by={"voters-lead", "elected-by-quorum"},
    scenario="""
        n4 is a learner, and has the whole log. Its time-out ends: it must wait, not ask for votes,
        which n1 and n2 would give it.
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
