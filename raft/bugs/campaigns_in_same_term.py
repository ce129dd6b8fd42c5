"""A candidate that did not win asks again in the same term."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.state import CANDIDATE
from raft.replica import Variant


class AsksAgain(Consensus):
    """Repeats its requests instead of beginning a new election."""

    def start_election(self, leadership_transfer: bool = False) -> None:
        if self.role == CANDIDATE:
            self.reset_election_timer()
            self.request_votes(leadership_transfer)
        else:
            super().start_election(leadership_transfer)


register(
    Variant("campaigns-in-same-term", consensus=AsksAgain),
    summary="a candidate whose election time-out ends does not increment currentTerm",
    source="a generic mistake; the paper's section 5.2 on split votes",
    convicted_by={"liveness"},
    scenario="""
        All three campaign in term 1, n1 as the last, and vote for themselves: a split vote. As long
        as nobody goes on to term 2, it stays one.
    """,
    witness="""
        elect n2 []
        elect n3 []
        settle
    """,
)
