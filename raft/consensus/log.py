"""The replicated log in memory: entries counted from index 1."""

from __future__ import annotations

from collections.abc import Iterable

from raft.consensus.entry import Entry

# What precedes the first entry: index 0 of term 0 is in every log.
_BEFORE_FIRST = Entry(0, 0, b"")


class Log:
    """Entries 1 to ``last_index``; no decisions are taken here."""

    __slots__ = ("_entries", "last_index", "last_term")

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self._entries = [_BEFORE_FIRST, *entries]
        self.last_index = self._entries[-1].index
        self.last_term = self._entries[-1].term

    def term_at(self, index: int) -> int:
        """Term of the entry at ``index``; 0 for index 0, -1 beyond the end (no term matches it)."""
        return self._entries[index].term if index <= self.last_index else -1

    def entry_at(self, index: int) -> Entry:
        """The entry at ``index``, which must be between 1 and ``last_index``."""
        return self._entries[index]

    def entries_from(self, index: int, limit: int | None = None) -> tuple[Entry, ...]:
        """Entries from ``index`` on, at most ``limit`` of them."""
        stop = None if limit is None else index + limit
        return tuple(self._entries[index:stop])

    def append(self, entry: Entry) -> None:
        """Add ``entry`` at the end."""
        self._entries.append(entry)
        self.last_index = entry.index
        self.last_term = entry.term

    def truncate_from(self, index: int) -> None:
        """Remove the entry at ``index`` and all that follow it."""
        del self._entries[index:]
        self.last_index = self._entries[-1].index
        self.last_term = self._entries[-1].term

    def first_index_of_term_at(self, index: int) -> int:
        """The first index of the run of entries that have the same term as the one at ``index``."""
        term = self._entries[index].term
        while index > 1 and self._entries[index - 1].term == term:
            index -= 1
        return index

    def last_index_of_term(self, term: int, at_most: int) -> int:
        """The last index at or below ``at_most`` whose entry has ``term``, or 0 if none has."""
        index = min(at_most, self.last_index)
        while index > 0 and self._entries[index].term > term:
            index -= 1
        return index if self._entries[index].term == term else 0
