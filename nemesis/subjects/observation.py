"""Tells an Observer what has changed in a foreign replica, from looks at it.

An adapter looks after each input that it hands to its core, so that nothing that happens in between
is missed, and tells in this order: what the election state is, what the log holds, what is durable,
what leaves, what is committed and applied. What has not changed is not told again; what goes back
is told as it is, and the monitors convict.

A core that says what it appends has ``appended_from``, which costs what is appended; for others
``log_is`` compares the whole log with what it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import blake2b

import msgspec

from raft.consensus import Entry
from raft.consensus.configuration import Configuration
from raft.consensus.state import Role
from raft.kv.replicated import Applied
from raft.observer import Observer


class SnapshotSeen(msgspec.Struct, frozen=True, gc=False):
    """A snapshot: its last entry, and what stands for its state (``digest_of``)."""

    index: int
    term: int
    digest: str


def digest_of(state: bytes) -> str:
    """Stands for a state; equal ones have equal digests."""
    return blake2b(state, digest_size=8).hexdigest()


class Observation:
    """One per life of a replica, with what was told of it last."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self.term = 0
        self.voted_for: str | None = None
        self.role: Role = "follower"
        self.commit_index = 0
        self.last_index = 0
        # What ``log_is`` compares with: the entries after ``_base``.
        self._base = 0
        self._entries: list[Entry] = []
        self._exposed_term = 0
        self._exposed_vote: tuple[int, str] | None = None

    # -- The beginning ---------------------------------------------------------------------------

    def started(
        self,
        term: int,
        voted_for: str | None,
        entries: Iterable[Entry] = (),
        snapshot: SnapshotSeen | None = None,
        configuration: Configuration | None = None,
    ) -> None:
        """The replica came up; all of this was on its disk, and is durable. ``entries`` are those
        after the snapshot. ``configuration``, the one in effect, need not be told of clusters whose
        members never change."""
        observer = self._observer
        observer.started(term, voted_for)
        self.term = self._exposed_term = term
        self.voted_for = voted_for
        if snapshot is not None:
            self.restored(snapshot)
        for entry in entries:
            observer.appended(entry.index, entry.term, entry.command)
            self._entries.append(entry)
        if self._entries:
            self.last_index = self._entries[-1].index
        self.persisted()
        if configuration is not None:
            observer.configuration_changed(self._base, configuration)

    # -- Elections -------------------------------------------------------------------------------

    def stands(self, term: int, voted_for: str | None, role: Role) -> None:
        """Term, vote and role are these. A leader of one term that leads in another has been
        something else meanwhile."""
        observer = self._observer
        if term != self.term:
            self.term = term
            observer.term_changed(term)
            if role == self.role == "leader":
                observer.role_changed("follower", term)
            if role == self.role != "follower":
                observer.role_changed(role, term)
        self.voted_for = voted_for
        if role != self.role:
            self.role = role
            observer.role_changed(role, term)

    def leaves(self) -> None:
        """Messages leave now, so that others may know of the term, and of the vote in it. For
        adapters that look into no message; the others tell which do (``exposes``, ``grants``)."""
        self.exposes(self.term)
        if self.voted_for is not None:
            self.grants(self.term, self.voted_for)

    def exposes(self, term: int) -> None:
        """A message of this term leaves."""
        if term > self._exposed_term:
            self._exposed_term = term
            self._observer.term_exposed(term)

    def grants(self, term: int, candidate: str) -> None:
        """The vote for ``candidate`` leaves: a grant, or as a candidate the request for others'."""
        if (term, candidate) != self._exposed_vote:
            self._exposed_vote = term, candidate
            self._observer.vote_granted(term, candidate)

    # -- The log ---------------------------------------------------------------------------------

    def appended_from(self, entries: Sequence[Entry]) -> None:
        """The log now ends with these entries: what it held from the index of the first one on is
        gone. Not to be mixed with ``log_is`` in one life."""
        if not entries:
            return
        observer = self._observer
        if entries[0].index <= self.last_index:
            observer.truncated(entries[0].index)
        for entry in entries:
            observer.appended(entry.index, entry.term, entry.command)
        self.last_index = entries[-1].index

    def log_is(self, entries: Sequence[Entry], base: int = 0) -> None:
        """The log holds these entries, all there are after the index ``base``. It may forget what
        was seen here before, and what a snapshot takes the place of (``restored``), no more."""
        known = self._entries
        if base > self._base:
            del known[: base - self._base]
            self._base = base
        elif base < self._base:
            entries = entries[self._base - base :]
        same = len(known)
        if len(entries) < same or known != list(entries[:same]):
            same = next(
                (
                    at
                    for at, (one, other) in enumerate(zip(known, entries, strict=False))
                    if one != other
                ),
                min(same, len(entries)),
            )
        if same < len(known):
            self._observer.truncated(self._base + same + 1)
            del known[same:]
        for entry in entries[same:]:
            self._observer.appended(entry.index, entry.term, entry.command)
            known.append(entry)
        self.last_index = known[-1].index if known else self._base

    def persisted(self, last_index: int | None = None) -> None:
        """Term and vote are durable as told, and the log up to ``last_index``, None meaning all of
        it: told once they are, and again when they have changed. A vote that does not reach the
        disk must be told by the adapter as the disk has it (``persisted_as``)."""
        self.persisted_as(self.term, self.voted_for, last_index)

    def persisted_as(self, term: int, voted_for: str | None, last_index: int | None = None) -> None:
        """What a sync has made durable is this."""
        last = self.last_index if last_index is None else last_index
        self._observer.persisted(term, voted_for, last)

    # -- What is committed -----------------------------------------------------------------------

    def committed(self, index: int) -> None:
        """commitIndex is this."""
        if index != self.commit_index:
            self.commit_index = index
            self._observer.committed(index)

    def applied(self, applied: Iterable[tuple[int, Applied]]) -> None:
        """These entries were applied (``KeyValueService.take_applied``)."""
        tell = self._observer.applied
        for index, each in applied:
            tell(index, each.session, each.sequence, each.executed)

    # -- Snapshots and members -------------------------------------------------------------------

    def taken(self, snapshot: SnapshotSeen) -> None:
        """A snapshot of what is applied is durable."""
        self._observer.snapshot_taken(snapshot.index, snapshot.term, snapshot.digest)

    def restored(self, snapshot: SnapshotSeen, last_index: int | None = None) -> None:
        """State and commitIndex are those of a snapshot; of the log, the entries after it up to
        ``last_index`` are kept, None meaning none. It is durable with the next ``persisted``."""
        index = snapshot.index
        last = index if last_index is None else last_index
        self._observer.snapshot_restored(index, snapshot.term, snapshot.digest, last)
        self._entries = [each for each in self._entries if index < each.index <= last]
        self._base = index
        self.last_index = last
        self.commit_index = max(self.commit_index, index)

    def compacted(self, index: int) -> None:
        """The log no longer holds the entries up to ``index``."""
        self._observer.compacted(index)
        del self._entries[: max(index - self._base, 0)]
        self._base = max(index, self._base)

    def configured(self, index: int, configuration: Configuration) -> None:
        """The configuration of the entry, or the snapshot, at ``index`` is in effect."""
        self._observer.configuration_changed(index, configuration)
