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
# The core loses nothing that a disk keeps, expects nothing of the network, and reads no clock. Of
# operators it takes what etcd offers: one server more or less, none of which comes back, no voter
# that becomes a learner.
_FAULTS = frozenset(name for name, kind in FAULTS.items() if kind.is_simulated) - {
    *("change-servers", "demote-server", "leave-joint", "promote-server", "reconfigure"),
    *("lying-disk", "replace-all", "replace-server"),
}
# These take a joint configuration.
_JOINT = frozenset(("replace-all", "replace-server"))


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
    clocks that run alike: none is touched, no process is paused, and nobody hands over."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.faults = _FAULTS - {
            *("clock-drift", "clock-jump", "clock-offset", "pause", "transfer-leadership")
        }

    def knobs(self, drawn: Knobs) -> Knobs:
        """CheckQuorum must be enabled with it."""
        kept = super().knobs(drawn)
        return msgspec.structs.replace(kept, reads="lease", check_quorum=True)


class EtcdRaftJointly(EtcdRaft):
    """The same, of which servers are replaced by others in one change: ConfChangeV2, left
    automatically."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.faults = _FAULTS | _JOINT


class EtcdRaftMeanwhile(EtcdRaft):
    """The same, and inputs are handled while the disk writes, as a Node of the package does."""

    def knobs(self, drawn: Knobs) -> Knobs:
        """Always."""
        return msgspec.structs.replace(super().knobs(drawn), asynchronous_storage=True)


# By what their versions end in.
_OTHERS: dict[str, type[EtcdRaftByLease | EtcdRaftJointly | EtcdRaftMeanwhile]] = {
    "-async": EtcdRaftMeanwhile,
    "-joint": EtcdRaftJointly,
    "-lease": EtcdRaftByLease,
}


def find(asked: str | None) -> EtcdRaft:
    """The one that is on this machine, or, if ``asked`` for by a version that ends so, another way
    to use it. Raises SubjectMissing, also if it is not this version."""
    found = version()
    for end, kind in _OTHERS.items():
        if asked == found + end:
            built()
            return kind(f"etcd-raft-{asked}")
    if asked not in (None, found):
        raise SubjectMissing(f"etcd-raft-{asked}: here is etcd-raft-{found}")
    built()
    return EtcdRaft(f"etcd-raft-{found}")
