"""Log replication: section 5.3 and 5.4.2 of the paper, AppendEntries of Figure 2."""

from __future__ import annotations

from typing import Final, Literal

from mypy_extensions import mypyc_attr

from raft.consensus.configuration import Configuration
from raft.consensus.election import Election
from raft.consensus.entry import Entry, NodeId
from raft.consensus.messages import (
    AppendEntries,
    AppendEntriesReply,
    InstallSnapshot,
    InstallSnapshotReply,
)
from raft.consensus.progress import PROBE, REPLICATE, SNAPSHOT, Progress
from raft.consensus.quorums import agreed_index
from raft.consensus.state import LEADER

# Why a server takes no proposal now. Nothing was done with it, so it may be made again.
Refusal = Literal["not-leader", "too-much-uncommitted", "transferring"]

_NO_OP: Final = b""


@mypyc_attr(allow_interpreted_subclasses=True)
class Replication(Election):
    """The rules by which the leader's log becomes everyone's."""

    progress: dict[NodeId, Progress]
    # Peers heard of since the last check of the quorum.
    active_peers: set[NodeId]
    heartbeat_deadline: int = 0
    quorum_deadline: int = 0
    # Rounds of leadership confirmation asked for in this term (see reads.py).
    read_round: int = 0
    # The newest of them that has been sent to all.
    read_round_sent: int = 0
    # Whether something waits to be sent to all followers.
    must_broadcast: bool
    # Peers whose next answer something waits for (membership.py, transfer.py).
    awaited_peers: set[NodeId]

    # -- Rules for leaders -------------------------------------------------------------------

    def become_leader(self) -> None:
        """Reinitialize nextIndex and matchIndex; begin the term."""
        super().become_leader()
        self.initialize_progress()
        self.active_peers = set()
        self.awaited_peers = set()
        self.quorum_deadline = self.now + self.settings.election_timeout_min
        self.read_round = 0
        self.read_round_sent = 0
        self.begin_term()

    def begin_term(self) -> None:
        """A no-op commits what earlier terms left, and lets the leader know what is committed
        (section 8)."""
        self.append_as_leader(_NO_OP)

    def initialize_progress(self) -> None:
        """nextIndex: leader's last log index + 1; matchIndex: 0."""
        next_index = self.log.last_index + 1
        self.progress = {peer: Progress(next_index) for peer in self.peers}

    def proposal_refusal(self) -> Refusal | None:
        """Why a client's command may not be appended now; None if it may. To be asked before
        ``append_as_leader``; what the leader adds of its own accord is never refused."""
        if self.role != LEADER:
            return "not-leader"
        if self.has_too_much_uncommitted():
            return "too-much-uncommitted"
        return None

    def has_too_much_uncommitted(self) -> bool:
        """Without a majority that answers, the log must not grow for ever. One proposal always
        fits, however large."""
        limit = self.settings.max_uncommitted_bytes
        return 0 < limit <= self.uncommitted_bytes()

    def uncommitted_bytes(self) -> int:
        """The size of what is in the log, but not known as committed."""
        return self.log.bytes_between(self.commit_index, self.log.last_index)

    def append_as_leader(self, command: bytes, configuration: Configuration | None = None) -> int:
        """If command received from client: append entry to local log. Returns its index."""
        entry = Entry(self.log.last_index + 1, self.current_term, command, configuration)
        self.append_to_log(entry)
        self.must_broadcast = True
        return entry.index

    def broadcast_append_entries(self) -> None:
        """Send each follower what it lacks, or a heartbeat."""
        self.must_broadcast = False
        self.read_round_sent = self.read_round
        self.heartbeat_deadline = self.now + self.settings.heartbeat_interval
        self.set_leader_deadline()
        last_index = self.log.last_index
        for peer, progress in self.progress.items():
            self.send_append_entries(peer, progress)
            if progress.next_index <= last_index:
                self.send_missing_entries(peer, progress)

    def set_leader_deadline(self) -> None:
        """The next heartbeat, or the next check of the quorum."""
        self.deadline = self.heartbeat_deadline
        if self.settings.check_quorum and self.quorum_deadline < self.deadline:
            self.deadline = self.quorum_deadline

    def send_missing_entries(self, peer: NodeId, progress: Progress) -> None:
        """Send what the follower lacks, as much as may be in flight."""
        while progress.next_index <= self.log.last_index and self.may_send_entries(progress):
            next_index = progress.next_index
            self.send_append_entries(peer, progress)
            if progress.next_index == next_index:
                # A probe, or a snapshot: what follows waits for the answer.
                return

    def send_append_entries(self, peer: NodeId, progress: Progress) -> None:
        """If last log index >= nextIndex: send AppendEntries with log entries from nextIndex."""
        log = self.log
        prev_log_index = progress.next_index - 1
        if prev_log_index < log.base_index:
            self.send_install_snapshot(peer, progress)
            return
        entries: tuple[Entry, ...] = ()
        if prev_log_index < log.last_index and self.may_send_entries(progress):
            settings = self.settings
            entries = log.entries_from(
                prev_log_index + 1, settings.max_entries_per_append, settings.max_bytes_per_append
            )
            last = entries[-1].index
            if progress.state == PROBE:
                progress.probe_sent = True
            else:
                progress.next_index = last + 1
                progress.in_flight.append(last)
        self.outbox.append(
            AppendEntries(
                self.node,
                peer,
                self.current_term,
                prev_log_index,
                log.term_at(prev_log_index),
                entries,
                self.commit_index,
                self.read_round,
            )
        )

    def may_send_entries(self, progress: Progress) -> bool:
        """One message at a time while probing, a bounded number and size of them otherwise.

        A window full of lost messages does not stay full: a heartbeat names the entry before
        nextIndex as well, so that it is either refused, and nextIndex steps back, or confirms all
        that was in flight.
        """
        if progress.state == REPLICATE:
            in_flight = len(progress.in_flight)
            return not in_flight or (
                in_flight < self.settings.max_appends_in_flight
                and self.has_room_in_flight(progress)
            )
        return progress.state == PROBE and not progress.probe_sent

    def has_room_in_flight(self, progress: Progress) -> bool:
        """Whether fewer bytes are on their way to the follower than may be."""
        limit = self.settings.max_bytes_in_flight
        if not limit:
            return True
        return self.log.bytes_between(progress.match_index, progress.next_index - 1) < limit

    def send_install_snapshot(self, peer: NodeId, progress: Progress) -> None:
        """What the follower needs next was compacted: the snapshot takes its place. See
        snapshots.py."""

    # -- AppendEntries, receiver -------------------------------------------------------------

    def on_append_entries(self, message: AppendEntries) -> None:
        """Follow the leader and make the log agree with its."""
        term = message.term
        if term > self.current_term:
            self.observe_term(term)
        if term < self.current_term:
            # 1. Reply false if term < currentTerm.
            self.refuse_append(message, self.log.last_index + 1, 0)
            return
        self.recognize_leader(message)
        prev_log_index = message.prev_log_index
        if not self.log_matches(prev_log_index, message.prev_log_term):
            # 2. Reply false if log doesn't contain an entry at prevLogIndex with prevLogTerm.
            self.refuse_append(message, *self.find_conflict(prev_log_index))
            return
        self.store_entries(message)
        last_new_index = prev_log_index + len(message.entries)
        self.learn_commit_index(message.leader_commit, last_new_index)
        self.outbox.append(
            AppendEntriesReply(
                self.node,
                message.source,
                self.current_term,
                True,
                last_new_index,
                prev_log_index,
                0,
                0,
                message.read_round,
            )
        )

    def recognize_leader(self, message: AppendEntries | InstallSnapshot) -> None:
        """AppendEntries of the current term come from its leader: candidates become followers."""
        self.become_follower(message.source)
        self.last_leader_contact = self.now
        self.reset_election_timer()

    def log_matches(self, prev_log_index: int, prev_log_term: int) -> bool:
        """Whether the log contains an entry at prevLogIndex whose term is prevLogTerm; what was
        compacted is committed, and so is in the log of every leader."""
        log = self.log
        return log.term_at(prev_log_index) == prev_log_term or prev_log_index < log.base_index

    def find_conflict(self, prev_log_index: int) -> tuple[int, int]:
        """Where the leader should try next: index and term, by the rule that ends section 5.3."""
        log = self.log
        if prev_log_index > log.last_index:
            return log.last_index + 1, 0
        return log.first_index_of_term_at(prev_log_index), log.term_at(prev_log_index)

    def store_entries(self, message: AppendEntries) -> None:
        """3. and 4.: delete what conflicts, append what is not already in the log."""
        for entry in message.entries:
            if entry.index <= self.log.last_index:
                if not self.conflicts(entry):
                    continue
                self.truncate_log_from(entry.index)
            self.append_to_log(entry)

    def conflicts(self, entry: Entry) -> bool:
        """3. An existing entry conflicts with a new one: same index but different terms. What was
        compacted does not, as it is committed."""
        log = self.log
        return log.term_at(entry.index) != entry.term and entry.index > log.base_index

    def learn_commit_index(self, leader_commit: int, last_new_index: int) -> None:
        """5. If leaderCommit > commitIndex, commitIndex = min(leaderCommit, last new entry)."""
        if leader_commit > self.commit_index:
            index = min(leader_commit, last_new_index)
            if index > self.commit_index:
                self.set_commit_index(index)

    def refuse_append(
        self, message: AppendEntries, conflict_index: int, conflict_term: int
    ) -> None:
        """Reply false, with where to try next."""
        self.outbox.append(
            AppendEntriesReply(
                self.node,
                message.source,
                self.current_term,
                False,
                0,
                message.prev_log_index,
                conflict_index,
                conflict_term,
                self.round_answered(message),
            )
        )

    def round_answered(self, message: AppendEntries | InstallSnapshot) -> int:
        """The round of heartbeats that an answer is to. Rounds are numbered within a term, and the
        answer carries this server's: to one who led in an older term, and leads in this one, the
        number would be that of a round which it has yet to begin."""
        return message.read_round if message.term == self.current_term else 0

    # -- AppendEntries, the leader's side of the reply ----------------------------------------

    def on_append_entries_reply(self, message: AppendEntriesReply) -> None:
        """Learn what a follower holds, or step back."""
        if message.term > self.current_term:
            self.observe_term(message.term)
        if not self.counts_append_reply(message):
            return
        source = message.source
        progress = self.progress[source]
        self.hear_from(progress, message)
        if message.success:
            self.on_append_success(progress, message)
        else:
            self.on_append_refused(progress, message)
        if self.awaited_peers and source in self.awaited_peers:
            self.on_awaited_answer(source)

    def on_awaited_answer(self, peer: NodeId) -> None:
        """A follower that a promotion or a transfer waits for has answered; overridden there."""

    def counts_append_reply(self, message: AppendEntriesReply | InstallSnapshotReply) -> bool:
        """Only an answer of the current term, to this leadership, says anything."""
        return (
            self.role == LEADER
            and message.term == self.current_term
            and message.source in self.progress
        )

    def hear_from(
        self, progress: Progress, message: AppendEntriesReply | InstallSnapshotReply
    ) -> None:
        """A follower that answers recognizes the leader, whatever it answers."""
        self.active_peers.add(message.source)
        read_round = message.read_round
        if read_round > progress.read_round:
            progress.read_round = read_round

    def on_append_success(self, progress: Progress, message: AppendEntriesReply) -> None:
        """If successful: update nextIndex and matchIndex for follower."""
        match_index = message.match_index
        if progress.matched(match_index) and match_index > self.commit_index:
            self.advance_commit_index()
        if progress.state == SNAPSHOT and self.log_suffices(progress):
            progress.replicate()
        if progress.next_index <= self.log.last_index:
            self.send_missing_entries(message.source, progress)

    def log_suffices(self, progress: Progress) -> bool:
        """Whether the follower needs no snapshot any more, be it that the snapshot was installed
        or that late news came of what it holds (etcd/raft #124 asked for the very index of it)."""
        return progress.next_index > self.log.base_index

    def on_append_refused(self, progress: Progress, message: AppendEntriesReply) -> None:
        """If AppendEntries fails because of log inconsistency: decrement nextIndex and retry."""
        if self.is_stale_refusal(progress, message):
            return
        next_index = message.conflict_index
        if message.conflict_term:
            own = self.log.last_index_of_term(message.conflict_term, message.prev_log_index)
            if own:
                next_index = own + 1
        progress.probe_from(max(1, min(next_index, message.prev_log_index)))
        self.send_append_entries(message.source, progress)

    def is_stale_refusal(self, progress: Progress, message: AppendEntriesReply) -> bool:
        """A refusal that later news has overtaken, as networks reorder and duplicate."""
        if progress.state == PROBE:
            return message.prev_log_index != progress.next_index - 1
        return progress.state == SNAPSHOT or message.prev_log_index <= progress.match_index

    # -- Commitment --------------------------------------------------------------------------

    def advance_commit_index(self) -> None:
        """If there exists an N > commitIndex such that a majority of matchIndex[i] >= N, and
        log[N].term == currentTerm: set commitIndex = N (section 5.3, 5.4)."""
        if self.commit_index == self.log.last_index:
            return
        index = self.majority_match_index()
        if index > self.commit_index and self.may_commit(index):
            self.set_commit_index(index)

    def majority_match_index(self) -> int:
        """The highest index that a majority of logs holds durably, one's own among them."""
        matched = {peer: progress.match_index for peer, progress in self.progress.items()}
        matched[self.node] = self.saved_index
        return agreed_index(self.configuration, matched)

    def may_commit(self, index: int) -> bool:
        """Only entries of the leader's own term are committed by counting (section 5.4.2)."""
        return self.log.term_at(index) == self.current_term

    # -- The leader's own doubts ---------------------------------------------------------------

    def check_quorum(self) -> None:
        """Step down if no majority has answered within an election time-out (thesis, 6.2)."""
        self.quorum_deadline = self.now + self.settings.election_timeout_min
        self.set_leader_deadline()
        if not self.has_quorum(self.active_peers | {self.node}):
            self.become_follower(None)
        self.active_peers = set()
