"""A configuration outlives its entry."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.replica import Variant


class KeepsConfiguration(Consensus):
    """Removes an entry, and not what it has set."""

    def roll_back_configuration(self, index: int) -> None:
        pass


register(
    Variant("configuration-not-rolled-back", consensus=KeepsConfiguration),
    summary="a configuration stays in effect when its entry is truncated",
    source="canonical/raft #250, #323; sofa-jraft #1",
    convicted_by={
        "leader-completeness",
        "election-safety",
        "overlapping-quorums",
        "state-machine-safety",
    },
    scenario="""
        n1 of four removes n4, which nobody else hears of, and its entry is overwritten by n3, who
        goes on to add n5. Yet n1 still counts three members: n2's vote elects it, while n3, n4 and
        n5 commit without it.
    """,
    witness="""
        with replicas=4 spares=1
        elect n1 [n2 n3]
        replicate n1 [n2 n3]
        change n1 remove n4
        elect n3 [n2 n4]
        replicate n3 [n1 n4]
        change n3 add-voter n5
        replicate n3 [n4 n5]
        elect n1 [n2]
    """,
)
