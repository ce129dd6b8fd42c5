"""A follower acknowledges what its disk does not have yet."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.messages import AppendEntriesReply
from raft.replica import Variant


class AcknowledgesBeforeSaving(Consensus):
    """Treats a success as any other message of the term."""

    def append_reply_may_leave(self, message: AppendEntriesReply) -> bool:
        return self.is_term_saved(message.term)


register(
    Variant("entries-acknowledged-before-durable", consensus=AcknowledgesBeforeSaving),
    summary="AppendEntries is acknowledged before its entries are durable (asynchronous storage)",
    source="the paper's Figure 2; etcd/raft, asynchronous storage writes (MsgStorageAppend)",
    convicted_by={
        "committed-on-majority",
        "liveness",
    },
    scenario="""
        n2 answers while its disk still writes, and n1 counts the entry as committed: only its own
        disk has it.
    """,
    witness="""
        with asynchronous_storage=true
        elect n1 [n2]
        stall n2
        replicate n1 [n2]
    """,
)
