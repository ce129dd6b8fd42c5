"""Damage to what a disk holds while its server is down: flipped bits, files that are gone or cut.

Only what must be noticed is done: what servers have synced, and check.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from nemesis.cluster.protocol import DiskFile
from nemesis.disk.losses import file_to_lose
from raft.storage.disk import UNFINISHED
from raft.storage.vote_file import VOTE_FILE

# A record of etcd's write-ahead log that holds data; its data ends it.
_SHORTEST: Final = 24
_HEAD: Final = 8


def flip_bit(directory: Path, position: int) -> str | None:
    """Flip one bit of the files of raft.storage, at ``position`` modulo how many there are; where,
    or None if they hold nothing. The zeros at the end of a file, space that is not used yet, are
    left alone."""
    contents = {
        path: path.read_bytes().rstrip(b"\0")
        for path in sorted(directory.iterdir())
        if not path.name.endswith(UNFINISHED)
    }
    total = sum(len(content) for content in contents.values())
    if not total:
        return None
    position %= total * 8
    for path, content in contents.items():
        if position < len(content) * 8:
            return _flip(path, position // 8, position % 8)
        position -= len(content) * 8
    raise AssertionError("the position is within what they hold")


def lose_file(directory: Path, file: DiskFile, kept: int | None) -> str | None:
    """Take the newest file of this kind of raft.storage, or the one before it of the log, or leave
    of it the first ``kept`` bytes; in an older one zeros follow. Its name, or None if there is no
    such file whose loss must be noticed."""
    vote = directory / VOTE_FILE
    name = file_to_lose(
        [path.name for path in directory.iterdir()],
        file,
        whole=kept is None,
        vote=vote.read_bytes() if vote.is_file() else None,
    )
    if name is None:
        return None
    path, is_older = directory / name, file.startswith("older-")
    if kept is None:
        path.unlink()
        return path.name
    content = path.read_bytes()
    held = len(content.rstrip(b"\0")) if is_older else len(content)
    cut = content[: min(kept, held - 1)]
    path.write_bytes(cut.ljust(len(content), b"\0") if is_older else cut)
    return path.name


def flip_bit_of_log(directory: Path, position: int) -> str | None:
    """Flip the last bit of a record of etcd's write-ahead log, which its checksum covers. (Not its
    database: that has no checksums. Nor a record's head: to etcd a log that ends in the middle of a
    record is one whose last write was torn, and it drops what follows.)"""
    found = [
        (path, end)
        for path in sorted(directory.glob("*.wal"))
        for end in _records(path.read_bytes())
    ]
    if not found:
        return None
    path, end = found[position % len(found)]
    return _flip(path, end - 1, 0)


def _records(content: bytes) -> Iterator[int]:
    """Where the records end that hold data (wal/encoder.go)."""
    at = 0
    while at + _HEAD <= len(content):
        (head,) = struct.unpack_from("<Q", content, at)
        length = head & ((1 << 56) - 1)
        padding = (head >> 56) & 7 if head >> 63 else 0
        if not head or at + _HEAD + length > len(content):
            return
        at += _HEAD + length
        if length >= _SHORTEST:
            yield at
        at += padding


def _flip(path: Path, at: int, bit: int) -> str:
    with path.open("r+b") as file:
        file.seek(at)
        (byte,) = file.read(1)
        file.seek(at)
        file.write(bytes((byte ^ 1 << bit,)))
    return f"{path.name}, byte {at}"
