"""The leader's count of what is uncommitted grows with every election."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.configuration import Configuration
from raft.consensus.log import entry_size
from raft.consensus.state import LEADER
from raft.replica import Variant


class CountsUncommitted(Consensus):
    """Keeps a counter, and takes off it the commands only."""

    uncommitted: int = 0

    def append_as_leader(self, command: bytes, configuration: Configuration | None = None) -> int:
        index = super().append_as_leader(command, configuration)
        self.uncommitted += entry_size(self.log.entry_at(index))
        return index

    def set_commit_index(self, index: int) -> None:
        for entry in self.log.entries_from(self.commit_index + 1, index - self.commit_index):
            if entry.command and self.role == LEADER:
                self.uncommitted -= entry_size(entry)
        super().set_commit_index(index)

    def uncommitted_bytes(self) -> int:
        return self.uncommitted


register(
    Variant("uncommitted-size-leaks", consensus=CountsUncommitted),
    summary="entries without a command stay in the count of uncommitted bytes for ever",
    source="etcd a370b6f",
    convicted_by={"liveness"},
    scenario="""
        A leader's first entry has no command. It is counted as uncommitted, and never as committed,
        so that there is no room for a proposal.
    """,
    witness="""
        with max_uncommitted_bytes=16
        settle
    """,
)
