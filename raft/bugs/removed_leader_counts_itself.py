"""A leader that counts its own copy after it has left."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.configuration import Configuration
from raft.consensus.quorums import agreed_index
from raft.replica import Variant


class CountsItself(Consensus):
    """Takes itself for a voter while it leads."""

    def majority_match_index(self) -> int:
        matched = {peer: progress.match_index for peer, progress in self.progress.items()}
        matched[self.node] = self.saved_index
        voters = dict.fromkeys((*self.configuration.voters, self.node))
        return agreed_index(Configuration(tuple(voters), self.configuration.outgoing), matched)


register(
    Variant("removed-leader-counts-itself", consensus=CountsItself),
    summary="a leader that removes itself counts itself towards the majority that commits this",
    source="CCF #5674; thesis, section 4.2.2",
    convicted_by={"committed-on-majority"},
    scenario="""
        n1 removes itself. It must have both n2 and n3 for that, the whole of the new
        configuration's majority, but with n2 it counts two of three.
    """,
    witness="""
        elect n1 [n2]
        replicate n1 [n2]
        change n1 remove n1
        replicate n1 [n2]
    """,
)
