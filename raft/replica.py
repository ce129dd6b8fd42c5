"""A replica: consensus, storage and state machine as one object.

Every driver runs this one: the simulator, the server, any other. It hands in a batch of inputs and
the reading of the replica's own clock, and gets back what is to be sent; everything that this
depends on is on the disk by then.

With ``Settings.asynchronous_storage``, ``handle`` waits neither for the disk nor for the state
machine. After each call the driver does this, as long as there is any of it, and goes on handling
inputs meanwhile:

    begin_write        -> perform -> its acknowledgement is an input to handle
    begin_application  -> apply   -> likewise

``perform`` may run in another thread; ``apply`` may not, as ``handle`` reads the state machine too.
"""

from __future__ import annotations

from collections.abc import Iterable
from random import Random
from typing import Final, NamedTuple

import msgspec

from raft.apply_queue import ApplyQueue, EntriesApplied, PendingApplication
from raft.client_messages import (
    ClientRequest,
    MembershipRequest,
    OperatorRequest,
    Reply,
    TransferRequest,
)
from raft.consensus import Consensus, Entry, Message, NodeId, Settings
from raft.consensus.snapshot import Snapshot
from raft.consensus.state import CANDIDATE, LEADER
from raft.kv.encoding import encode_command
from raft.kv.replicated import Applied, StateMachine
from raft.kv.state_machine import KeyValueStore
from raft.log_clock import LogClock
from raft.observer import Observer
from raft.operator_desk import OperatorDesk
from raft.outlet import Outlet
from raft.storage import SEGMENT_BYTES, Disk, DiskError, Storage
from raft.waiting_clients import WaitingClients
from raft.write_queue import PendingWrite, Saved, WriteQueue


class Variant(NamedTuple):
    """The parts that a replica is put together from; a bug of the zoo exchanges one of them."""

    name: str = "healthy"
    consensus: type[Consensus] = Consensus
    storage: type[Storage] = Storage
    state_machine: type[StateMachine] = KeyValueStore
    waiting_clients: type[WaitingClients] = WaitingClients


HEALTHY = Variant()
_Other = OperatorRequest | Saved | EntriesApplied
Input = Message | ClientRequest | _Other
_NO_MESSAGES: Final = frozenset(
    (ClientRequest, MembershipRequest, TransferRequest, Saved, EntriesApplied)
)


class Outputs(msgspec.Struct, frozen=True, gc=False):
    """What a batch of inputs led to: messages for other replicas, answers for who has asked."""

    messages: list[Message]
    replies: list[Reply]


