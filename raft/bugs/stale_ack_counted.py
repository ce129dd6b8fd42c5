"""An acknowledgement of an earlier leadership is counted."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.messages import AppendEntriesReply, InstallSnapshotReply
from raft.consensus.state import LEADER
from raft.replica import Variant


class CountsStaleAcks(Consensus):
    """Does not compare the answer's term with its own."""

    def counts_append_reply(self, message: AppendEntriesReply | InstallSnapshotReply) -> bool:
        return self.role == LEADER and message.source in self.progress


register(
    Variant("stale-ack-counted", consensus=CountsStaleAcks),
    summary="a late AppendEntries reply of an older term raises matchIndex in a newer one",
    source=(
        "PySyncObj, whose next_node_idx carries no term; the paper's Figure 2 compares terms of "
        "replies too"
    ),
    convicted_by={"committed-on-majority", "state-machine-safety", "leader-completeness"},
    scenario="""
        n2 acknowledges two entries of n1's first term, and the answer is late. n3 leads and
        replaces them by one at n1. When n1 leads again, only n3 gets its new entry; then the late
        answer says that n2 has it, too.
    """,
    witness="""
        with replicas=5
        elect n1 [n2 n3]
        replicate n1 [n2]
        propose n1 put x 1
        deliver n1 n2 append newest
        elect n3 [n4 n5]
        replicate n3 [n1]
        elect n1 [n2 n4]
        replicate n1 [n3]
        deliver n2 n1 append-reply
    """,
)
