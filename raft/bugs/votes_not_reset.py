"""A candidate that campaigns again goes on counting where it was."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.state import CANDIDATE
from raft.replica import Variant


class GoesOnCounting(Consensus):
    """Keeps the votes of the election that it did not win."""

    def start_election(self, leadership_transfer: bool = False) -> None:
        earlier = self.votes if self.role == CANDIDATE else set()
        super().start_election(leadership_transfer)
        self.votes |= earlier
        if self.role == CANDIDATE:
            self.become_leader_if_elected()


register(
    Variant("votes-not-reset", consensus=GoesOnCounting),
    summary="votes granted in an older term are kept when a candidate campaigns again",
    source="a generic mistake; raft-rs #83 is the like of it for pre-votes",
    convicted_by={"elected-by-quorum", "election-safety", "leader-completeness"},
    scenario="""
        Of five servers n2 votes for n1 in term 1, and only n3 in term 2: these are two of the three
        that n1 needs in term 2, its own vote among them.
    """,
    witness="""
        with replicas=5
        elect n1 [n2]
        elect n1 [n3]
    """,
)
