"""A snapshot is added to the state instead of replacing it."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.kv.state_machine import KeyValueStore
from raft.replica import Variant


class MergesSnapshots(KeyValueStore):
    """Keeps what it has and the snapshot has not."""

    def restore(self, snapshot: bytes) -> None:
        former = self._values
        super().restore(snapshot)
        self._values = former | self._values


register(
    Variant("restore-merges", state_machine=MergesSnapshots),
    summary="restoring a snapshot leaves keys that were deleted meanwhile",
    source="jgroups-raft #301",
    convicted_by={"same-state", "linearizability"},
    scenario="""
        n3 knows two keys. It misses the deletion of one, which n1 and n2 hold as a snapshot only,
        and gets the snapshot.
    """,
    witness="""
        elect n1 [n2]
        propose n1 put x 1
        propose n1 put y 1
        replicate n1 [n3]
        replicate n1 [n3]
        propose n1 delete y
        replicate n1 [n2]
        snapshot n1
        settle
    """,
)
