"""The way to the state machine: committed entries, in their order, some at a time.

    begin   everything that is committed and not applied yet
    apply   it is, by whoever has the state machine; the driver may take its time before
    end     its acknowledgement: clients may be answered, and reads see it

For an asynchronous replica, which handles inputs meanwhile.
"""

from __future__ import annotations

import msgspec

from raft.consensus import Consensus, Entry
from raft.kv.replicated import Applied, StateMachine
from raft.observer import Observer


class PendingApplication(msgspec.Struct, frozen=True, gc=False):
    """Committed entries that are to be applied next."""

    number: int
    entries: tuple[Entry, ...]


class EntriesApplied(msgspec.Struct, frozen=True, gc=False):
    """The acknowledgement of an application, an input to the replica. It names the last entry's
    index and term, so that one that is out of date is not taken for another; those of an earlier
    life the driver drops. ``applied`` is what came of each entry."""

    number: int
    last_index: int
    last_term: int
    applied: list[Applied]


class ApplyQueue:
    """Between consensus and state machine."""

    def __init__(
        self,
        consensus: Consensus,
        state_machine: StateMachine,
        observer: Observer,
    ) -> None:
        self._consensus = consensus
        self._state_machine = state_machine
        self._observer = observer
        self._number = 0
        self._under_way: PendingApplication | None = None

    def begin(self, last_applied: int) -> PendingApplication | None:
        """If commitIndex > lastApplied: what is in between; None while some is being applied."""
        if self._under_way is not None:
            return None
        entries = self._consensus.entries_to_apply(last_applied)
        if not entries:
            return None
        self._number += 1
        self._under_way = application = PendingApplication(self._number, entries)
        return application

    def apply(self, application: PendingApplication) -> EntriesApplied:
        """Apply log[lastApplied + 1] and so on, and return the acknowledgement. Nothing is done,
        and nothing will be counted, if a snapshot has taken the place of the entries meanwhile."""
        applied: list[Applied] = []
        if application is self._under_way:
            apply = self._state_machine.apply
            tell = self._observer.applied
            for entry in application.entries:
                index = entry.index
                each = apply(index, entry.command)
                tell(index, each.session, each.sequence, each.executed)
                applied.append(each)
        last = application.entries[-1]
        return EntriesApplied(application.number, last.index, last.term, applied)

    def end(self, done: EntriesApplied) -> tuple[Entry, ...]:
        """The entries that are acknowledged; none if this is no acknowledgement of what is
        under way: one that came twice, of an earlier life, or of what a snapshot replaced."""
        application = self._under_way
        if application is None or application.number != done.number:
            return ()
        last = application.entries[-1]
        if (last.index, last.term) != (done.last_index, done.last_term):
            return ()
        self._under_way = None
        return application.entries

    def drop(self) -> None:
        """A snapshot takes the place of what is being applied, and of more."""
        self._under_way = None
