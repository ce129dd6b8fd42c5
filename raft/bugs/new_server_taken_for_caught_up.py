"""A newcomer that is trusted blindly."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.replica import Variant


class TrustsNewcomers(Consensus):
    """Assumes that who is added has the log."""

    def update_progress(self) -> None:
        before = set(self.progress)
        super().update_progress()
        for peer in self.progress.keys() - before:
            self.progress[peer].match_index = self.log.last_index


register(
    Variant("new-server-taken-for-caught-up", consensus=TrustsNewcomers),
    summary="a leader counts a server that was just added as holding its whole log",
    source="thesis, section 4.1: nothing is known of a new server's log",
    # liveness: nextIndex never falls below matchIndex, so the newcomer is never sent the log.
    convicted_by={"committed-on-majority", "liveness"},
    scenario="""
        n1 adds n4, who has nothing. With n2 and, as it believes, n4 it has three of four.
    """,
    witness="""
        with spares=1
        elect n1 [n2]
        replicate n1 [n2]
        change n1 add-voter n4
        replicate n1 [n2]
    """,
)
