"""A follower that has the snapshot counts as having the log."""

from __future__ import annotations

from msgspec.structs import replace

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.messages import InstallSnapshotReply
from raft.consensus.progress import Progress
from raft.replica import Variant


class CountsAsCaughtUp(Consensus):
    """Raises matchIndex to the end of the log."""

    def on_snapshot_installed(self, progress: Progress, message: InstallSnapshotReply) -> None:
        super().on_snapshot_installed(progress, replace(message, last_index=self.log.last_index))


register(
    Variant("installed-counts-as-caught-up", consensus=CountsAsCaughtUp),
    summary="after InstallSnapshot matchIndex is the leader's last index, not the snapshot's",
    source="a generic mistake of first implementations; the paper's Figure 13",
    # liveness: nextIndex never falls below matchIndex, so what n3 only seems to have is never sent.
    convicted_by={
        "committed-on-majority",
        "state-machine-safety",
        "leader-completeness",
        "liveness",
    },
    scenario="""
        n3 gets the snapshot of one entry. The second entry is n1's alone, and counts as n3's too.
    """,
    witness="""
        elect n1 [n2]
        replicate n1 [n2]
        snapshot n1
        propose n1 put x 1
        deliver n1 n3 snapshot
        deliver n3 n1 snapshot-reply
        propose n1 put x 2
    """,
)
