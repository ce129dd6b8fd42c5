"""etcd's Raft core as a subject."""

from __future__ import annotations

from functools import cache

import msgspec

from nemesis.faults import FAULTS
from nemesis.schedule import Knobs
from nemesis.subjects.errors import SubjectMissing
from nemesis.subjects.etcd_raft.build import built, version
from nemesis.subjects.etcd_raft.library import Library
from nemesis.subjects.etcd_raft.replica import EtcdRaftReplica
from nemesis.subjects.subject import Machine

_DEFAULTS = Knobs()
# The core loses nothing that a disk keeps, expects nothing of the network, and reads no clock; the
# servers stay the same.
_FAULTS = frozenset(
    name for name, kind in FAULTS.items() if kind.is_simulated and not kind.least_spares
) - {
    *("change-servers", "demote-server", "leave-joint", "promote-server", "reconfigure"),
    *("remove-server", "replace-all", "replace-server", "rolling-restart", "transfer-leadership"),
}


@cache
def library() -> Library:
    """The shim, loaded when it is first asked for. Raises SubjectMissing."""
    return Library(built())


class EtcdRaft:
    """Implements nemesis.subjects.subject.Subject. ``replica`` is what its servers run."""

    def __init__(self, name: str, replica: type[EtcdRaftReplica] = EtcdRaftReplica) -> None:
        self.name = name
        self.faults: frozenset[str] = _FAULTS
        self._replica = replica

    def knobs(self, drawn: Knobs) -> Knobs:
        """The core draws its time-outs from between one and two of the shortest, and limits appends
        by bytes alone."""
        return msgspec.structs.replace(
            drawn,
            spares=0,
            reads="index" if drawn.reads == "lease" else drawn.reads,
            election_timeout_max=2 * drawn.election_timeout_min,
            max_entries_per_append=_DEFAULTS.max_entries_per_append,
            max_bytes_in_flight=0,
            snapshot_chunk_bytes=_DEFAULTS.snapshot_chunk_bytes,
            priorities={},
            session_timeout=None,
            asynchronous_storage=False,
        )

    def start(self, machine: Machine) -> EtcdRaftReplica:
        """Bring a server up."""
        return self._replica(machine, library())


class EtcdRaftByLease(EtcdRaft):
    """The same, read by ReadOnlyLeaseBased instead of ReadOnlySafe. It claims to need no more than
    clocks that run alike: none is touched, and no process is paused."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.faults = _FAULTS - {"clock-drift", "clock-jump", "clock-offset", "pause"}

    def knobs(self, drawn: Knobs) -> Knobs:
        """CheckQuorum must be enabled with it."""
        kept = super().knobs(drawn)
        return msgspec.structs.replace(kept, reads="lease", check_quorum=True)


def find(asked: str | None) -> EtcdRaft:
    """The one that is on this machine, or, if ``asked`` for by a version that ends in -lease, the
    one that reads so. Raises SubjectMissing, also if it is not this version."""
    found = version()
    if asked not in (None, found, f"{found}-lease"):
        raise SubjectMissing(f"etcd-raft-{asked}: here is etcd-raft-{found}")
    built()
    if asked == f"{found}-lease":
        return EtcdRaftByLease(f"etcd-raft-{asked}")
    return EtcdRaft(f"etcd-raft-{found}")
