"""A learner's copy that counts."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.configuration import Configuration
from raft.consensus.quorums import agreed_index
from raft.replica import Variant


class CountsLearnersCopies(Consensus):
    """Takes learners for voters of the newest configuration."""

    def majority_match_index(self) -> int:
        matched = {peer: progress.match_index for peer, progress in self.progress.items()}
        matched[self.node] = self.saved_index
        configuration = self.configuration
        counted = Configuration(
            configuration.voters + configuration.learners, configuration.outgoing
        )
        return agreed_index(counted, matched)


register(
    Variant("learner-ack-counted", consensus=CountsLearnersCopies),
    summary="the copies of learners count towards the majority that commits an entry",
    source="thesis, section 4.2.1",
    convicted_by={"committed-on-majority"},
    scenario="""
        n3 is a learner of n1 and n2. What n1 and n3 have, n2 has not; and n2 may lead next.
    """,
    witness="""
        with replicas=2 spares=1
        elect n1 [n2]
        replicate n1 [n2]
        change n1 add-learner n3
        replicate n1 [n3]
    """,
)
