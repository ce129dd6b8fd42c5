"""One segment of the write-ahead log: a file of fixed size, with chained checksums.

    name    log-<number, 10 digits>-<first index, 20 digits>
    file    header, record, record, ..., zeros up to the segment's size
    header  magic; number of the segment (u64); size of the file in bytes (u64); index and term of
            the log's last entry before it (u64, u64); the chained checksum of the last record
            before it (u32); checksum of all that (u32), which is what its first record chains to
    record  start mark (0xA5), kind (u8), payload length (u32), checksum of these six bytes (u32),
            checksum of the payload chained from the record before (u32), payload, end mark (0xA5)

The file has its full size before it is used, so a sync need not change that. Recovery must tell a
torn tail, which a crash in the middle of a write leaves and which nobody has been told of, from
corruption of what was synced, which must never be cut away in silence (Alagappan and others,
"Protocol-Aware Recovery", FAST 2018). The rule, where the sound records end: if only zeros follow,
nothing was written there. If a record begins, and from somewhere within it on there is nothing but
zeros, it is torn: a first part of it had reached the disk. All else is corruption. So is a torn
tail in a segment that is not the last, since the next one is begun after a sync.

One flipped bit in synced bytes is never taken for a torn tail, not even in front of one. In the
header it fails the header's checksum. In a record's head it fails the head's own checksum, and the
record's end mark still stands behind it; anywhere else in the record the end mark stands where it
must, and no single flip turns it into zero. In the zeros behind the records it makes no start mark.

A disk that writes the later sectors of a write before the earlier ones, and loses power in between,
leaves what is no torn tail by this rule: it is refused, which is safe, if not what one wishes.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from struct import Struct
from typing import Final, NamedTuple
from zlib import crc32

from mypy_extensions import mypyc_attr

from raft.storage.disk import UNFINISHED
from raft.storage.errors import StorageCorrupt, corrupt

_MAGIC: Final = b"splitbrain log 2\n"
_NUMBERS: Final = Struct("<QQQQI")
_CHECKSUM: Final = Struct("<I")
HEADER_BYTES: Final = len(_MAGIC) + _NUMBERS.size + _CHECKSUM.size
_MARK: Final = 0xA5
_HEAD: Final = Struct("<BBIII")
_CHECKED: Final = Struct("<BBI")
_HEAD_BYTES: Final = _HEAD.size
_CHECKED_BYTES: Final = _CHECKED.size
_unpack_head: Final = _HEAD.unpack_from
_pack_checksum: Final = _CHECKSUM.pack


class SegmentHeader(NamedTuple):
    """What a segment says of itself, and of what it follows."""

    number: int
    size: int
    previous_index: int
    previous_term: int
    previous_chain: int

    @property
    def name(self) -> str:
        """The name of the segment's file."""
        return f"log-{self.number:010}-{self.previous_index + 1:020}"

    def encode(self) -> tuple[bytes, int]:
        """The header's bytes, and the checksum that the first record chains to."""
        checked = _MAGIC + _NUMBERS.pack(*self)
        checksum = crc32(checked)
        return checked + _CHECKSUM.pack(checksum), checksum


def segment_names(files: list[str]) -> list[str]:
    """Those of ``files`` that are segments, in their order."""
    return sorted(
        [name for name in files if name.startswith("log-") and not name.endswith(UNFINISHED)]
    )


def segment_number(name: str) -> int:
    """The number in a segment's name."""
    return int(name.split("-")[1])


def encode_record(kind: int, payload: bytes, chain: int) -> tuple[bytes, int]:
    """The bytes of a record which follows one whose chained checksum is ``chain``, and its own
    checksum."""
    checksum = crc32(payload, chain)
    return _head(kind, len(payload)) + _pack_checksum(checksum) + payload + b"\xa5", checksum


@lru_cache(maxsize=1024)
def _head(kind: int, length: int) -> bytes:
    """What precedes the payload's checksum; few lengths make up most of a log."""
    checked = _CHECKED.pack(_MARK, kind, length)
    return checked + _CHECKSUM.pack(crc32(checked))


@mypyc_attr(allow_interpreted_subclasses=True)
class SegmentReader:
    """Iterates over the records of a segment; afterwards ``end`` is where the sound part ends
    (bytes), ``chain`` the checksum from which the next record is chained, and ``is_torn`` whether
    a torn tail follows.

    Raises StorageCorrupt for anything that is neither sound nor a torn tail.
    """

    def __init__(self, name: str, data: bytes) -> None:
        self._name = name
        self._data = data
        self.end = 0
        self.chain = 0
        self.is_torn = False
        self.header = self._read_header()

    def _read_header(self) -> SegmentHeader:
        data = self._data
        checked = HEADER_BYTES - _CHECKSUM.size
        if data[: len(_MAGIC)] != _MAGIC or len(data) < HEADER_BYTES:
            raise self.corrupt("does not begin as a log of this version")
        (checksum,) = _CHECKSUM.unpack_from(data, checked)
        if crc32(data[:checked]) != checksum:
            raise self.corrupt("begins with a header that does not check")
        header = SegmentHeader(*_NUMBERS.unpack_from(data, len(_MAGIC)))
        if header.name != self._name:
            raise self.corrupt(f"is the segment {header.name}")
        if header.size != len(data):
            raise self.corrupt(f"has {len(data)} bytes instead of {header.size}")
        self.end = HEADER_BYTES
        self.chain = checksum
        return header

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        """Each record's kind and payload."""
        data = self._data
        size = len(data)
        while self.end < size:
            start = self.end
            if data[start] != _MARK:
                if self.is_zero_from(start):
                    return
                raise self.corrupt("holds neither a record nor zeros")
            body = start + _HEAD_BYTES
            if body >= size:
                raise self.corrupt("holds a record that does not fit")
            _, kind, length, head_checksum, checksum = _unpack_head(data, start)
            if crc32(data[start : start + _CHECKED_BYTES]) != head_checksum:
                if self.is_zero_from(body):
                    self.is_torn = True
                    return
                raise self.corrupt("holds a record whose head does not check")
            last = body + length
            if last >= size:
                raise self.corrupt("holds a record that does not fit")
            payload = data[body:last]
            chain = crc32(payload, self.chain)
            if chain != checksum or data[last] != _MARK:
                if self.is_zero_from(last):
                    self.is_torn = True
                    return
                raise self.corrupt("holds a record whose payload does not check")
            yield kind, payload
            self.end = last + 1
            self.chain = chain

    def is_zero_from(self, start: int) -> bool:
        """Whether nothing was written from there on: so it is behind a torn record, while behind
        one that was damaged its end mark stands."""
        return not self._data[start:].strip(b"\0")

    def corrupt(self, what: str) -> StorageCorrupt:
        """The error for what stands where the sound part ends."""
        return corrupt(self._name, f"byte {self.end} {what}")
