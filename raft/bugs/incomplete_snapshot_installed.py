"""A snapshot is installed without its beginning."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.messages import InstallSnapshot
from raft.replica import Variant


class InstallsAtLastChunk(Consensus):
    """Takes the last chunk for the end of the transfer."""

    def is_complete(self, message: InstallSnapshot, held: int) -> bool:
        return message.done


register(
    Variant("incomplete-snapshot-installed", consensus=InstallsAtLastChunk),
    summary="the chunk that is marked done completes the snapshot, though others are missing",
    source="the paper's Figure 13, rule 4; a generic mistake with chunks",
    convicted_by={"unhandled-exception", "same-state"},
    scenario="""
        n3 has the first chunk and restarts, which loses it. Then the last one arrives.
    """,
    witness="""
        with snapshot_chunk_bytes=2
        elect n1 [n2]
        replicate n1 [n2]
        snapshot n1
        replicate n1 [n3?]
        deliver n3 n1 snapshot-reply
        crash n3
        restart n3
        deliver n1 n3 snapshot newest
    """,
)
