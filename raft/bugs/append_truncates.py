"""A late AppendEntries erases what came after it."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.messages import AppendEntries
from raft.replica import Variant


class TruncatesAlways(Consensus):
    """Takes the message for the end of the log, conflict or not."""

    def store_entries(self, message: AppendEntries) -> None:
        after = max(message.prev_log_index, self.log.base_index)
        if message.entries and after < self.log.last_index:
            self.truncate_log_from(after + 1)
        super().store_entries(message)


register(
    Variant("append-truncates", consensus=TruncatesAlways),
    summary="AppendEntries cuts the log after prevLogIndex, though nothing conflicts",
    source="RaftOS #26; CCF #5991",
    convicted_by={
        "committed-on-majority",
        "state-machine-safety",
        "leader-completeness",
        "liveness",
    },
    scenario="""
        n1 sends its no-op to n2, and the message is late. By a later one n2 gets two entries, which
        are committed then. Now the first message arrives, and n2 cuts off what was committed.
    """,
    witness="""
        elect n1 [n2]
        propose n1 put x 1
        replicate n1 [n2]
        deliver n1 n2 append
    """,
)
