"""A server that runs etcd's core as its documentation asks for (doc.go of go.etcd.io/etcd/raft).

Each input is one step of a RawNode; the Ready that it leads to is handled: its HardState, entries
and snapshot are made durable, its messages leave, its snapshot and committed entries are applied,
and the core is told (Advance), until it has no more. A message with a snapshot is reported as sent
(ReportSnapshot), whatever became of it.

With the knob ``asynchronous_storage`` inputs are handled while the disk writes, as etcd does: then
a leader's messages leave at once, beside its own write (thesis, 10.2.1), those of others after it.

The core counts time in ticks. Those of which nothing comes are not waited for one by one, but
counted when the next input arrives: the core cannot tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any, Final

from nemesis.subjects.etcd_raft.application import Application
from nemesis.subjects.etcd_raft.library import (
    LEADER,
    VOTE,
    VOTE_RESPONSE,
    Answer,
    Library,
    Message,
    Node,
)
from nemesis.subjects.etcd_raft.operators import Desk
from nemesis.subjects.etcd_raft.persistence import (
    Found,
    Names,
    Persistence,
    Saved,
    Write,
    command_of,
    told,
)
from nemesis.subjects.etcd_raft.start import start, tick_of
from nemesis.subjects.messages import NOTHING, Envelope, Produced
from nemesis.subjects.observation import Observation, SnapshotSeen, digest_of
from nemesis.subjects.subject import Machine, Standing
from raft.client_messages import ClientRequest, MembershipRequest, TransferRequest
from raft.consensus import Entry, Snapshot
from raft.consensus.configuration import Configuration
from raft.consensus.state import Role

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
        self._desk = Desk(machine.name, self._names, machine.observer)
        # The Ready that waits for the disk, and whether its write is under way.
        self._waiting: Write | None = None
        self._has_begun = False
        self._messages: list[Envelope] = []
        # Contexts of reads must not meet those of another server, or of an earlier life.
        self._life = machine.random.getrandbits(64).to_bytes(8, "little")
        self._tick = tick_of(knobs)
        self._now = self._last_tick = machine.now
        self._last_term = 0
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
        self._application = Application(
            self._name, self._names, self._observation, self._desk, snapshot
        )
        self._service = self._application.service
        # The log in memory begins after it.
        self._kept_after = index
        self._last_term = found.entries[-1].term if found.entries else snapshot.last_term
        self._observation.started(
            found.term,
            found.voted_for,
            [told(entry) for entry in found.entries],
            SnapshotSeen(index, snapshot.last_term, digest_of(snapshot.data)) if index else None,
            snapshot.configuration,
        )
        return found

    def _start(self, found: Found) -> Answer:
        seed = self._random.getrandbits(64)
        return start(self._node, self._name, self._names, self._knobs, found, seed)

    # -- Time ------------------------------------------------------------------------------------

    @property
    def deadline(self) -> int:
        """When something comes of a tick; never again once it is removed."""
        if self._application.is_removed:
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
        if self._application.is_removed:
            return NOTHING
        is_due = now >= self.deadline
        if is_due and not (inputs and self._random.random() < 0.5):
            self._work(self._node.tick(self._pass_time() + 1))
            is_due = False
        for item in inputs:
            if self._application.is_removed:
                break
            if isinstance(item, Envelope):
                self._work(self._node.step(self._pass_time(), item.content))
            elif isinstance(item, ClientRequest):
                self._take(item)
            elif isinstance(item, Saved):
                self._on_saved()
            else:
                self._take_operators(item)
        if is_due and not self._application.is_removed:
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
        desk, members = self._desk, self._application.members
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
            write = self._begin(answer)
            if write is not None:
                if self._knobs.asynchronous_storage:
                    self._wait(write)
                    return
                self.persist(write)
            answer = self._end(answer)
        if self._waiting is None:
            self._take_snapshot()

    def _look(self, answer: Answer) -> None:
        """Term, vote and role are these now."""
        before, self._answer = self._answer, answer
        self._observation.stands(answer.term, self._names.name(answer.vote), _ROLES[answer.role])
        if before.role == LEADER and (answer.role != LEADER or answer.term != before.term):
            self._service.give_up(self._leader)
            self._desk.give_up(self._leader)
        if self._waiting is None:
            self._desk.before_log(answer)

    def _begin(self, ready: Answer) -> Write | None:
        """The log is this now; what of it must be durable before anything else follows."""
        snapshot = ready.snapshot
        if snapshot is not None:
            digest = digest_of(snapshot.data)
            seen = SnapshotSeen(snapshot.last_index, snapshot.last_term, digest)
            self._observation.restored(seen)
            self._last_term = snapshot.last_term
            self._kept_after = snapshot.last_index
        entries = [Entry(each.index, each.term, command_of(each)) for each in ready.entries]
        if entries:
            self._observation.appended_from([told(entry) for entry in entries])
            self._last_term = entries[-1].term
        self._desk.after_log(ready)
        return Write(ready, entries) if ready.must_sync or snapshot is not None else None

    def persist(self, write: Write) -> None:
        """Step 1: HardState, entries and snapshot are durable when this returns."""
        self._persistence.save(write)
        self._tell_durable()

    def _tell_durable(self) -> None:
        storage = self._persistence.storage
        self._observation.persisted_as(
            storage.durable_term, storage.durable_vote, storage.durable_index
        )

    def _end(self, ready: Answer, *, has_sent: bool = False) -> Answer:
        """The rest of it, now that it is durable; the answer to Advance."""
        observation = self._observation
        if not has_sent:
            self._send(ready.messages)
        observation.committed(ready.commit_index)
        if (received := ready.snapshot) is not None:
            index, term = received.last_index, received.last_term
            configuration = self._names.configuration(received.configuration)
            self._application.restore(Snapshot(index, term, configuration, received.data))
            observation.configured(index, configuration)
        if ready.committed:
            self._application.apply(ready.committed)
        for read in ready.reads:
            if read.context[:8] == self._life:
                number = int.from_bytes(read.context[8:], "little")
                self._service.confirm_read(number, read.index)
        if self._answer.role == LEADER:
            # What came to be committed while the disk wrote was so by the present configuration.
            observation.committed(min(self._answer.commit_index, observation.last_index))
        answer = self._node.advance()
        if answer.changed:
            self._application.adopt(answer.changed, ready.committed)
        self._look(answer)
        return answer

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

    def _take_snapshot(self) -> None:
        """Once members have changed, or the log has grown enough: keep the state instead of what
        led to it; of the log in memory some entries, for followers that are a little slow."""
        application, knobs = self._application, self._knobs
        threshold = knobs.snapshot_threshold_bytes
        is_due = threshold and application.bytes >= threshold
        if not is_due and not application.must_take_snapshot:
            return
        snapshot = application.snapshot()
        if snapshot is None:
            return
        index, term = snapshot.last_index, snapshot.last_term
        self._persistence.save_snapshot(snapshot)
        self._observation.taken(SnapshotSeen(index, term, digest_of(snapshot.data)))
        kept_after = index - knobs.entries_kept_after_snapshot if is_due else 0
        self._node.compact(index, max(kept_after, self._kept_after), snapshot.data)
        if kept_after > self._kept_after:
            self._kept_after = kept_after
            self._observation.compacted(kept_after)

    # -- While the disk writes ---------------------------------------------------------------------

    def _wait(self, write: Write) -> None:
        """Nothing of what depends on it may leave before; what a leader sends does not, if its
        term and vote are on the disk already."""
        ready, storage = write.ready, self._persistence.storage
        durable = storage.durable_term, storage.durable_vote
        leads = ready.role == LEADER and ready.snapshot is None
        if leads and durable == (ready.term, self._names.name(ready.vote)):
            self._send(ready.messages)
            write = write._replace(has_sent=True)
        self._waiting, self._has_begun = write, False

    def begin_write(self) -> Write | None:
        """What is to be made durable now; None if it is nothing, or is under way."""
        if self._waiting is None or self._has_begun:
            return None
        self._has_begun = True
        return self._waiting

    def perform(self, write: Write) -> Saved:
        """Make it durable."""
        self._persistence.save(write)
        return Saved()

    def _on_saved(self) -> None:
        """It is durable: go on."""
        write, self._waiting = self._waiting, None
        assert write is not None
        self._tell_durable()
        self._work(self._end(write.ready, has_sent=write.has_sent))

    def begin_application(self) -> None:
        """Applied is at once."""

    def apply(self, application: object) -> object:
        """Nothing is begun."""
        raise NotImplementedError

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
        return self._application.state()

    def configuration(self) -> Configuration:
        """The one in effect."""
        return self._application.members.configuration

    def has_committed_configuration(self) -> bool:
        """Always: it is in effect once it is applied."""
        return True

    def is_changing(self) -> bool:
        """Whether there is a joint configuration to leave, or a change to be committed."""
        configuration = self.configuration()
        return self._desk.has_changes or (
            configuration.is_joint and configuration.leave_automatically
        )

    def close(self) -> None:
        """Free the node."""
        self._node.close()
