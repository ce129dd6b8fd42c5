"""A crash leaves an empty file where term and vote were."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import NodeId
from raft.replica import Variant
from raft.storage import Storage
from raft.storage.disk import UNFINISHED
from raft.storage.vote_file import VOTE_FILE, VoteFile


class RenamesUnsynced(Storage):
    """Replaces the vote file without a sync in between."""

    def _write_vote_file(self, term: int, voted_for: NodeId | None) -> None:
        self._vote_file = VoteFile(term, voted_for, self._log.number, self._snapshot_index)
        self.disk.create(VOTE_FILE + UNFINISHED, self._vote_file.encode())
        self.disk.rename(VOTE_FILE + UNFINISHED, VOTE_FILE)
        self.durable_term, self.durable_vote = term, voted_for


register(
    Variant("renamed-before-synced", storage=RenamesUnsynced),
    summary="the new file of term and vote takes its name before it is synced",
    source="ROCm/spur #635; robustmq #2039 (votes in the page cache only)",
    convicted_by={"unhandled-exception"},
    scenario="""
        n2 votes for n1, and power fails. The name of the vote file is on the disk, its bytes are
        not: n2 can never start again, though nothing was wrong with its disk.
    """,
    witness="""
        elect n1 [n2]
        crash n2
        restart n2
    """,
)
