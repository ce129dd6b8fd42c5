"""Who would vote is taken for having voted."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.state import CANDIDATE
from raft.replica import Variant


class CountsPreVotes(Consensus):
    """Goes from the pre-vote to the election with the votes that it has."""

    def start_election(self, leadership_transfer: bool = False) -> None:
        promised = self.votes
        super().start_election(leadership_transfer)
        self.votes |= promised
        if self.role == CANDIDATE:
            self.become_leader_if_elected()


register(
    Variant("pre-votes-counted", consensus=CountsPreVotes),
    summary="votes are not reset between pre-vote and election, so that pre-votes count",
    source="raft-rs #83 and #84",
    convicted_by={"elected-by-quorum", "election-safety", "leader-completeness"},
    scenario="""
        n1 leads term 1. n2 tells n3 that it would vote for it in term 2, which is no vote yet: n3
        must ask again, and may not lead before n2 has voted.
    """,
    witness="""
        with pre_vote=true
        elect n1 [n2 n3]
        elect n3 [n2]
    """,
)
