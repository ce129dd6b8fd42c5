"""The consensus module: inputs in, state and messages out.

A driver (raft.replica) does, for every batch of inputs and in this order:

    now = ...                        the server's own clock, in ns; never goes backwards
    receive, append_as_leader, read  any number of each; proposal_refusal() before an append
    change_membership, transfer_leadership  likewise
    tick()                           if ``deadline`` has come
    finish()                         if ``must_broadcast``: fills the outbox
    give_up_late_reads()             if it waits for reads
    save term, vote and entries      if ``must_save``: to the disk, and then saved()
    save ``received_snapshot``       if there is one: submit_snapshot() to the disk, then
                                     install_snapshot()
    send the outbox                  nothing of it may leave before the saves have returned
    apply what is committed          raft.replica
    take a snapshot                  if snapshot_is_due(): to the disk, and then snapshot_taken()

An asynchronous driver goes on handling inputs while it saves; the writes are done in order, and
what they acknowledge is an input: submit_entries(), and later saved_to(). Of the outbox only what
may_leave() leaves at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

from mypy_extensions import mypyc_attr

from raft.consensus.durability import Durability
from raft.consensus.entry import Entry, NodeId
from raft.consensus.messages import (
    AppendEntries,
    AppendEntriesReply,
    InstallSnapshot,
    InstallSnapshotReply,
    Message,
    PreVote,
    PreVoteReply,
    ReadIndex,
    ReadIndexReply,
    RequestVote,
    RequestVoteReply,
    TimeoutNow,
)
from raft.consensus.settings import Settings
from raft.consensus.snapshot import Snapshot
from raft.consensus.state import CANDIDATE, LEADER
from raft.observer import Observer


@mypyc_attr(allow_interpreted_subclasses=True)
class Consensus(Durability):
    """A Raft server without clock, disk or network."""

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
        super().__init__(
            node,
            settings,
            random,
            observer,
            term=term,
            voted_for=voted_for,
            snapshot=snapshot,
            entries=entries,
            now=now,
        )
        self.votes = set()
        self.incoming_snapshot = None
        self.received_snapshot = None
        self.submitted_snapshot = None
        self.progress = {}
        self.active_peers = set()
        self.awaited_peers = set()
        self.must_broadcast = False
        self.transfer_target = None
        self.appended_changes = []
        self.refused_changes = []
        self.ended_transfers = []
        self.early_reads = []
        self.pending_reads = []
        self.confirmed_reads = []
        self.refused_reads = []
        self.asked_reads = {}
        self.last_leader_contact = self.contact_before_start()

    def receive(self, message: Message) -> None:
        """A message of another server arrived."""
        # For a Struct, isinstance() takes three times as long to say no as this does.
        if type(message) is AppendEntries:
            self.on_append_entries(message)
        elif type(message) is AppendEntriesReply:
            self.on_append_entries_reply(message)
        elif type(message) is RequestVote:
            self.on_request_vote(message)
        elif type(message) is RequestVoteReply:
            self.on_request_vote_reply(message)
        elif type(message) is PreVote:
            self.on_pre_vote(message)
        elif type(message) is PreVoteReply:
            self.on_pre_vote_reply(message)
        elif type(message) is InstallSnapshot:
            self.on_install_snapshot(message)
        elif type(message) is InstallSnapshotReply:
            self.on_install_snapshot_reply(message)
        elif type(message) is ReadIndex:
            self.on_read_index(message)
        elif type(message) is ReadIndexReply:
            self.on_read_index_reply(message)
        elif type(message) is TimeoutNow:
            self.on_timeout_now(message)
        else:
            raise TypeError(f"{type(message).__name__} is no message of a server")

    def tick(self) -> None:
        """Do what is due by the clock."""
        if self.role != LEADER:
            if self.now >= self.election_deadline:
                self.on_election_timeout()
            return
        if self.settings.check_quorum and self.now >= self.quorum_deadline:
            self.check_quorum()
        if self.role == LEADER:
            self.tick_transfer()
            self.tick_membership()
        if self.role == LEADER and self.now >= self.heartbeat_deadline:
            self.must_broadcast = True

    def finish(self) -> None:
        """One broadcast carries everything that the batch of inputs brought up."""
        if self.must_broadcast:
            self.must_broadcast = False
            if self.role == LEADER:
                if self.settings.lease_reads:
                    self.begin_lease_round()
                self.broadcast_append_entries()
                if self.must_leave_office:
                    self.leave_office()

    def saved(self) -> None:
        """The disk holds term, vote and the whole log now: a driver that does not return before can
        tell it so. A candidate counts its own vote from here on, a leader its own copy."""
        self.must_save = False
        last_index = self.log.last_index
        if self.saved_index != last_index:
            self.saved_index = self.submitted_index = last_index
            if self.role == LEADER:
                self.advance_commit_index()
        if self.role == CANDIDATE:
            self.become_leader_if_elected()
