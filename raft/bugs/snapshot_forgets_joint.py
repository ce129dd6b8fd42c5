"""A snapshot of a joint configuration, restored as a simple one."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.changes import leave_joint
from raft.consensus.configuration import Configuration
from raft.replica import Variant


class SnapshotsTheVoters(Consensus):
    """Saves who votes, and not who did."""

    def configuration_at(self, index: int) -> Configuration:
        return leave_joint(super().configuration_at(index))


register(
    Variant("snapshot-forgets-joint", consensus=SnapshotsTheVoters),
    summary="a joint configuration comes back from a snapshot as its incoming half",
    source="etcd e515a67",
    convicted_by={"same-configuration"},
    scenario="""
        n1 takes n2 in by way of a joint configuration, takes a snapshot while that is in effect,
        and is restarted.
    """,
    witness="""
        with replicas=1 spares=1
        elect n1 []
        change n1 add-voter n2 explicit
        replicate n1 [n2]
        snapshot n1
        crash n1
        restart n1
    """,
)
