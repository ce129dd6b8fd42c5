"""A joint configuration taken for one large cluster."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.configuration import Configuration
from raft.consensus.quorums import has_quorum
from raft.replica import Variant


class CountsTheUnion(Consensus):
    """Throws the votes of old and new servers together."""

    def has_quorum(self, servers: set[str]) -> bool:
        voters = {*self.configuration.voters, *self.configuration.outgoing}
        return has_quorum(Configuration(tuple(sorted(voters))), servers)


register(
    Variant("joint-vote-by-union", consensus=CountsTheUnion),
    summary="a majority of old and new servers together elects a leader in a joint configuration",
    source="the paper's section 6: elections require separate majorities from both",
    convicted_by={"elected-by-quorum", "election-safety", "leader-completeness"},
    scenario="""
        n2 has the joint configuration of n1, n2, n3 and n1, n4, n5. With n4 and n5 it has three
        votes of five, but of the old servers only its own.
    """,
    witness="""
        with spares=2
        elect n1 [n2]
        replicate n1 [n2]
        change n1 target n1 n4 n5
        replicate n1 [n2]
        elect n2 [n4 n5]
    """,
)
