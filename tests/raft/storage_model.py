"""What storage must do, as plain data; and a disk on which a crash may come at any operation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from raft.consensus import Entry
from raft.consensus.configuration import Configuration
from raft.consensus.snapshot import Snapshot, first_snapshot
from raft.storage import Recovered, Storage
from tests.raft.harness import MEMBERS, MemoryDisk

FIRST = first_snapshot(MEMBERS)
NEW = Recovered(0, None, FIRST, [])
# A few entries fill a segment.
SEGMENT_BYTES = 160


class Crash(Exception):
    """The process and its power are gone."""


class Write(NamedTuple):
    """Bytes that a crash may take."""

    name: str
    offset: int
    data: bytes


class CrashingDisk(MemoryDisk):
    """Crashes before its operation number ``crash_at``, and knows what may be left then.

    Its idea of durability is written apart from the simulator's, so that either may be wrong alone.
    """

    def __init__(self, files: dict[str, bytes] | None = None, crash_at: int = -1) -> None:
        super().__init__(files)
        self.crash_at = crash_at
        self.operations = 0
        self.durable = {name: bytes(data) for name, data in (files or {}).items()}
        self.unsynced: list[Write] = []

    def _step(self) -> None:
        if self.operations == self.crash_at:
            raise Crash
        self.operations += 1

    def create(self, name: str, data: bytes, size: int = 0) -> None:
        self._step()
        super().create(name, data, size)
        self.durable[name] = b""
        self.unsynced = [write for write in self.unsynced if write.name != name]
        self.unsynced.append(Write(name, 0, data))

    def write(self, name: str, offset: int, data: bytes) -> None:
        self._step()
        super().write(name, offset, data)
        self.unsynced.append(Write(name, offset, data))

    def sync(self, name: str) -> None:
        self._step()
        super().sync(name)
        self.durable[name] = bytes(self.contents[name])
        self.unsynced = [write for write in self.unsynced if write.name != name]

    def rename(self, old: str, new: str) -> None:
        self._step()
        super().rename(old, new)
        self.durable[new] = self.durable.pop(old)
        self.unsynced = [
            write._replace(name=new) if write.name == old else write
            for write in self.unsynced
            if write.name != new
        ]

    def remove(self, name: str) -> None:
        self._step()
        super().remove(name)
        del self.durable[name]
        self.unsynced = [write for write in self.unsynced if write.name != name]

    def left(self, parts: int | None = None) -> Iterator[dict[str, bytes]]:
        """What a crash now may leave: of the bytes not synced, in their order, nothing, all, or a
        first part (any, or ``parts`` of them); a file may have its full size all the same."""
        total = sum(len(write.data) for write in self.unsynced)
        step = 1 if parts is None else max(1, total // parts)
        for keep in sorted({*range(0, total, step), total}):
            files = {name: bytearray(data) for name, data in self.durable.items()}
            rest = keep
            for name, offset, data in self.unsynced:
                part = data[:rest]
                files[name][offset : offset + len(part)] = part
                rest -= len(part)
            yield {name: bytes(data) for name, data in files.items()}
            yield {
                name: bytes(data).ljust(len(self.contents[name]), b"\0")
                for name, data in files.items()
            }


class Save(NamedTuple):
    """Term, vote and entries are saved."""

    term: int
    voted_for: str | None
    entries: tuple[Entry, ...]

    def perform(self, storage: Storage) -> None:
        storage.save(*self)

    def states(self, before: Recovered) -> list[Recovered]:
        """What may be recovered after a crash meanwhile; the last, once it has returned."""
        found = [before, before._replace(term=self.term, voted_for=self.voted_for)]
        for entry in self.entries:
            at = entry.index - before.snapshot.last_index - 1
            entries = [*found[-1].entries[:at], entry]
            found.append(found[-1]._replace(entries=entries))
        return found


class TakeSnapshot(NamedTuple):
    """A snapshot is saved, one's own or a received one, and the log cut."""

    snapshot: Snapshot

    def perform(self, storage: Storage) -> None:
        storage.save_snapshot(self.snapshot)
        storage.compact(self.snapshot.last_index)

    def states(self, before: Recovered) -> list[Recovered]:
        snapshot = self.snapshot
        at = snapshot.last_index - before.snapshot.last_index
        entries = before.entries[at:]
        if at > len(before.entries) or before.entries[at - 1].term != snapshot.last_term:
            entries = []
        return [before, before._replace(snapshot=snapshot, entries=entries)]


Step = Save | TakeSnapshot


def plan(choices: Sequence[tuple[int, int, str | None, Sequence[bytes | None]]]) -> list[Step]:
    """Steps that a replica could make: each choice is how far back (or, for a snapshot, forward),
    a term to add, a vote, and commands, of which None stands for a configuration. A negative first
    number asks for a snapshot."""
    steps: list[Step] = []
    state = NEW
    for back, term_ahead, vote, commands in choices:
        term = state.term + term_ahead
        base = state.snapshot.last_index
        step: Step
        if back < 0:
            index = base - back
            configuration = Configuration((*MEMBERS, "n4"))
            known = index - base <= len(state.entries) and term_ahead < 2
            last_term = state.entries[index - base - 1].term if known else term
            step = TakeSnapshot(Snapshot(index, last_term, configuration, b"state"))
        else:
            first = max(base + 1, base + len(state.entries) + 1 - back)
            entries = tuple(
                Entry(
                    index, term, command or b"", Configuration(("n1",)) if command is None else None
                )
                for index, command in enumerate(commands, start=first)
            )
            step = Save(term, vote, entries)
        steps.append(step)
        state = step.states(state)[-1]
    return steps


def new_disk(files: type[MemoryDisk] = MemoryDisk) -> MemoryDisk:
    """A disk that was initialised."""
    disk = files()
    Storage(disk, SEGMENT_BYTES).initialize(FIRST)
    return disk


def start(disk: MemoryDisk) -> tuple[Storage, Recovered]:
    """The storage on this disk, recovered."""
    storage = Storage(disk, SEGMENT_BYTES)
    return storage, storage.recover()


def recovered(files: dict[str, bytes]) -> Recovered:
    """What these files say."""
    return start(MemoryDisk(files))[1]


def contents(disk: MemoryDisk) -> dict[str, bytes]:
    """The files of the disk."""
    return {name: bytes(data) for name, data in disk.contents.items()}
