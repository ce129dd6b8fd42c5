"""A simulated disk: what is not synced is lost at a crash, and more can be made to go wrong."""

from __future__ import annotations

from collections import Counter
from random import Random

from raft.storage.disk import DiskError, DiskFull


class PowerLost(Exception):
    """Power failed in the middle of a sync: the process is gone, its disk holds what it holds.

    Not a DiskError: the replica must not be able to handle it.
    """


class SimulatedFile:
    """Bytes, and how many of them a crash cannot take; a cut below that is undone by a crash."""

    __slots__ = ("acknowledged", "data", "synced", "unsynced_cut")

    def __init__(self) -> None:
        self.data = bytearray()
        self.synced = 0
        # Bytes that a sync has returned for. What a torn write left behind is not among them.
        self.acknowledged = 0
        # Synced bytes that a truncation not yet synced has removed.
        self.unsynced_cut = b""


class SimulatedDisk:
    """Implements raft.storage.disk.Disk. Bytes and ns; nothing random but what ``random`` draws."""

    def __init__(self, random: Random, effects: Counter[str]) -> None:
        self._random = random
        self._effects = effects
        self.files: dict[str, SimulatedFile] = {}
        # Free bytes left, or None for as many as anyone wants.
        self.free: int | None = None
        # Time that each sync takes, and what the syncs since the last ``take_busy_time`` took.
        self.sync_delay = 0
        self._busy = 0
        # What happens at the next sync: None, "unsynced-loss" or "torn-write".
        self.power_fails: str | None = None

    # -- raft.storage.disk.Disk -----------------------------------------------------------------

    def exists(self, name: str) -> bool:
        return name in self.files

    def read(self, name: str) -> bytes:
        if name not in self.files:
            raise DiskError(f"{name}: no such file")
        return bytes(self.files[name].data)

    def append(self, name: str, data: bytes) -> None:
        if self.free is not None:
            if len(data) > self.free:
                self._effects["full-disk"] += 1
                raise DiskFull(f"{name}: no space left for {len(data)} bytes")
            self.free -= len(data)
        file = self.files.get(name)
        if file is None:
            file = self.files[name] = SimulatedFile()
        file.data += data

    def sync(self, name: str) -> None:
        file = self.files[name]
        if self.power_fails is not None:
            raise PowerLost(name)
        file.synced = file.acknowledged = len(file.data)
        file.unsynced_cut = b""
        if self.sync_delay:
            self._effects["slow-disk"] += 1
            self._busy += self.sync_delay

    def truncate(self, name: str, size: int) -> None:
        file = self.files[name]
        if size < file.synced:
            file.unsynced_cut = bytes(file.data[size : file.synced]) + file.unsynced_cut
            file.synced = size
        file.acknowledged = min(file.acknowledged, size)
        del file.data[size:]

    def rename(self, old: str, new: str) -> None:
        self.files[new] = self.files.pop(old)

    # -- The simulator's side --------------------------------------------------------------------

    def take_busy_time(self) -> int:
        """How long, in ns, the disk kept the process waiting since this was last asked."""
        busy, self._busy = self._busy, 0
        return busy

    def crash(self) -> None:
        """The process is gone, and with it what was not synced; a torn write leaves a part."""
        kind, self.power_fails = self.power_fails, None
        self._busy = 0
        for file in self.files.values():
            unsynced = len(file.data) - file.synced
            if file.unsynced_cut:
                del file.data[file.synced :]
                file.data += file.unsynced_cut
                file.synced = len(file.data)
                file.unsynced_cut = b""
            if unsynced <= 0:
                continue
            keep = 0
            if kind == "torn-write":
                keep = int(self._random.random() * unsynced)
            del file.data[file.synced + keep :]
            if keep and self._random.random() < 0.5:
                # The file's size reached the disk before its blocks did: zeros where data was.
                file.data += bytes(unsynced - keep)
            file.synced = len(file.data)
            self._effects[kind or "bytes-lost"] += unsynced - keep

    def flip_bit(self, position: int) -> bool:
        """Flip one bit of what a sync has acknowledged, at ``position`` modulo how much that is.
        False: nothing is."""
        total = sum(file.acknowledged for file in self.files.values())
        if not total:
            return False
        position %= total * 8
        for file in self.files.values():
            if position < file.acknowledged * 8:
                file.data[position // 8] ^= 1 << position % 8
                break
            position -= file.acknowledged * 8
        return True
