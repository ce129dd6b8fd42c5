"""A server that has lost its vote begins anew."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.replica import Variant
from raft.storage import Storage
from raft.storage.vote_file import VOTE_FILE, VoteFile


class StartsAtTermZero(Storage):
    """Takes a server without a vote file for one that has never run."""

    def read_vote_file(self, files: list[str]) -> VoteFile:
        return super().read_vote_file(files) if VOTE_FILE in files else VoteFile(0, None, 0, 0)


register(
    Variant("missing-vote-is-term-0", storage=StartsAtTermZero),
    summary="a missing file of term and vote is read as term 0 without a vote",
    source="sofa-jraft, found by Specula (TLC: ElectionSafety); ClickHouse #111454",
    convicted_by={"corruption-undetected", "monotonic-term", "one-vote-a-term", "election-safety"},
    scenario="""
        n2 votes in term 1, and the file is lost. It must not start, since it may have promised
        anything.
    """,
    witness="""
        elect n1 [n2]
        lose-file n2 vote
        restart n2
    """,
)
