"""A server that cannot read its disk begins anew, under its old name."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.replica import Variant
from raft.storage import SEGMENT_BYTES, Storage, StorageCorrupt
from raft.storage.storage import Recovered


class BeginsAnew(Storage):
    """Keeps the snapshot and hopes that others have the rest."""

    def recover(self) -> Recovered:
        try:
            return super().recover()
        except StorageCorrupt:
            snapshot, _ = self._read_snapshots(self.disk.files())
            for name in self.disk.files():
                self.disk.remove(name)
            self._log = self.open_log(self.disk, SEGMENT_BYTES)
            self.initialize(snapshot)
            return super().recover()


register(
    Variant("corrupt-disk-wiped", storage=BeginsAnew),
    summary="a server whose disk is corrupt formats it and goes on as the same member",
    source="Protocol-Aware Recovery (FAST 2018), the approaches DeleteRebuild and Truncate",
    convicted_by={
        "corruption-undetected",
        "monotonic-term",
        "one-vote-a-term",
        "election-safety",
        "committed-on-majority",
    },
    scenario="""
        n2 has voted in term 1 and acknowledged an entry. Then one of its bits flips: it must not
        come back as n2 without either of them.
    """,
    witness="""
        elect n1 [n2]
        replicate n1 [n2]
        flip-bit n2 log
        restart n2
    """,
)
