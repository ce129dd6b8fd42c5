"""Entries that were replaced come back with a restart."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Entry
from raft.replica import Variant
from raft.storage import Storage
from raft.storage.disk import Disk
from raft.storage.write_ahead_log import WriteAheadLog


class OverwritesOne(WriteAheadLog):
    """Replays a replaced entry, but not that those behind it went with it."""

    def take_up(self, entries: list[Entry], entry: Entry) -> None:
        at = entry.index - entries[0].index if entries else 0
        if at < len(entries):
            entries[at] = entry
        else:
            super().take_up(entries, entry)


class ForgetsTruncation(Storage):
    """Uses that log."""

    def open_log(self, disk: Disk, segment_bytes: int) -> WriteAheadLog:
        return OverwritesOne(disk, segment_bytes)


register(
    Variant("truncation-not-persisted", storage=ForgetsTruncation),
    summary="replay applies an overwriting entry without the truncation that it stands for",
    source="etcd #22442 (wal.ReadAll, entries at or below the snapshot)",
    convicted_by={
        "log-matching",
        "state-machine-safety",
        "committed-on-majority",
        "unhandled-exception",
    },
    scenario="""
        n1 has two entries of term 1 that nobody else has. n2 leads term 2 and replaces both by one.
        After a restart n1's second entry must not be back.
    """,
    witness="""
        elect n1 [n2]
        propose n1 put x 1
        elect n2 [n1 n3]
        replicate n2 [n1]
        crash n1
        restart n1
    """,
)
