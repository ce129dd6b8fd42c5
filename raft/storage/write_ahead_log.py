"""The write-ahead log: records with chained checksums in one append-only file.

    file    magic, record, record, ...
    record  payload length (u32), kind (u8), checksum of these five bytes (u32),
            checksum of the payload chained from the record before (u32), payload, end mark (0xA5)

Recovery must tell a torn tail, which a crash in the middle of a write leaves and which nobody has
been told of, from corruption of what was synced, which must never be cut away in silence (Alagappan
and others, "Protocol-Aware Recovery", FAST 2018). The rule: a tail is torn if the file ends before
the record is complete, or if from somewhere within the record on it holds nothing but zeros: its
size had reached the disk, its blocks had not.

One flipped bit in synced bytes is never taken for a torn tail, not even in front of one. It does
not change the file's size; in the length it fails the header's own checksum, and the record's end
mark still stands behind the header; anywhere else the end mark stands where it must, and no single
flip turns it into zero.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct
from typing import NamedTuple
from zlib import crc32

from raft.errors import RaftError

MAGIC = b"splitbrain log 1\n"
_HEADER = Struct("<IBII")
_CHECKED = Struct("<IB")
_pack_header = _HEADER.pack
_pack_checked = _CHECKED.pack
_END_MARK = b"\xa5"


class StorageCorrupt(RaftError):
    """The disk does not hold what was synced to it. The replica must not start: a guess could
    un-commit entries. Replace the disk, and the replica by a new member."""


class Record(NamedTuple):
    """A record as read: what kind it is and what it holds."""

    kind: int
    payload: bytes


def encode_record(kind: int, payload: bytes, chain: int) -> tuple[bytes, int]:
    """The bytes of a record that follows one whose chained checksum is ``chain``, and its own."""
    checksum = crc32(payload, chain)
    length = len(payload)
    header = _pack_header(length, kind, crc32(_pack_checked(length, kind)), checksum)
    return b"%b%b\xa5" % (header, payload), checksum


class LogReader:
    """Iterates over the records of a file; afterwards ``end`` is where the sound part ends (bytes)
    and ``chain`` the checksum from which the next record is chained.

    Raises StorageCorrupt for anything that is neither sound nor a torn tail.
    """

    def __init__(self, name: str, data: bytes) -> None:
        self._name = name
        self._data = data
        self.end = len(MAGIC)
        self.chain = crc32(MAGIC)
        if data[: len(MAGIC)] != MAGIC:
            raise self._corrupt("does not begin as a log of this version")

    def __iter__(self) -> Iterator[Record]:
        data = self._data
        size = len(data)
        while self.end < size:
            body = self.end + _HEADER.size
            if body > size:
                return
            length, kind, header_checksum, checksum = _HEADER.unpack_from(data, self.end)
            if crc32(_CHECKED.pack(length, kind)) != header_checksum:
                if self._is_zero_from(body):
                    return
                raise self._corrupt("holds a record whose header does not check")
            end = body + length + len(_END_MARK)
            if end > size:
                return
            payload = data[body : body + length]
            chain = crc32(payload, self.chain)
            if chain != checksum or data[end - 1 : end] != _END_MARK:
                if self._is_zero_from(end - 1):
                    return
                raise self._corrupt("holds a record whose payload does not check")
            yield Record(kind, payload)
            self.end = end
            self.chain = chain

    def _is_zero_from(self, start: int) -> bool:
        return not self._data[start:].strip(b"\0")

    def corrupt_record(self, what: str) -> StorageCorrupt:
        """The error for a record that checks, but makes no sense."""
        return self._corrupt(what)

    def _corrupt(self, what: str) -> StorageCorrupt:
        return StorageCorrupt(
            f"{self._name}: byte {self.end} {what}: the disk lost or changed what was synced; "
            "replace this replica by a new member with an empty disk"
        )
