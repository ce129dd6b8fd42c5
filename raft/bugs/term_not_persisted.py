"""A restart takes a server back to a term that is long over."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import NodeId
from raft.replica import Variant
from raft.storage import Storage


class ForgetsTerm(Storage):
    """Saves neither currentTerm nor votedFor, only the log."""

    def state_to_save(self, term: int, voted_for: NodeId | None) -> tuple[int, NodeId | None]:
        return 0, None


register(
    Variant("term-not-persisted", storage=ForgetsTerm),
    summary="currentTerm is not persistent: a restart takes a server back to a term long over",
    source="PySyncObj #201 and #202 (Patroni); eliben/raft 0ae7b34",
    convicted_by={"monotonic-term", "one-vote-a-term", "election-safety"},
    scenario="""
        n2 votes in term 1 and restarts: it must still be in term 1.
    """,
    witness="""
        elect n1 [n2]
        crash n2
        restart n2
    """,
)
