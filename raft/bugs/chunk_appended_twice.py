"""A chunk that comes twice is added twice."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.messages import InstallSnapshot
from raft.consensus.snapshots import IncomingSnapshot
from raft.replica import Variant


class AppendsAnyChunk(Consensus):
    """Does not look at the offset."""

    def follows(self, message: InstallSnapshot, incoming: IncomingSnapshot) -> bool:
        return True


register(
    Variant("chunk-appended-twice", consensus=AppendsAnyChunk),
    summary="a chunk of a snapshot is written at the end of what has come, not at its offset",
    source="the paper's Figure 13, rule 3; a generic mistake with chunks",
    convicted_by={"unhandled-exception", "same-state"},
    scenario="""
        The first chunk of a snapshot is doubled on the way to n3; the rest is added to both.
    """,
    witness="""
        with snapshot_chunk_bytes=2
        elect n1 [n2]
        replicate n1 [n2]
        snapshot n1
        replicate n1 []
        deliver n1 n3 snapshot copy
        deliver n1 n3 snapshot
        replicate n1 [n3]
    """,
)
