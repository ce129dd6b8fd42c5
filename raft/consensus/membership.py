"""Membership changes: section 6 of the paper, chapter 4 of the thesis, the correction of 2015.

A change is an entry of the log. It is in effect on each server from its append on (state.py), and
gone when it is truncated. What follows is the leader's part:

    asked for  -> caught up -> appended -> committed -> left, if joint -> those who left are told
                (promotions)
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec
from mypy_extensions import mypyc_attr

from raft.consensus.catch_up import CatchUp, Round
from raft.consensus.changes import Change, Nonsense, Transition, leave_joint, next_configuration
from raft.consensus.configuration import Configuration
from raft.consensus.entry import NodeId
from raft.consensus.messages import TimeoutNow
from raft.consensus.progress import Progress
from raft.consensus.snapshots import Snapshots
from raft.consensus.state import LEADER

NotNow = Literal[
    "not-leader",
    "transferring",
    "nothing-committed-in-own-term",
    "change-in-progress",
    "learner-too-slow",
    "learner-unreachable",
]
ChangeRefusal = NotNow | Nonsense

CATCH_UP_ROUNDS: Final = 10
_NO_COMMAND = b""


class AppendedChange(msgspec.Struct, frozen=True, gc=False):
    """The change that was asked for as ``change_id`` is the entry at ``index``, of ``term``."""

    change_id: int
    index: int
    term: int


class RefusedChange(msgspec.Struct, frozen=True, gc=False):
    """Nothing was done for the change that was asked for as ``change_id``."""

    change_id: int
    reason: ChangeRefusal


@mypyc_attr(allow_interpreted_subclasses=True)
class Membership(Snapshots):
    """The rules by which the cluster changes its members."""

    catch_up: CatchUp | None = None
    # What a driver takes away: what became of the changes that were asked for.
    appended_changes: list[AppendedChange]
    refused_changes: list[RefusedChange]
    # Who left by the configuration at hand and is still told of it; until when, in ns, once it is
    # committed.
    departing: tuple[NodeId, ...] = ()
    departing_until: int | None = None
    # The configuration is committed, and something follows from that.
    must_follow_up: bool = False
    # The leader is no voter of the committed configuration.
    must_leave_office: bool = False

    # -- Asking for a change -------------------------------------------------------------------

    def change_membership(
        self, change_id: int, changes: tuple[Change, ...], transition: Transition = "automatic"
    ) -> None:
        """Begin a change, or leave a joint configuration if there are no changes. It shows up in
        ``appended_changes`` or ``refused_changes``, later if learners must catch up first."""
        following = self.configuration_after(changes, transition)
        if not isinstance(following, Configuration):
            self.refuse_change(change_id, following)
        elif learners := self.learners_to_catch_up(following):
            self.start_catch_up(change_id, changes, transition, learners)
        else:
            self.append_change(change_id, following)

    def configuration_after(
        self, changes: tuple[Change, ...], transition: Transition
    ) -> Configuration | ChangeRefusal:
        """What would be appended now, or why nothing."""
        refusal = self.refusal_now()
        if refusal is not None:
            return refusal
        return next_configuration(self.configuration, changes, transition)

    def refusal_now(self) -> NotNow | None:
        """Why this server cannot begin any change at present, if it cannot."""
        if self.role != LEADER:
            return "not-leader"
        if not self.accepts_proposals():
            return "transferring"
        if not self.has_committed_in_own_term():
            return "nothing-committed-in-own-term"
        if self.catch_up is not None or self.is_change_uncommitted():
            return "change-in-progress"
        return None

    def accepts_proposals(self) -> bool:
        """Whether a leader takes proposals; transfer.py says when not."""
        return True

    def has_committed_in_own_term(self) -> bool:
        """The correction of 2015: without an entry of the own term committed, another leader's
        change may be about unseen, and the two differ by more than one server."""
        return self.log.term_at(self.commit_index) == self.current_term

    def is_change_uncommitted(self) -> bool:
        """One change at a time: no other before its entry is committed (thesis, 4.1)."""
        return self.configuration_index > self.commit_index

    def append_change(self, change_id: int, configuration: Configuration) -> None:
        """The change is on its way."""
        index = self.append_configuration(configuration)
        self.appended_changes.append(AppendedChange(change_id, index, self.current_term))

    def refuse_change(self, change_id: int, reason: ChangeRefusal) -> None:
        """The change will not be made."""
        self.refused_changes.append(RefusedChange(change_id, reason))

    def append_configuration(self, configuration: Configuration) -> int:
        """Append the entry; its configuration is in effect here from now on. Returns its index."""
        return self.append_as_leader(_NO_COMMAND, configuration)

    # -- Catching up ---------------------------------------------------------------------------

    def learners_to_catch_up(self, following: Configuration) -> tuple[NodeId, ...]:
        """Who is promoted must not be far behind (thesis, 4.2.1). A leader that was demoted, and is
        still in office, has nothing to catch up with."""
        return tuple(
            learner
            for learner in self.configuration.learners
            if learner in following.voters and learner != self.node
        )

    def start_catch_up(
        self,
        change_id: int,
        changes: tuple[Change, ...],
        transition: Transition,
        learners: tuple[NodeId, ...],
    ) -> None:
        """Begin the first round of each learner."""
        rounds = {each: Round(self.log.last_index, self.now, self.now) for each in learners}
        self.catch_up = CatchUp(change_id, changes, transition, rounds)
        self.awaited_peers.update(learners)
        for learner in learners:
            self.on_awaited_answer(learner)

    def on_awaited_answer(self, peer: NodeId) -> None:
        """A round may be over."""
        super().on_awaited_answer(peer)
        if self.catch_up is not None and peer in self.catch_up.rounds:
            current = self.catch_up.rounds[peer]
            current.heard = self.now
            self.end_round(peer, current)
            self.end_catch_up()

    def end_round(self, learner: NodeId, current: Round) -> None:
        """Begin the next round if this one is over and was too long."""
        while not current.is_over and self.has_reached(learner, current.goal):
            if self.is_short(self.now - current.started):
                current.is_over = True
            elif self.is_last_round(current.number):
                self.give_up_catch_up("learner-too-slow")
                return
            else:
                current.number += 1
                current.goal = self.log.last_index
                current.started = self.now

    def has_reached(self, learner: NodeId, goal: int) -> bool:
        """Whether the learner's log is known to be the leader's up to ``goal``."""
        return self.progress[learner].match_index >= goal

    def is_short(self, duration: int) -> bool:
        """A round shorter than an election time-out: what the learner still lacks will not hold up
        the cluster for longer than an election would."""
        return duration < self.settings.election_timeout_min

    def is_last_round(self, number: int) -> bool:
        """A learner that needs more rounds than this will never keep pace."""
        return number >= CATCH_UP_ROUNDS

    def is_unreachable(self, current: Round) -> bool:
        """No answer for as many election time-outs as there are rounds."""
        silence = self.now - current.heard
        return silence >= CATCH_UP_ROUNDS * self.settings.election_timeout_min

    def give_up_catch_up(self, reason: NotNow) -> None:
        """The change that waits is refused."""
        assert self.catch_up is not None
        self.refuse_change(self.catch_up.change_id, reason)
        self.forget_catch_up()

    def forget_catch_up(self) -> None:
        """Nothing waits for learners any more."""
        assert self.catch_up is not None
        self.awaited_peers.difference_update(self.catch_up.rounds)
        self.catch_up = None

    def end_catch_up(self) -> None:
        """Append the change once every learner has caught up, if it may still be made."""
        waiting = self.catch_up
        if waiting is None or not all(each.is_over for each in waiting.rounds.values()):
            return
        self.forget_catch_up()
        following = self.configuration_after(waiting.changes, waiting.transition)
        if isinstance(following, Configuration):
            self.append_change(waiting.change_id, following)
        else:
            self.refuse_change(waiting.change_id, following)

    def check_learners(self) -> None:
        """Do not wait for ever for a learner that is gone."""
        if self.catch_up is not None and any(
            self.is_unreachable(current) for current in self.catch_up.rounds.values()
        ):
            self.give_up_catch_up("learner-unreachable")

    # -- In effect -----------------------------------------------------------------------------

    def adopt_configuration(self) -> None:
        """A leader replicates to new members at once."""
        super().adopt_configuration()
        if self.role == LEADER:
            self.update_progress()
            self.awaits_configuration = True
            # What a configuration before this one called for is no longer due.
            self.must_follow_up = False
            self.must_leave_office = False

    def update_progress(self) -> None:
        """New members begin where the log ends: their first answer tells what they lack. Those who
        left are still told of the entry, so that they learn that they left; they count for nothing,
        as majorities are made of the configuration's voters."""
        before = self.progress
        peers = self.peers
        new = [peer for peer in peers if peer not in before or peer in self.departing]
        self.departing = tuple(peer for peer in before if peer not in peers)
        self.departing_until = None
        for peer in new:
            self.progress[peer] = Progress(self.log.last_index)
        # Who was added just now has had no time to answer: the next check of the quorum takes it
        # for active, as etcd does.
        self.active_peers.update(new)

    def become_leader(self) -> None:
        """A configuration of an earlier term may still have to be committed, or left."""
        self.departing = ()
        self.departing_until = None
        self.must_follow_up = False
        self.must_leave_office = False
        super().become_leader()
        self.awaits_configuration = True

    def step_down(self) -> None:
        """What has not been appended will not be, by this leader."""
        super().step_down()
        if self.catch_up is not None:
            self.give_up_catch_up("not-leader")
        self.awaits_configuration = False
        self.must_follow_up = False
        self.must_leave_office = False

    # -- Once it is committed ------------------------------------------------------------------

    def follow_up_configuration(self) -> None:
        """The commit index has moved: see to the rest in the next tick, which is due at once."""
        if self.is_configuration_committed():
            self.awaits_configuration = False
            if self.must_leave_joint() or self.departing or not self.is_entitled_to_lead():
                self.must_follow_up = True
                self.deadline = self.now

    def is_configuration_committed(self) -> bool:
        """Known to be so by an entry of the own term (the correction of 2015 again: to leave a
        joint configuration is a change)."""
        return self.commit_index >= self.configuration_index and self.has_committed_in_own_term()

    def must_leave_joint(self) -> bool:
        """A leader leaves a joint configuration by itself, unless leaving it was to be asked for;
        a later leader does it for one that crashed (etcd #12136)."""
        return self.configuration.is_joint and self.configuration.leave_automatically

    def is_entitled_to_lead(self) -> bool:
        """A leader outside the configuration leads until it is committed (thesis, 4.2.2)."""
        return self.configuration.is_voter(self.node)

    def tick_membership(self) -> None:
        """What is due by the clock, or since a configuration was committed; for leaders."""
        self.check_learners()
        if self.must_follow_up:
            self.set_leader_deadline()
            if self.accepts_proposals():
                self.follow_up()
        elif self.departing_until is not None and self.now >= self.departing_until:
            self.forget_departed()

    def follow_up(self) -> None:
        """The next and last step of a change; all are told of the commitment with it."""
        self.must_follow_up = False
        self.must_broadcast = True
        if self.must_leave_joint():
            self.append_configuration(leave_joint(self.configuration))
        else:
            self.must_leave_office = not self.is_entitled_to_lead()
            self.departing_until = self.now + self.settings.election_timeout_min

    def forget_departed(self) -> None:
        """For an election time-out each heartbeat told those who left that their leaving is
        committed; more cannot be done for them. Who missed it asks for votes in vain."""
        for peer in self.departing:
            del self.progress[peer]
            self.active_peers.discard(peer)
        self.departing = ()
        self.departing_until = None

    def leave_office(self) -> None:
        """The committed configuration, of which all have been told now, has no place for this
        leader; it names a successor rather than have the cluster wait for a time-out."""
        successor = self.best_successor()
        if successor is not None:
            self.outbox.append(TimeoutNow(self.node, successor, self.current_term))
        self.become_follower(None)

    def best_successor(self) -> NodeId | None:
        """The voter with the longest log; of those, the one of the highest priority."""
        voters = [voter for voter in self.configuration.voters if voter in self.progress]
        return max(
            voters,
            key=lambda voter: (
                self.progress[voter].match_index,
                self.settings.priorities.get(voter, 0),
            ),
            default=None,
        )
