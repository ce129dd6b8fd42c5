"""What a replica holds on its disk: currentTerm, votedFor and log[] of Figure 2, and a snapshot.

    vote                    term and vote, and which of the other files must be there
    snapshot-<index>        the state machine after that entry; the newest counts
    log-<number>-<index>    the segments of the write-ahead log

A crash may come between any two operations on the disk. Each file but the last segment is complete
before it has its name, and no file is removed before what takes its place is durable.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, NoReturn

from mypy_extensions import mypyc_attr

from raft.consensus.entry import Entry, NodeId
from raft.consensus.snapshot import Snapshot
from raft.storage.disk import UNFINISHED, Disk, DiskError, replace_file
from raft.storage.errors import ADVICE, StorageInUse, StorageMissing, missing
from raft.storage.snapshot_file import (
    decode_snapshot,
    encode_snapshot,
    snapshot_name,
    snapshot_names,
)
from raft.storage.vote_file import VOTE_FILE, VoteFile, decode_vote_file
from raft.storage.write_ahead_log import WriteAheadLog, is_unused

# How long a segment of the log is, in bytes, unless one record needs more.
SEGMENT_BYTES = 1 << 20


class Recovered(NamedTuple):
    """What the disk held when the replica started: ``entries`` are those after the snapshot."""

    term: int
    voted_for: NodeId | None
    snapshot: Snapshot
    entries: list[Entry]


@mypyc_attr(allow_interpreted_subclasses=True)
class Storage:
    """Saves term and vote in one file, entries in the log, snapshots in files of their own.

    ``durable_term``, ``durable_vote`` and ``durable_index`` tell what syncs have really made
    durable, for those who judge. An operation that raised leaves the storage unusable: a write or
    sync that failed is never tried again, for nobody knows what it left.
    """

    def __init__(self, disk: Disk, segment_bytes: int = SEGMENT_BYTES) -> None:
        self.disk = disk
        self.durable_term = 0
        self.durable_vote: NodeId | None = None
        self.durable_index = 0
        self._log = self.open_log(disk, segment_bytes)
        self._vote_file = VoteFile(0, None, 0, 0)
        self._snapshot_index = 0
        self._is_usable = False
        # What ``initialize`` has left on the disk, for the recovery that follows.
        self._initial: Recovered | None = None

    def open_log(self, disk: Disk, segment_bytes: int) -> WriteAheadLog:
        """The log on this disk, not read yet."""
        return WriteAheadLog(disk, segment_bytes)

    # -- Initialization and recovery -------------------------------------------------------------

    def initialize(self, snapshot: Snapshot) -> None:
        """Format an empty disk, for a server that has never run: ``snapshot`` is what it begins
        with. May be repeated until it has returned once, and no more after the server has run.

        To be followed by ``recover``, of this storage, which then has nothing to read, or of
        another one. Raises StorageInUse if a server has run on this disk, DiskError.
        """
        files = self.disk.files()
        if VOTE_FILE in files:
            found = self.recover()
            if found != Recovered(0, None, snapshot, []):
                raise StorageInUse(
                    f"{VOTE_FILE}: is there, of term {found.term}: a replica has run on this disk; "
                    "start it without initialising its disk, or empty the disk"
                )
            self._initial = found
            return
        # The vote file comes last: without it there can be no more than what is written here.
        snapshots = snapshot_names(files)
        if snapshots not in ([], [snapshot_name(snapshot.last_index)]) or not is_unused(
            self.disk, files
        ):
            raise StorageInUse(
                f"{VOTE_FILE}: is missing, and other files are there: a replica has run on this "
                f"disk, and has lost its vote; {ADVICE}"
            )
        self._write_snapshot(snapshot)
        self._log.restart(snapshot.last_index, snapshot.last_term)
        self._write_vote_file(0, None)
        self.durable_index = snapshot.last_index
        self._initial = Recovered(0, None, snapshot, [])

    def recover(self) -> Recovered:
        """Read what was saved, finish what a crash interrupted, and make durable what was found.

        Raises StorageMissing on a disk that was not initialised or lost a file, StorageCorrupt,
        DiskError.
        """
        if self._initial is not None:
            initial, self._initial = self._initial, None
            self._is_usable = True
            return initial
        disk = self.disk
        files = disk.files()
        self._vote_file = vote_file = self.read_vote_file(files)
        snapshot, older = self._read_snapshots(files)
        index = self._snapshot_index = snapshot.last_index
        entries = self._log.replay(files, vote_file.segment, index)
        if self.goes_on_after(snapshot):
            if entries and entries[0].index <= index:
                entries = [entry for entry in entries if entry.index > index]
        else:
            self._log.restart(index, snapshot.last_term)
            entries = []
        self._write_vote_file(vote_file.term, vote_file.voted_for)
        self._log.compact(index)
        for name in disk.files():
            if name in older or name.endswith(UNFINISHED):
                disk.remove(name)
        self.durable_index = self._log.last_index
        self._is_usable = True
        return Recovered(vote_file.term, vote_file.voted_for, snapshot, entries)

    def read_vote_file(self, files: list[str]) -> VoteFile:
        """Term and vote, and what must be there beside them; no vote file is an error, not term 0.

        Raises StorageMissing, StorageCorrupt, DiskError.
        """
        if VOTE_FILE not in files:
            raise StorageMissing(
                f"{VOTE_FILE}: is missing: a server that has never run must be initialised first; "
                f"one that has run has lost its vote: {ADVICE}"
            )
        return decode_vote_file(self.disk.read(VOTE_FILE))

    def _read_snapshots(self, files: list[str]) -> tuple[Snapshot, list[str]]:
        """The newest snapshot, and the names of the others, which are looked at no less."""
        names = snapshot_names(files)
        expected = snapshot_name(self._vote_file.snapshot)
        if not names or names[-1] < expected:
            raise missing(expected, f"of which {VOTE_FILE} knows")
        snapshots = [decode_snapshot(name, self.disk.read(name)) for name in names]
        return snapshots[-1], names[:-1]

    # -- Saving ----------------------------------------------------------------------------------

    def save(self, term: int, voted_for: NodeId | None, entries: Sequence[Entry]) -> bool:
        """Write what has changed and sync it: term and vote first, so that no entry is in the log
        of a term that a restart would not know. True if a sync has returned.

        Raises DiskError; the replica must then stop.
        """
        if not self._is_usable:
            self._refuse()
        self._is_usable = False
        term, voted_for = self.state_to_save(term, voted_for)
        state_changed = term != self.durable_term or voted_for != self.durable_vote
        log = self._log
        if state_changed:
            self._write_vote_file(term, voted_for)
        elif not entries:
            self._is_usable = True
            return False
        if entries:
            log.append(entries)
            first = entries[0].index
            if first <= self.durable_index:
                # What these entries replace is no longer what the log says.
                self.durable_index = first - 1
        has_synced = self.must_sync(state_changed)
        if has_synced:
            log.sync()
            self.durable_index = log.last_index
        if log.number != self._vote_file.segment:
            self._write_vote_file(term, voted_for)
        self._is_usable = True
        return has_synced or state_changed

    def state_to_save(self, term: int, voted_for: NodeId | None) -> tuple[int, NodeId | None]:
        """currentTerm and votedFor are persistent (Figure 2)."""
        return term, voted_for

    def must_sync(self, state_changed: bool) -> bool:
        """Everything is synced before an answer leaves, entries no less than term and vote."""
        return True

    def _write_vote_file(self, term: int, voted_for: NodeId | None) -> None:
        vote_file = VoteFile(term, voted_for, self._log.number, self._snapshot_index)
        if vote_file != self._vote_file:
            replace_file(self.disk, VOTE_FILE, vote_file.encode())
            self._vote_file = vote_file
        self.durable_term = term
        self.durable_vote = voted_for

    def _begin(self) -> None:
        """From here on unusable, until the operation is through."""
        if not self._is_usable:
            self._refuse()
        self._is_usable = False

    def _refuse(self) -> NoReturn:
        raise DiskError("the storage is not recovered, or failed before: it must not go on")

    # -- Snapshots -------------------------------------------------------------------------------

    def save_snapshot(self, snapshot: Snapshot) -> None:
        """Make ``snapshot`` durable; older ones go. An older or equal one changes nothing.

        If the log holds the snapshot's last entry, with its term, what follows it stays; else the
        snapshot takes the place of the whole log, which goes on after it (Figure 13, rules 6, 7).
        Raises DiskError; the replica must then stop.
        """
        index = snapshot.last_index
        older = self._snapshot_index
        if index <= older:
            return
        self._begin()
        log = self._log
        replaces_log = not self.goes_on_after(snapshot)
        self._write_snapshot(snapshot)
        if replaces_log:
            log.restart(index, snapshot.last_term)
            self.durable_index = index
        else:
            self.durable_index = max(self.durable_index, index)
        self._write_vote_file(self._vote_file.term, self._vote_file.voted_for)
        self.disk.remove(snapshot_name(older))
        if replaces_log:
            log.compact(index)
        self._is_usable = True

    def goes_on_after(self, snapshot: Snapshot) -> bool:
        """Whether the log on the disk has the snapshot's last entry, so that what follows it there
        follows the snapshot too."""
        return self._log.term_at(snapshot.last_index) == snapshot.last_term

    def compact(self, index: int) -> None:
        """Remove the segments of the log whose entries are all at or below ``index``, which the
        newest snapshot must reach. Raises DiskError; the replica must then stop."""
        if index > self._snapshot_index:
            raise ValueError(f"no snapshot reaches {index}, the newest {self._snapshot_index}")
        self._begin()
        self._log.compact(index)
        self._is_usable = True

    def _write_snapshot(self, snapshot: Snapshot) -> None:
        """Once this has its name, recovery begins with it, whatever the log holds."""
        name = snapshot_name(snapshot.last_index)
        replace_file(self.disk, name, encode_snapshot(snapshot))
        self._snapshot_index = snapshot.last_index
