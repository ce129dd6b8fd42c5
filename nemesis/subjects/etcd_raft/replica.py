"""A server that runs etcd's core as its documentation asks for (doc.go of go.etcd.io/etcd/raft).

Each input is one step of a RawNode; the Ready that it leads to is handled at once: its HardState,
entries and snapshot are made durable, its messages leave, its snapshot and committed entries are
applied, and the core is told (Advance), until it has no more. A message with a snapshot is reported
as sent (ReportSnapshot), whatever became of it.

The core counts time in ticks. Those of which nothing comes are not waited for one by one, but
counted when the next input arrives: the core cannot tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any, Final

from nemesis.subjects.etcd_raft.library import (
    LEADER,
    VOTE,
    VOTE_RESPONSE,
    Answer,
    Changed,
    Library,
    Message,
    Node,
)
from nemesis.subjects.etcd_raft.library import Entry as CoreEntry
from nemesis.subjects.etcd_raft.operators import Desk, Members
from nemesis.subjects.etcd_raft.persistence import (
    Found,
    Names,
    Persistence,
    command_of,
    core_entry,
    decode_state,
    encode_state,
    told,
)
from nemesis.subjects.messages import NOTHING, Envelope, Produced
from nemesis.subjects.observation import Observation, SnapshotSeen, digest_of
from nemesis.subjects.service import KeyValueService
from nemesis.subjects.subject import Machine, Standing
from raft.client_messages import ClientRequest, MembershipRequest, TransferRequest
from raft.consensus import Entry, Snapshot
from raft.consensus.configuration import Configuration
from raft.consensus.state import Role

# The shortest election time-out in ticks; the longest is one tick less than twice as much.
ELECTION_TICKS: Final = 20
# A year, in ns.
_FOR_GOOD: Final = 365 * 24 * 3600 * 1_000_000_000
_ROLES: Final[tuple[Role, ...]] = ("follower", "candidate", "leader", "pre-candidate")


class EtcdRaftReplica:
    """Implements nemesis.subjects.subject.Replica."""

    def __init__(self, machine: Machine, library: Library) -> None:
        knobs = machine.knobs
        self._name = machine.name
        self._names = Names(knobs.servers)
        self._random: Random = machine.random
        self._knobs = knobs
        self._observation = Observation(machine.observer)
        self._service = KeyValueService(machine.name)
        self._desk = Desk(machine.name, self._names, machine.observer)
        # Out of the cluster for good: a process that does nothing more.
        self._is_removed = False
        self._must_take_snapshot = False
        self._messages: list[Envelope] = []
        # Contexts of reads must not meet those of another server, or of an earlier life.
        self._life = machine.random.getrandbits(64).to_bytes(8, "little")
        self._tick = max(knobs.election_timeout_min // ELECTION_TICKS, 1)
        self._now = self._last_tick = machine.now
        self._last_term = 0
        self._applied_bytes = 0
        self._applied_term = 0
        # The log in memory begins after the first, the newest snapshot is of the second.
        self._kept_after = self._snapshot_index = 0
        self._persistence = self.persistence(machine)
        found = self._recover(machine)
        self._node = Node(library)
        try:
            answer = self._answer = self._start(found)
            self._observation.committed(found.commit_index)
            self._work(answer)
        except BaseException:
            self._node.close()
            raise

    def persistence(self, machine: Machine) -> Persistence:
        """What keeps the state of this server on its disk."""
        return Persistence(machine.disk, machine.knobs.segment_bytes, self._names)

    # -- The beginning ---------------------------------------------------------------------------

    def _recover(self, machine: Machine) -> Found:
        if machine.is_first_start:
            self.persistence(machine).initialize(machine.members)
        found = self._persistence.recover()
        snapshot = found.snapshot
        index = snapshot.last_index
        seen = None
        self._members = Members(snapshot.configuration)
        if index:
            self._restore(snapshot)
            seen = SnapshotSeen(index, snapshot.last_term, digest_of(snapshot.data))
        self._kept_after = self._snapshot_index = index
        self._last_term = found.entries[-1].term if found.entries else snapshot.last_term
        self._observation.started(
            found.term,
            found.voted_for,
            [told(entry) for entry in found.entries],
            seen,
            snapshot.configuration,
        )
        return found

    def _restore(self, snapshot: Snapshot) -> None:
        """State and members are those of a snapshot."""
        state, former = decode_state(snapshot.data)
        self._service.restore(snapshot.last_index, state)
        self._members = Members(snapshot.configuration, former)
        self._applied_term = snapshot.last_term

    def _start(self, found: Found) -> Answer:
        node, names, knobs = self._node, self._names, self._knobs
        snapshot = found.snapshot
        members = snapshot.configuration
        if members.voters:
            node.load_snapshot(
                snapshot.last_index, snapshot.last_term, names.state(members), snapshot.data
            )
        for entry in found.entries:
            node.load_entry(core_entry(entry))
        return node.start(
            identity=names.number(self._name),
            seed=self._random.getrandbits(64),
            election_ticks=ELECTION_TICKS,
            heartbeat_ticks=min(
                max(round(knobs.heartbeat_interval / self._tick), 1), ELECTION_TICKS - 1
            ),
            pre_vote=knobs.pre_vote,
            check_quorum=knobs.check_quorum,
            lease_reads=knobs.reads == "lease",
            max_bytes_per_message=knobs.max_bytes_per_append,
            max_uncommitted_bytes=knobs.max_uncommitted_bytes,
            max_messages_in_flight=knobs.max_appends_in_flight,
            term=found.term,
            vote=names.number(found.voted_for),
            commit_index=found.commit_index,
            last_applied=snapshot.last_index,
        )

    # -- Time ------------------------------------------------------------------------------------

    @property
    def deadline(self) -> int:
        """When something comes of a tick; never again once it is removed."""
        if self._is_removed:
            return self._now + _FOR_GOOD
        return self._last_tick + self._answer.ticks_until_due * self._tick

    def _pass_time(self) -> int:
        """How many ticks have passed of which nothing has come, not to be counted again. One that
        comes too late takes those after it with it, as with Go's tickers; time that goes back
        stands still."""
        elapsed = self._now - self._last_tick
        if elapsed < self._tick:
            if elapsed < 0:
                self._last_tick = self._now
            return 0
        ticks = elapsed // self._tick
        self._last_tick += ticks * self._tick
        return min(ticks, self._answer.ticks_until_due - 1)

    # -- Inputs ----------------------------------------------------------------------------------

    def handle(self, inputs: Sequence[Any], now: int) -> Produced:
        """Take in messages and requests. A process that comes late to them and to a tick may find
        either first."""
        self._now = now
        if self._is_removed:
            return NOTHING
        is_due = now >= self.deadline
        if is_due and not (inputs and self._random.random() < 0.5):
            self._work(self._node.tick(self._pass_time() + 1))
            is_due = False
        for item in inputs:
            if self._is_removed:
                break
            if isinstance(item, Envelope):
                self._work(self._node.step(self._pass_time(), item.content))
            elif isinstance(item, ClientRequest):
                self._take(item)
            else:
                self._take_operators(item)
        if is_due and not self._is_removed:
            self._work(self._node.tick(self._pass_time() + 1))
        messages, self._messages = self._messages, []
        return Produced(messages, [*self._service.take_replies(), *self._desk.take_replies()])

    def _take(self, request: ClientRequest) -> None:
        service = self._service
        answer = self._answer
        if answer.role != LEADER and not (answer.leader and request.at_any_replica):
            service.refuse(request, self._leader)
        elif request.command is None:
            context = self._life + service.begin_read(request).to_bytes(8, "little")
            self._work(self._node.read_index(self._pass_time(), context))
        elif answer.role != LEADER:
            service.refuse(request, self._leader)
        else:
            answer = self._node.propose(self._pass_time(), service.command_of(request))
            if answer.was_dropped:
                service.put_off(request)
            else:
                service.wait_for(answer.last_index, answer.term, request)
            self._work(answer)

    def _take_operators(self, request: MembershipRequest | TransferRequest) -> None:
        desk, members = self._desk, self._members
        if isinstance(request, MembershipRequest):
            proposal = desk.proposal(request, self._answer, members)
            if proposal is not None:
                answer = self._node.change(self._pass_time(), *proposal)
                desk.proposed(request, answer)
                self._work(answer)
        elif desk.may_transfer(request, self._answer, members.configuration):
            desk.wait_for_transfer(request)
            successor = self._names.number(request.successor)
            self._work(self._node.transfer(self._pass_time(), successor))

    @property
    def _leader(self) -> str | None:
        return self._names.name(self._answer.leader)

    # -- The Ready loop --------------------------------------------------------------------------

    def _work(self, answer: Answer) -> None:
        self._look(answer)
        while answer.has_ready:
            self._handle_ready(answer)
            following = self._node.advance()
            if following.changed:
                self._adopt(following.changed, answer.committed)
            answer = following
            self._look(answer)
        threshold = self._knobs.snapshot_threshold_bytes
        if threshold and self._applied_bytes >= threshold:
            self._compact(self._knobs.entries_kept_after_snapshot)
        elif self._must_take_snapshot:
            self._compact(None)

    def _look(self, answer: Answer) -> None:
        """Term, vote and role are these now."""
        before, self._answer = self._answer, answer
        self._observation.stands(answer.term, self._names.name(answer.vote), _ROLES[answer.role])
        if before.role == LEADER and (answer.role != LEADER or answer.term != before.term):
            self._service.give_up(self._leader)
            self._desk.give_up(self._leader)
        self._desk.look(answer)

    def _handle_ready(self, answer: Answer) -> None:
        observation = self._observation
        snapshot = answer.snapshot
        if snapshot is not None:
            digest = digest_of(snapshot.data)
            observation.restored(SnapshotSeen(snapshot.last_index, snapshot.last_term, digest))
            self._last_term = snapshot.last_term
            self._kept_after = self._snapshot_index = snapshot.last_index
        entries = [Entry(each.index, each.term, command_of(each)) for each in answer.entries]
        if entries:
            observation.appended_from([told(entry) for entry in entries])
            self._last_term = entries[-1].term
        self.persist(answer, entries)
        self._send(answer.messages)
        observation.committed(answer.commit_index)
        if snapshot is not None:
            configuration = self._names.configuration(snapshot.configuration)
            self._restore(
                Snapshot(snapshot.last_index, snapshot.last_term, configuration, snapshot.data)
            )
            observation.configured(snapshot.last_index, configuration)
            self._applied_bytes = 0
        self._apply(answer)
        for read in answer.reads:
            if read.context[:8] == self._life:
                number = int.from_bytes(read.context[8:], "little")
                self._service.confirm_read(number, read.index)

    def persist(self, answer: Answer, entries: list[Entry]) -> None:
        """Step 1: HardState, entries and snapshot are durable when this returns."""
        if answer.must_sync or answer.snapshot is not None:
            self._persistence.save(answer, entries)
            storage = self._persistence.storage
            self._observation.persisted_as(
                storage.durable_term, storage.durable_vote, storage.durable_index
            )

    def _send(self, messages: Sequence[Message]) -> None:
        """Step 2: messages leave; they tell others of terms and votes."""
        observation = self._observation
        for message in messages:
            target = self._names.name(message.target)
            assert target is not None
            if message.tells_term:
                observation.exposes(message.term)
            if message.kind == VOTE:
                observation.grants(message.term, self._name)
            elif message.kind == VOTE_RESPONSE and not message.is_rejection:
                observation.grants(message.term, target)
            self._messages.append(Envelope(self._name, target, message.content))

    def _apply(self, answer: Answer) -> None:
        """Step 3: committed entries are applied."""
        if not answer.committed:
            return
        for entry in answer.committed:
            self._service.apply(entry.index, entry.term, b"" if entry.kind else entry.data)
            self._applied_term = entry.term
            self._applied_bytes += len(entry.data)
        self._observation.applied(self._service.take_applied())

    # -- Members and snapshots -------------------------------------------------------------------

    def _adopt(self, changed: Sequence[Changed], committed: Sequence[CoreEntry]) -> None:
        """Configurations are in effect once they are applied. Whoever is added gets no entries from
        before the first configuration, but a snapshot, in which it must be a member itself: so one
        is taken. Who is removed must stop."""
        members = self._members
        terms = {entry.index: entry.term for entry in committed}
        was_member = self._name in members.configuration.members
        for each in changed:
            configuration = self._names.configuration(each.configuration)
            members.change(configuration)
            self._observation.configured(each.index, configuration)
            self._desk.applied(each.index, terms[each.index], configuration)
        if was_member and self._name in members.former:
            self._is_removed = True
        self._must_take_snapshot = True

    def _compact(self, kept: int | None) -> None:
        """Keep the state instead of what led to it; of the log in memory, the last ``kept``
        entries, or all, for followers that are a little slow."""
        self._applied_bytes = 0
        self._must_take_snapshot = False
        index, term = self._service.last_applied, self._applied_term
        if index <= self._snapshot_index:
            return
        self._snapshot_index = index
        state = self.state()
        configuration = self._members.configuration
        self._persistence.save_snapshot(Snapshot(index, term, configuration, state))
        self._observation.taken(SnapshotSeen(index, term, digest_of(state)))
        kept_after = 0 if kept is None else index - kept
        self._node.compact(index, max(kept_after, self._kept_after), state)
        if kept_after > self._kept_after:
            self._kept_after = kept_after
            self._observation.compacted(kept_after)

    # -- What the nemesis may see ----------------------------------------------------------------

    def standing(self) -> Standing:
        """Role, term, log."""
        answer = self._answer
        own = self._names.number(self._name)
        return Standing(
            _ROLES[answer.role],
            answer.term,
            self._last_term,
            answer.last_index,
            answer.commit_index,
            self._service.last_applied,
            answer.vote not in (0, own),
            answer.votes,
        )

    def state(self) -> bytes:
        """Keys, values, sessions, and who is no longer a member, after ``last_applied``."""
        return encode_state(self._service.snapshot(), self._members.former)

    def configuration(self) -> Configuration:
        """The one in effect."""
        return self._members.configuration

    def has_committed_configuration(self) -> bool:
        """Always: it is in effect once it is applied."""
        return True

    def is_changing(self) -> bool:
        """Whether there is a joint configuration to leave, or a change to be committed."""
        configuration = self._members.configuration
        return self._desk.has_changes or (
            configuration.is_joint and configuration.leave_automatically
        )

    def close(self) -> None:
        """Free the node."""
        self._node.close()
