"""The replicated log in memory: a snapshot's place, and the entries after it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate
from typing import Final

from raft.consensus.entry import Entry

# What an entry takes beside its command: index and term.
_INDEX_AND_TERM: Final = 16


def entry_size(entry: Entry) -> int:
    """What an entry counts for where bytes of the log are limited: its command, index and term."""
    return len(entry.command) + _INDEX_AND_TERM


class Log:
    """Entries ``first_index`` to ``last_index``; no decisions are taken here.

    What precedes them is known by the index and the term of its last entry only, ``base_index``
    and ``base_term``: those of the last entry that was compacted, or 0 and 0, which are in every
    log.
    """

    __slots__ = ("_ends", "_entries", "base_index", "last_index", "last_term")

    def __init__(
        self, entries: Iterable[Entry] = (), base_index: int = 0, base_term: int = 0
    ) -> None:
        # The last index that is no longer held as an entry; 0 if none was compacted.
        self.base_index = base_index
        # The entry at index i is at i - base_index; the first stands for all that was compacted.
        self._entries = [Entry(base_index, base_term, b""), *entries]
        # Where each entry ends, in bytes of the log. Whatever is limited in bytes is a difference
        # of two of them: a counter beside the log can leak, as did etcd's (a370b6f).
        self._ends = list(accumulate(map(entry_size, self._entries[1:]), initial=0))
        self.last_index = self._entries[-1].index
        self.last_term = self._entries[-1].term

    @property
    def base_term(self) -> int:
        """The term of the entry at ``base_index``."""
        return self._entries[0].term

    @property
    def first_index(self) -> int:
        """The first index that is held as an entry, if there is any."""
        return self.base_index + 1

    def term_at(self, index: int) -> int:
        """Term of the entry at ``index``; -1, which matches no term, beyond the end and where it
        is no longer known."""
        if self.base_index <= index <= self.last_index:
            return self._entries[index - self.base_index].term
        return -1

    def entry_at(self, index: int) -> Entry:
        """The entry at ``index``, which must be between ``first_index`` and ``last_index``."""
        return self._entries[index - self.base_index]

    def entries_from(
        self, index: int, limit: int | None = None, max_bytes: int | None = None
    ) -> tuple[Entry, ...]:
        """Entries from ``index`` on, which must not be compacted; at most ``limit`` of them, and
        of ``max_bytes`` in all, but at least one if there is any."""
        start = index - self.base_index
        if index == self.last_index:
            return (self._entries[start],)
        ends = self._ends
        stop = len(ends)
        if limit is not None and start + limit < stop:
            stop = start + limit
        if max_bytes is not None:
            most = ends[start - 1] + max_bytes
            if ends[stop - 1] > most:
                stop = max(start + 1, bisect_right(ends, most, start, stop))
        return tuple(self._entries[start:stop])

    def bytes_between(self, after: int, through: int) -> int:
        """The size of the entries above ``after`` and up to ``through``, of those that are held."""
        base = self.base_index
        return self._ends[max(through - base, 0)] - self._ends[max(after - base, 0)]

    def append(self, entry: Entry) -> None:
        """Add ``entry`` at the end."""
        self._entries.append(entry)
        self._ends.append(self._ends[-1] + len(entry.command) + _INDEX_AND_TERM)
        self.last_index = entry.index
        self.last_term = entry.term

    def truncate_from(self, index: int) -> None:
        """Remove the entry at ``index``, which must not be compacted, and all that follow it."""
        at = index - self.base_index
        if at < 1:
            raise ValueError(
                f"entry {index} cannot be removed: the log begins after {self.base_index}"
            )
        del self._entries[at:]
        del self._ends[at:]
        self.last_index = self._entries[-1].index
        self.last_term = self._entries[-1].term

    def compact_to(self, index: int) -> None:
        """Forget the entries up to ``index``, which must be held, but for the last one's term."""
        at = index - self.base_index
        kept = self._entries[at:]
        kept[0] = Entry(index, kept[0].term, b"")
        self._entries = kept
        del self._ends[:at]
        self.base_index = index

    def reset_to(self, index: int, term: int) -> None:
        """Forget everything: the log now begins after the entry at ``index``."""
        self._entries = [Entry(index, term, b"")]
        self._ends = [0]
        self.base_index = self.last_index = index
        self.last_term = term

    def first_index_of_term_at(self, index: int) -> int:
        """The first index of the run of entries that have the same term as the one at ``index``;
        what was compacted is not looked into."""
        at = index - self.base_index
        term = self._entries[at].term
        while at > 1 and self._entries[at - 1].term == term:
            at -= 1
        return at + self.base_index

    def last_index_of_term(self, term: int, at_most: int) -> int:
        """The last index at or below ``at_most`` whose entry has ``term``, or 0 if none is known
        to have."""
        at = min(at_most, self.last_index) - self.base_index
        while at > 0 and self._entries[at].term > term:
            at -= 1
        return at + self.base_index if at >= 0 and self._entries[at].term == term else 0
