"""The state of a server (Figure 2, "State") and the few ways in which it may change.

Every change of term, role, log or commit index goes through a method of this file, so that each is
told to the observer once and the rules elsewhere stay free of book-keeping.
"""

from __future__ import annotations

from collections.abc import Iterable
from random import Random
from typing import Final, Literal

from mypy_extensions import mypyc_attr

from raft.consensus.configuration import Configuration
from raft.consensus.entry import Entry, NodeId
from raft.consensus.log import Log
from raft.consensus.messages import Message
from raft.consensus.settings import Settings
from raft.consensus.snapshot import Snapshot
from raft.observer import Observer

Role = Literal["follower", "pre-candidate", "candidate", "leader"]
FOLLOWER: Final = "follower"
PRE_CANDIDATE: Final = "pre-candidate"
CANDIDATE: Final = "candidate"
LEADER: Final = "leader"


@mypyc_attr(allow_interpreted_subclasses=True)
class ServerState:
    """One server's state. Time is in ns of the server's own clock, passed in with every input."""

    # What is read most. With slots for these, the rest of a server's attributes stays below the
    # thirty beyond which CPython gives up its fast look-up of attributes.
    __slots__ = (
        "_configurations",
        "awaits_configuration",
        "commit_index",
        "configuration",
        "configuration_index",
        "current_term",
        "deadline",
        "election_deadline",
        "last_leader_contact",
        "leader",
        "log",
        "must_save",
        "node",
        "now",
        "observer",
        "outbox",
        "peers",
        "priority_delay",
        "random",
        "role",
        "saved_index",
        "saved_term",
        "saved_vote",
        "settings",
        "snapshot",
        "submitted_index",
        "voted_for",
        "votes_granted",
    )

    def __init__(
        self,
        node: NodeId,
        settings: Settings,
        random: Random,
        observer: Observer,
        *,
        term: int = 0,
        voted_for: NodeId | None = None,
        snapshot: Snapshot,
        entries: Iterable[Entry] = (),
        now: int = 0,
    ) -> None:
        self.node = node
        self.settings = settings
        self.random = random
        self.observer = observer
        # Persistent state on all servers.
        self.current_term = term
        self.voted_for = voted_for
        self.snapshot = snapshot
        self.log = Log(entries, snapshot.last_index, snapshot.last_term)
        # The configurations of snapshot and log, each with its entry's index. The last one is in
        # effect, committed or not (section 6 of the paper).
        self._configurations = [(snapshot.last_index, snapshot.configuration)]
        self._configurations.extend(self.configurations_in_log())
        # Volatile state on all servers.
        self.commit_index = snapshot.last_index
        self.role: Role = FOLLOWER
        self.leader: NodeId | None = None
        self.now = now
        self.election_deadline = 0
        self.last_leader_contact: int | None = None
        # What a driver takes away: messages to send and votes that they make visible, both only
        # after the persistent state has been saved.
        self.outbox: list[Message] = []
        self.votes_granted: list[tuple[int, NodeId]] = []
        # What the disk is known to hold: the log up to saved_index and, kept only if it is written
        # asynchronously, term and vote. It was handed the log up to submitted_index.
        self.saved_term = term
        self.saved_vote = voted_for
        self.saved_index = self.submitted_index = self.log.last_index
        # Whether term, vote or log have changed since they were last handed to the disk.
        self.must_save = False
        # Whether something is to be done once the configuration is committed (membership.py).
        self.awaits_configuration = False
        # How much longer than others this server waits before it campaigns, in ns.
        self.priority_delay = 0
        # When the driver must come back even without input, in ns of the server's own clock.
        self.deadline = 0
        self.adopt_configuration()
        self.reset_election_timer()

    def reset_election_timer(self) -> None:
        """Draw a new randomized election time-out (section 5.2)."""
        settings = self.settings
        spread = settings.election_timeout_max - settings.election_timeout_min
        drawn = settings.election_timeout_min + int(self.random.random() * spread)
        drawn += self.priority_delay
        self.election_deadline = self.deadline = self.now + drawn

    def set_term(self, term: int) -> None:
        """Enter a new term, in which no vote has been cast yet."""
        self.current_term = term
        self.voted_for = None
        self.must_save = True
        self.observer.term_changed(term)

    def set_role(self, role: Role) -> None:
        """Take a role; an unchanged one is not told again."""
        if role != self.role:
            self.role = role
            self.observer.role_changed(role, self.current_term)

    def cast_vote(self, candidate: NodeId) -> None:
        """Vote for ``candidate`` in the current term."""
        self.voted_for = candidate
        self.must_save = True
        self.votes_granted.append((self.current_term, candidate))

    def append_to_log(self, entry: Entry) -> None:
        """Add an entry at the end of the log; a configuration is in effect from here on."""
        self.log.append(entry)
        self.must_save = True
        self.observer.appended(entry.index, entry.term, entry.command)
        if entry.configuration is not None:
            self._configurations.append((entry.index, entry.configuration))
            self.adopt_configuration()

    def truncate_log_from(self, index: int) -> None:
        """Remove the entry at ``index`` and all that follow it; a configuration among them is
        rolled back to the one before."""
        self.log.truncate_from(index)
        self.must_save = True
        if index <= self.submitted_index:
            self.submitted_index = index - 1
            self.saved_index = min(self.saved_index, index - 1)
        self.observer.truncated(index)
        if self._configurations[-1][0] >= index:
            self.roll_back_configuration(index)

    def roll_back_configuration(self, index: int) -> None:
        """A server falls back on the configuration before ``index`` (thesis, 4.1)."""
        while self._configurations[-1][0] >= index:
            self._configurations.pop()
        self.adopt_configuration()

    def adopt_configuration(self) -> None:
        """A server always uses the latest configuration in its log (section 6)."""
        index, configuration = self._configurations[-1]
        self.configuration: Configuration = configuration
        self.configuration_index = index
        self.peers = tuple([member for member in configuration.members if member != self.node])
        self.observer.configuration_changed(index, configuration)

    def set_commit_index(self, index: int) -> None:
        """Entries up to ``index`` are committed."""
        self.commit_index = index
        self.observer.committed(index)
        if self.awaits_configuration:
            self.follow_up_configuration()

    def follow_up_configuration(self) -> None:
        """What the commitment of a configuration calls for; overridden where there is such."""

    def compact_log_to(self, index: int) -> None:
        """Forget the entries up to ``index``; a snapshot holds what they did."""
        self.log.compact_to(index)
        self.observer.compacted(index)

    def restore_snapshot(self, snapshot: Snapshot, *, retain: bool) -> None:
        """Take on the state of a snapshot that is durable; of the log, ``retain`` what follows it
        or nothing."""
        index = snapshot.last_index
        self.snapshot = snapshot
        self.commit_index = index
        if retain:
            self.log.compact_to(index)
            self.snapshot_saved(index)
        else:
            self.log.reset_to(index, snapshot.last_term)
            self.saved_index = self.submitted_index = index
        last_index = self.log.last_index
        self.observer.snapshot_restored(index, snapshot.last_term, snapshot.digest, last_index)
        self._configurations = [
            (index, snapshot.configuration),
            *(each for each in self._configurations if index < each[0] <= last_index),
        ]
        self.adopt_configuration()

    def configurations_in_log(self) -> list[tuple[int, Configuration]]:
        """The configurations that a restart finds in the log, committed or not, with the indices of
        their entries."""
        return [
            (entry.index, entry.configuration)
            for index in range(self.log.first_index, self.log.last_index + 1)
            if (entry := self.log.entry_at(index)).configuration is not None
        ]

    def configuration_at(self, index: int) -> Configuration:
        """The configuration in effect at ``index``, which is not below the snapshot's."""
        return next(each for at, each in reversed(self._configurations) if at <= index)

    def snapshot_saved(self, index: int) -> None:
        """The disk holds a snapshot up to ``index``, which is all of the log up to there."""
        self.saved_index = max(self.saved_index, index)
        self.submitted_index = max(self.submitted_index, index)

    def unsaved_entries(self) -> tuple[Entry, ...]:
        """The entries that the disk was not handed yet."""
        if self.submitted_index == self.log.last_index:
            return ()
        return self.log.entries_from(self.submitted_index + 1)

    def submit_entries(self) -> tuple[Entry, ...]:
        """Hand the disk what it was not handed yet, for a write that is acknowledged later."""
        entries = self.unsaved_entries()
        self.submitted_index = self.log.last_index
        self.must_save = False
        return entries
