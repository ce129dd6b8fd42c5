"""The replicated log in memory: a snapshot's place, and the entries after it."""

from __future__ import annotations

from collections.abc import Iterable

from raft.consensus.entry import Entry


class Log:
    """Entries ``first_index`` to ``last_index``; no decisions are taken here.

    What precedes them is known by the index and the term of its last entry only: those of the
    snapshot that took its place, or 0 and 0, which are in every log.
    """

    __slots__ = ("_base", "_entries", "last_index", "last_term")

    def __init__(
        self, entries: Iterable[Entry] = (), base_index: int = 0, base_term: int = 0
    ) -> None:
        # The entry at index i is at i - _base; the first stands for all that was compacted.
        self._base = base_index
        self._entries = [Entry(base_index, base_term, b""), *entries]
        self.last_index = self._entries[-1].index
        self.last_term = self._entries[-1].term

    @property
    def base_index(self) -> int:
        """The last index that is no longer held as an entry; 0 if none was compacted."""
        return self._base

    @property
    def base_term(self) -> int:
        """The term of the entry at ``base_index``."""
        return self._entries[0].term

    @property
    def first_index(self) -> int:
        """The first index that is held as an entry, if there is any."""
        return self._base + 1

    def term_at(self, index: int) -> int:
        """Term of the entry at ``index``; -1, which matches no term, beyond the end and where it
        is no longer known."""
        if self._base <= index <= self.last_index:
            return self._entries[index - self._base].term
        return -1

    def entry_at(self, index: int) -> Entry:
        """The entry at ``index``, which must be between ``first_index`` and ``last_index``."""
        return self._entries[index - self._base]

    def entries_from(self, index: int, limit: int | None = None) -> tuple[Entry, ...]:
        """Entries from ``index`` on, which must not be compacted; at most ``limit`` of them."""
        start = index - self._base
        stop = None if limit is None else start + limit
        return tuple(self._entries[start:stop])

    def append(self, entry: Entry) -> None:
        """Add ``entry`` at the end."""
        self._entries.append(entry)
        self.last_index = entry.index
        self.last_term = entry.term

    def truncate_from(self, index: int) -> None:
        """Remove the entry at ``index``, which must not be compacted, and all that follow it."""
        del self._entries[index - self._base :]
        self.last_index = self._entries[-1].index
        self.last_term = self._entries[-1].term

    def compact_to(self, index: int) -> None:
        """Forget the entries up to ``index``, which must be held, but for the last one's term."""
        kept = self._entries[index - self._base :]
        kept[0] = Entry(index, kept[0].term, b"")
        self._entries = kept
        self._base = index

    def reset_to(self, index: int, term: int) -> None:
        """Forget everything: the log now begins after the entry at ``index``."""
        self._entries = [Entry(index, term, b"")]
        self._base = self.last_index = index
        self.last_term = term

    def first_index_of_term_at(self, index: int) -> int:
        """The first index of the run of entries that have the same term as the one at ``index``;
        what was compacted is not looked into."""
        at = index - self._base
        term = self._entries[at].term
        while at > 1 and self._entries[at - 1].term == term:
            at -= 1
        return at + self._base

    def last_index_of_term(self, term: int, at_most: int) -> int:
        """The last index at or below ``at_most`` whose entry has ``term``, or 0 if none is known
        to have."""
        at = min(at_most, self.last_index) - self._base
        while at > 0 and self._entries[at].term > term:
            at -= 1
        return at + self._base if at >= 0 and self._entries[at].term == term else 0
