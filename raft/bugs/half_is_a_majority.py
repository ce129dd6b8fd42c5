"""Half of the servers count as a majority."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.replica import Variant


class CommitsWithHalf(Consensus):
    """Rounds the majority down."""

    def majority_match_index(self) -> int:
        matched = {peer: progress.match_index for peer, progress in self.progress.items()}
        matched[self.node] = self.saved_index
        configuration = self.configuration
        return min(
            sorted(matched.get(voter, 0) for voter in voters)[len(voters) // 2]
            for voters in (configuration.voters, configuration.outgoing)
            if voters
        )


register(
    Variant("half-is-a-majority", consensus=CommitsWithHalf),
    summary=(
        "an entry is committed by half of the servers: n / 2 copies where n / 2 + 1 are needed"
    ),
    source="raft-java #21: of the sorted indices the one in the middle, rounded up",
    convicted_by={"committed-on-majority", "state-machine-safety", "leader-completeness"},
    scenario="""
        Of four servers, n1 and n2 hold an entry. These are two, and n3 and n4 are two: no majority.
    """,
    witness="""
        with replicas=4
        elect n1 [n2 n3]
        replicate n1 [n2]
    """,
)
