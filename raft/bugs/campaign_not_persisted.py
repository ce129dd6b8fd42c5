"""A candidate saves neither the new term nor its own vote."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.replica import Variant


class CampaignsInMemory(Consensus):
    """Saves what it does for others only."""

    def request_votes(self, leadership_transfer: bool) -> None:
        super().request_votes(leadership_transfer)
        self.must_save = False


register(
    Variant("campaign-not-persisted", consensus=CampaignsInMemory),
    summary="term and vote are not persisted when a server starts an election itself",
    source="eliben/raft f596df0",
    convicted_by={"monotonic-term", "one-vote-a-term", "election-safety", "liveness"},
    scenario="""
        n1 asks for votes in term 1 and restarts: it must still be in term 1, in which it voted for
        itself. (With asynchronous storage nobody is ever asked: the requests wait for the write.)
    """,
    witness="""
        elect n1 []
        crash n1
        restart n1
    """,
)
