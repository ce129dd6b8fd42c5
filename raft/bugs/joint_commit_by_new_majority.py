"""A joint configuration in which the newcomers decide alone."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.changes import leave_joint
from raft.consensus.quorums import agreed_index
from raft.replica import Variant


class AsksTheNewcomers(Consensus):
    """Commits with the incoming majority."""

    def majority_match_index(self) -> int:
        matched = {peer: progress.match_index for peer, progress in self.progress.items()}
        matched[self.node] = self.saved_index
        return agreed_index(leave_joint(self.configuration), matched)


register(
    Variant("joint-commit-by-new-majority", consensus=AsksTheNewcomers),
    summary="while a configuration is joint, the majority of the new servers commits alone",
    source="the paper's section 6: agreement requires separate majorities from both",
    convicted_by={"committed-on-majority"},
    scenario="""
        n1 leads n2 and n3 into a joint configuration with n4 and n5. It counts the entry as
        committed when n4 and n5 have it; n2 and n3, a majority of the old servers, know nothing of
        it.
    """,
    witness="""
        with spares=2
        elect n1 [n2]
        replicate n1 [n2]
        change n1 target n1 n4 n5
        replicate n1 [n4 n5]
    """,
)
