"""Half of the votes is taken for a majority."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus, NodeId
from raft.replica import Variant


class HalfIsEnough(Consensus):
    """Does not ask for more than half."""

    def has_quorum(self, servers: set[NodeId]) -> bool:
        configuration = self.configuration
        return all(
            2 * len(servers.intersection(voters)) >= len(voters)
            for voters in (configuration.voters, configuration.outgoing)
        )


register(
    Variant("half-is-quorum", consensus=HalfIsEnough),
    summary="half of the voters is a quorum, with four of them two",
    source="a generic mistake: >= for > where sizes are even",
    convicted_by={"elected-by-quorum", "election-safety", "leader-completeness"},
    scenario="""
        Of four servers n2 votes for n1: that is half of them, and the other half could elect
        another leader of the same term.
    """,
    witness="""
        with replicas=4
        elect n1 [n2]
    """,
)
