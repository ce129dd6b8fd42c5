"""A restart makes a server forget whom it voted for."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import NodeId
from raft.replica import Variant
from raft.storage import Storage


class ForgetsVote(Storage):
    """Saves the term alone."""

    def state_to_save(self, term: int, voted_for: NodeId | None) -> tuple[int, NodeId | None]:
        return term, None


register(
    Variant("vote-not-persisted", storage=ForgetsVote),
    summary="votedFor is not persistent: after a restart a server may vote again in the same term",
    source="eliben/raft f596df0; PySyncObj #201",
    convicted_by={"one-vote-a-term", "election-safety"},
    scenario="""
        n2 votes for n1 in term 1 and restarts: it must still know for whom it voted, or it may vote
        for n3 in term 1 too.
    """,
    witness="""
        elect n1 [n2]
        crash n2
        restart n2
    """,
)
