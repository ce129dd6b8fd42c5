"""The end of the log is gone, and nobody misses it."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.replica import Variant
from raft.storage import Storage
from raft.storage.vote_file import VoteFile


class VouchesForNothing(Storage):
    """Takes whatever segments there are for the log."""

    def read_vote_file(self, files: list[str]) -> VoteFile:
        return super().read_vote_file(files)._replace(segment=0)


register(
    Variant("missing-segment-ignored", storage=VouchesForNothing),
    summary="the log is whatever segments are found; that the newest is missing is not noticed",
    source="Alagappan and others, Protocol-Aware Recovery (FAST 2018): lost files",
    convicted_by={"corruption-undetected", "committed-on-majority"},
    scenario="""
        n2 has acknowledged two entries, in a segment each, and loses the newer one. It must not
        start as if it had the first entry only.
    """,
    witness="""
        with segment_bytes=128
        elect n1 [n2]
        propose n1 put x 1
        replicate n1 [n2]
        lose-file n2 log
        restart n2
    """,
)
