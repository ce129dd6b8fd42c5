"""The log is compacted further than the snapshot reaches."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.replica import Variant


class CompactsCommitted(Consensus):
    """Discards what is committed by the time the snapshot is saved."""

    def index_to_compact(self) -> int:
        return self.commit_index


register(
    Variant("compacts-to-commit", consensus=CompactsCommitted),
    summary=(
        "once a snapshot is saved, the log is discarded up to commitIndex, not up to the snapshot"
    ),
    source="a generic mistake with snapshots taken in the background; the paper's section 7",
    convicted_by={"compaction-behind-snapshot", "committed-on-majority"},
    scenario="""
        While n1 writes a snapshot of one entry, another is committed. The snapshot is saved, and
        both are discarded.
    """,
    witness="""
        with asynchronous_storage=true
        elect n1 [n2]
        replicate n1 [n2]
        stall n1
        snapshot n1
        propose n1 put x 1
        replicate n1 [n2 n3]
        perform n1 write
    """,
)
