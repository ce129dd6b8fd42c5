"""A late heartbeat erases what came after it."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.messages import AppendEntries
from raft.replica import Variant


class TruncatesAtHeartbeats(Consensus):
    """Takes a heartbeat for word of where the leader's log ends."""

    def store_entries(self, message: AppendEntries) -> None:
        after = max(message.prev_log_index, self.log.base_index)
        if not message.entries and after < self.log.last_index:
            self.truncate_log_from(after + 1)
        super().store_entries(message)


register(
    Variant("heartbeat-truncates", consensus=TruncatesAtHeartbeats),
    summary="an AppendEntries without entries cuts the log after prevLogIndex",
    source="RaftOS #26; CCF #5991 (truncation from an early AppendEntries)",
    convicted_by={"committed-on-majority", "state-machine-safety", "leader-completeness"},
    scenario="""
        A heartbeat is on its way while two entries overtake it and are committed. Then it arrives
        at n2, which forgets them, and votes for n3, which never had them.
    """,
    witness="""
        elect n1 [n3]
        propose n1 put x 1
        replicate n1 [n2]
        deliver n1 n2 append newest
        elect n3 [n2]
    """,
)
