"""What must be on the disk before a message leaves, if the disk is written asynchronously.

The writes are done in the order in which what they save came about, so the disk holds what memory
held at some earlier moment, and no message that was decided at or before that moment says more than
a restart would know. So every message may leave with the write that was begun after it. Some need
not wait for that: their rules are here.

Each needs the sender's term to be durable: a server that sent a message of a term and forgot it
could come back in an older one, and lead or vote in the same term once more (section 5.2). What
promises more has a rule of its own, and so has what does not tell the sender's term.
"""

from __future__ import annotations

from mypy_extensions import mypyc_attr

from raft.consensus.entry import Entry, NodeId
from raft.consensus.follower_reads import FollowerReads
from raft.consensus.messages import (
    AppendEntries,
    AppendEntriesReply,
    InstallSnapshotReply,
    Message,
    PreVote,
    PreVoteReply,
    RequestVote,
    RequestVoteReply,
)
from raft.consensus.state import CANDIDATE, LEADER


@mypyc_attr(allow_interpreted_subclasses=True)
class Durability(FollowerReads):
    """The rules by which what is on the disk lets messages leave, and entries commit."""

    # -- Acknowledgements ----------------------------------------------------------------------

    def saved_to(
        self, term: int, voted_for: NodeId | None, last_index: int, last_term: int
    ) -> None:
        """A write is done: the disk holds ``term`` and ``voted_for``, and the log as it was when
        the write was begun, which ended with the entry at ``last_index``, of ``last_term``."""
        self.saved_term = term
        self.saved_vote = voted_for
        if self.counts_acknowledgement(term, last_index, last_term):
            self.count_saved(last_index)
        if self.role == CANDIDATE:
            self.become_leader_if_elected()

    def counts_acknowledgement(self, term: int, last_index: int, last_term: int) -> bool:
        """Only if what was written is still what the log says.

        The log must hold the entry, with its term: it may have been replaced meanwhile. And the
        write must be of the current term: in an older one the entry may have been replaced and have
        come back since, and be replaced on the disk by a write that is under way (etcd's
        async_storage_writes_append_aba_race). Within a term nothing comes back, as all that is
        stored comes from one leader. What is not counted now is by the write of the new term, which
        names the end of the log again.
        """
        return term == self.current_term and self.log.term_at(last_index) == last_term

    def count_saved(self, last_index: int) -> None:
        """The disk holds the log up to there; a leader counts its own copy from here on, and with
        it what a majority holds durably, no more (thesis, 10.2.1)."""
        if last_index > self.saved_index:
            self.saved_index = last_index
            if self.role == LEADER:
                self.advance_commit_index()

    # -- Messages ------------------------------------------------------------------------------

    def may_leave(self, message: Message) -> bool:
        """Whether the message may leave now, rather than when what precedes it is durable.

        Snapshots that are sent and read indexes are committed, so a majority holds them durably;
        the successor that TimeoutNow goes to acts by what it holds itself.
        """
        if type(message) is AppendEntries:
            return self.append_entries_may_leave(message)
        if type(message) is AppendEntriesReply:
            return self.append_reply_may_leave(message)
        if type(message) is InstallSnapshotReply:
            return self.snapshot_reply_may_leave(message)
        if type(message) is RequestVote:
            return self.request_vote_may_leave(message)
        if type(message) is RequestVoteReply:
            return self.vote_may_leave(message)
        if type(message) is PreVote or type(message) is PreVoteReply:
            return self.pre_vote_may_leave()
        return self.is_term_saved(message.term)

    def is_term_saved(self, term: int) -> bool:
        """A restart will not lead back behind ``term``."""
        return self.saved_term >= term

    def append_entries_may_leave(self, message: AppendEntries) -> bool:
        """A leader writes to its disk while its followers write to theirs (thesis, 10.2.1). A crash
        may take the entries from it; it will not lead in their term again."""
        return self.is_term_saved(message.term)

    def append_reply_may_leave(self, message: AppendEntriesReply) -> bool:
        """A success is a promise: the leader counts the entries as held here for good. A refusal is
        none, nor is it one to have heard from the leader, which either of them confirms."""
        return self.is_term_saved(message.term) and (
            not message.success or message.match_index <= self.saved_index
        )

    def snapshot_reply_may_leave(self, message: InstallSnapshotReply) -> bool:
        """``installed`` is a promise as the success of AppendEntries is. The chunks that came are
        only counted, and a restart that loses them says so."""
        return self.is_term_saved(message.term) and (
            not message.installed or message.last_index <= self.saved_index
        )

    def request_vote_may_leave(self, message: RequestVote) -> bool:
        """It tells others of the candidate's vote for itself, which a restart must not forget: else
        it votes for another in the same term (sofa-jraft #1241)."""
        return (self.saved_term, self.saved_vote) == (message.term, self.node)

    def vote_may_leave(self, message: RequestVoteReply) -> bool:
        """A vote is a promise not to vote for another in this term; no vote is none."""
        if message.vote_granted:
            return (self.saved_term, self.saved_vote) == (message.term, message.target)
        return self.is_term_saved(message.term)

    def pre_vote_may_leave(self) -> bool:
        """Nothing is promised, but the term that is asked for tells of the current one."""
        return self.is_term_saved(self.current_term)

    # -- Application ---------------------------------------------------------------------------

    def index_to_apply(self) -> int:
        """Up to where entries may be applied: what is committed is, whether or not this server's
        own disk has it yet, since the state machine does not outlive memory either."""
        return self.commit_index

    def entries_to_apply(self, applied_index: int) -> tuple[Entry, ...]:
        """Of those the ones that are not applied yet, from the first on."""
        last = self.index_to_apply()
        if last <= applied_index:
            return ()
        return self.log.entries_from(applied_index + 1, last - applied_index)
