"""After a power failure in the middle of a write a server never starts again."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.replica import Variant
from raft.storage import Storage
from raft.storage.disk import Disk
from raft.storage.errors import corrupt
from raft.storage.write_ahead_log import WriteAheadLog


class RefusesTornTail(WriteAheadLog):
    """Takes a torn write for damage."""

    def cut_off_torn_tail(self, sound: bytes) -> None:
        raise corrupt(self._name, "ends with a record that does not check")


class RefusesTorn(Storage):
    """Uses that log."""

    def open_log(self, disk: Disk, segment_bytes: int) -> WriteAheadLog:
        return RefusesTornTail(disk, segment_bytes)


register(
    Variant("torn-tail-refused", storage=RefusesTorn),
    summary="a record that was torn by a power failure is taken for corruption at the start",
    source="RedisRaft #127 (a half-written log entry); Protocol-Aware Recovery (FAST 2018), Crash",
    convicted_by={"unhandled-exception"},
    scenario="""
        Power fails while n2 writes its first entry, and half of it has reached the disk. Nobody was
        told of that entry, so n2 must start without it.
    """,
    witness="""
        elect n1 [n2]
        fail-power n2 torn
        replicate n1 [n2]
        restart n2
    """,
)
