"""A follower whose next entry is the snapshot's last never gets the snapshot."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus, NodeId
from raft.consensus.messages import AppendEntries
from raft.consensus.progress import Progress
from raft.replica import Variant


class SendsNoSnapshot(Consensus):
    """Takes the last compacted entry for one that it has, and sends a heartbeat instead."""

    def send_append_entries(self, peer: NodeId, progress: Progress) -> None:
        if progress.next_index != self.log.base_index:
            super().send_append_entries(peer, progress)
            return
        heartbeat = AppendEntries(
            self.node, peer, self.current_term, 0, 0, (), self.commit_index, self.read_round
        )
        self.outbox.append(heartbeat)


register(
    Variant("snapshot-never-sent", consensus=SendsNoSnapshot),
    summary=(
        "if nextIndex is the snapshot's last index, an AppendEntries without entries is sent, "
        "not the snapshot"
    ),
    source="WRaft #118, second bug (SandTable); RedisRaft #47",
    convicted_by={"liveness"},
    scenario="""
        n3 lacks one entry, of which n1 has only a snapshot left. It gets heartbeats.
    """,
    witness="""
        elect n1 [n2]
        replicate n1 [n2]
        snapshot n1
        settle
    """,
)
