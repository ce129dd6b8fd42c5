"""What a disk holds, and what of it would survive a power failure.

The files stand in a directory of the machine, and always hold what was written last, as a page
cache does. Beside them is kept what undoes every change that no sync has made durable yet; when
power is lost, these are undone, the newest first.

Bytes and sizes are durable once a sync of their file has returned. Names (what was created,
renamed, removed) are a journal in the order in which they were changed: what of it a sync makes
durable says ``Names``. Times, owners and modes are durable at once.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Final, Literal, NamedTuple

SECTOR: Final = 512
"""What a disk writes as a whole, in bytes (for etcd as well, in its write-ahead log)."""

Names = Literal["journal", "directory"]
"""When names are durable. "journal": with the next sync of anything, as ext4 and XFS do it.
"directory": only with a sync of their directory, which is all that POSIX promises."""


class Loss(NamedTuple):
    """What a power failure took: bytes written and not synced, bytes that a sync had promised,
    and names that came or went."""

    unsynced: int = 0
    promised: int = 0
    names: int = 0


class _Change(NamedTuple):
    """A write, or a new size: what stood there before."""

    offset: int
    # How many bytes were written; 0 for a new size.
    length: int
    before: bytes
    size_before: int


class _File:
    """A file with changes that are not durable, held open until they are."""

    __slots__ = ("changes", "descriptor", "promised")

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.changes: list[_Change] = []
        # So many of them, the first ones, a sync has promised and not made durable.
        self.promised = 0


class _NameChange(NamedTuple):
    directories: tuple[str, ...]
    undo: Callable[[], None]
    # Where what was removed is kept until then.
    kept: str | None = None


class DiskImage:
    """The files below ``root``, by paths that begin with "/". Not thread-safe. Methods raise
    OSError as the system calls of their names do."""

    def __init__(self, root: Path, removed: Path, random: Random, names: Names) -> None:
        """``removed``, on the same file system, keeps what was removed as long as that may be
        undone; both directories must exist."""
        self._root = str(root)
        self._removed = str(removed)
        self._count = 0
        self._random = random
        self._names = names
        self._files: dict[int, _File] = {}
        # The file of every open descriptor, by inode: that one has no path once it is removed.
        self._inodes: dict[int, int] = {}
        self._journal: list[_NameChange] = []
        self._names_promised = 0
        # Whether syncs return and make nothing durable.
        self.is_lying = False

    def path(self, path: str) -> str:
        """Where it really is."""
        return self._root + path

    # -- Files -----------------------------------------------------------------------------------

    def open(self, path: str, flags: int) -> int:
        """A descriptor that can be read, too: what a write replaces must be known."""
        descriptor = os.open(self.path(path), os.O_RDWR | os.O_CLOEXEC | (flags & os.O_NOFOLLOW))
        self._inodes[descriptor] = os.fstat(descriptor).st_ino
        if flags & os.O_TRUNC:
            self.truncate(descriptor, 0)
        return descriptor

    def create(self, path: str, mode: int) -> int:
        """A new file's descriptor."""
        real = self.path(path)
        descriptor = os.open(real, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        self._inodes[descriptor] = os.fstat(descriptor).st_ino
        self._note((_directory(path),), lambda: os.unlink(real))
        return descriptor

    def close(self, descriptor: int) -> None:
        """What was not synced stays so."""
        del self._inodes[descriptor]
        os.close(descriptor)

    def write(self, descriptor: int, data: bytes, offset: int) -> int:
        size = os.fstat(descriptor).st_size
        before = os.pread(descriptor, len(data), offset) if offset < size else b""
        self._changed(descriptor, _Change(offset, len(data), before, size))
        return os.pwrite(descriptor, data, offset)

    def truncate(self, descriptor: int, size: int) -> None:
        before = os.fstat(descriptor).st_size
        if size != before:
            cut = os.pread(descriptor, before - size, size) if size < before else b""
            self._changed(descriptor, _Change(size, 0, cut, before))
            os.ftruncate(descriptor, size)

    def sync(self, descriptor: int) -> None:
        """Everything written to the file is durable, unless the disk lies."""
        inode = self._inodes[descriptor]
        file = self._files.get(inode)
        if file is not None:
            if self.is_lying:
                file.promised = len(file.changes)
            else:
                self._settle(inode, file)
        if self._names == "journal":
            self._sync_names(len(self._journal))

    def sync_directory(self, path: str) -> None:
        """The names in the directory are durable, and all that were changed before."""
        count = len(self._journal)
        if self._names == "directory":
            directory = path.rstrip("/")
            places = (at for at, each in enumerate(self._journal) if directory in each.directories)
            count = max(places, default=-1) + 1
        self._sync_names(count)

    def tell_the_truth(self) -> None:
        """From now on syncs mean what they say; what was promised is durable."""
        self.is_lying = False
        for inode, file in list(self._files.items()):
            del file.changes[: file.promised]
            file.promised = 0
            if not file.changes:
                self._settle(inode, file)
        self._sync_names(self._names_promised)

    def _changed(self, descriptor: int, change: _Change) -> None:
        inode = self._inodes[descriptor]
        file = self._files.get(inode)
        if file is None:
            file = self._files[inode] = _File(os.dup(descriptor))
        file.changes.append(change)

    def _settle(self, inode: int, file: _File) -> None:
        del self._files[inode]
        os.close(file.descriptor)

    # -- Names -----------------------------------------------------------------------------------

    def make_directory(self, path: str, mode: int) -> None:
        real = self.path(path)
        os.mkdir(real, mode)
        self._note((_directory(path),), lambda: os.rmdir(real))

    def remove_directory(self, path: str) -> None:
        real = self.path(path)
        os.rmdir(real)
        self._note((_directory(path),), lambda: os.mkdir(real, 0o700))

    def rename(self, old: str, new: str) -> None:
        source, target = self.path(old), self.path(new)
        kept: str | None = None
        if os.path.lexists(target) and not os.path.isdir(target):
            kept = self._keep(target)
        try:
            os.rename(source, target)
        except OSError:
            if kept is not None:
                os.rename(kept, target)
            raise

        def undo() -> None:
            os.rename(target, source)
            if kept is not None:
                os.rename(kept, target)

        self._note((_directory(old), _directory(new)), undo, kept)

    def remove(self, path: str) -> None:
        real = self.path(path)
        kept = self._keep(real)
        self._note((_directory(path),), lambda: os.rename(kept, real), kept)

    def _keep(self, real: str) -> str:
        self._count += 1
        kept = os.path.join(self._removed, str(self._count))
        os.rename(real, kept)
        return kept

    def _note(
        self, directories: tuple[str, ...], undo: Callable[[], None], kept: str | None = None
    ) -> None:
        self._journal.append(_NameChange(directories, undo, kept))

    def _sync_names(self, count: int) -> None:
        if self.is_lying:
            self._names_promised = max(self._names_promised, count)
            return
        for change in self._journal[:count]:
            if change.kept is not None:
                os.unlink(change.kept)
        del self._journal[:count]
        self._names_promised = max(0, self._names_promised - count)

    # -- Power -----------------------------------------------------------------------------------

    def lose_power(self, *, torn: bool) -> Loss:
        """Undo whatever is not durable; if ``torn``, but a first part of the changes of each file,
        with the cut between two sectors, and a first part of those of names."""
        unsynced = promised = 0
        for inode, file in list(self._files.items()):
            lost = self._undo(file, torn=torn)
            unsynced += lost.unsynced
            promised += lost.promised
            self._settle(inode, file)
        stays = self._random.randint(0, len(self._journal)) if torn else 0
        lost_names = self._journal[stays:]
        for change in reversed(lost_names):
            change.undo()
        del self._journal[stays:]
        self._names_promised = 0
        lying, self.is_lying = self.is_lying, False
        self._sync_names(stays)
        self.is_lying = lying
        return Loss(unsynced, promised, len(lost_names))

    def _undo(self, file: _File, *, torn: bool) -> Loss:
        descriptor, changes = file.descriptor, file.changes
        size = os.fstat(descriptor).st_size
        written = []
        for change in reversed(changes):
            written.append(os.pread(descriptor, change.length, change.offset))
            os.pwrite(descriptor, change.before, change.offset)
            os.ftruncate(descriptor, change.size_before)
        written.reverse()
        # The last change is always torn: who waits for a sync has lost something.
        stays = self._random.randrange(len(changes)) if torn else 0
        lost = [change.length for change in changes]
        for at, (change, data) in enumerate(zip(changes, written, strict=True)):
            if at > stays or not torn:
                break
            part = data if at < stays else data[: self._cut(change.offset, len(data))]
            if change.length:
                os.pwrite(descriptor, part, change.offset)
            elif at < stays:
                os.ftruncate(descriptor, change.offset)
            lost[at] -= len(part)
        if torn and os.fstat(descriptor).st_size < size and self._random.random() < 0.5:
            # The file's size reached the disk before its blocks did: zeros where data was.
            os.ftruncate(descriptor, size)
        return Loss(sum(lost[file.promised :]), sum(lost[: file.promised]))

    def _cut(self, offset: int, length: int) -> int:
        """How much of a write at ``offset`` stays, so that it ends where a sector does."""
        first, end = offset // SECTOR, -(-(offset + length) // SECTOR)
        return max(0, self._random.randrange(first, max(first + 1, end)) * SECTOR - offset)


def _directory(path: str) -> str:
    return path.rpartition("/")[0]


def make_image(directory: Path, random: Random, names: Names) -> DiskImage:
    """An empty disk whose files stand in ``directory``/files."""
    shutil.rmtree(directory, ignore_errors=True)
    root, removed = directory / "files", directory / "removed"
    root.mkdir(parents=True, mode=0o700)
    removed.mkdir(mode=0o700)
    return DiskImage(root, removed, random, names)
