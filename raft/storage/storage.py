"""What a replica holds on its disk: currentTerm, votedFor and log[] of Figure 2."""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct
from typing import NamedTuple
from zlib import crc32

from raft.consensus.entry import Entry, NodeId
from raft.storage.disk import Disk
from raft.storage.write_ahead_log import MAGIC, LogReader, encode_record

_FILE = "log"
_NEW_FILE = "log.new"
_TERM_AND_VOTE = 1
_ENTRY = 2
_TERM = Struct("<Q")
_INDEX_AND_TERM = Struct("<QQ")
_pack_index_and_term = _INDEX_AND_TERM.pack


class Recovered(NamedTuple):
    """What the disk held when the replica started."""

    term: int
    voted_for: NodeId | None
    entries: list[Entry]


class Storage:
    """Saves by appending to the write-ahead log; nothing is durable before the sync.

    ``durable_term``, ``durable_vote`` and ``durable_index`` tell what syncs have really made
    durable, for those who judge.
    """

    def __init__(self, disk: Disk) -> None:
        self.disk = disk
        self.durable_term = 0
        self.durable_vote: NodeId | None = None
        self.durable_index = 0
        self._written_term = 0
        self._written_vote: NodeId | None = None
        self._written_index = 0
        self._chain = crc32(MAGIC)

    # -- Recovery --------------------------------------------------------------------------------

    def recover(self) -> Recovered:
        """Read the log, cut off a torn tail, and sync: what is only in the page cache of a process
        that died may still be lost, so it is made durable before anything is built on it.

        Raises StorageCorrupt, DiskError.
        """
        if not self.disk.exists(_FILE):
            self._create()
            return Recovered(0, None, [])
        data = self.disk.read(_FILE)
        reader = LogReader(_FILE, data)
        recovered = self._replay(reader)
        if reader.end < len(data):
            self.disk.truncate(_FILE, reader.end)
        self.disk.sync(_FILE)
        self._chain = reader.chain
        self._written_term = recovered.term
        self._written_vote = recovered.voted_for
        self._written_index = len(recovered.entries)
        self._now_durable()
        return recovered

    def _create(self) -> None:
        """A file that is renamed into place is there whole or not at all."""
        if self.disk.exists(_NEW_FILE):
            self.disk.truncate(_NEW_FILE, 0)
        self.disk.append(_NEW_FILE, MAGIC)
        self.disk.sync(_NEW_FILE)
        self.disk.rename(_NEW_FILE, _FILE)

    def _replay(self, reader: LogReader) -> Recovered:
        """An entry at or below the last index takes the place of it and of all that followed."""
        term = 0
        voted_for: NodeId | None = None
        entries: list[Entry] = []
        for kind, payload in reader:
            if kind == _TERM_AND_VOTE:
                (term,) = _TERM.unpack_from(payload)
                voted_for = payload[_TERM.size :].decode() or None
            elif kind == _ENTRY:
                index, entry_term = _INDEX_AND_TERM.unpack_from(payload)
                if not 1 <= index <= len(entries) + 1:
                    raise reader.corrupt_record(f"holds entry {index} after {len(entries)}")
                del entries[index - 1 :]
                entries.append(Entry(index, entry_term, payload[_INDEX_AND_TERM.size :]))
            else:
                raise reader.corrupt_record(f"holds a record of the unknown kind {kind}")
        return Recovered(term, voted_for, entries)

    # -- Saving ----------------------------------------------------------------------------------

    def save(self, term: int, voted_for: NodeId | None, entries: Sequence[Entry]) -> bool:
        """Write what has changed, in one append, and sync it. True if a sync has returned.

        Raises DiskError; the replica must then stop.
        """
        term, voted_for = self.state_to_save(term, voted_for)
        state_changed = term != self._written_term or voted_for != self._written_vote
        if not state_changed and not entries:
            return False
        data = self._encode_term_and_vote(term, voted_for) if state_changed else b""
        chain = self._chain
        for entry in entries:
            payload = _pack_index_and_term(entry.index, entry.term) + entry.command
            record, chain = encode_record(_ENTRY, payload, chain)
            data += record
        self._chain = chain
        self.disk.append(_FILE, data)
        if state_changed:
            self._written_term = term
            self._written_vote = voted_for
        if entries:
            self._written_index = entries[-1].index
            if entries[0].index <= self.durable_index:
                # What these entries replace is no longer what the log says.
                self.durable_index = entries[0].index - 1
        if not self.must_sync(state_changed):
            return False
        self.disk.sync(_FILE)
        self._now_durable()
        return True

    def state_to_save(self, term: int, voted_for: NodeId | None) -> tuple[int, NodeId | None]:
        """currentTerm and votedFor are persistent (Figure 2)."""
        return term, voted_for

    def must_sync(self, state_changed: bool) -> bool:
        """Everything is synced before an answer leaves, entries no less than term and vote."""
        return True

    def _now_durable(self) -> None:
        self.durable_term = self._written_term
        self.durable_vote = self._written_vote
        self.durable_index = self._written_index

    def _encode_term_and_vote(self, term: int, voted_for: NodeId | None) -> bytes:
        payload = _TERM.pack(term) + (voted_for or "").encode()
        data, self._chain = encode_record(_TERM_AND_VOTE, payload, self._chain)
        return data
