"""A snapshot is said to cover what is only committed."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.replica import Variant


class CountsCommitted(Consensus):
    """Labels the state with commitIndex, though the state machine is behind."""

    def index_to_snapshot(self, applied_index: int) -> int:
        return self.commit_index


register(
    Variant("snapshot-ahead-of-state", consensus=CountsCommitted),
    summary=(
        "a snapshot's lastIncludedIndex is commitIndex, not lastApplied: what lies between is lost"
    ),
    source=(
        "etcd #13766 (index and data saved apart); thesis, section 5.1: the snapshot is of "
        "lastApplied"
    ),
    convicted_by={"snapshot-of-applied", "same-state"},
    scenario="""
        n1 has applied an entry. Another one is committed, but its state machine takes its time,
        when n1 takes a snapshot.
    """,
    witness="""
        with asynchronous_storage=true
        elect n1 [n2]
        replicate n1 [n2]
        stall n1
        propose n1 put x 1
        replicate n1 [n2 n3]
        snapshot n1
        perform n1 write
        perform n1 write
    """,
)
