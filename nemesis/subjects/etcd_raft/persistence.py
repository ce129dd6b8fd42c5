"""What a node of etcd's core has on its disk: HardState, entries, snapshots.

Term, vote, entries and snapshots are kept by raft.storage, as those of our own Raft; the commit
index, which the HardState has too, in a file of its own. Like etcd's own log (wal.MustSync) it is
written when a term, a vote or entries are: a commit index by itself need not be durable.
"""

from __future__ import annotations

from typing import NamedTuple
from zlib import crc32

import msgspec

from nemesis.subjects.etcd_raft.library import NORMAL, Answer
from nemesis.subjects.etcd_raft.library import Configuration as ConfState
from nemesis.subjects.etcd_raft.library import Entry as CoreEntry
from raft.consensus import Entry, Snapshot
from raft.consensus.configuration import Configuration
from raft.consensus.snapshot import first_snapshot
from raft.storage import Disk, Storage
from raft.storage.disk import replace_file
from raft.storage.errors import corrupt

_COMMIT_FILE = "commit"
# No command of the service begins so: it is none of MessagePack's bytes.
_NOT_NORMAL = b"\xc1"


class Names:
    """The servers, by the numbers that the core knows them by: from 1, in their order."""

    def __init__(self, servers: tuple[str, ...]) -> None:
        self._servers = servers
        self._numbers = {name: number for number, name in enumerate(servers, start=1)}

    def name(self, number: int) -> str | None:
        """None for 0, which is nobody."""
        return self._servers[number - 1] if number else None

    def number(self, name: str | None) -> int:
        """0 for nobody."""
        return 0 if name is None else self._numbers[name]

    def some(self, numbers: tuple[int, ...]) -> tuple[str, ...]:
        """The names of these."""
        return tuple(self._servers[number - 1] for number in numbers)

    def configuration(self, state: ConfState) -> Configuration:
        """A ConfState with names."""
        return Configuration(
            self.some(state.voters),
            self.some(state.outgoing),
            self.some(state.learners),
            self.some(state.learners_next),
            # Of one that is not joint, ours says so, and the core does not.
            state.leaves_automatically or not state.outgoing,
        )

    def state(self, configuration: Configuration) -> ConfState:
        """The other way round."""

        def numbers(names: tuple[str, ...]) -> tuple[int, ...]:
            return tuple(self._numbers[name] for name in names)

        return ConfState(
            numbers(configuration.voters),
            numbers(configuration.outgoing),
            numbers(configuration.learners),
            numbers(configuration.learners_next),
            configuration.is_joint and configuration.leave_automatically,
        )


def encode_state(state: bytes, former: set[str]) -> bytes:
    """What a snapshot holds: the state machine's, and who was a member once, and is none."""
    return msgspec.msgpack.encode((sorted(former), state))


def decode_state(data: bytes) -> tuple[bytes, tuple[str, ...]]:
    """The other way round."""
    former, state = msgspec.msgpack.decode(data, type=tuple[tuple[str, ...], bytes])
    return state, former


def command_of(entry: CoreEntry) -> bytes:
    """What stands for the entry's content: its data, marked if it is not one of the service."""
    if entry.kind == NORMAL:
        return entry.data
    return _NOT_NORMAL + bytes((entry.kind,)) + entry.data


def core_entry(entry: Entry) -> CoreEntry:
    """The entry of the core that this one was."""
    command = entry.command
    if command.startswith(_NOT_NORMAL):
        return CoreEntry(entry.index, entry.term, command[1], command[2:])
    return CoreEntry(entry.index, entry.term, NORMAL, command)


def told(entry: Entry) -> Entry:
    """The entry as monitors are told of it: one that changes the configuration is no command."""
    return Entry(entry.index, entry.term, b"") if entry.command[:1] == _NOT_NORMAL else entry


class Found(NamedTuple):
    """What was on the disk; ``entries`` are those after the snapshot."""

    term: int
    voted_for: str | None
    commit_index: int
    snapshot: Snapshot
    entries: list[Entry]


class Write(NamedTuple):
    """What is to be made durable of a Ready, and whether its messages have left already."""

    ready: Answer
    entries: list[Entry]
    has_sent: bool = False


class Saved:
    """The acknowledgement of a write, an input."""


class Persistence:
    """The disk of one server, while its process lives."""

    def __init__(self, disk: Disk, segment_bytes: int, names: Names) -> None:
        self._disk = disk
        self._names = names
        self._commit_index = 0
        self.storage = Storage(disk, segment_bytes)

    def initialize(self, members: tuple[str, ...]) -> None:
        """Before the first start: the first configuration is these. Raises DiskError."""
        self.storage.initialize(first_snapshot(members))

    def recover(self) -> Found:
        """Raises StorageCorrupt, DiskError."""
        recovered = self.storage.recover()
        index = recovered.snapshot.last_index
        if _COMMIT_FILE in self._disk.files():
            data = self._disk.read(_COMMIT_FILE)
            if len(data) != 12 or crc32(data[:8]) != int.from_bytes(data[8:], "little"):
                raise corrupt(_COMMIT_FILE, f"has {len(data)} bytes, and a wrong checksum")
            self._commit_index = int.from_bytes(data[:8], "little")
        return Found(
            recovered.term,
            recovered.voted_for,
            # A snapshot is of what is committed.
            max(self._commit_index, index),
            recovered.snapshot,
            recovered.entries,
        )

    def save(self, write: Write) -> None:
        """Make durable what a Ready says must be. Term and vote come first, so that no snapshot or
        entry is there of a term that a restart would not know; the commit index comes last, so that
        what it speaks of is there. Raises DiskError."""
        storage, ready = self.storage, write.ready
        voted_for = self._names.name(ready.vote)
        snapshot = ready.snapshot
        if snapshot is not None:
            storage.save(ready.term, voted_for, [])
            storage.save_snapshot(
                Snapshot(
                    snapshot.last_index,
                    snapshot.last_term,
                    self._names.configuration(snapshot.configuration),
                    snapshot.data,
                )
            )
        storage.save(ready.term, voted_for, write.entries)
        self._save_commit_index(ready.commit_index)

    def _save_commit_index(self, index: int) -> None:
        if index != self._commit_index:
            data = index.to_bytes(8, "little")
            replace_file(self._disk, _COMMIT_FILE, data + crc32(data).to_bytes(4, "little"))
            self._commit_index = index

    def save_snapshot(self, snapshot: Snapshot) -> None:
        """Keep the state instead of what led to it. Raises DiskError."""
        self.storage.save_snapshot(snapshot)
        self.storage.compact(snapshot.last_index)
