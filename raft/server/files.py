"""raft.storage.Disk on real files.

Writes go to file descriptors that stay open, so that a sync has nothing to look up. A name is
durable once its directory is synced, which ``rename`` and ``remove`` do.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from raft.storage import DiskError, DiskFull

_NO_SPACE: Final = frozenset((errno.ENOSPC, errno.EDQUOT))
_ZEROS: Final = bytes(1 << 16)


class Files:
    """The files of one directory, which must exist, and belong to nobody else.

    Used by one thread at a time. Descriptors that it holds are closed by ``close``.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._descriptors: dict[str, int] = {}

    # -- raft.storage.Disk -----------------------------------------------------------------------

    def files(self) -> list[str]:
        """The names of all files."""
        with _told_as_disk_error(str(self._directory)):
            return os.listdir(self._directory)

    def read(self, name: str) -> bytes:
        """All bytes of the file; raises DiskError if it does not exist."""
        with _told_as_disk_error(name):
            return (self._directory / name).read_bytes()

    def create(self, name: str, data: bytes, size: int = 0) -> None:
        """Make a file of ``data`` and zeros behind it, really written, so that writing over them
        needs no space and syncing that no change of the file's metadata."""
        self._close(name)
        path = self._directory / name
        with _told_as_disk_error(name):
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            self._descriptors[name] = descriptor
            try:
                _write_all(descriptor, data, 0)
                offset = len(data)
                while offset < size:
                    part = _ZEROS[: size - offset]
                    _write_all(descriptor, part, offset)
                    offset += len(part)
            except OSError:
                self._close(name)
                with suppress(OSError):
                    path.unlink()
                raise

    def write(self, name: str, offset: int, data: bytes) -> None:
        """Write over what the file holds from ``offset`` on; it must be as long as that."""
        with _told_as_disk_error(name):
            descriptor = self._descriptor(name)
            end = os.fstat(descriptor).st_size
            if offset + len(data) > end:
                raise DiskError(f"{name}: ends at byte {end}, before byte {offset + len(data)}")
            _write_all(descriptor, data, offset)

    def sync(self, name: str) -> None:
        """Make everything written to this file durable."""
        with _told_as_disk_error(name):
            os.fdatasync(self._descriptor(name))

    def rename(self, old: str, new: str) -> None:
        """Atomically replace ``new`` by ``old``; durable when it returns."""
        with _told_as_disk_error(old):
            os.rename(self._directory / old, self._directory / new)
            self._close(new)
            descriptor = self._descriptors.pop(old, None)
            if descriptor is not None:
                self._descriptors[new] = descriptor
            sync_directory(self._directory)

    def remove(self, name: str) -> None:
        """Remove the file; durable when it returns."""
        self._close(name)
        with _told_as_disk_error(name):
            (self._directory / name).unlink()
            sync_directory(self._directory)

    # -- Descriptors -----------------------------------------------------------------------------

    def close(self) -> None:
        """Close what is open; nothing more may be asked for."""
        for name in list(self._descriptors):
            self._close(name)

    def _descriptor(self, name: str) -> int:
        descriptor = self._descriptors.get(name)
        if descriptor is None:
            descriptor = os.open(self._directory / name, os.O_RDWR | os.O_CLOEXEC)
            self._descriptors[name] = descriptor
        return descriptor

    def _close(self, name: str) -> None:
        descriptor = self._descriptors.pop(name, None)
        if descriptor is not None:
            os.close(descriptor)


def make_directory(directory: Path) -> None:
    """Make a directory, and those above it that are missing, durably; raises OSError."""
    if not directory.exists():
        make_directory(directory.parent)
        directory.mkdir(mode=0o700, exist_ok=True)
        sync_directory(directory.parent)


def sync_directory(directory: Path) -> None:
    """Make the names in a directory durable; raises OSError."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_all(descriptor: int, data: bytes, offset: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(descriptor, view, offset)
        offset += written
        view = view[written:]


@contextmanager
def _told_as_disk_error(name: str) -> Iterator[None]:
    """Whatever the system says against it is a DiskError; no space left is DiskFull."""
    try:
        yield
    except OSError as error:
        kind = DiskFull if error.errno in _NO_SPACE else DiskError
        raise kind(f"{name}: {os.strerror(error.errno or 0)}") from error
