"""A joint configuration that a new leader inherits."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.replica import Variant


class InheritsNothing(Consensus):
    """Leaves what was begun before its time."""

    def become_leader(self) -> None:
        super().become_leader()
        self.awaits_configuration = False


register(
    Variant("joint-never-left", consensus=InheritsNothing),
    summary="a new leader does not leave the joint configuration that it finds in its log",
    source="etcd #12136",
    convicted_by={"liveness"},
    scenario="""
        n1 enters a joint configuration to remove n3, and brings it to n2, who is the next leader.
        Nobody leaves it any more.
    """,
    witness="""
        elect n1 [n2]
        replicate n1 [n2]
        change n1 remove n3 implicit
        deliver n1 n2 append newest
        elect n2 [n1 n3]
        settle
    """,
)
