"""A late snapshot takes the state back."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.replica import Variant


class InstallsAnySnapshot(Consensus):
    """Takes every snapshot for news."""

    def is_covered(self, last_index: int) -> bool:
        return False


register(
    Variant("stale-snapshot-installed", consensus=InstallsAnySnapshot),
    summary="a snapshot older than the follower's state is installed over it",
    source="NuRaft #407; etcd ignores a snapshot at or below its commit index",
    convicted_by={"applied-within-commit", "state-machine-safety", "monotonic-snapshot"},
    scenario="""
        A snapshot of one entry is on its way to n3. It comes by another copy, and so does the next
        entry, which is committed and applied. Then the first copy arrives.
    """,
    witness="""
        elect n1 [n2]
        replicate n1 [n2]
        snapshot n1
        propose n1 put x 1
        replicate n1 [n3]
        replicate n1 [n3]
        deliver n1 n3 snapshot
    """,
)
