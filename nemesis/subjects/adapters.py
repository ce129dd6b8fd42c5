"""What adapters are written with, under one name (docs/testing-your-raft.md)."""

from nemesis.subjects.bearing import (
    CLOCKS,
    LOST_DISKS,
    NETWORK,
    POWER,
    PROCESSES,
    plain_knobs,
)
from nemesis.subjects.capabilities import Asynchronous, Configured, SendsAtOnce
from nemesis.subjects.errors import SubjectFailed, SubjectMissing
from nemesis.subjects.messages import Envelope, Produced
from nemesis.subjects.observation import Observation, SnapshotSeen, digest_of
from nemesis.subjects.service import KeyValueService
from nemesis.subjects.streams import Streams
from nemesis.subjects.subject import Machine, Replica, Standing, Subject
from raft.client_messages import ClientReply, ClientRequest
from raft.consensus import Entry
from raft.storage import Disk, DiskError, DiskFull, StorageCorrupt
from raft.storage.disk import replace_file

__all__ = [
    "CLOCKS",
    "LOST_DISKS",
    "NETWORK",
    "POWER",
    "PROCESSES",
    "Asynchronous",
    "ClientReply",
    "ClientRequest",
    "Configured",
    "Disk",
    "DiskError",
    "DiskFull",
    "Entry",
    "Envelope",
    "KeyValueService",
    "Machine",
    "Observation",
    "Produced",
    "Replica",
    "SendsAtOnce",
    "SnapshotSeen",
    "Standing",
    "StorageCorrupt",
    "Streams",
    "Subject",
    "SubjectFailed",
    "SubjectMissing",
    "digest_of",
    "plain_knobs",
    "replace_file",
]
