"""Linearizable reads without a log entry: ReadIndex (thesis, 6.4)."""

from __future__ import annotations

import msgspec
from mypy_extensions import mypyc_attr

from raft.consensus.entry import NodeId
from raft.consensus.leases import Leases
from raft.consensus.messages import AppendEntriesReply, InstallSnapshotReply, ReadIndexReply


class PendingRead(msgspec.Struct, frozen=True, gc=False):
    """A read that waits for a majority to confirm that the leader still is one. ``reader`` is the
    server that will serve it: the leader, or a follower that has asked for the read index."""

    reader: NodeId
    read_id: int
    read_index: int
    read_round: int


class ConfirmedRead(msgspec.Struct, frozen=True, gc=False):
    """A read that may be served once ``read_index`` has been applied."""

    read_id: int
    read_index: int


@mypyc_attr(allow_interpreted_subclasses=True)
class Reads(Leases):
    """The rules by which a leader answers reads from its state machine.

    1. An entry of the leader's own term must be committed, else its commit index may lag.
    2. readIndex = commitIndex.
    3. A round of heartbeats, begun after the read arrived, is answered by a majority; or the leader
       has a lease.
    4. The state machine has applied readIndex. 5. The read is served.
    """

    # Reads that arrived before an entry of the own term was committed (step 1): reader, number.
    early_reads: list[tuple[NodeId, int]]
    pending_reads: list[PendingRead]
    confirmed_reads: list[ConfirmedRead]
    # Reads that can not be served here: nobody leads, or no longer the one who was to confirm them.
    refused_reads: list[int]

    def become_leader(self) -> None:
        """Nothing is pending at the start of a term."""
        self.early_reads = []
        self.pending_reads = []
        super().become_leader()

    def step_down(self) -> None:
        """Reads that wait for a majority will not be confirmed."""
        super().step_down()
        for reader, read_id in self.early_reads:
            self.refuse_read(reader, read_id)
        for read in self.pending_reads:
            self.refuse_read(read.reader, read.read_id)
        self.early_reads = []
        self.pending_reads = []

    def read(self, read_id: int) -> None:
        """Begin a read; it shows up in ``confirmed_reads`` or ``refused_reads`` later."""
        self.begin_read(self.node, read_id)

    def begin_read(self, reader: NodeId, read_id: int) -> None:
        """Begin a read that ``reader`` will serve; for leaders."""
        if not self.may_set_read_index():
            self.early_reads.append((reader, read_id))
        elif self.leads_without_asking():
            self.confirm_read(reader, read_id, self.commit_index)
        elif self.holds_lease():
            self.observer.lease_read(self.commit_index, self.current_term)
            self.confirm_read(reader, read_id, self.commit_index)
        else:
            self.ask_for_confirmation(reader, read_id)

    def may_set_read_index(self) -> bool:
        """Step 1: the commit index is known to be recent (etcd #7331 forgot this)."""
        return self.log.term_at(self.commit_index) == self.current_term

    def leads_without_asking(self) -> bool:
        """A cluster of one needs no confirmation; any other does (step 3)."""
        return self.has_quorum({self.node})

    def ask_for_confirmation(self, reader: NodeId, read_id: int) -> None:
        """Steps 2 and 3: note readIndex, and ask all in a new round."""
        if self.read_round == self.read_round_sent:
            # Reads that arrive together share a round; one already sent is too old for this read.
            self.read_round += 1
        self.must_broadcast = True
        self.pending_reads.append(PendingRead(reader, read_id, self.commit_index, self.read_round))

    def on_append_entries_reply(self, message: AppendEntriesReply) -> None:
        """Any answer of the current term confirms the leadership for its round."""
        super().on_append_entries_reply(message)
        if self.pending_reads:
            self.confirm_reads()

    def on_install_snapshot_reply(self, message: InstallSnapshotReply) -> None:
        """So does the answer of a follower that receives a snapshot."""
        super().on_install_snapshot_reply(message)
        if self.pending_reads:
            self.confirm_reads()

    def advance_commit_index(self) -> None:
        """Early reads start once an entry of the own term is committed."""
        super().advance_commit_index()
        if self.early_reads and self.may_set_read_index():
            early, self.early_reads = self.early_reads, []
            for reader, read_id in early:
                self.begin_read(reader, read_id)

    def confirm_reads(self) -> None:
        """A majority answered a round: the reads that began no later are confirmed."""
        confirmed = self.majority_read_round()
        while self.pending_reads and self.pending_reads[0].read_round <= confirmed:
            read = self.pending_reads.pop(0)
            self.confirm_read(read.reader, read.read_id, read.read_index)

    def confirm_read(self, reader: NodeId, read_id: int, read_index: int) -> None:
        """Whoever serves the read may do so once it has applied ``read_index``."""
        if reader == self.node:
            self.confirmed_reads.append(ConfirmedRead(read_id, read_index))
        else:
            self.answer_reader(reader, read_id, read_index)

    def refuse_read(self, reader: NodeId, read_id: int) -> None:
        """The read cannot be confirmed."""
        if reader == self.node:
            self.refused_reads.append(read_id)
        else:
            self.answer_reader(reader, read_id, None)

    def answer_reader(self, reader: NodeId, read_id: int, read_index: int | None) -> None:
        """Tell the follower that has asked."""
        self.outbox.append(
            ReadIndexReply(self.node, reader, self.current_term, read_id, read_index)
        )
