"""A replica: consensus, storage and state machine as one synchronous object.

Every driver runs this one: the simulator, the server, anything else. A driver hands in a batch of
inputs and the reading of the replica's own clock, and gets back what is to be sent. When ``handle``
returns, everything that the outputs depend on is on the disk.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random
from typing import NamedTuple

import msgspec

from raft.client_messages import (
    ClientRequest,
    MembershipRequest,
    OperatorRequest,
    Reply,
    TransferRequest,
)
from raft.consensus import Consensus, Message, NodeId, Settings
from raft.consensus.snapshot import first_snapshot
from raft.consensus.state import LEADER
from raft.kv.state_machine import KeyValueStore
from raft.observer import Observer
from raft.operator_desk import OperatorDesk
from raft.storage import Disk, Storage


class Variant(NamedTuple):
    """The parts that a replica is put together from; a bug of the zoo exchanges one of them."""

    name: str = "healthy"
    consensus: type[Consensus] = Consensus
    storage: type[Storage] = Storage
    state_machine: type[KeyValueStore] = KeyValueStore


HEALTHY = Variant()
_REQUESTS = frozenset((ClientRequest, MembershipRequest, TransferRequest))


class Outputs(msgspec.Struct, frozen=True, gc=False):
    """What a batch of inputs led to: messages for other replicas, answers for clients
    and operators."""

    messages: list[Message]
    replies: list[Reply]


class Replica:
    """One server of the replicated key-value service."""

    def __init__(
        self,
        node: NodeId,
        members: Sequence[NodeId],
        disk: Disk,
        settings: Settings,
        random: Random,
        observer: Observer,
        *,
        now: int,
        variant: Variant = HEALTHY,
    ) -> None:
        """Recover from ``disk`` and start as a follower.

        ``now`` is the reading of the replica's clock in ns. Raises StorageCorrupt if the disk does
        not hold what was synced to it, DiskError if it fails.
        """
        self.node = node
        self.observer = observer
        self.storage = variant.storage(disk)
        recovered = self.storage.recover()
        observer.started(recovered.term, recovered.voted_for)
        for entry in recovered.entries:
            observer.appended(entry.index, entry.term, entry.command)
        observer.persisted(recovered.term, recovered.voted_for, len(recovered.entries))
        self.consensus = variant.consensus(
            node,
            settings,
            random,
            observer,
            term=recovered.term,
            voted_for=recovered.voted_for,
            snapshot=first_snapshot(tuple(members)),
            entries=recovered.entries,
            now=now,
        )
        self.state_machine = variant.state_machine()
        self.last_applied = 0
        # Clients that wait for the entry at an index, with the term in which it was proposed.
        self._waiting: dict[int, tuple[int, ClientRequest]] = {}
        # Clients that wait for a read, by the read's number, and those whose read is confirmed.
        self._reads: dict[int, ClientRequest] = {}
        self._next_read_id = 0
        # Opened when the first operator asks.
        self._operator_desk: OperatorDesk | None = None
        self._exposed_term = recovered.term
        self._clock = now
        self._clock_correction = 0

    # -- The driver's side ---------------------------------------------------------------------

    def handle(
        self, inputs: Iterable[Message | ClientRequest | OperatorRequest], now: int
    ) -> Outputs:
        """Take in messages and requests, and whatever is due by the clock.

        Raises DiskError if the disk fails: the replica must then be dropped, as it may not go on
        after a failed write (a failed sync is never retried).
        """
        consensus = self.consensus
        replies: list[Reply] = []
        consensus.now = now + self._clock_correction
        if now < self._clock:
            consensus.now = self._stand_still(now)
        self._clock = now
        for item in inputs:
            if type(item) in _REQUESTS:
                self._on_request(item, replies)  # type: ignore[arg-type]
            else:
                consensus.receive(item)  # type: ignore[arg-type]
        if consensus.now >= consensus.deadline:
            consensus.tick()
        if consensus.must_broadcast:
            consensus.finish()
        if consensus.must_save:
            self._save()
        messages: list[Message] = []
        if consensus.outbox or consensus.votes_granted:
            messages = self._release()
        if self._operator_desk is not None:
            self._operator_desk.answer(replies)
        if consensus.commit_index > self.last_applied:
            self._apply_committed(replies)
        if self._reads:
            self._answer_reads(replies)
        if self._waiting and consensus.role != LEADER:
            self._give_up_waiting(replies)
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

    def _on_request(self, request: ClientRequest | OperatorRequest, replies: list[Reply]) -> None:
        consensus = self.consensus
        if not isinstance(request, ClientRequest):
            if self._operator_desk is None:
                self._operator_desk = OperatorDesk(consensus)
            self._operator_desk.take(request, replies)
        elif consensus.role != LEADER:
            replies.append(request.refused(consensus.leader))
        elif request.command is not None:
            if not consensus.accepts_proposals():
                # The leadership is being transferred: nobody to be asked for the moment.
                replies.append(request.refused(None))
                return
            index = consensus.append_as_leader(request.command)
            self._waiting[index] = (consensus.current_term, request)
        else:
            self._next_read_id += 1
            self._reads[self._next_read_id] = request
            consensus.read(self._next_read_id)

    def _apply_committed(self, replies: list[Reply]) -> None:
        """If commitIndex > lastApplied: increment lastApplied, apply log[lastApplied]."""
        consensus = self.consensus
        for index in range(self.last_applied + 1, consensus.commit_index + 1):
            entry = consensus.log.entry_at(index)
            applied = self.state_machine.apply(index, entry.command)
            self.last_applied = index
            self.observer.applied(index, applied.session, applied.sequence, applied.executed)
            waiting = self._waiting.pop(index, None)
            if waiting is not None:
                term, request = waiting
                if term == entry.term:
                    replies.append(request.answered(applied.result))
                else:
                    # Another leader's entry took the place of the one proposed here.
                    replies.append(request.lost(consensus.leader))

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

    def _give_up_waiting(self, replies: list[Reply]) -> None:
        """No longer leader: what was proposed here may or may not be committed by others."""
        leader = self.consensus.leader
        replies.extend(request.lost(leader) for _, request in self._waiting.values())
        self._waiting.clear()

    # -- Disk and messages ---------------------------------------------------------------------

    def _save(self) -> None:
        """Persistent state is updated on stable storage before responding (Figure 2)."""
        consensus = self.consensus
        storage = self.storage
        if storage.save(consensus.current_term, consensus.voted_for, consensus.unsaved_entries()):
            self.observer.persisted(
                storage.durable_term, storage.durable_vote, storage.durable_index
            )
        consensus.saved()

    def _release(self) -> list[Message]:
        """The messages that may leave now, and what they make known to others."""
        consensus = self.consensus
        messages, consensus.outbox = consensus.outbox, []
        if messages and consensus.current_term > self._exposed_term:
            self._exposed_term = consensus.current_term
            self.observer.term_exposed(consensus.current_term)
        if consensus.votes_granted:
            for term, candidate in consensus.votes_granted:
                self.observer.vote_granted(term, candidate)
            consensus.votes_granted = []
        return messages
