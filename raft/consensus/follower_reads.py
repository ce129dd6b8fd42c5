"""Reads at followers: the leader confirms, the follower serves (thesis, 6.4)."""

from __future__ import annotations

from mypy_extensions import mypyc_attr

from raft.consensus.messages import ReadIndex, ReadIndexReply
from raft.consensus.reads import ConfirmedRead, Reads
from raft.consensus.state import LEADER

# How many reads may begin in one life of a server before its numbers run into those of another.
_NUMBERS_A_LIFE = 1 << 40
_LIVES = 1 << 23


@mypyc_attr(allow_interpreted_subclasses=True)
class FollowerReads(Reads):
    """The rules by which a follower, or a learner, takes load off the leader.

    The leader treats a request for a read index as a read of its own: readIndex is its commit index
    when the request arrives, and a majority must confirm its leadership after that. Whatever was
    answered to anyone before the follower asked lies at or below that index, so the answer is good
    for as long as the follower cares to wait, whoever leads by then. All that matters is that it is
    the answer to this request: numbers are not used again, not even after a restart.
    """

    # Reads that the leader was asked about: for the number in the messages, the number of the read
    # and when to give it up, in ns of the own clock.
    asked_reads: dict[int, tuple[int, int]]
    # What is added to the numbers of reads in messages; drawn when first needed.
    first_request_number: int | None = None

    # -- Followers -----------------------------------------------------------------------------

    def read(self, read_id: int) -> None:
        """Who does not lead asks the leader, if one is known."""
        if self.role == LEADER:
            super().read(read_id)
        elif self.leader is None:
            self.refused_reads.append(read_id)
        else:
            number = self.request_number(read_id)
            self.asked_reads[number] = (read_id, self.now + self.settings.election_timeout_min)
            self.outbox.append(ReadIndex(self.node, self.leader, self.current_term, number))

    def request_number(self, read_id: int) -> int:
        """A number that this server never used, in an earlier life neither: the late answer to a
        request of then would confirm a read with an index from before it began."""
        if self.first_request_number is None:
            self.first_request_number = int(self.random.random() * _LIVES) * _NUMBERS_A_LIFE
        return self.first_request_number + read_id

    def on_read_index_reply(self, message: ReadIndexReply) -> None:
        """The leader has confirmed the read, or cannot."""
        self.observe_term(message.term)
        if not self.counts_read_index_reply(message):
            return
        read_id, _ = self.asked_reads.pop(message.read_id)
        if message.read_index is None:
            self.refused_reads.append(read_id)
        else:
            self.confirmed_reads.append(ConfirmedRead(read_id, message.read_index))

    def counts_read_index_reply(self, message: ReadIndexReply) -> bool:
        """Only the first answer to a request that still waits, which is none of an earlier term."""
        return message.read_id in self.asked_reads

    def set_term(self, term: int) -> None:
        """Whoever was asked no longer leads: clients need not wait for nothing."""
        super().set_term(term)
        self.give_up_asked_reads(None)

    def on_election_timeout(self) -> None:
        """No word from the leader: its answer will not come either."""
        self.give_up_asked_reads(None)
        super().on_election_timeout()

    def give_up_late_reads(self) -> None:
        """Requests and answers may be lost while the leader is well. A driver that waits for reads
        asks for this with every input, and the leader's heartbeats bring some."""
        if self.asked_reads:
            self.give_up_asked_reads(self.now)

    def give_up_asked_reads(self, due: int | None) -> None:
        """Refuse the reads whose answer has not come by the time ``due``; None: all of them."""
        for number, (read_id, deadline) in list(self.asked_reads.items()):
            if due is None or deadline <= due:
                del self.asked_reads[number]
                self.refused_reads.append(read_id)

    # -- The leader ----------------------------------------------------------------------------

    def on_read_index(self, message: ReadIndex) -> None:
        """A follower asks for a read index."""
        self.observe_term(message.term)
        if self.role == LEADER:
            self.begin_read(message.source, message.read_id)
        else:
            self.refuse_read(message.source, message.read_id)
