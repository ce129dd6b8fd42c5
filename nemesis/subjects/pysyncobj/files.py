"""Files as PySyncObj uses them, over a simulated disk: opened whole, or mapped into memory.

PySyncObj never syncs. What it has written is in the page cache, which outlives the process, so each
write is synced here: a crash of the process keeps it. What power would lose is another matter, and
none that PySyncObj promises anything about.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any

from raft.storage import Disk


class Files:
    """The files of one server."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    def exists(self, name: str) -> bool:
        """Whether there is such a file."""
        return name in self._disk.files()

    def rename(self, old: str, new: str) -> None:
        """Replace ``new`` by ``old``."""
        self._disk.rename(old, new)

    def open(self, name: str, mode: str) -> Any:
        """As the built-in function, for the modes that PySyncObj asks for."""
        if mode == "wb":
            self.write(name, b"")
            return _Written(self, name)
        if not self.exists(name):
            raise FileNotFoundError(name)
        if mode == "rb":
            return BytesIO(self._disk.read(name))
        if mode == "r+b":
            return _Opened(self, name)
        raise ValueError(f"no file is opened with mode {mode!r} here")

    def read(self, name: str) -> bytes:
        """The whole file."""
        return self._disk.read(name)

    def write(self, name: str, data: bytes, size: int = 0) -> None:
        """Replace the whole file."""
        self._disk.create(name, data, size)
        self._disk.sync(name)

    def overwrite(self, name: str, offset: int, data: bytes) -> None:
        """Write in the midst of a file."""
        self._disk.write(name, offset, data)
        self._disk.sync(name)


class _Written(BytesIO):
    """A new file: it holds what was written once it is closed. Nobody reads it before."""

    def __init__(self, files: Files, name: str) -> None:
        super().__init__()
        self._files = files
        self._name = name

    def close(self) -> None:
        if not self.closed:
            self._files.write(self._name, self.getvalue())
        super().close()


class _Opened:
    """A file that is opened to be mapped."""

    def __init__(self, files: Files, name: str) -> None:
        self.files = files
        self.name = name

    def fileno(self) -> _Opened:
        """What ``Mapped`` knows it by."""
        return self

    def close(self) -> None:
        """Nothing to be done."""


class Mapped:
    """A file mapped into memory, as ``mmap.mmap`` does it."""

    def __init__(self, opened: _Opened, _length: int) -> None:
        self._files = opened.files
        self._name = opened.name
        self._data = bytearray(opened.files.read(opened.name))

    def size(self) -> int:
        """Bytes."""
        return len(self._data)

    def resize(self, size: int) -> None:
        """Let the file grow, with zeros."""
        self._data.extend(bytes(size - len(self._data)))
        self._files.write(self._name, bytes(self._data))

    def __getitem__(self, place: slice) -> bytes:
        return bytes(self._data[place])

    def __setitem__(self, place: slice, data: bytes) -> None:
        self._data[place] = data
        self._files.overwrite(self._name, place.start, data)

    def flush(self) -> None:
        """It is written already."""

    def close(self) -> None:
        """Nothing to be done."""
