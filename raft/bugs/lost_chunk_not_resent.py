"""A chunk that was lost is never sent again."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.progress import SnapshotTransfer
from raft.replica import Variant


class NeverResends(Consensus):
    """Waits for the follower to have more."""

    def is_chunk_lost(self, transfer: SnapshotTransfer) -> bool:
        return False


register(
    Variant("lost-chunk-not-resent", consensus=NeverResends),
    summary="a leader that has sent a chunk of a snapshot waits for its answer for ever",
    source=(
        "Dgraph #2698 and #2707: a follower that crashed while it got a snapshot was left in limbo"
    ),
    convicted_by={"liveness"},
    scenario="""
        n3 needs n1's snapshot, and the message that carries it is lost.
    """,
    witness="""
        elect n1 [n2]
        replicate n1 [n2]
        snapshot n1
        settle
    """,
)
