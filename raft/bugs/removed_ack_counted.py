"""The copy of a server that has left."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.configuration import Configuration
from raft.consensus.quorums import agreed_index
from raft.replica import Variant


class CountsTheDeparted(Consensus):
    """Commits with a majority of all whom it sends entries."""

    def majority_match_index(self) -> int:
        matched = {peer: progress.match_index for peer, progress in self.progress.items()}
        matched[self.node] = self.saved_index
        voters = dict.fromkeys((*self.configuration.voters, *self.departing))
        return agreed_index(Configuration(tuple(voters), self.configuration.outgoing), matched)


register(
    Variant("removed-ack-counted", consensus=CountsTheDeparted),
    summary="a leader that still sends entries to a removed server counts its answers",
    source="thesis, section 4.2.2: a majority is one of the new configuration",
    convicted_by={"committed-on-majority"},
    scenario="""
        n1 removes n3, and tells it so. n3 has the entry then, n2, the other member that is left,
        has not.
    """,
    witness="""
        elect n1 [n2]
        replicate n1 [n2 n3]
        change n1 remove n3
        replicate n1 [n3]
    """,
)
