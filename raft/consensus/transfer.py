"""Leadership transfer: section 3.10 of the thesis.

The leader stops taking proposals, brings the target's log up to its own, and sends it TimeoutNow.
The target campaigns at once. If it has not taken over within an election time-out, the leader goes
on as if nothing had been asked.
"""

from __future__ import annotations

from typing import Literal

from mypy_extensions import mypyc_attr

from raft.consensus.entry import NodeId
from raft.consensus.membership import Membership
from raft.consensus.messages import TimeoutNow
from raft.consensus.replication import Refusal
from raft.consensus.state import LEADER

TransferRefusal = Literal[
    "not-leader", "target-is-leader", "unknown-member", "not-a-voter", "transferring"
]
TransferOutcome = Literal["done", "abandoned"]


@mypyc_attr(allow_interpreted_subclasses=True)
class Transfer(Membership):
    """The rules by which a leader hands over."""

    transfer_target: NodeId | None
    # When the transfer is abandoned, in ns of the own clock.
    transfer_deadline: int = 0
    # Whether anyone was sent TimeoutNow in this term. An abandoned message may still arrive and
    # start an election that nobody holds back, so a lease is good for nothing from here on.
    timeout_now_sent: bool = False
    # What a driver takes away: how transfers ended.
    ended_transfers: list[TransferOutcome]

    # -- The leader's part ---------------------------------------------------------------------

    def transfer_leadership(self, target: NodeId) -> TransferRefusal | None:
        """Hand over to ``target``; or why not. The end shows up in ``ended_transfers``."""
        refusal = self.refusal_of_transfer(target)
        if refusal is not None or self.transfer_target == target:
            return refusal
        self.transfer_target = target
        self.transfer_deadline = self.now + self.settings.election_timeout_min
        self.observer.transfer_started(target)
        self.awaited_peers.add(target)
        self.set_leader_deadline()
        if not self.has_caught_up(target):
            self.must_broadcast = True
        self.send_timeout_now_if_matched(target)
        return None

    def refusal_of_transfer(self, target: NodeId) -> TransferRefusal | None:
        """Only a voter that is to stay one can take over. A second target is refused while there is
        a first: TimeoutNow may be on its way, and the two would campaign against each other."""
        if self.role != LEADER:
            return "not-leader"
        if target == self.node:
            return "target-is-leader"
        if target not in self.configuration.members:
            return "unknown-member"
        if target not in self.configuration.voters:
            return "not-a-voter"
        if self.transfer_target is not None and self.transfer_target != target:
            return "transferring"
        return None

    def proposal_refusal(self) -> Refusal | None:
        """A leader that hands over takes no commands (thesis, 3.10, step 1)."""
        refusal = super().proposal_refusal()
        if refusal is None and not self.accepts_proposals():
            return "transferring"
        return refusal

    def accepts_proposals(self) -> bool:
        """No new entries while the target catches up, or it never would."""
        return self.transfer_target is None

    def on_awaited_answer(self, peer: NodeId) -> None:
        """The target may hold everything by now."""
        super().on_awaited_answer(peer)
        if peer == self.transfer_target:
            self.send_timeout_now_if_matched(peer)

    def send_timeout_now_if_matched(self, target: NodeId) -> None:
        """Once the target's log is the leader's; again if it answers and has not campaigned, as the
        message may have been lost."""
        if self.has_caught_up(target):
            self.timeout_now_sent = True
            self.outbox.append(TimeoutNow(self.node, target, self.current_term))

    def has_caught_up(self, target: NodeId) -> bool:
        """Whether the target could win: its log matches, down to the last entry."""
        return self.progress[target].match_index == self.log.last_index

    def set_leader_deadline(self) -> None:
        """The transfer's end, too, is a reason to wake up."""
        super().set_leader_deadline()
        if self.transfer_target is not None and self.transfer_deadline < self.deadline:
            self.deadline = self.transfer_deadline

    def tick_transfer(self) -> None:
        """Abandon a transfer that took an election time-out; for leaders."""
        if self.transfer_target is not None and self.now >= self.transfer_deadline:
            self.end_transfer("abandoned")
            self.set_leader_deadline()

    def end_transfer(self, outcome: TransferOutcome) -> None:
        """The hand-over is over."""
        assert self.transfer_target is not None
        self.awaited_peers.discard(self.transfer_target)
        self.transfer_target = None
        self.ended_transfers.append(outcome)
        self.observer.transfer_ended(outcome)

    def become_leader(self) -> None:
        """A new term, a new lease."""
        self.timeout_now_sent = False
        super().become_leader()

    def step_down(self) -> None:
        """Whoever leads next, this server does not."""
        super().step_down()
        if self.transfer_target is not None:
            self.end_transfer("done")

    # -- The target's part ---------------------------------------------------------------------

    def on_timeout_now(self, message: TimeoutNow) -> None:
        """Campaign at once, without asking whether the leader is well: it is, and wants to go."""
        self.observe_term(message.term)
        if self.heeds_timeout_now(message):
            self.leader = None
            self.start_election(leadership_transfer=True)

    def heeds_timeout_now(self, message: TimeoutNow) -> bool:
        """Only of the present term's leader, only if a vote is at stake here (etcd db54973), and
        not by one who leads already."""
        return message.term == self.current_term and self.role != LEADER and self.may_campaign()
