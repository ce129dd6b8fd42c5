"""Snapshots and log compaction: section 7 of the paper, InstallSnapshot of Figure 13."""

from __future__ import annotations

from mypy_extensions import mypyc_attr

from raft.consensus.entry import NodeId
from raft.consensus.messages import InstallSnapshot, InstallSnapshotReply
from raft.consensus.progress import Progress, SnapshotTransfer
from raft.consensus.replication import Replication
from raft.consensus.snapshot import Snapshot


class IncomingSnapshot:
    """The chunks of a snapshot as far as they have come, in memory; a restart loses them.

    It is one leader's snapshot of one entry: another leader's, though of the same state, may be
    cut out of other bytes.
    """

    __slots__ = ("configuration", "data", "last_index", "last_term", "term")

    def __init__(self, message: InstallSnapshot) -> None:
        self.term = message.term
        self.last_index = message.last_index
        self.last_term = message.last_term
        self.configuration = message.configuration
        self.data = bytearray()

    def is_of(self, message: InstallSnapshot) -> bool:
        """Whether the chunk is one of this snapshot's."""
        return self.term == message.term and self.last_index == message.last_index

    def snapshot(self) -> Snapshot:
        """The whole, once the last chunk is there."""
        return Snapshot(self.last_index, self.last_term, self.configuration, bytes(self.data))


