"""The disk of a consensus module that writes asynchronously: tests say when a write begins and ends.

Terms, votes and entries only; snapshots go the same way in raft.write_queue.
"""

from __future__ import annotations

from typing import NamedTuple

from raft.consensus import Consensus, Entry, Message, NodeId
from raft.observer import Observer
from raft.outlet import Outlet


class Write(NamedTuple):
    """What a write saves: the disk holds this much once it is done."""

    term: int
    voted_for: NodeId | None
    entries: tuple[Entry, ...]
    last_index: int
    last_term: int


class SlowDisk:
    """One write at a time; what comes up meanwhile gathers for the next."""

    def __init__(self, consensus: Consensus, observer: Observer) -> None:
        self._consensus = consensus
        self._outlet = Outlet(consensus, observer)
        self.under_way: Write | None = None
        # What a restart finds.
        self.term = consensus.current_term
        self.voted_for = consensus.voted_for
        self.log = list(consensus.log.entries_from(1))

    def release(self) -> list[Message]:
        """What may leave now."""
        return self._outlet.release_durable()

    def begin(self) -> Write | None:
        """Begin to write what has changed; None if nothing has, or a write is under way."""
        consensus = self._consensus
        if self.under_way is not None or not consensus.must_save:
            return None
        self._outlet.write_begins()
        log = consensus.log
        self.under_way = Write(
            consensus.current_term,
            consensus.voted_for,
            consensus.submit_entries(),
            log.last_index,
            log.last_term,
        )
        return self.under_way

    def end(self) -> None:
        """The write that is under way is done, and acknowledged."""
        write = self.under_way
        assert write is not None, "no write is under way"
        self.under_way = None
        self.term, self.voted_for = write.term, write.voted_for
        if write.entries:
            del self.log[write.entries[0].index - 1 :]
            self.log += write.entries
        consensus = self._consensus
        self._outlet.write_ended(is_last=not consensus.must_save)
        consensus.saved_to(write.term, write.voted_for, write.last_index, write.last_term)
