"""A simulated disk: what is not synced is lost at a crash, and more can be made to go wrong."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import NoReturn

from nemesis.cluster.protocol import DiskFile
from nemesis.disk.losses import file_to_lose
from raft.storage.disk import DiskError, DiskFull
from raft.storage.vote_file import VOTE_FILE


class PowerLost(Exception):
    """Power failed in the middle of a sync: the process is gone, its disk holds what it holds.

    Not a DiskError: the replica must not be able to handle it.
    """


class SimulatedFile:
    """Bytes, and what was written since the last sync: a crash undoes it."""

    __slots__ = ("acknowledged", "data", "is_new", "unsynced")

    def __init__(self, data: bytearray, written: int) -> None:
        self.data = data
        # No sync has returned yet: a crash may leave nothing.
        self.is_new = True
        # What was written in which order: where, how much, and what stood there before.
        self.unsynced: list[tuple[int, int, bytes | bytearray]] = [(0, written, b"")]
        # Bytes from the start on that a sync has returned for. What a torn write left behind is
        # not among them, nor what stands behind it.
        self.acknowledged = 0

    def undo(self) -> list[tuple[int, bytes]]:
        """Take back what was not synced; where it stood and what it was, in its order."""
        undone = []
        for offset, length, before in reversed(self.unsynced):
            undone.append((offset, bytes(self.data[offset : offset + length])))
            self.data[offset : offset + length] = before
        if self.is_new:
            self.data.clear()
        self.unsynced.clear()
        return undone[::-1]


class SimulatedDisk:
    """Implements raft.storage.disk.Disk. Bytes and ns; nothing random but what ``random`` draws."""

    def __init__(self, random: Random, effects: Counter[str]) -> None:
        self._random = random
        self._effects = effects
        self._files: dict[str, SimulatedFile] = {}
        # Free bytes left, or None for as many as anyone wants.
        self.free: int | None = None
        # Time that each sync takes, and what the syncs since the last ``take_busy_time`` took.
        self.sync_delay = 0
        self._busy = 0
        # What happens at the next sync: None, "unsynced-loss", "torn-write", or "first-start", a
        # torn write that no fault asked for.
        self.power_fails: str | None = None
        # So many syncs still succeed before that.
        self.syncs_with_power = 0

    # -- raft.storage.disk.Disk -----------------------------------------------------------------

    def files(self) -> list[str]:
        return list(self._files)

    def read(self, name: str) -> bytes:
        return bytes((self._files.get(name) or self._missing(name)).data)

    def create(self, name: str, data: bytes, size: int = 0) -> None:
        if name in self._files:
            self.remove(name)
        size = max(len(data), size)
        self._take_space(name, size)
        self._files[name] = SimulatedFile(bytearray(data.ljust(size, b"\0")), len(data))

    def write(self, name: str, offset: int, data: bytes) -> None:
        file = self._files.get(name) or self._missing(name)
        held = file.data
        length = len(data)
        end = offset + length
        if end > len(held):
            raise DiskError(f"{name}: ends at byte {len(held)}, before byte {end}")
        file.unsynced.append((offset, length, held[offset:end]))
        held[offset:end] = data
        if offset < file.acknowledged:
            file.acknowledged = offset

    def sync(self, name: str) -> None:
        file = self._files.get(name) or self._missing(name)
        if self.power_fails is not None:
            if not self.syncs_with_power:
                raise PowerLost(name)
            self.syncs_with_power -= 1
        file.unsynced.clear()
        file.is_new = False
        file.acknowledged = len(file.data)
        if self.sync_delay:
            self._effects["slow-disk"] += 1
            self._busy += self.sync_delay

    def rename(self, old: str, new: str) -> None:
        file = self._files.get(old) or self._missing(old)
        if new in self._files:
            self.remove(new)
        del self._files[old]
        self._files[new] = file

    def remove(self, name: str) -> None:
        size = len((self._files.get(name) or self._missing(name)).data)
        del self._files[name]
        if self.free is not None:
            self.free += size

    def _missing(self, name: str) -> NoReturn:
        raise DiskError(f"{name}: no such file")

    def _take_space(self, name: str, size: int) -> None:
        if self.free is not None:
            if size > self.free:
                self._effects["full-disk"] += 1
                raise DiskFull(f"{name}: no space left for {size} bytes")
            self.free -= size

    # -- The simulator's side --------------------------------------------------------------------

    @property
    def may_end_process(self) -> bool:
        """Whether what is asked of it next may end the process: power fails soon, or space is
        short."""
        return self.power_fails is not None or self.free is not None

    def take_busy_time(self) -> int:
        """How long, in ns, the disk kept the process waiting since this was last asked."""
        busy, self._busy = self._busy, 0
        return busy

    def crash(self) -> None:
        """The process is gone, and with it what was not synced; a torn write leaves a part."""
        kind, self.power_fails = self.power_fails, None
        self._busy = 0
        for file in self._files.values():
            if not file.unsynced:
                continue
            size = len(file.data)
            undone = file.undo()
            unsynced = sum(len(data) for _, data in undone)
            keep = 0
            if kind in ("torn-write", "first-start"):
                keep = int(self._random.random() * unsynced)
            lost = unsynced - keep
            for offset, data in undone:
                part = data[:keep]
                file.data[offset : offset + len(part)] = part
                keep -= len(part)
            if file.data and len(file.data) < size and self._random.random() < 0.5:
                # The file's size reached the disk before its blocks did: zeros where data was.
                file.data += bytes(size - len(file.data))
            if lost:
                self._effects[kind or "bytes-lost"] += lost

    def to_lose(self, file: DiskFile, *, whole: bool, is_up: bool) -> str | None:
        """The file of this kind whose loss, if it is gone as a whole, or damage must be noticed.

        A process that ``is_up`` has done what it began, so it must miss whatever is there: what its
        vote file says of that is its own affair. Where power has failed in the middle of something,
        what the vote file does not name was never told of to anybody."""
        vote = self._files.get(VOTE_FILE)
        held = None if vote is None or is_up else bytes(vote.data)
        return file_to_lose(self._files, file, whole=whole, vote=held)

    def lose(self, name: str, kept: int | None, *, zeroed: bool) -> None:
        """A file is gone, or all of it but the first ``kept`` bytes; at least one byte is, other
        than zero if ``zeroed``, which keeps the file's length."""
        if kept is None:
            self.remove(name)
            return
        data = self._files[name].data
        size = len(data)
        del data[min(kept, (len(data.rstrip(b"\0")) if zeroed else size) - 1) :]
        if zeroed:
            data += bytes(size - len(data))

    def flip_last_bit(self, name: str) -> bool:
        """Flip the last bit of what a sync of the file has acknowledged and is not zero: whatever a
        torn write has left behind it may be dropped anyway. False: nothing is."""
        file = self._files[name]
        size = len(file.data[: file.acknowledged].rstrip(b"\0"))
        if size:
            file.data[size - 1] ^= 1
        return size > 0

    def flip_bit(self, position: int) -> bool:
        """Flip one bit of what a sync has acknowledged, at ``position`` modulo how much that is.
        False: nothing is. The zeros at the end of a file are left alone: nearly all of a log's
        segment is space not yet used, and a bit there tells less than one in a record."""
        sizes = {
            name: len(file.data[: file.acknowledged].rstrip(b"\0"))
            for name, file in self._files.items()
        }
        total = sum(sizes.values())
        if not total:
            return False
        position %= total * 8
        for name, size in sizes.items():
            if position < size * 8:
                self._files[name].data[position // 8] ^= 1 << position % 8
                break
            position -= size * 8
        return True
