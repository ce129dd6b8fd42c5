"""What is left of a torn write is found again behind a shorter one."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.replica import Variant
from raft.storage import Storage
from raft.storage.disk import Disk
from raft.storage.write_ahead_log import WriteAheadLog


class LeavesTornTail(WriteAheadLog):
    """Writes over it, as far as the next write goes."""

    def cut_off_torn_tail(self, sound: bytes) -> None:
        pass


class LeavesTorn(Storage):
    """Uses that log."""

    def open_log(self, disk: Disk, segment_bytes: int) -> WriteAheadLog:
        return LeavesTornTail(disk, segment_bytes)


register(
    Variant("torn-tail-left", storage=LeavesTorn),
    summary="recovery ignores a torn record without removing it, and appends where it began",
    source="neo4j #8726 (partial entries made later recoveries fail)",
    convicted_by={"unhandled-exception"},
    scenario="""
        Power fails while n2 writes a long entry. n3, the next leader, replaces it by a short one;
        behind that stands the rest of the long one, which n2 takes for damage when it restarts.
    """,
    witness="""
        elect n1 [n2]
        replicate n1 [n2 n3]
        propose n1 put x abcdefghijklmnopqrstuvwxyz
        fail-power n2 torn
        replicate n1 [n2]
        restart n2
        elect n3 [n2]
        replicate n3 [n2]
        crash n2
        restart n2
    """,
)
