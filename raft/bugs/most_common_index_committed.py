"""What most servers have in common counts as what a majority holds."""

from __future__ import annotations

from collections import Counter

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.replica import Variant


class CommitsMostCommon(Consensus):
    """Counts how many servers are at an index, not how many have reached it."""

    def majority_match_index(self) -> int:
        matched = {peer: progress.match_index for peer, progress in self.progress.items()}
        matched[self.node] = self.saved_index
        configuration = self.configuration
        return min(
            Counter(matched.get(voter, 0) for voter in voters).most_common(1)[0][0]
            for voters in (configuration.voters, configuration.outgoing)
            if voters
        )


register(
    Variant("most-common-index-committed", consensus=CommitsMostCommon),
    summary="commitment takes the mode of the servers' indices for their median",
    source="akka-raft #42",
    convicted_by={"committed-on-majority", "state-machine-safety", "leader-completeness"},
    scenario="""
        Of five servers n1 and n2 hold two entries, n3 one, n4 and n5 none: more often than two
        entries no number comes up.
    """,
    witness="""
        with replicas=5
        elect n1 [n2 n3]
        deliver n1 n3 append
        deliver n3 n1 append-reply
        propose n1 put x 1
        replicate n1 [n2]
    """,
)
