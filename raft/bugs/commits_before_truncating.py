"""A follower commits before it has deleted what conflicts."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.messages import AppendEntries
from raft.replica import Variant


class CommitsFirst(Consensus):
    """Raises commitIndex to the last new entry, and then stores the entries."""

    def store_entries(self, message: AppendEntries) -> None:
        last_new_index = message.prev_log_index + len(message.entries)
        self.learn_commit_index(message.leader_commit, min(last_new_index, self.log.last_index))
        super().store_entries(message)


register(
    Variant("commits-before-truncating", consensus=CommitsFirst),
    summary=(
        "commitIndex is raised before conflicting entries are removed, so that those are committed"
    ),
    source="C-Raft #355 and #352",
    convicted_by={"state-machine-safety", "committed-on-majority"},
    scenario="""
        n1 has an entry of term 1 and n2, of term 2, has committed another in its place. One message
        tells n1 both, the right entry and that it is committed.
    """,
    witness="""
        elect n1 [n2]
        elect n2 [n3]
        replicate n2 [n3]
        replicate n2 [n1]
    """,
)
