"""The disk as the storage layer sees it: a few named files in a directory of its own.

The simulator implements it with faults (lost unsynced bytes, torn writes, bit flips, a full disk),
the server with real files. Every method is synchronous; a driver that wants the time of a sync to
pass accounts for it outside.

What is durable when. Bytes are once ``sync`` of their file has returned; until then a crash may
take all of them, or leave of the writes, in the order in which they were made, a first part. Names
are at once: when ``rename`` or ``remove`` returns, no crash undoes it, so that no sync of a
directory is needed here (on a file system that wants one, the implementation does it). A name does
not vouch for bytes: a file renamed before it was synced may be there and hold nothing.
"""

from __future__ import annotations

from typing import Final, Protocol

from raft.errors import RaftError

# What a file is called until it is complete: left behind by a crash, it means nothing.
UNFINISHED: Final = ".new"


class DiskError(RaftError):
    """A write, sync or read failed. The replica stops: a failed sync is never retried."""


class DiskFull(DiskError):
    """No space left: nothing of the data was written."""


class Disk(Protocol):
    """Named files. Sizes and offsets are in bytes. Every method may raise DiskError."""

    def files(self) -> list[str]:
        """The names of all files, in any order."""
        ...

    def read(self, name: str) -> bytes:
        """All bytes of the file, synced or not; raises DiskError if it does not exist."""
        ...

    def create(self, name: str, data: bytes, size: int = 0) -> None:
        """Make a file of ``data``, and of zeros behind it up to ``size`` if that is more.

        The zeros are really there: to write over them takes no more space, and the sync after it
        does not have to change the file's size. A file of that name is gone from now on. Raises
        DiskFull.
        """
        ...

    def write(self, name: str, offset: int, data: bytes) -> None:
        """Write over what the file holds from ``offset`` on; it must be as long as that. Raises
        DiskFull where a file system needs space even so."""
        ...

    def sync(self, name: str) -> None:
        """Make everything written to this file durable."""
        ...

    def rename(self, old: str, new: str) -> None:
        """Atomically replace ``new`` by ``old``; durable when it returns."""
        ...

    def remove(self, name: str) -> None:
        """Remove the file; durable when it returns."""
        ...


def replace_file(disk: Disk, name: str, data: bytes, size: int = 0) -> None:
    """Let ``name`` hold ``data``, and zeros up to ``size``: durable when this returns, and after a
    crash meanwhile it holds either all of it or what it held before. Raises DiskError."""
    unfinished = name + UNFINISHED
    disk.create(unfinished, data, size)
    disk.sync(unfinished)
    disk.rename(unfinished, name)