@mypyc_attr(allow_interpreted_subclasses=True)
class Snapshots(Replication):
    """The rules by which a snapshot takes the place of a prefix of the log, here or at a follower.

    A leader has one chunk in flight to a follower. It goes on when the follower has more than
    before, and sends a chunk again when a heartbeat's answer tells that it was lost. A transfer
    that has begun is finished, even if a newer snapshot was taken meanwhile; only one that must
    begin again takes the newest.
    """

    incoming_snapshot: IncomingSnapshot | None
    # A complete snapshot that the driver must make durable, and then call install_snapshot().
    received_snapshot: Snapshot | None
    # The message that completed it, which is still to be answered.
    _completed_by: InstallSnapshot
    # One that the driver is making durable, and the message that waits for it.
    submitted_snapshot: Snapshot | None
    _submitted_by: InstallSnapshot

    def become_leader(self) -> None:
        """A leader's log holds all that is committed: no snapshot can add to it."""
        self.received_snapshot = None
        super().become_leader()

    def set_term(self, term: int) -> None:
        """The chunks so far were of another term, and another leader's are never added to them."""
        super().set_term(term)
        self.incoming_snapshot = None

    # -- Own snapshots -------------------------------------------------------------------------

    def snapshot_is_due(self, applied_index: int) -> bool:
        """Whether enough has been applied since the last snapshot for another one."""
        threshold = self.settings.snapshot_threshold_bytes
        return 0 < threshold <= self.log.bytes_between(self.snapshot.last_index, applied_index)

    def index_to_snapshot(self, applied_index: int) -> int:
        """A snapshot taken now is of what the state machine has applied, be more committed."""
        return applied_index

    def snapshot_taken(self, snapshot: Snapshot) -> None:
        """The driver has made a snapshot of what it has applied durable: the log may go."""
        self.snapshot = snapshot
        self.snapshot_saved(snapshot.last_index)
        self.forget_chunks_up_to(snapshot.last_index)
        self.observer.snapshot_taken(snapshot.last_index, snapshot.last_term, snapshot.digest)
        index = self.index_to_compact()
        if index > self.log.base_index:
            self.compact_log_to(index)

    def index_to_compact(self) -> int:
        """Up to where the log is discarded: some entries stay, so that a follower that is only a
        little behind needs no snapshot."""
        return self.snapshot.last_index - self.settings.entries_kept_after_snapshot

    # -- InstallSnapshot, the leader's side ----------------------------------------------------

    def send_install_snapshot(self, peer: NodeId, progress: Progress) -> None:
        """Begin with the latest snapshot; if one is on its way, only ask how far it has come.

        The question is an empty chunk. As every message of a leader it is a heartbeat too, and
        asks for confirmation of the leadership.
        """
        transfer = progress.transfer
        if transfer is None:
            self.send_chunk(peer, progress.send_snapshot(self.snapshot))
        else:
            self.send_part(peer, transfer, b"", done=False)

    def send_chunk(self, peer: NodeId, transfer: SnapshotTransfer) -> None:
        """Send the chunk at the transfer's offset."""
        transfer.sent_at = self.now
        data = transfer.snapshot.data
        stop = transfer.offset + self.settings.snapshot_chunk_bytes
        self.send_part(peer, transfer, data[transfer.offset : stop], done=stop >= len(data))

    def send_part(
        self, peer: NodeId, transfer: SnapshotTransfer, data: bytes, *, done: bool
    ) -> None:
        """Send ``data`` as what is at the transfer's offset."""
        snapshot = transfer.snapshot
        self.outbox.append(
            InstallSnapshot(
                self.node,
                peer,
                self.current_term,
                snapshot.last_index,
                snapshot.last_term,
                snapshot.configuration,
                transfer.offset,
                data,
                done,
                self.read_round,
            )
        )

    def on_install_snapshot_reply(self, message: InstallSnapshotReply) -> None:
        """Go on with the next chunk, or with the log."""
        if message.term > self.current_term:
            self.observe_term(message.term)
        if not self.counts_append_reply(message):
            return
        progress = self.progress[message.source]
        self.hear_from(progress, message)
        if message.installed:
            self.on_snapshot_installed(progress, message)
        elif progress.transfer is not None:
            self.on_chunk_answered(progress.transfer, progress, message)

    def on_snapshot_installed(self, progress: Progress, message: InstallSnapshotReply) -> None:
        """The follower's log equals ours up to the snapshot's last entry. What follows is in the
        log, unless that was compacted further meanwhile: then the next snapshot is begun."""
        progress.matched(message.last_index)
        transfer = progress.transfer
        if transfer is not None and (
            progress.match_index >= transfer.snapshot.last_index or self.log_suffices(progress)
        ):
            progress.replicate()
        if progress.next_index <= self.log.last_index:
            self.send_missing_entries(message.source, progress)
        if message.source in self.awaited_peers:
            self.on_awaited_answer(message.source)

    def on_chunk_answered(
        self, transfer: SnapshotTransfer, progress: Progress, message: InstallSnapshotReply
    ) -> None:
        """Send what the follower lacks. An answer that tells nothing new is sent nothing, else one
        doubled message would double all that follow; but if it has taken a heartbeat interval, the
        chunk was lost."""
        if not transfer.is_of(message.last_index, message.last_term):
            return
        if message.next_offset == transfer.offset and not self.is_chunk_lost(transfer):
            return
        if message.next_offset == 0:
            # Nothing has come yet, or the follower was restarted: there may be a newer one by now.
            transfer = progress.send_snapshot(self.snapshot)
        else:
            transfer.offset = message.next_offset
        self.send_chunk(message.source, transfer)

    def is_chunk_lost(self, transfer: SnapshotTransfer) -> bool:
        """Whether the chunk in flight should have come by now."""
        return self.now - transfer.sent_at >= self.settings.heartbeat_interval

    # -- InstallSnapshot, receiver ---------------------------------------------------------------

    def on_install_snapshot(self, message: InstallSnapshot) -> None:
        """Collect the chunks; the last one is answered once the snapshot is installed."""
        if message.term > self.current_term:
            self.observe_term(message.term)
        if message.term < self.current_term:
            # 1. Reply immediately if term < currentTerm.
            self.answer_chunk(message, 0, installed=False)
            return
        self.recognize_leader(message)
        if self.is_covered(message.last_index):
            self.forget_chunks_up_to(message.last_index)
            self.answer_chunk(message, 0, installed=True)
            return
        held = self.collect_chunk(message)
        if self.is_complete(message, held):
            self.hand_over_snapshot(message)
        else:
            # 4. Reply and wait for more data chunks if done is false.
            self.answer_chunk(message, held, installed=False)

    def is_covered(self, last_index: int) -> bool:
        """Whether the state that a snapshot holds is in the past here: what is committed is never
        taken back, however late a snapshot comes."""
        return last_index <= self.commit_index

    def collect_chunk(self, message: InstallSnapshot) -> int:
        """2. Create new snapshot file if first chunk. 3. Write data into snapshot file at given
        offset. 5. Discard any existing or partial snapshot with a smaller index.

        A chunk that does not fit is left out. Returns how many bytes are there.
        """
        incoming = self.incoming_snapshot
        if incoming is None or not incoming.is_of(message):
            if incoming is not None and self.is_older(message, incoming):
                return 0
            incoming = self.incoming_snapshot = IncomingSnapshot(message)
        if self.follows(message, incoming):
            incoming.data += message.data
        return len(incoming.data)

    def follows(self, message: InstallSnapshot, incoming: IncomingSnapshot) -> bool:
        """Whether a chunk begins where those that came before it end."""
        return message.offset == len(incoming.data)

    def is_complete(self, message: InstallSnapshot, held: int) -> bool:
        """Whether the last chunk has come, and all that precede it."""
        return message.done and message.offset + len(message.data) == held

    def is_older(self, message: InstallSnapshot, incoming: IncomingSnapshot) -> bool:
        """Whether a late chunk is of a snapshot that its leader has given up for a newer one."""
        return message.term == incoming.term and message.last_index < incoming.last_index

    def hand_over_snapshot(self, message: InstallSnapshot) -> None:
        """All chunks are there: the driver must make the snapshot durable before anyone is told."""
        assert self.incoming_snapshot is not None
        submitted = self.submitted_snapshot
        if submitted is not None and message.last_index == submitted.last_index:
            # The leader asks again; committed entries of one index are the same.
            self._submitted_by = message
            return
        self.received_snapshot = self.incoming_snapshot.snapshot()
        self._completed_by = message

    def submit_snapshot(self) -> Snapshot | None:
        """The snapshot that is to be made durable now. One at a time: the next one after this is
        installed."""
        if self.received_snapshot is None or self.submitted_snapshot is not None:
            return None
        self.submitted_snapshot, self.received_snapshot = self.received_snapshot, None
        self._submitted_by = self._completed_by
        return self.submitted_snapshot

    def install_snapshot(self) -> bool:
        """The snapshot submitted is durable: take it on and tell the leader.

        True if the driver must reset its state machine to it (8. Reset state machine using snapshot
        contents); false if entries that came meanwhile had led beyond it.
        """
        snapshot = self.submitted_snapshot or self.submit_snapshot()
        assert snapshot is not None
        self.submitted_snapshot = None
        self.forget_chunks_up_to(snapshot.last_index)
        is_news = not self.is_covered(snapshot.last_index)
        if is_news:
            self.restore_snapshot(snapshot, retain=self.retains_log_after(snapshot))
        else:
            self.snapshot_saved(snapshot.last_index)
        self.answer_chunk(self._submitted_by, len(snapshot.data), installed=True)
        return is_news

    def forget_chunks_up_to(self, index: int) -> None:
        """The state at ``index`` is here, so that no snapshot of it or of an older one is needed;
        what has come of one takes no more memory."""
        incoming = self.incoming_snapshot
        if incoming is not None and incoming.last_index <= index:
            self.incoming_snapshot = None

    def retains_log_after(self, snapshot: Snapshot) -> bool:
        """6. If existing log entry has same index and term as snapshot's last included entry,
        retain log entries following it. 7. Discard the entire log."""
        return self.log.term_at(snapshot.last_index) == snapshot.last_term

    def answer_chunk(self, message: InstallSnapshot, next_offset: int, *, installed: bool) -> None:
        """Tell the leader where to go on."""
        self.outbox.append(
            InstallSnapshotReply(
                self.node,
                message.source,
                self.current_term,
                message.last_index,
                message.last_term,
                next_offset,
                installed,
                self.round_answered(message),
            )
        )
