"""The write-ahead log: entries in segments, each a continuation of the one before.

An entry at or below the last index takes the place of it and of all that followed (section 5.3 of
the paper); nothing is ever changed where it stands. A segment whose header does not continue at the
last index begins the log anew after a snapshot which replaced it (section 7).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from struct import Struct
from typing import Final

import msgspec
from mypy_extensions import mypyc_attr

from raft.consensus.entry import Entry
from raft.storage.disk import Disk, replace_file
from raft.storage.errors import missing
from raft.storage.segment import (
    HEADER_BYTES,
    SegmentHeader,
    SegmentReader,
    encode_record,
    segment_names,
    segment_number,
)

_COMMAND: Final = 1
_CONFIGURATION: Final = 2
_INDEX_AND_TERM: Final = Struct("<QQ")
_INDEX_AND_TERM_BYTES: Final = _INDEX_AND_TERM.size
_pack_index_and_term: Final = _INDEX_AND_TERM.pack
_unpack_index_and_term: Final = _INDEX_AND_TERM.unpack_from
_encode_entry: Final = msgspec.msgpack.Encoder().encode
_decode_entry: Final = msgspec.msgpack.Decoder(Entry).decode


@mypyc_attr(allow_interpreted_subclasses=True)
class WriteAheadLog:
    """Appends entries; they are durable after ``sync``.

    ``last_index`` is that of the log as written, synced or not; ``number`` that of the last
    segment.
    """

    def __init__(self, disk: Disk, segment_bytes: int) -> None:
        self._disk = disk
        self._segment_bytes = segment_bytes
        self._segments: list[SegmentHeader] = []
        # Of the last segment: number, name, size, where the next record goes, what that chains to.
        self.number = 0
        self._name = ""
        self._size = 0
        self._end = 0
        self._chain = 0
        self._is_unsynced = False
        self.last_index = 0
        # Where each run of entries of one term begins, and the term. The first may be that of the
        # entry before the log, the last that is not in these segments.
        self._runs = [(0, 0)]
        self._base_index = 0

    # -- Reading ---------------------------------------------------------------------------------

    def replay(self, files: list[str], least_number: int, snapshot_index: int) -> list[Entry]:
        """Read all segments, and cut off a torn tail; the entries that they hold, also some that
        precede the snapshot. Everything read is durable afterwards: what was only in the page cache
        of a process that died may still be lost, so it is synced before anything is built on it.

        ``least_number`` is that of a segment which must be there, ``snapshot_index`` where the
        snapshot ends that precedes the log. Raises StorageCorrupt, StorageMissing, DiskError.
        """
        entries: list[Entry] = []
        reader: SegmentReader | None = None
        data = b""
        for name in _unbroken(segment_names(files), least_number):
            if reader is not None and reader.is_torn:
                raise reader.corrupt("ends the segment before its time")
            data = self._disk.read(name)
            previous, reader = reader, self.read_segment(name, data)
            header = reader.header
            if previous is not None and header.previous_chain != previous.chain:
                raise previous.corrupt(f"ends other than {name} says")
            if not self._continues_at(header):
                self._restart_after(header.previous_index, header.previous_term)
                entries.clear()
            self._segments.append(header)
            for kind, payload in reader:
                entry = _entry_of(kind, payload, reader)
                index = entry.index
                if not 1 <= index <= self.last_index + 1:
                    raise reader.corrupt(f"holds entry {index} after {self.last_index}")
                self.take_up(entries, entry)
        assert reader is not None
        if self._base_index > snapshot_index:
            raise missing(
                f"the log up to entry {self._base_index}",
                f"and the newest snapshot ends at {snapshot_index}",
            )
        self.number = reader.header.number
        self._name = name
        self._size = reader.header.size
        self._end = reader.end
        self._chain = reader.chain
        if reader.is_torn:
            self.cut_off_torn_tail(data[: reader.end])
        else:
            self._disk.sync(self._name)
        return entries

    def read_segment(self, name: str, data: bytes) -> SegmentReader:
        """A reader of the segment's records."""
        return SegmentReader(name, data)

    def take_up(self, entries: list[Entry], entry: Entry) -> None:
        """The log goes on with ``entry``: at an index that it has reached, in place of all from
        there on."""
        if entry.index <= self.last_index and entries:
            del entries[max(0, entry.index - entries[0].index) :]
        self._note(entry)
        entries.append(entry)

    def cut_off_torn_tail(self, sound: bytes) -> None:
        """Of the last segment, keep what is sound: what is written next must be followed by zeros.
        Raises DiskError."""
        replace_file(self._disk, self._name, sound, self._size)

    def _continues_at(self, header: SegmentHeader) -> bool:
        return bool(self._segments) and (
            header.previous_index == self.last_index
            and header.previous_term == self.term_at(self.last_index)
        )

    def term_at(self, index: int) -> int | None:
        """The term of the entry at ``index``; None if the log does not tell."""
        if index > self.last_index:
            return None
        for start, term in reversed(self._runs):
            if start <= index:
                return term
        return None

    # -- Writing ---------------------------------------------------------------------------------

    def append(self, entries: Sequence[Entry]) -> None:
        """Write entries, which continue the log or take the place of its end. Raises DiskError."""
        first = entries[0].index
        if not 1 <= first <= self.last_index + 1:
            raise ValueError(f"entry {first} cannot follow entry {self.last_index}")
        data, chain = _encode(entries, self._chain)
        end = self._end + len(data)
        if end > self._size:
            term = self.term_at(self.last_index)
            assert term is not None
            self._begin_segment(self.last_index, term, len(data))
            data, chain = _encode(entries, self._chain)
            end = self._end + len(data)
        self._is_unsynced = True
        self._disk.write(self._name, self._end, data)
        self._end = end
        self._chain = chain
        if first > self.last_index and len(entries) == 1 and entries[0].term == self._runs[-1][1]:
            self.last_index = first
            return
        for entry in entries:
            self._note(entry)

    def sync(self) -> None:
        """Make all that was appended durable. Raises DiskError."""
        if self._is_unsynced:
            self._disk.sync(self._name)
            self._is_unsynced = False

    def _note(self, entry: Entry) -> None:
        """The log now ends with ``entry``."""
        index = entry.index
        runs = self._runs
        if index <= self.last_index:
            while runs and runs[-1][0] >= index:
                runs.pop()
            self._base_index = min(self._base_index, index - 1)
        if not runs or runs[-1][1] != entry.term:
            runs.append((index, entry.term))
        self.last_index = index

    def _begin_segment(self, previous_index: int, previous_term: int, needed: int) -> None:
        """Go on in a new segment with space for ``needed`` bytes. What precedes it is synced first:
        nothing may follow what could still be lost."""
        self.sync()
        header = SegmentHeader(
            self.number + 1,
            max(self._segment_bytes, HEADER_BYTES + needed),
            previous_index,
            previous_term,
            self._chain,
        )
        data, chain = header.encode()
        name = header.name
        replace_file(self._disk, name, data, header.size)
        self._segments.append(header)
        self.number = header.number
        self._name = name
        self._size = header.size
        self._end = len(data)
        self._chain = chain

    # -- Snapshots -------------------------------------------------------------------------------

    def restart(self, index: int, term: int) -> None:
        """Go on after a snapshot that took the place of the whole log, or begin after the first
        one. Raises DiskError."""
        self._begin_segment(index, term, 0)
        self._restart_after(index, term)

    def _restart_after(self, index: int, term: int) -> None:
        self.last_index = self._base_index = index
        self._runs = [(index, term)]

    def compact(self, index: int) -> None:
        """Remove the segments that the log needs no more if a snapshot up to ``index`` precedes it:
        all before one which began when the log did not reach further. The oldest goes first, so
        that what a crash leaves is without a gap. Raises DiskError."""
        segments = self._segments
        needed = len(segments) - 1
        while needed > 0 and segments[needed].previous_index > index:
            needed -= 1
        for header in segments[:needed]:
            self._disk.remove(header.name)
        del segments[:needed]


