"""What a C-Raft server keeps, on the disk of its machine: the log, term and vote and snapshots of
``raft.storage``, whose files survive what a disk may do to them. C-Raft leaves all of this to its
user (raft_io); what its own libuv backend does with files is not under test here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from nemesis.subjects.c_raft.effects import CHANGE, STANDBY, VOTER, CoreEntry, CoreSnapshot
from nemesis.subjects.subject import Machine
from raft.consensus import Entry
from raft.consensus.configuration import Configuration
from raft.consensus.snapshot import Snapshot, first_snapshot
from raft.storage import Storage
from raft.storage.vote_file import VOTE_FILE


def number_of(name: str | None) -> int:
    """The id of the server with this name; 0 for none."""
    return int(name[1:]) if name else 0


def name_of(number: int) -> str | None:
    """The name of the server with this id; None for 0, which is nobody."""
    return f"n{number}" if number else None


def entry_of(index: int, entry: CoreEntry) -> Entry:
    """As the disk and those who judge see it: its type, and its data."""
    return Entry(index, entry.term, bytes((entry.type,)) + entry.data)


def core_entry_of(entry: Entry) -> CoreEntry:
    """As libraft has it."""
    return CoreEntry(entry.term, entry.command[0], entry.command[1:])


def configuration_of(servers: Sequence[tuple[int, int]]) -> Configuration:
    """Ids and roles as a configuration; spares receive nothing, so they belong to none."""
    return Configuration(
        tuple(f"n{number}" for number, role in servers if role == VOTER),
        learners=tuple(f"n{number}" for number, role in servers if role == STANDBY),
    )


class Found(NamedTuple):
    """What the disk held at the start."""

    term: int
    voted_for: str | None
    entries: list[Entry]
    snapshot: CoreSnapshot | None


class CoreDisk:
    """Every method but ``start`` has made durable what it says when it returns. Raises DiskError,
    StorageCorrupt."""

    def __init__(self, machine: Machine) -> None:
        self.storage = Storage(machine.disk, machine.knobs.segment_bytes)
        # The newest snapshot that is durable.
        self.snapshot: CoreSnapshot | None = None

    @property
    def durable(self) -> tuple[int, str | None, int]:
        """Term, vote and last index that syncs have returned for."""
        storage = self.storage
        return storage.durable_term, storage.durable_vote, storage.durable_index

    def start(self, machine: Machine, first_configuration: bytes) -> Found:
        """What the disk holds; at the first start, the first entry of every log, of term 1, as
        raft_io.bootstrap has it. If power fails meanwhile, what is missing is written again."""
        storage = self.storage
        if machine.is_first_start and VOTE_FILE not in machine.disk.files():
            storage.initialize(first_snapshot(machine.members))
        recovered = storage.recover()
        entries = recovered.entries
        if recovered.snapshot.last_index:
            self.snapshot = CoreSnapshot.decode(recovered.snapshot.data)
        elif machine.is_first_start and not entries:
            entries = [entry_of(1, CoreEntry(1, CHANGE, first_configuration))]
            storage.save(1, None, entries)
        return Found(storage.durable_term, storage.durable_vote, entries, self.snapshot)

    def set(self, term: int, vote: str | None) -> None:
        """Term, and vote in it."""
        self.storage.save(term, vote, ())

    def append(self, entries: Sequence[Entry]) -> None:
        """These entries; what the log held from the first one's index on is gone."""
        term, vote, _ = self.durable
        self.storage.save(term, vote, entries)

    def put(self, snapshot: CoreSnapshot) -> None:
        """A snapshot; what it leaves of the log, raft.storage says."""
        self.storage.save_snapshot(
            Snapshot(
                snapshot.last_index,
                snapshot.last_term,
                configuration_of(snapshot.servers),
                snapshot.encode(),
            )
        )
        self.storage.compact(snapshot.last_index)
        self.snapshot = snapshot
