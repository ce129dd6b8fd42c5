"""The disk as the storage layer sees it: a few named files, appended to and synced.

The simulator implements it with faults (lost unsynced bytes, torn writes, bit flips, a full disk),
the server with real files. Every method is synchronous; a driver that wants the time of a sync to
pass accounts for it outside.
"""

from __future__ import annotations

from typing import Protocol

from raft.errors import RaftError


class DiskError(RaftError):
    """A write, sync or read failed. The replica stops: a failed sync is never retried."""


class DiskFull(DiskError):
    """No space left: nothing of the data was appended."""


class Disk(Protocol):
    """Named files. Appended bytes are durable only after ``sync`` of their file has returned."""

    def exists(self, name: str) -> bool:
        """Whether the file is there."""
        ...

    def read(self, name: str) -> bytes:
        """All bytes of the file, synced or not; raises DiskError if it does not exist."""
        ...

    def append(self, name: str, data: bytes) -> None:
        """Append to the file, creating it if need be; raises DiskFull or DiskError."""
        ...

    def sync(self, name: str) -> None:
        """Make everything appended to, truncated from or renamed to this file durable."""
        ...

    def truncate(self, name: str, size: int) -> None:
        """Cut the file to ``size`` bytes (durable after the next sync)."""
        ...

    def rename(self, old: str, new: str) -> None:
        """Atomically replace ``new`` by ``old``; durable when it returns."""
        ...
