"""What a server has applied: the state machine, the members, and snapshots of both."""

from __future__ import annotations

from collections.abc import Sequence

from nemesis.subjects.etcd_raft.library import NORMAL, Changed
from nemesis.subjects.etcd_raft.library import Entry as CoreEntry
from nemesis.subjects.etcd_raft.operators import Desk, Members
from nemesis.subjects.etcd_raft.persistence import Names, decode_state, encode_state
from nemesis.subjects.observation import Observation
from nemesis.subjects.service import KeyValueService
from raft.consensus import Snapshot


class Application:
    """Of one server, while its process lives."""

    def __init__(
        self, name: str, names: Names, observation: Observation, desk: Desk, snapshot: Snapshot
    ) -> None:
        self.service = KeyValueService(name)
        self.members = Members(snapshot.configuration)
        # Out of the cluster for good: a process that does nothing more.
        self.is_removed = False
        # Members have changed since the last snapshot.
        self.must_take_snapshot = False
        # How much was applied since then.
        self.bytes = 0
        self.snapshot_index = 0
        self._name = name
        self._names = names
        self._observation = observation
        self._desk = desk
        self._last_term = 0
        if snapshot.last_index:
            self.restore(snapshot)

    def restore(self, snapshot: Snapshot) -> None:
        """State and members are those of a snapshot."""
        state, former = decode_state(snapshot.data)
        self.service.restore(snapshot.last_index, state)
        self.members = Members(snapshot.configuration, former)
        self.bytes = 0
        self.snapshot_index = snapshot.last_index
        self._last_term = snapshot.last_term

    def apply(self, entries: Sequence[CoreEntry]) -> None:
        """These are committed, and the next ones."""
        for entry in entries:
            is_command = entry.kind == NORMAL
            self.service.apply(entry.index, entry.term, entry.data if is_command else b"")
            if is_command:
                self._desk.not_changed(entry.index, entry.term)
            self._last_term = entry.term
            self.bytes += len(entry.data)
        self._observation.applied(self.service.take_applied())

    def adopt(self, changed: Sequence[Changed], entries: Sequence[CoreEntry]) -> None:
        """Configurations are in effect once they are applied, with these ``entries``. Whoever is
        added gets no entries from before the first configuration, but a snapshot, in which it must
        be a member itself: so one must be taken. Who is removed must stop."""
        members = self.members
        terms = {entry.index: entry.term for entry in entries}
        was_member = self._name in members.configuration.members
        for each in changed:
            configuration = self._names.configuration(each.configuration)
            members.change(configuration)
            self._observation.configured(each.index, configuration)
            self._desk.changed(each.index, terms[each.index], configuration)
        self.is_removed = was_member and self._name in members.former
        self.must_take_snapshot = True

    def snapshot(self) -> Snapshot | None:
        """What is to be kept instead of the log up to here; None if the last one has it all."""
        self.bytes = 0
        self.must_take_snapshot = False
        index = self.service.last_applied
        if index <= self.snapshot_index:
            return None
        self.snapshot_index = index
        return Snapshot(index, self._last_term, self.members.configuration, self.state())

    def state(self) -> bytes:
        """Keys, values, sessions, and who is no longer a member."""
        return encode_state(self.service.snapshot(), self.members.former)
