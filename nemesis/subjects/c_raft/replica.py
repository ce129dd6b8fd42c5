"""A C-Raft server as a replica: what libraft asks of its raft_io and raft_fsm is done here.

libraft's contract (raft.h, docs/io.rst), and how it is kept: set_term and set_vote are durable
before anything that follows them is; writes of entries and snapshots are carried out in the order
in which they were asked for, and acknowledged when they are durable; tick comes every heartbeat
time-out; nothing that libraft has sent leaves before what it asked for earlier is done.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from nemesis.schedule import MILLISECOND
from nemesis.subjects.c_raft import effects as libraft
from nemesis.subjects.c_raft.core import Core
from nemesis.subjects.c_raft.disk import (
    CoreDisk,
    core_entry_of,
    entry_of,
    name_of,
    number_of,
)
from nemesis.subjects.c_raft.effects import CoreEntry, CoreSnapshot, CoreStanding, Effect
from nemesis.subjects.c_raft.requests import Requests
from nemesis.subjects.errors import SubjectFailed
from nemesis.subjects.messages import Envelope, Produced
from nemesis.subjects.observation import Observation, SnapshotSeen, digest_of
from nemesis.subjects.service import KeyValueService
from nemesis.subjects.subject import Machine, Standing
from raft.client_messages import ClientRequest
from raft.consensus import Entry
from raft.consensus.state import Role
from raft.kv.commands import CommandError

_NEVER: Final = (1 << 32) - 1
# A command of the workloads takes about so many bytes in the log; C-Raft counts entries.
_ENTRY_BYTES: Final = 64
# The first entry, which no leader has proposed: each server is started with it, and takes it for
# committed at once, before the others have been started. That is told with the next one.
_BOOTSTRAPPED: Final = 1
_ROLES: Final[dict[int, Role]] = {
    libraft.FOLLOWER: "follower",
    libraft.CANDIDATE: "candidate",
    libraft.LEADER: "leader",
}


# What libraft has asked to be written: entries, or a snapshot.
Write = list[Entry] | CoreSnapshot


class Written(NamedTuple):
    """An input: the writes that were under way are durable."""

    writes: list[Write]


class CRaftReplica:
    """Implements nemesis.subjects.subject.Replica, and Asynchronous."""

    def __init__(self, machine: Machine) -> None:
        knobs = machine.knobs
        self._name = machine.name
        self._number = number_of(machine.name)
        self._servers = len(knobs.servers)
        self._is_asynchronous = knobs.asynchronous_storage
        self._heartbeat = knobs.heartbeat_interval
        self._now = machine.now // MILLISECOND
        self._service = KeyValueService(machine.name)
        self._observation = Observation(machine.observer)
        threshold = knobs.snapshot_threshold_bytes // _ENTRY_BYTES
        self._core = Core(
            self._number,
            machine.random.getrandbits(64),
            election_timeout=knobs.election_timeout_min // MILLISECOND,
            heartbeat_timeout=knobs.heartbeat_interval // MILLISECOND,
            pre_vote=knobs.pre_vote,
            snapshot_threshold=max(threshold, 1) if knobs.snapshot_threshold_bytes else _NEVER,
            snapshot_trailing=max(knobs.entries_kept_after_snapshot, 1),
        )
        self.deadline = machine.now + self._heartbeat
        self._disk = self.disk_of(machine)
        # What is to be written, the oldest first; and whether some is being written.
        self._writes: list[Write] = []
        self._is_writing = False
        # How many times libraft has asked for the newest snapshot, and not got it yet.
        self._asked_snapshots = 0
        self._messages: list[Envelope] = []
        self._requests = Requests(self._core, self._service, machine.observer)
        # What is done about each kind of effect; entries were taken in before, all at once.
        self._doing: dict[int, Callable[[Any], None]] = {
            libraft.TERM: self._set_term,
            libraft.VOTE: self._set_vote,
            libraft.APPEND: _nothing,
            libraft.TRUNCATE: _nothing,
            libraft.SEND: self._send,
            libraft.APPLY: self._apply,
            libraft.ANSWER: self._requests.answered,
            libraft.SNAPSHOT_PUT: self._put_snapshot,
            libraft.SNAPSHOT_GET: self._get_snapshot,
            libraft.RESTORE: self._restore,
        }
        # The log in memory begins after this index, as far as was told; while a snapshot that is to
        # take its place is written, libraft's is already gone.
        self._offset = 0
        self._is_installing = False
        self._start(machine)

    def disk_of(self, machine: Machine) -> CoreDisk:
        """Where it persists."""
        return CoreDisk(machine)

    # -- nemesis.subjects.subject.Replica --------------------------------------------------------

    def handle(self, inputs: Sequence[Any], now: int) -> Produced:
        """Messages, requests and acknowledgements of writes; a tick, if it is due."""
        self._now = milliseconds = now // MILLISECOND
        for each in inputs:
            if type(each) is Envelope:
                self._do(self._core.receive(milliseconds, each.content))
            elif type(each) is ClientRequest:
                self._do(self._requests.ask(each, milliseconds))
            elif type(each) is Written:
                self._is_writing = False
                for write in each.writes:
                    self._do(self._ended(write))
            else:
                self._do(self._requests.transfer(each, milliseconds))
        if now >= self.deadline:
            self.deadline = now + self._heartbeat
            self._do(self._core.tick(milliseconds))
        self._complete()
        messages, self._messages = self._messages, []
        return Produced(messages, self._requests.take_replies())

    def standing(self) -> Standing:
        """As struct raft says."""
        standing = self._core.standing
        return Standing(
            _role(standing),
            standing.term,
            standing.last_term,
            standing.last_index,
            standing.commit_index,
            standing.last_applied,
            standing.voted_for not in (0, self._number),
            standing.votes,
        )

    def state(self) -> bytes | None:
        """The state of the key-value service."""
        return self._service.snapshot()

    def close(self) -> None:
        """The process is gone: libraft's memory goes with it."""
        self._core.close()

    # -- Asynchronous ----------------------------------------------------------------------------

    def begin_write(self) -> list[Write] | None:
        """All writes that libraft has asked for, if none is under way."""
        if self._is_writing or not self._writes:
            return None
        self._is_writing = True
        return self._take_writes()

    def perform(self, writes: list[Write]) -> Written:
        """Make them durable."""
        self._write(writes)
        return Written(writes)

    def begin_application(self) -> None:
        """raft_fsm applies at once."""

    def apply(self, application: object) -> object:
        """There is never any: see ``begin_application``."""
        raise AssertionError("nothing is applied asynchronously")

    # -- Start -----------------------------------------------------------------------------------

    def _start(self, machine: Machine) -> None:
        first = self._core.first_configuration([number_of(each) for each in machine.members])
        found = self._disk.start(machine, first)
        told = None
        if found.snapshot is not None:
            snapshot = found.snapshot
            self._offset = index = snapshot.last_index
            told = SnapshotSeen(index, snapshot.last_term, digest_of(snapshot.data))
        self._observation.started(found.term, found.voted_for, found.entries, told)
        self._do(
            self._core.start(
                self._now,
                found.term,
                number_of(found.voted_for),
                (found.snapshot.last_index if found.snapshot else 0) + 1,
                [core_entry_of(each) for each in found.entries],
                found.snapshot,
            )
        )
        self._complete()

    # -- What libraft asks for -------------------------------------------------------------------

    def _complete(self) -> None:
        """What libraft waits for is done now, as far as it need not take time."""
        while True:
            if self._asked_snapshots:
                self._asked_snapshots -= 1
                self._do(self._core.snapshot_loaded(self._now, self._newest_snapshot()))
            elif self._writes and not self._is_asynchronous:
                writes = self._take_writes()
                self._write(writes)
                for write in writes:
                    self._do(self._ended(write))
            else:
                return

    def _take_writes(self) -> list[Write]:
        writes, self._writes = self._writes, []
        return writes

    def _write(self, writes: list[Write]) -> None:
        """Make all of this durable, entries that follow each other with one sync."""
        entries: list[Entry] = []
        for write in writes:
            if isinstance(write, CoreSnapshot):
                self._append(entries)
                entries = []
                self._put(write)
            else:
                first = write[0].index
                while entries and entries[-1].index >= first:
                    entries.pop()
                entries += write
        self._append(entries)

    def _append(self, entries: list[Entry]) -> None:
        if entries:
            self._disk.append(entries)
            self._tell_durable()

    def _put(self, snapshot: CoreSnapshot) -> None:
        self._disk.put(snapshot)
        if snapshot.trailing:
            digest = digest_of(snapshot.data)
            seen = SnapshotSeen(snapshot.last_index, snapshot.last_term, digest)
            self._observation.taken(seen)
            self._tell_durable()

    def _ended(self, write: Write) -> list[Effect]:
        """libraft hears that a write is done; writes end in the order of beginning."""
        if isinstance(write, CoreSnapshot):
            return self._core.snapshot_stored(self._now)
        return self._core.appended(self._now)

    def _do(self, effects: list[Effect]) -> None:
        """One call of libraft: first those who judge are told where it stands, then everything is
        done in its order."""
        standing = self._core.standing
        observation = self._observation
        if standing.state == libraft.UNAVAILABLE:
            raise SubjectFailed(f"libraft shut itself down: {self._core.error() or 'no reason'}")
        observation.stands(standing.term, name_of(standing.voted_for), _role(standing))
        for kind, about in effects:
            if kind == libraft.APPEND:
                self._appended(*about)
        for at, (kind, about) in enumerate(effects):
            if (
                kind == libraft.TERM
                and at + 1 < len(effects)
                and effects[at + 1][0] == libraft.VOTE
            ):
                # The vote is saved together with its term.
                continue
            self._doing[kind](about)
        self._apply_up_to(standing.last_applied)
        if standing.commit_index > _BOOTSTRAPPED:
            observation.committed(standing.commit_index)
            observation.applied(self._service.take_applied())
        if standing.offset > self._offset and not self._is_installing:
            self._offset = standing.offset
            observation.compacted(standing.offset)

    def _tell_durable(self) -> None:
        self._observation.persisted_as(*self._disk.durable)

    def _appended(self, first: int, appended: list[CoreEntry]) -> None:
        entries = [entry_of(first + at, each) for at, each in enumerate(appended)]
        self._observation.appended_from(entries)
        self._writes.append(entries)

    def _set_term(self, term: int) -> None:
        self._disk.set(term, None)
        self._tell_durable()

    def _set_vote(self, number: int) -> None:
        self._disk.set(self._core.standing.term, name_of(number))
        self._tell_durable()

    def _send(self, message: tuple[int, bytes]) -> None:
        target, content = message
        if not 0 < target <= self._servers:
            self._send_to_nobody(target)
            return
        to = f"n{target}"
        seen = libraft.look_into(content)
        observation = self._observation
        if seen.exposes_term:
            observation.exposes(seen.term)
        if seen.is_candidacy:
            observation.grants(seen.term, self._name)
        elif seen.is_grant:
            observation.grants(seen.term, to)
        self._messages.append(Envelope(self._name, to, content))

    def _send_to_nobody(self, target: int) -> None:
        """An answer for its leader, when it has none, or when it is no follower, and something else
        stands in the same memory. C-Raft's own backend (uv_send.c) takes the address, and ends."""
        at = "at the address NULL" if not target else "which is what stands in place of its leader"
        raise SubjectFailed(
            f"libraft answers the server {'whose id is garbage' if target else 0}, {at}"
        )

    def _apply_up_to(self, index: int) -> None:
        """Barriers and changes of the configuration are applied without raft_fsm."""
        service = self._service
        for each in range(service.last_applied + 1, index + 1):
            service.apply(each, 0, b"")

    def _apply(self, about: tuple[int, int, bytes]) -> None:
        index, term, command = about
        self._apply_up_to(index - 1)
        try:
            self._requests.applied = self._service.apply(index, term, command)
        except CommandError as error:
            raise SubjectFailed(f"libraft applied what nobody proposed: {error}") from error

    def _put_snapshot(self, snapshot: CoreSnapshot) -> None:
        """With ``trailing``, one of its own state: raft_fsm.snapshot left it to us to say which."""
        if snapshot.trailing:
            self._apply_up_to(snapshot.last_index)
            snapshot = snapshot._replace(data=self._service.snapshot())
        else:
            self._is_installing = True
        self._writes.append(snapshot)

    def _get_snapshot(self, _: bytes) -> None:
        """For a follower that lags."""
        self._asked_snapshots += 1

    def _newest_snapshot(self) -> CoreSnapshot:
        snapshot = self._disk.snapshot
        if snapshot is None:
            raise SubjectFailed("libraft asked for a snapshot, and never stored one")
        return snapshot

    def _restore(self, data: bytes) -> None:
        """raft_fsm.restore: the state is the one of the snapshot that was stored last."""
        snapshot = self._disk.snapshot
        assert snapshot is not None
        self._service.restore(snapshot.last_index, data)
        if self._is_installing:
            self._is_installing = False
            # What was applied and is not told yet, the first entry, is behind the snapshot.
            self._service.take_applied()
            self._offset = snapshot.last_index
            self._observation.restored(
                SnapshotSeen(snapshot.last_index, snapshot.last_term, digest_of(data))
            )
            self._tell_durable()


def _nothing(_: object) -> None:
    """What has been done already."""


def _role(standing: CoreStanding) -> Role:
    return "pre-candidate" if standing.is_pre_candidate else _ROLES[standing.state]
