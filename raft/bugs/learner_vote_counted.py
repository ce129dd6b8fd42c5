"""A learner's vote helps to make a majority."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus, NodeId
from raft.replica import Variant


class CountsEveryone(Consensus):
    """Compares how many voted with how many may."""

    def has_quorum(self, servers: set[NodeId]) -> bool:
        return 2 * len(servers) > len(self.configuration.voters)


register(
    Variant("learner-vote-counted", consensus=CountsEveryone),
    summary="votes are counted without looking whether their servers are voters",
    source="raft-rs #57: a learner answers, the candidate must look who it is",
    convicted_by={"elected-by-quorum", "election-safety"},
    scenario="""
        n4 is a learner beside three voters. It may be asked, and it answers; but n2 with its vote
        has the vote of one voter, its own.
    """,
    witness="""
        with spares=1
        elect n1 [n2]
        replicate n1 [n2]
        change n1 add-learner n4
        replicate n1 [n2 n4]
        elect n2 [n4]
    """,
)
