"""A candidate that tries only once."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.state import FOLLOWER
from raft.replica import Variant


class TriesOnce(Consensus):
    """Campaigns as a follower; a candidate has done what it can."""

    def on_election_timeout(self) -> None:
        if self.role == FOLLOWER:
            super().on_election_timeout()


register(
    Variant("candidate-gives-up", consensus=TriesOnce),
    summary="a candidate whose election has come to nothing does not begin another",
    source="the paper's section 5.2: each candidate will time out and start a new election",
    convicted_by={"liveness"},
    scenario="""
        n2 and n3 have campaigned while nobody heard them. Each has voted for itself, so that n1
        cannot win in that term, and nobody begins another.
    """,
    witness="""
        elect n2 []
        elect n3 []
        settle
    """,
)
