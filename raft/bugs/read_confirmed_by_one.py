"""A single follower that confirms the leader."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.replica import Variant


class BelievesAnyone(Consensus):
    """Takes the newest round that anybody has answered."""

    def majority_read_round(self) -> int:
        return max((progress.read_round for progress in self.progress.values()), default=0)


register(
    Variant("read-confirmed-by-one", consensus=BelievesAnyone),
    summary="one answer, rather than a majority's, confirms that a leader still leads",
    source="thesis, section 6.4, step 3",
    convicted_by={"lease-safety", "linearizability"},
    scenario="""
        n1 and n5 are cut off from the other three, who elect n2. n5 still takes n1 for the leader.
    """,
    witness="""
        with replicas=5
        elect n1 [n2 n3]
        replicate n1 [n2 n3]
        elect n2 [n3 n4]
        propose n2 put x 1
        replicate n2 [n3 n4]
        read n1 x
        replicate n1 [n5]
    """,
)
