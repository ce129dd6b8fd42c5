"""The way to the disk: what is to be saved, one write at a time, and what waits for it.

    begin     everything that came up since the last write is one write now (group commit)
    perform   the write is done, by whoever has the disk; it may take its time
    end       its acknowledgement: what waited for it may leave

An asynchronous replica handles inputs meanwhile; what these bring up gathers for the next write. A
synchronous one does the three at once, and has a shorter way for term, vote and entries. An error
ends it all: the write has no end then, so nothing that waited for it leaves, and none follows.
"""

from __future__ import annotations

import msgspec

from raft.consensus import Consensus, Entry, NodeId
from raft.consensus.snapshot import Snapshot
from raft.outlet import Outlet
from raft.storage import Storage


class PendingWrite(msgspec.Struct, frozen=True, gc=False):
    """What is to be saved, in this order. ``last_index`` and ``last_term`` are where the log ends
    with it, ``compact_to`` is up to where the disk may forget it."""

    number: int
    term: int
    voted_for: NodeId | None
    entries: tuple[Entry, ...]
    last_index: int
    last_term: int
    taken: Snapshot | None
    received: Snapshot | None
    compact_to: int | None


class Saved(msgspec.Struct, frozen=True, gc=False):
    """The acknowledgement of a write, an input to the replica. It names term, vote, and the last
    entry's index and term, so that one that is out of date is not taken for another. Those of an
    earlier life of the server may name the same: its driver drops them with that life.

    ``persisted`` is what syncs have made durable of the term, the vote and the log, if there were
    any; ``durable_index`` where the durable log ended at last. Both are for those who judge.
    """

    number: int
    term: int
    voted_for: NodeId | None
    last_index: int
    last_term: int
    persisted: tuple[int, NodeId | None, int] | None
    durable_index: int


class WriteQueue:
    """Between consensus and storage."""

    def __init__(self, consensus: Consensus, storage: Storage, outlet: Outlet) -> None:
        self._consensus = consensus
        self._storage = storage
        self._outlet = outlet
        self._number = 0
        self._under_way: PendingWrite | None = None
        self._compacted_to = consensus.log.base_index
        # A snapshot that was taken here and is to be saved.
        self._taken: Snapshot | None = None

    def begin(self) -> PendingWrite | None:
        """The next write; None if there is nothing to save, or one is under way."""
        consensus = self._consensus
        if self._under_way is not None or not self._is_due():
            return None
        self._number += 1
        log = consensus.log
        compact_to = None
        if log.base_index > self._compacted_to:
            compact_to = self._compacted_to = log.base_index
        self._outlet.write_begins()
        self._under_way = write = PendingWrite(
            self._number,
            consensus.current_term,
            consensus.voted_for,
            consensus.submit_entries(),
            log.last_index,
            log.last_term,
            self._taken,
            consensus.submit_snapshot(),
            compact_to,
        )
        self._taken = None
        return write

    def _is_due(self) -> bool:
        consensus = self._consensus
        return (
            consensus.must_save
            or consensus.received_snapshot is not None
            or self._taken is not None
            or consensus.log.base_index > self._compacted_to
        )

    def perform(self, write: PendingWrite) -> Saved:
        """Do it, and return the acknowledgement. Nothing but the storage is touched. Raises
        DiskError, after which nothing may be written any more."""
        storage = self._storage
        persisted = None
        if storage.save(write.term, write.voted_for, write.entries):
            persisted = storage.durable_term, storage.durable_vote, storage.durable_index
        if write.taken is not None:
            storage.save_snapshot(write.taken)
        if write.received is not None:
            storage.save_snapshot(write.received)
        if write.compact_to is not None:
            storage.compact(write.compact_to)
        return Saved(
            write.number,
            write.term,
            write.voted_for,
            write.last_index,
            write.last_term,
            persisted,
            storage.durable_index,
        )

    def end(self, saved: Saved) -> PendingWrite | None:
        """The write that is acknowledged; None if it is not the one under way: an acknowledgement
        that came twice, or of an earlier life."""
        write = self._under_way
        if (
            write is None
            or (write.number, write.term, write.voted_for)
            != (saved.number, saved.term, saved.voted_for)
            or (write.last_index, write.last_term) != (saved.last_index, saved.last_term)
        ):
            return None
        self._under_way = None
        self._outlet.write_ended(is_last=not self._consensus.must_save)
        return write

    # -- Snapshots of one's own ------------------------------------------------------------------

    def may_take_snapshot(self) -> bool:
        """One at a time."""
        write = self._under_way
        return self._taken is None and (write is None or write.taken is None)

    def save_snapshot(self, snapshot: Snapshot) -> None:
        """Let the next write save it, after the entries that it covers."""
        self._taken = snapshot
