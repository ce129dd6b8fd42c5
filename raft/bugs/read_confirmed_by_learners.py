"""Learners that confirm the leader."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.configuration import Configuration
from raft.consensus.quorums import agreed_index
from raft.replica import Variant


class AsksLearnersToo(Consensus):
    """Counts the answers of all members."""

    def majority_read_round(self) -> int:
        rounds = {peer: progress.read_round for peer, progress in self.progress.items()}
        rounds[self.node] = self.read_round
        configuration = self.configuration
        counted = Configuration(
            configuration.voters + configuration.learners, configuration.outgoing
        )
        return agreed_index(counted, rounds)


register(
    Variant("read-confirmed-by-learners", consensus=AsksLearnersToo),
    summary="the answers of learners count when a majority must confirm that a leader still leads",
    source="hashicorp/raft #308",
    convicted_by={"lease-safety", "linearizability"},
    scenario="""
        n1 and its learners n4 and n5 are three members of five, but one voter of three. The other
        two elect n2.
    """,
    witness="""
        with spares=2
        elect n1 [n2]
        replicate n1 [n2]
        change n1 add-learner n4, add-learner n5
        elect n2 [n3]
        propose n2 put x 1
        replicate n2 [n3]
        read n1 x
        replicate n1 [n4 n5]
    """,
)
