"""What PySyncObj does, told as our own Raft tells it: by looks at its attributes after each input.

What it has that Figure 2 has not, and how it is told:

- Its log begins with an entry of term 0 at index 1, which every server makes for itself and takes
  for committed and applied. That is told with the next entry that is.
- Where a log agrees with what a message brings, it is cut and written again; only what differs
  afterwards is told, as no process ends within a tick here.
- commitIndex is written once a second. A server that starts may know less of it than its dump
  covers; what the dump covers is told as committed.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from nemesis.subjects.observation import Observation, SnapshotSeen, digest_of
from nemesis.subjects.pysyncobj.loading import Loaded
from nemesis.subjects.pysyncobj.surroundings import Process
from nemesis.subjects.service import KeyValueService
from raft.consensus import Entry
from raft.consensus.state import Role
from raft.observer import Observer

# By the numbers that PySyncObj has for them.
ROLES: tuple[Role, ...] = ("follower", "candidate", "leader")
_Record = tuple[bytes, int, int]


class Watch:
    """Watches one life of a server."""

    def __init__(
        self, name: str, observer: Observer, service: KeyValueService, process: Process
    ) -> None:
        self._name = name
        self._process = process
        self._observer = observer
        self._observation = Observation(observer)
        self._service = service
        self._store: Any = None
        self._attributes: dict[str, Any] = {}
        self._journal: Any = None
        # The log as it was told: the entries after the index ``_base``.
        self._base = 0
        self._log: list[_Record] = []
        # What was last told to be on the disk: term, vote, last index. None: something else is.
        self._durable: tuple[int, str | None, int] | None = None
        # Where the log on the disk begins.
        self._beginning = 0
        # Dumps that were loaded, and written, since the last look: index, term, digest. What one
        # covers that was loaded.
        self._loaded: list[SnapshotSeen] = []
        self._written: list[SnapshotSeen] = []
        self._covered = 0
        # What has left since the last look: terms, and votes in them.
        self._exposed: list[tuple[int, str | None]] = []
        # What the last look saw.
        self._seen_last: tuple[Any, ...] = ()

    def watch(self, store: Any) -> None:
        """The object is made, and has ticked once, so that its dump is loaded."""
        self._store = store
        observation = self._observation
        attributes = self._attributes = vars(store)
        snapshot = self._loaded.pop() if self._loaded else None
        if snapshot is not None:
            self._base = self._covered = snapshot.index
        records = self._journal.records()
        self._beginning = records[0][1]
        self._log = list(records[max(self._base + 1 - self._beginning, 0) :])
        self._journal.touched = None
        observation.started(
            attributes["_SyncObj__raftCurrentTerm"],
            attributes["_SyncObj__votedForNodeId"],
            [Entry(index, term, command) for command, index, term in self._log],
            snapshot,
        )
        self.look()

    # -- What it tells itself ----------------------------------------------------------------------

    def opened(self, journal: Any) -> None:
        """The journal was opened."""
        self._journal = journal

    def term_of(self, index: int) -> int:
        """The term of the entry at this index."""
        records = self._journal.records()
        at = index - records[0][1] if records else -1
        return int(records[at][2]) if 0 <= at < len(records) else 0

    def restored(self, index: int, state: bytes) -> None:
        """A dump was loaded."""
        self._loaded.append(self._seen(index, state))

    def dumped(self, index: int, state: bytes) -> None:
        """A dump is written."""
        self._written.append(self._seen(index, state))

    def _seen(self, index: int, state: bytes) -> SnapshotSeen:
        return SnapshotSeen(index, self.term_of(index), digest_of(state))

    def leaves(self, target: str, message: dict[str, Any]) -> None:
        """A message leaves."""
        term = message.get("term")
        if term is None:
            return
        kind = message["type"]
        vote = {"request_vote": self._name, "response_vote": target}.get(kind)
        self._exposed.append((term, vote))

    @property
    def _last_index(self) -> int:
        return self._log[-1][1] if self._log else self._base

    # -- Looks -------------------------------------------------------------------------------------

    def look(self) -> None:
        """Tell what has changed since the last look."""
        attributes = self._attributes
        seen = (
            attributes["_SyncObj__raftCurrentTerm"],
            attributes["_SyncObj__votedForNodeId"],
            attributes["_SyncObj__raftState"],
            attributes["_SyncObj__raftCommitIndex"],
            attributes["_SyncObj__raftLastApplied"],
            len(attributes["_SyncObj__raftLog"]),
        )
        if (
            seen == self._seen_last
            and self._journal.touched is None
            and not (self._exposed or self._loaded or self._written)
        ):
            return
        self._seen_last = seen
        observation = self._observation
        observation.stands(
            attributes["_SyncObj__raftCurrentTerm"],
            attributes["_SyncObj__votedForNodeId"],
            ROLES[attributes["_SyncObj__raftState"]],
        )
        if self._loaded:
            self._tell_loaded()
        if self._journal.touched is not None:
            self._tell_log()
        self._tell_persisted()
        if self._exposed:
            for term, vote in self._exposed:
                observation.exposes(term)
                if vote is not None:
                    observation.grants(term, vote)
            self._exposed.clear()
        committed = max(attributes["_SyncObj__raftCommitIndex"], self._covered)
        if committed > 1:
            observation.committed(committed)
            applied = attributes["_SyncObj__raftLastApplied"]
            if applied > self._service.last_applied:
                self._store.pass_over(applied)
            # The first entry may not have been told when a dump takes its place.
            observation.applied(
                each for each in self._service.take_applied() if each[0] > self._covered
            )
        for snapshot in self._written:
            observation.taken(snapshot)
        self._written.clear()
        self._tell_compaction()

    def _tell_loaded(self) -> None:
        for snapshot in self._loaded:
            self._observation.restored(snapshot)
            self._base = self._covered = snapshot.index
            self._log.clear()
        self._loaded.clear()
        self._durable = None
        self._journal.touched = 0
        self._beginning = self._journal.records()[0][1]

    def _tell_log(self) -> None:
        records = self._journal.records()
        touched = max(self._journal.touched, self._base + 1)
        self._journal.touched = None
        new = records[max(touched - records[0][1], 0) :] if records else []
        at = touched - self._base - 1
        old = self._log[at:]
        same = 0
        for one, other in zip(old, new, strict=False):
            if one != other:
                break
            same += 1
        if same < len(old):
            self._observer.truncated(touched + same)
            del self._log[at + same :]
        for command, index, term in new[same:]:
            self._observer.appended(index, term, command)
        self._log += new[same:]
        self._durable = None

    def _tell_persisted(self) -> None:
        """Term and vote are on the disk where the version writes them; all is written at once."""
        journal = self._journal
        durable = journal.getCurrentTerm(), journal.getVotedForNodeId(), self._last_index
        if durable != self._durable:
            self._durable = durable
            self._observation.persisted_as(*durable)

    def _tell_compaction(self) -> None:
        """The log begins later: what is gone is in the dump."""
        records = self._journal.records()
        if not records:
            return
        first = records[0][1]
        if first > self._beginning:
            self._observation.compacted(first - 1)
        self._beginning = first


class FromOutside(Watch):
    """Sees who leads, and nothing else. The terms that it tells are none: just different ones."""

    def watch(self, store: Any) -> None:
        self._attributes = vars(store)
        self._observer.started(0, None)
        self._role: Role = "follower"

    def look(self) -> None:
        role = ROLES[self._attributes["_SyncObj__raftState"]]
        if role != self._role:
            self._role = role
            self._observer.role_changed(role, self._process.now * 10 + int(self._name[1:]))


@cache
def journal_class(loaded: Loaded) -> Any:
    """PySyncObj's journal, which notes from which index on it was touched."""

    published = loaded.module("journal").FileJournal

    class Journal(published):  # type: ignore[misc, valid-type]
        touched: int | None = None

        def records(self) -> list[_Record]:
            """All entries: command, index, term."""
            return self._FileJournal__journal  # type: ignore[no-any-return]

        def add(self, command: bytes, idx: int, term: int) -> None:
            self._touch(idx)
            super().add(command, idx, term)

        def clear(self) -> None:
            self._touch(0)
            super().clear()

        def deleteEntriesFrom(self, entryFrom: int) -> None:  # noqa: N802, N803
            if entryFrom < len(self):
                self._touch(self[entryFrom][1])
            super().deleteEntriesFrom(entryFrom)

        def deleteEntriesTo(self, entryTo: int) -> None:  # noqa: N802, N803
            touched = self.touched
            super().deleteEntriesTo(entryTo)
            self.touched = touched

        def _touch(self, index: int) -> None:
            if self.touched is None or index < self.touched:
                self.touched = index

    if not hasattr(published, "getCurrentTerm"):
        # Term and vote are in memory only.
        Journal.getCurrentTerm = lambda _: 0
        Journal.getVotedForNodeId = lambda _: None
    return Journal
