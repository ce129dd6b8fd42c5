"""A disk mounted by FUSE, one process a disk, so that a slow one holds up nobody else.

One request is served at a time. The kernel keeps pages of files (so a file can be mapped), drops
them whenever the file is opened, and keeps neither names nor sizes: after a power failure nothing
is remembered that the disk has forgotten.
"""

from __future__ import annotations

import argparse
import os
import socket
import struct
import sys
import threading
from pathlib import Path
from random import Random
from typing import Any

import msgspec
from msgspec import structs

from nemesis.disk.control import AnyRequest, Report
from nemesis.disk.faulty import FaultyDisk
from nemesis.disk.image import DiskImage, make_image

_ATTRIBUTES = ("st_mode", "st_nlink", "st_uid", "st_gid", "st_size", "st_blocks", "st_ino")
_SPACE = (
    *("f_bsize", "f_frsize", "f_blocks", "f_bfree", "f_bavail"),
    *("f_files", "f_ffree", "f_favail", "f_namemax"),
)


class FileSystem:
    """What mfusepy calls, by the names that it calls it by. Links are not there: no server of ours
    or of etcd makes any."""

    use_ns = True

    def __init__(self, disk: FaultyDisk, control: socket.socket, caller: Any) -> None:
        self._disk = disk
        self._control = control
        self._caller = caller

    def init(self, path: str) -> None:
        """It is mounted: now the runner may ask."""
        threading.Thread(target=serve, args=(self._control, self._disk), daemon=True).start()

    # -- Names -----------------------------------------------------------------------------------

    def getattr(self, path: str, fh: int | None = None) -> dict[str, int]:
        found = self._disk.look(
            lambda image: os.lstat(image.path(path)) if fh is None else os.fstat(fh)
        )
        attributes = {name: getattr(found, name) for name in _ATTRIBUTES}
        times = {name: getattr(found, f"{name}_ns") for name in ("st_atime", "st_mtime")}
        return attributes | times | {"st_ctime": found.st_ctime_ns}

    def readdir(self, path: str, fh: int) -> list[str]:
        return [".", "..", *self._disk.look(lambda image: os.listdir(image.path(path)))]

    def mkdir(self, path: str, mode: int) -> None:
        self._disk.change(lambda image: image.make_directory(path, mode))

    def rmdir(self, path: str) -> None:
        self._disk.change(lambda image: image.remove_directory(path))

    def unlink(self, path: str) -> None:
        self._disk.change(lambda image: image.remove(path))

    def rename(self, old: str, new: str) -> None:
        self._disk.change(lambda image: image.rename(old, new))

    def chmod(self, path: str, mode: int) -> None:
        self._disk.change(lambda image: os.chmod(image.path(path), mode))

    def chown(self, path: str, uid: int, gid: int) -> None:
        self._disk.change(lambda image: os.chown(image.path(path), uid, gid))

    def utimens(self, path: str, times: tuple[int, int] | None = None) -> None:
        self._disk.change(lambda image: _set_times(image.path(path), times))

    def statfs(self, path: str) -> dict[str, int]:
        found = self._disk.look(lambda image: os.statvfs(image.path("/")))
        return {name: getattr(found, name) for name in _SPACE}

    # -- Files -----------------------------------------------------------------------------------

    def open(self, path: str, flags: int) -> int:
        return self._disk.look(lambda image: image.open(path, flags))

    def create(self, path: str, mode: int) -> int:
        return self._disk.change(lambda image: image.create(path, mode))

    def release(self, path: str, fh: int) -> None:
        self._disk.close(fh)

    def read(self, path: str, size: int, offset: int, fh: int) -> bytes:
        return self._disk.look(lambda _: os.pread(fh, size, offset))

    def write(self, path: str, data: bytes, offset: int, fh: int) -> int:
        return self._disk.write(fh, data, offset)

    def truncate(self, path: str, length: int, fh: int | None = None) -> None:
        def cut(image: DiskImage) -> None:
            if fh is not None:
                image.truncate(fh, length)
                return
            descriptor = image.open(path, 0)
            try:
                image.truncate(descriptor, length)
            finally:
                image.close(descriptor)

        self._disk.change(cut)

    def fsync(self, path: str, datasync: int, fh: int) -> None:
        self._disk.sync(lambda image: image.sync(fh), self._caller())

    def fsyncdir(self, path: str, datasync: int, fh: int) -> None:
        self._disk.sync(lambda image: image.sync_directory(path), self._caller())


def _set_times(path: str, times: tuple[int, int] | None) -> None:
    if times is None:
        os.utime(path)
    else:
        os.utime(path, ns=times)


def serve(listener: socket.socket, disk: FaultyDisk) -> None:
    """Answer the runner, one connection after the other, as long as the process lives."""
    while True:
        connection, _ = listener.accept()
        with connection, connection.makefile("rwb") as lines:
            if _user_of(connection) != os.getuid():
                continue
            for line in lines:
                try:
                    request = msgspec.json.decode(line, type=AnyRequest)
                    report = structs.replace(disk.perform(request), number=request.number)
                except (msgspec.DecodeError, OSError) as error:
                    report = Report(error=str(error))
                lines.write(msgspec.json.encode(report) + b"\n")
                lines.flush()


def _user_of(connection: socket.socket) -> int:
    """Who has connected: pid, user and group, as the kernel knows them."""
    size = struct.calcsize("3i")
    content = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
    return int(struct.unpack("3i", content)[1])


def main() -> None:
    """The program: mounts, and serves until it is unmounted."""
    parser = argparse.ArgumentParser(prog="python -m nemesis.disk", description=__doc__)
    parser.add_argument("--directory", type=Path, required=True, help="where the files are kept")
    parser.add_argument("--mount", type=Path, required=True, help="an empty directory")
    parser.add_argument("--name", required=True, help="of the mount, and of an abstract socket")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--durable-names", choices=("journal", "directory"), default="journal")
    asked = parser.parse_args()
    try:
        import mfusepy
    except (ImportError, OSError) as error:
        sys.exit(f"{error}: pip install 'splitbrain[fuse]', apt-get install fuse3 libfuse2")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(f"\0{asked.name}")
    listener.listen()
    image = make_image(asked.directory, Random(asked.seed), asked.durable_names)
    # Only big_writes of libfuse 2 is not the default of libfuse 3.
    extra = {"big_writes": True} if mfusepy.fuse_version_major == 2 else {}
    mfusepy.FUSE(
        FileSystem(FaultyDisk(image), listener, lambda: mfusepy.fuse_get_context()[2]),
        str(asked.mount),
        foreground=True,
        nothreads=True,
        attr_timeout=0,
        entry_timeout=0,
        negative_timeout=0,
        fsname=asked.name,
        **extra,
    )