class Replica:
    """One server of the replicated key-value service."""

    def __init__(
        self,
        node: NodeId,
        disk: Disk,
        settings: Settings,
        random: Random,
        observer: Observer,
        *,
        now: int,
        variant: Variant = HEALTHY,
        segment_bytes: int = SEGMENT_BYTES,
        initialized: Storage | None = None,
    ) -> None:
        """Recover from ``disk`` and start as a follower.

        ``now`` is the reading of the replica's clock in ns, ``segment_bytes`` how long a segment of
        the log is; ``initialized``, what ``initialize`` has just returned for this disk, spares
        reading it. Raises StorageCorrupt if the disk does not hold what was synced to it (its
        subclass StorageMissing also if it was never initialised), DiskError if it fails,
        SnapshotError if a snapshot is not one of this service.
        """
        self.node = node
        self.observer = observer
        self.storage = initialized or variant.storage(disk, segment_bytes)
        recovered = self.storage.recover()
        observer.started(recovered.term, recovered.voted_for)
        snapshot = recovered.snapshot
        self.state_machine = variant.state_machine(settings.session_timeout, settings.max_sessions)
        if snapshot.last_index:
            self.state_machine.restore(snapshot.data)
            index = snapshot.last_index
            observer.snapshot_restored(index, snapshot.last_term, snapshot.digest, index)
        for entry in recovered.entries:
            observer.appended(entry.index, entry.term, entry.command)
        observer.persisted(recovered.term, recovered.voted_for, self.storage.durable_index)
        self.consensus = variant.consensus(
            node,
            settings,
            random,
            observer,
            term=recovered.term,
            voted_for=recovered.voted_for,
            snapshot=snapshot,
            entries=recovered.entries,
            now=now,
        )
        # No longer once it has stopped: nothing leaves then.
        self._is_synchronous = not settings.asynchronous_storage
        self._outlet = Outlet(self.consensus, observer)
        self._writes = WriteQueue(self.consensus, self.storage, self._outlet)
        self._applications = ApplyQueue(self.consensus, self.state_machine, observer)
        self.last_applied = snapshot.last_index
        self._failure: DiskError | None = None
        self._waiting = variant.waiting_clients()
        # Clients that wait for a read, by the read's number, and those whose read is confirmed.
        self._reads: dict[int, ClientRequest] = {}
        self._next_read_id = 0
        # Opened when the first operator asks.
        self._operator_desk: OperatorDesk | None = None
        self._clock = now
        self._clock_correction = 0
        self.log_clock = LogClock(self.consensus, self.state_machine)

    @staticmethod
    def initialize(
        disk: Disk,
        snapshot: Snapshot,
        *,
        variant: Variant = HEALTHY,
        segment_bytes: int = SEGMENT_BYTES,
    ) -> Storage:
        """Format the empty disk of a server that has never run: it will begin with ``snapshot``.

        To be repeated until it has returned once, and never again after that: whoever forgets that
        a server has run lets it vote twice. Raises StorageInUse if one has run on this disk,
        DiskError.
        """
        storage = variant.storage(disk, segment_bytes)
        storage.initialize(snapshot)
        return storage

    # -- The driver's side ---------------------------------------------------------------------

    def handle(self, inputs: Iterable[Input], now: int) -> Outputs:
        """Take in messages, requests and acknowledgements, and whatever is due by the clock.
        ``now`` must have been read after they arrived: reads by lease rest on it.

        Raises DiskError if the disk fails, or has failed: the replica must then be dropped, as it
        may not go on after a failed write (a failed sync is never retried).
        """
        consensus = self.consensus
        replies: list[Reply] = []
        consensus.now = now + self._clock_correction
        if now < self._clock:
            consensus.now = self._stand_still(now)
        self._clock = now
        for item in inputs:
            if type(item) in _NO_MESSAGES:
                self._on_request(item, replies)  # type: ignore[arg-type]
            else:
                consensus.receive(item)  # type: ignore[arg-type]
        if consensus.now >= consensus.deadline:
            consensus.tick()
        if consensus.must_broadcast:
            consensus.finish()
        messages: list[Message] = []
        if self._is_synchronous:
            if consensus.must_save:
                campaigns = consensus.role == CANDIDATE
                self._save()
                if campaigns and consensus.role == LEADER:
                    # The only voter is elected by its own vote, now that it is durable.
                    consensus.finish()
                    self._save()
            if consensus.received_snapshot is not None:
                self._write_now()
            if consensus.outbox or consensus.votes_granted:
                messages = self._outlet.release()
        else:
            if self._failure is not None:
                raise stopped(self._failure)
            messages = self._outlet.release_durable()
        if self._operator_desk is not None:
            self._operator_desk.answer(replies)
        if consensus.commit_index > self.last_applied and self._is_synchronous:
            self._apply_committed(replies)
            if consensus.snapshot_is_due(self.last_applied):
                self._take_snapshot()
                self._write_now()
        if self._reads:
            consensus.give_up_late_reads()
            self._answer_reads(replies)
        if consensus.role != LEADER and not self._waiting.is_empty():
            replies += self._waiting.give_up(consensus.leader)
        return Outputs(messages, replies)

    @property
    def deadline(self) -> int:
        """When ``handle`` is to be called even without input, as a reading of the clock in ns."""
        return self.consensus.deadline - self._clock_correction

    def _stand_still(self, now: int) -> int:
        """A clock that was set back counts as standing still: time never goes backwards."""
        self._clock_correction += self._clock - now
        return now + self._clock_correction

    # -- Clients and operators -----------------------------------------------------------------

    def _on_request(self, request: ClientRequest | _Other, replies: list[Reply]) -> None:
        consensus = self.consensus
        if not isinstance(request, ClientRequest):
            self._on_other(request, replies)
        elif consensus.role != LEADER and not (request.query and request.at_any_replica):
            replies.append(request.refused(consensus.leader))
        elif request.command is not None:
            if consensus.proposal_refusal() is not None:
                replies.append(request.busy(self.node))
                return
            command = request.command.stamped(self.log_clock.read())
            index = consensus.append_as_leader(encode_command(command))
            self._waiting.add(index, consensus.current_term, request)
        else:
            self._next_read_id += 1
            self._reads[self._next_read_id] = request
            consensus.read(self._next_read_id)

    def _on_other(self, item: _Other, replies: list[Reply]) -> None:
        if isinstance(item, Saved):
            self._on_saved(item)
        elif isinstance(item, EntriesApplied):
            self._on_applied(item, replies)
        else:
            if self._operator_desk is None:
                self._operator_desk = OperatorDesk(self.consensus)
            self._operator_desk.take(item, replies)

    # -- Application ---------------------------------------------------------------------------

    def begin_application(self) -> PendingApplication | None:
        """What is committed and not applied; None if there is nothing, or some is being applied."""
        return self._applications.begin(self.last_applied)

    def apply(self, application: PendingApplication) -> EntriesApplied:
        """Apply the entries, and return the acknowledgement."""
        return self._applications.apply(application)

    def _on_applied(self, done: EntriesApplied, replies: list[Reply]) -> None:
        """Entries are applied: who waited for them is answered, and reads may see them."""
        entries = self._applications.end(done)
        if not entries:
            return
        self.last_applied = entries[-1].index
        if not self._waiting.is_empty():
            for entry, applied in zip(entries, done.applied, strict=True):
                self._answer(entry, applied, replies)
        if self.consensus.snapshot_is_due(self.last_applied) and self._writes.may_take_snapshot():
            self._take_snapshot()

    def _apply_committed(self, replies: list[Reply]) -> None:
        """If commitIndex > lastApplied: increment lastApplied, apply log[lastApplied]; at once."""
        consensus = self.consensus
        has_waiting = not self._waiting.is_empty()
        for index in range(self.last_applied + 1, consensus.commit_index + 1):
            entry = consensus.log.entry_at(index)
            applied = self.state_machine.apply(index, entry.command)
            self.last_applied = index
            self.observer.applied(index, applied.session, applied.sequence, applied.executed)
            if has_waiting:
                self._answer(entry, applied, replies)

    def _answer(self, entry: Entry, applied: Applied, replies: list[Reply]) -> None:
        reply = self._waiting.answer(entry, applied, self.consensus.leader)
        if reply is not None:
            replies.append(reply)

    def _answer_reads(self, replies: list[Reply]) -> None:
        consensus = self.consensus
        if consensus.confirmed_reads:
            later = []
            for read in consensus.confirmed_reads:
                if read.read_index > self.last_applied:
                    later.append(read)
                    continue
                request = self._reads.pop(read.read_id)
                assert request.query is not None
                replies.append(request.answered(self.state_machine.query(request.query)))
            consensus.confirmed_reads = later
        if consensus.refused_reads:
            for read_id in consensus.refused_reads:
                replies.append(self._reads.pop(read_id).refused(consensus.leader))
            consensus.refused_reads = []

    # -- Disk ----------------------------------------------------------------------------------

    def begin_write(self) -> PendingWrite | None:
        """All that is to be saved now; None if it is nothing, or a write is under way or failed."""
        return self._writes.begin() if self._failure is None else None

    def perform(self, write: PendingWrite) -> Saved:
        """Do a write, and return its acknowledgement. Raises DiskError: the replica has stopped."""
        if self._failure is not None:
            raise stopped(self._failure)
        try:
            return self._writes.perform(write)
        except DiskError as error:
            self._stop(error)
            raise

    def _save(self) -> None:
        """Persistent state is updated on stable storage before responding (Figure 2); at once."""
        consensus = self.consensus
        storage = self.storage
        try:
            has_synced = storage.save(
                consensus.current_term, consensus.voted_for, consensus.unsaved_entries()
            )
        except DiskError as error:
            self._stop(error)
            raise
        if has_synced:
            self.observer.persisted(
                storage.durable_term, storage.durable_vote, storage.durable_index
            )
        consensus.saved()

    def _stop(self, failure: DiskError) -> None:
        self._failure = failure
        self._is_synchronous = False

    def _write_now(self) -> None:
        """What else there is to save, snapshots, is so at once too."""
        while (write := self._writes.begin()) is not None:
            self._on_saved(self.perform(write))

    def _on_saved(self, saved: Saved) -> None:
        """What a write has saved may be counted on."""
        write = self._writes.end(saved)
        if write is None:
            return
        consensus = self.consensus
        if saved.persisted is not None:
            # Where the log was cut since, the disk holds something else than memory.
            term, voted_for, last_index = saved.persisted
            self.observer.persisted(term, voted_for, min(last_index, consensus.submitted_index))
        consensus.saved_to(saved.term, saved.voted_for, saved.last_index, saved.last_term)
        if write.taken is not None and write.taken.last_index > consensus.snapshot.last_index:
            consensus.snapshot_taken(write.taken)
        if write.received is not None:
            self._install_snapshot(write.received, saved)

    def take_snapshot(self) -> bool:
        """An operator asks for a snapshot of what is applied; whether one is taken. With
        asynchronous storage it is saved by the next write."""
        if self.last_applied <= self.consensus.snapshot.last_index:
            return False
        if not self._writes.may_take_snapshot():
            return False
        self._take_snapshot()
        if self._is_synchronous:
            self._write_now()
        return True

    def _take_snapshot(self) -> None:
        """The log has grown enough: keep the state instead of what led to it (section 7)."""
        consensus = self.consensus
        index = consensus.index_to_snapshot(self.last_applied)
        self._writes.save_snapshot(
            Snapshot(
                index,
                consensus.log.term_at(index),
                consensus.configuration_at(index),
                self.state_machine.snapshot(),
            )
        )

    def _install_snapshot(self, snapshot: Snapshot, saved: Saved) -> None:
        """A leader's snapshot is complete, and durable. Term, vote and log were saved before it, so
        that the disk decides as the log in memory does whether what follows the snapshot stays."""
        consensus = self.consensus
        if consensus.install_snapshot():
            self._applications.drop()
            self.state_machine.restore(snapshot.data)
            self.last_applied = snapshot.last_index
        storage = self.storage
        last_index = min(saved.durable_index, consensus.submitted_index)
        self.observer.persisted(storage.durable_term, storage.durable_vote, last_index)


def stopped(failure: DiskError) -> DiskError:
    """The error of whatever is asked of a replica after its disk has failed."""
    return DiskError(f"the replica has stopped, since its disk failed: {failure}")
