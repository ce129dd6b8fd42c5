"""A leader waits for a snapshot that the follower no longer needs."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.messages import InstallSnapshotReply
from raft.consensus.progress import Progress
from raft.replica import Variant


class WaitsForSnapshot(Consensus):
    """Goes on with the log only if matchIndex is the very index of the snapshot."""

    def log_suffices(self, progress: Progress) -> bool:
        transfer = progress.transfer
        return transfer is not None and progress.match_index == transfer.snapshot.last_index

    def on_snapshot_installed(self, progress: Progress, message: InstallSnapshotReply) -> None:
        if progress.match_index <= message.last_index:
            super().on_snapshot_installed(progress, message)


register(
    Variant("sticks-to-pending-snapshot", consensus=WaitsForSnapshot),
    summary=(
        "the state snapshot ends only if matchIndex equals the pending index; it may have "
        "jumped past it"
    ),
    source="etcd-io/raft #124 and #110",
    convicted_by={"liveness"},
    scenario="""
        n3 holds two entries, but its acknowledgement is late; a refusal makes n1 send a snapshot of
        one of them. Then the acknowledgement arrives: matchIndex is beyond the snapshot, and n1
        waits for ever.
    """,
    witness="""
        elect n1 [n2]
        replicate n1 [n3]
        propose n1 put x 1
        replicate n1 [n2]
        snapshot n1
        propose n1 put x 2
        replicate n1 [n3?]
        deliver n3 n1 append-reply
        deliver n1 n3 append #1
        deliver n1 n3 append newest
        deliver n3 n1 append-reply newest
        settle
    """,
)