def is_unused(disk: Disk, files: list[str]) -> bool:
    """Whether no entry was ever written: there is no segment, or the first one, empty."""
    names = segment_names(files)
    if not names:
        return True
    reader = SegmentReader(names[0], disk.read(names[0]))
    return len(names) == 1 and reader.header.number == 1 and next(iter(reader), None) is None


def _unbroken(names: list[str], least_number: int) -> Iterable[str]:
    """The names, if no segment is missing between them or after them."""
    numbers = [segment_number(name) for name in names]
    if not numbers or numbers[-1] < least_number:
        raise missing(f"log segment {least_number}", "of which the vote file knows")
    for number, following in pairwise(numbers):
        if following != number + 1:
            raise missing(f"log segment {number + 1}", f"between {names[0]} and {names[-1]}")
    return names


def _encode(entries: Sequence[Entry], chain: int) -> tuple[bytes, int]:
    """The records of ``entries`` chained to ``chain``, and the last one's checksum."""
    records: list[bytes] = []
    for entry in entries:
        if entry.configuration is None:
            payload = _pack_index_and_term(entry.index, entry.term) + entry.command
            record, chain = encode_record(_COMMAND, payload, chain)
        else:
            record, chain = encode_record(_CONFIGURATION, _encode_entry(entry), chain)
        records.append(record)
    return b"".join(records), chain


def _entry_of(kind: int, payload: bytes, reader: SegmentReader) -> Entry:
    if kind == _COMMAND:
        index, term = _unpack_index_and_term(payload)
        return Entry(index, term, payload[_INDEX_AND_TERM_BYTES:])
    if kind == _CONFIGURATION:
        try:
            return _decode_entry(payload)
        except msgspec.MsgspecError as error:
            raise reader.corrupt(f"holds an entry that cannot be read ({error})") from error
    raise reader.corrupt(f"holds a record of the unknown kind {kind}")
