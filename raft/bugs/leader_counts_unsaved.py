"""A leader counts its own copy before its disk has it."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.replica import Variant


class CountsOwnMemory(Consensus):
    """Holds an entry as soon as it is in its memory."""

    def majority_match_index(self) -> int:
        self.saved_index = self.log.last_index
        return super().majority_match_index()


register(
    Variant("leader-counts-unsaved", consensus=CountsOwnMemory),
    summary="a leader that writes its log asynchronously counts itself before the write is done",
    source="etcd #14370 (one member: answered before the WAL was written); thesis, section 10.2.1",
    convicted_by={"committed-on-majority"},
    scenario="""
        n1's disk is slow, and n2 acknowledges the entry first: that is one disk of three, and not
        two.
    """,
    witness="""
        with asynchronous_storage=true
        elect n1 [n2]
        stall n1
        propose n1 put x 1
        replicate n1 [n2]
    """,
)
