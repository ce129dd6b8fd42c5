"""The leader counts its own copy twice."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.replica import Variant


class CountsItselfTwice(Consensus):
    """Has itself among its followers, too."""

    def majority_match_index(self) -> int:
        matched = {peer: progress.match_index for peer, progress in self.progress.items()}
        matched[self.node] = self.saved_index
        configuration = self.configuration
        return min(
            sorted([self.saved_index, *(matched.get(voter, 0) for voter in voters)])[
                (len(voters) + 1) // 2
            ]
            for voters in (configuration.voters, configuration.outgoing)
            if voters
        )


register(
    Variant("leader-counts-twice", consensus=CountsItselfTwice),
    summary="the leader's own copy counts once as the leader's and once as a member's",
    source="a generic mistake of first implementations",
    convicted_by={"committed-on-majority", "state-machine-safety", "leader-completeness"},
    scenario="""
        Of five servers, only n1 and n2 hold an entry; n1 counts three copies, two of which are its
        own.
    """,
    witness="""
        with replicas=5
        elect n1 [n2 n3]
        replicate n1 [n2]
    """,
)
