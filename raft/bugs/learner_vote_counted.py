"""A learner's vote that counts."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.configuration import Configuration
from raft.consensus.quorums import has_quorum
from raft.replica import Variant


class CountsLearners(Consensus):
    """Every member has a vote."""

    def has_quorum(self, servers: set[str]) -> bool:
        configuration = self.configuration
        counted = Configuration(
            configuration.voters + configuration.learners, configuration.outgoing
        )
        return has_quorum(counted, servers)


register(
    Variant("learner-vote-counted", consensus=CountsLearners),
    summary="the votes of learners count towards the majority that elects a leader",
    source="hashicorp/raft #308 (there non-voters keep a leader in office); thesis, section 4.2.1",
    convicted_by={"elected-by-quorum", "election-safety", "leader-completeness"},
    scenario="""
        n3 is a learner of n1 and n2. Its vote and n2's own are no majority of the two who decide.
    """,
    witness="""
        with replicas=2 spares=1
        elect n1 [n2]
        replicate n1 [n2]
        change n1 add-learner n3
        replicate n1 [n2]
        elect n2 [n3]
    """,
)
