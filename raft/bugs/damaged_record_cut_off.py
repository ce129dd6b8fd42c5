"""What does not check at the end of the log is taken for a torn write."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.replica import Variant
from raft.storage import Storage
from raft.storage.disk import Disk
from raft.storage.segment import SegmentReader
from raft.storage.write_ahead_log import WriteAheadLog


class TakesAllForTorn(SegmentReader):
    """Does not look at what stands behind a record that does not check."""

    def is_zero_from(self, start: int) -> bool:
        return True


class ReadsAsTorn(WriteAheadLog):
    """Reads segments so."""

    def read_segment(self, name: str, data: bytes) -> SegmentReader:
        return TakesAllForTorn(name, data)


class CutsOffDamage(Storage):
    """Uses that log."""

    def open_log(self, disk: Disk, segment_bytes: int) -> WriteAheadLog:
        return ReadsAsTorn(disk, segment_bytes)


register(
    Variant("damaged-record-cut-off", storage=CutsOffDamage),
    summary="the log is cut off at the first record that does not check, acknowledged or not",
    source="Alagappan and others, Protocol-Aware Recovery (FAST 2018), the approach Truncate",
    convicted_by={"corruption-undetected", "committed-on-majority"},
    scenario="""
        n2 has acknowledged an entry, and one of its bits flips on the disk. No crash leaves a
        record so: n2 must not start as if it had never had the entry.
    """,
    witness="""
        elect n1 [n2]
        replicate n1 [n2]
        flip-bit n2 log
        restart n2
    """,
)
