"""A snapshot replaces the log in memory, but not on the disk."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus.snapshot import Snapshot
from raft.replica import Variant
from raft.storage import Storage


class KeepsLogOnDisk(Storage):
    """Keeps whatever follows by index."""

    def goes_on_after(self, snapshot: Snapshot) -> bool:
        return self._log.last_index >= snapshot.last_index


register(
    Variant("disk-keeps-replaced-log", storage=KeepsLogOnDisk),
    summary=(
        "a log that conflicts with a snapshot received is gone in memory only: a restart finds "
        "it again"
    ),
    source="RedisRaft #43 and #14: log and snapshot did not fit together after a restart",
    convicted_by={"log-matching", "state-machine-safety", "unhandled-exception"},
    scenario="""
        n3 has two entries of term 1, of which nobody else knows. It gets n1's snapshot of one entry
        of term 2. A restart finds its own second entry after the snapshot.
    """,
    witness="""
        elect n3 [n1]
        propose n3 put x 1
        elect n1 [n2]
        replicate n1 [n2]
        snapshot n1
        replicate n1 [n3]
        crash n3
        restart n3
    """,
)
