"""The term of the snapshot's last entry is not known to the log."""

from __future__ import annotations

from msgspec.structs import replace

from raft.bugs.bug import register
from raft.consensus import Consensus, NodeId
from raft.consensus.messages import AppendEntries
from raft.consensus.progress import Progress
from raft.replica import Variant


class ForgetsBoundary(Consensus):
    """Says 0 for the term of the entry that a snapshot ends with."""

    def send_append_entries(self, peer: NodeId, progress: Progress) -> None:
        at_boundary = progress.next_index - 1 == self.log.base_index
        super().send_append_entries(peer, progress)
        message = self.outbox[-1]
        if at_boundary and isinstance(message, AppendEntries):
            self.outbox[-1] = replace(message, prev_log_term=0)


register(
    Variant("boundary-term-unknown", consensus=ForgetsBoundary),
    summary=(
        "prevLogTerm is 0 if prevLogIndex is the last entry of the snapshot: nothing after it "
        "is accepted"
    ),
    source="WRaft #118 (SandTable): prevLogTerm of what was compacted",
    convicted_by={"liveness"},
    scenario="""
        n3 needs the snapshot, gets it, and refuses what follows it for ever.
    """,
    witness="""
        elect n1 [n2]
        replicate n1 [n2]
        snapshot n1
        settle
    """,
)
