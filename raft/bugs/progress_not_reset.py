"""A leader goes on with the matchIndex of its last leadership."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.replica import Variant


class KeepsProgress(Consensus):
    """Knows already how much each of them holds."""

    def initialize_progress(self) -> None:
        known = self.progress
        super().initialize_progress()
        for peer in self.progress.keys() & known.keys():
            self.progress[peer].next_index = known[peer].next_index
            self.progress[peer].match_index = known[peer].match_index


register(
    Variant("progress-not-reset", consensus=KeepsProgress),
    summary="nextIndex and matchIndex are not reinitialized after election",
    source="eliben/raft 65fc436; the paper's Figure 2: reinitialized after election",
    convicted_by={"committed-on-majority", "state-machine-safety", "leader-completeness"},
    scenario="""
        In its first term n1 learns that n2 has two entries. n3 leads and replaces them by one at
        n1. When n1 leads again, it still counts n2's copy of a second entry, which is another one
        now.
    """,
    witness="""
        with replicas=5
        elect n1 [n2 n3]
        propose n1 put x 1
        replicate n1 [n2]
        elect n3 [n4 n5]
        replicate n3 [n1]
        elect n1 [n2 n4]
        replicate n1 [n3]
    """,
)
