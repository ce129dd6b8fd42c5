"""A voter that learns before it has ceased to vote."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.changes import leave_joint
from raft.consensus.configuration import Configuration
from raft.replica import Variant


class DemotesAtOnce(Consensus):
    """Whoever is to become a learner is one from now on."""

    def append_configuration(self, configuration: Configuration) -> int:
        learners = leave_joint(configuration).learners
        return super().append_configuration(
            Configuration(configuration.voters, configuration.outgoing, learners)
        )


register(
    Variant("demoted-at-once", consensus=DemotesAtOnce),
    summary="a voter that is demoted is a learner while the joint configuration still has its vote",
    source="etcd-io/raft: the reason for LearnersNext",
    convicted_by={"learners-apart"},
    scenario="""
        n3 is demoted by way of a joint configuration, whose old majority it belongs to until that
        is left.
    """,
    witness="""
        elect n1 [n2]
        replicate n1 [n2]
        change n1 demote n3 implicit
    """,
)
