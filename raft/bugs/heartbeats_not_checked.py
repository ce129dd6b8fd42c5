"""Heartbeats pass without the consistency check."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.messages import AppendEntries
from raft.replica import Variant


class TrustsHeartbeats(Consensus):
    """Compares logs only if there is something to append."""

    is_heartbeat = False

    def on_append_entries(self, message: AppendEntries) -> None:
        self.is_heartbeat = not message.entries
        super().on_append_entries(message)

    def log_matches(self, prev_log_index: int, prev_log_term: int) -> bool:
        return self.is_heartbeat or super().log_matches(prev_log_index, prev_log_term)


register(
    Variant("heartbeats-not-checked", consensus=TrustsHeartbeats),
    summary=(
        "an AppendEntries without entries is acknowledged without comparing prevLogIndex and "
        "prevLogTerm"
    ),
    source="MIT 6.824, Students' Guide to Raft: heartbeats are no special messages",
    convicted_by={"committed-on-majority", "monotonic-commit", "state-machine-safety"},
    scenario="""
        An entry is lost on the way to n2. The next heartbeat names it as the entry that precedes,
        and n2 acknowledges that it is there.
    """,
    witness="""
        elect n1 [n2]
        replicate n1 [n2]
        propose n1 put x 1
        replicate n1 [n2]
    """,
)
