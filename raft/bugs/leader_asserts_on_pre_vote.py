"""A leader is sure that nobody would ask it for its vote."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.messages import PreVote
from raft.consensus.state import LEADER
from raft.replica import Variant


class ExpectsNoPreVote(Consensus):
    """Cannot think of a message that comes while it leads."""

    def on_pre_vote(self, message: PreVote) -> None:
        assert self.role != LEADER, "a leader was asked for a pre-vote"
        super().on_pre_vote(message)


register(
    Variant("leader-asserts-on-pre-vote", consensus=ExpectsNoPreVote),
    summary="a leader fails an assertion when it is asked for a pre-vote",
    source="DaosRaft #70; braft #365 and #492",
    convicted_by={"unhandled-exception"},
    scenario="""
        n1 leads, and n3 has not heard from it. So n3 asks for pre-votes, also n1.
    """,
    witness="""
        with pre_vote=true
        elect n1 [n2]
        elect n3 [n1]
    """,
)
