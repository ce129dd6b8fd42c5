"""Chunks of different snapshots are put together."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.messages import InstallSnapshot
from raft.consensus.snapshots import IncomingSnapshot
from raft.replica import Variant


class MixesChunks(Consensus):
    """Goes by the offset alone."""

    def set_term(self, term: int) -> None:
        incoming = self.incoming_snapshot
        super().set_term(term)
        self.incoming_snapshot = incoming

    def collect_chunk(self, message: InstallSnapshot) -> int:
        if self.incoming_snapshot is not None:
            begun, self.incoming_snapshot = self.incoming_snapshot, IncomingSnapshot(message)
            self.incoming_snapshot.data = begun.data
        return super().collect_chunk(message)


register(
    Variant("chunks-mixed", consensus=MixesChunks),
    summary="a chunk is added to what has come of another leader's snapshot",
    source=(
        "a generic mistake with chunks; the paper's Figure 13 tells snapshots apart by their "
        "last entry"
    ),
    convicted_by={"unhandled-exception", "same-state"},
    scenario="""
        n3 has the first chunk of n1's snapshot. n2 leads next and has a newer one; n3 says how much
        it has, and gets the rest of n2's.
    """,
    witness="""
        with snapshot_chunk_bytes=3
        elect n1 [n2]
        replicate n1 [n2]
        snapshot n1
        replicate n1 []
        deliver n1 n3 snapshot
        elect n2 [n1]
        propose n2 put x 1
        replicate n2 [n1]
        snapshot n2
        replicate n2 [n3]
    """,
)
