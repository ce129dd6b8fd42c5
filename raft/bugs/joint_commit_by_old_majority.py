"""A joint configuration in which the old servers decide alone."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.configuration import Configuration
from raft.consensus.quorums import agreed_index
from raft.replica import Variant


class AsksTheOld(Consensus):
    """Commits with the outgoing majority."""

    def majority_match_index(self) -> int:
        matched = {peer: progress.match_index for peer, progress in self.progress.items()}
        matched[self.node] = self.saved_index
        configuration = self.configuration
        return agreed_index(Configuration(configuration.outgoing or configuration.voters), matched)


register(
    Variant("joint-commit-by-old-majority", consensus=AsksTheOld),
    summary="while a configuration is joint, the majority of the old servers commits alone",
    source="the paper's section 6: agreement requires separate majorities from both",
    convicted_by={"committed-on-majority"},
    scenario="""
        n1 leads n2 and n3 into a joint configuration with n4 and n5. It counts the entry as
        committed when n2 has it; of the new servers only n1 itself does.
    """,
    witness="""
        with spares=2
        elect n1 [n2]
        replicate n1 [n2]
        change n1 target n1 n4 n5
        replicate n1 [n2]
    """,
)
