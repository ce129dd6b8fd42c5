"""C-Raft as a subject."""

from __future__ import annotations

from typing import Final

import msgspec

from nemesis.schedule import MILLISECOND, Knobs
from nemesis.subjects.c_raft.replica import CRaftReplica
from nemesis.subjects.subject import Machine

# raft_io promises nothing of messages, not even an order; of the disk it asks that what was
# acknowledged stays. io.time is a time, so it may run fast or slow, but is never set.
_FAULTS: Final = frozenset(
    {
        "partition",
        "grudge",
        "loss",
        "duplicate",
        "reorder",
        "delay",
        "slow-link",
        "crash",
        "crash-all",
        "pause",
        "unsynced-loss",
        "torn-write",
        "slow-disk",
        "clock-drift",
        "transfer-leadership",
    }
)


class CRaft:
    """Implements nemesis.subjects.subject.Subject. ``replica`` may be one with an error in it."""

    def __init__(self, name: str, replica: type[CRaftReplica] = CRaftReplica) -> None:
        self.name = name
        self.faults: frozenset[str] = _FAULTS
        self._replica = replica

    def knobs(self, drawn: Knobs) -> Knobs:
        """Time-outs are whole milliseconds, and random between once and twice the shortest; leaders
        without a quorum step down; reads are barriers, or entries of the log."""
        default = Knobs()
        heartbeat = max(drawn.heartbeat_interval // MILLISECOND, 1)
        election = max(drawn.election_timeout_min // MILLISECOND, heartbeat + 1)
        return msgspec.structs.replace(
            drawn,
            spares=0,
            reads="log" if drawn.reads == "log" else "index",
            max_clock_drift=default.max_clock_drift,
            check_quorum=True,
            election_timeout_min=election * MILLISECOND,
            election_timeout_max=2 * election * MILLISECOND,
            heartbeat_interval=heartbeat * MILLISECOND,
            max_entries_per_append=default.max_entries_per_append,
            max_bytes_per_append=default.max_bytes_per_append,
            max_appends_in_flight=default.max_appends_in_flight,
            max_bytes_in_flight=default.max_bytes_in_flight,
            max_uncommitted_bytes=default.max_uncommitted_bytes,
            snapshot_chunk_bytes=default.snapshot_chunk_bytes,
            priorities={},
            session_timeout=None,
        )

    def start(self, machine: Machine) -> CRaftReplica:
        """Start a server. Raises SubjectMissing."""
        return self._replica(machine)
