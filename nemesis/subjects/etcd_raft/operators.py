"""What operators ask of a server that runs etcd's core: changes of the membership, transfers.

The core takes what it is proposed, and applies it when it is committed: whether it makes sense is
its user's business. Its documentation (doc.go) asks for two things, so both are refused here:

- "An ID represents a unique node in a cluster for all time": who was a member and is none is never
  added again.
- Of two voters none is removed: if it stops before the other knows that it is out, the other can
  decide nothing, ever. "It is highly recommended to use three or more nodes."
"""

from __future__ import annotations

from typing import Final

from nemesis.subjects.etcd_raft.library import LEADER, Answer
from nemesis.subjects.etcd_raft.persistence import Names
from raft.client_messages import MembershipReply, MembershipRequest, TransferReply, TransferRequest
from raft.consensus.changes import Target, next_configuration, target_of
from raft.consensus.configuration import Configuration
from raft.observer import Observer

# raftpb.ConfChangeType and raftpb.ConfChangeTransition.
_ADD_VOTER: Final = 0
_REMOVE: Final = 1
_ADD_LEARNER: Final = 3
_TRANSITIONS: Final = {"automatic": 0, "implicit": 1, "explicit": 2}


class Members:
    """The configuration in effect, and who was a member of an earlier one."""

    def __init__(self, configuration: Configuration, former: tuple[str, ...] = ()) -> None:
        self.configuration = configuration
        self.former: set[str] = set(former)

    def change(self, configuration: Configuration) -> None:
        """Another one is in effect."""
        present = set(configuration.members) | set(configuration.learners_next)
        before = self.configuration
        self.former.update((set(before.members) | set(before.learners_next)) - present)
        self.configuration = configuration


class Desk:
    """The requests of operators that wait for an answer."""

    def __init__(self, name: str, names: Names, observer: Observer) -> None:
        self._name = name
        self._names = names
        self._observer = observer
        # Changes that were appended, by index, with the term they were appended in.
        self._changes: dict[int, tuple[int, MembershipRequest]] = {}
        self._transfers: list[TransferRequest] = []
        self._successor: str | None = None
        self._replies: list[MembershipReply | TransferReply] = []

    @property
    def has_changes(self) -> bool:
        """Whether a change was appended here, and is not applied."""
        return bool(self._changes)

    def take_replies(self) -> list[MembershipReply | TransferReply]:
        """The answers since this was last asked."""
        replies, self._replies = self._replies, []
        return replies

    # -- Changes of the membership ---------------------------------------------------------------

    def proposal(
        self, request: MembershipRequest, answer: Answer, members: Members
    ) -> tuple[int, bytes] | None:
        """What is to be proposed: a transition and changes; None if the request is refused."""
        leader = self._names.name(answer.leader)
        before = members.configuration
        if answer.role != LEADER:
            self._replies.append(request.refused("not-leader", leader))
            return None
        after = next_configuration(before, request.changes, request.transition)
        if not isinstance(after, Configuration):
            self._replies.append(request.refused(after, leader))
            return None
        if not request.changes:
            return 0, b""
        target = target_of(before, request.changes)
        assert isinstance(target, Target)
        if not members.former.isdisjoint((*target.voters, *target.learners)):
            self._replies.append(request.refused("member-twice", leader))
            return None
        if len(before.voters) == 2 and not set(before.voters) <= set(target.voters):
            self._replies.append(request.refused("no-voters", leader))
            return None
        steps = [(_ADD_VOTER, name) for name in target.voters if name not in before.voters]
        steps += [(_ADD_LEARNER, name) for name in target.learners if name not in before.learners]
        present = {*target.voters, *target.learners}
        steps += [(_REMOVE, name) for name in before.members if name not in present]
        changes = bytes(
            number for kind, name in steps for number in (kind, self._names.number(name))
        )
        return _TRANSITIONS[request.transition], changes

    def proposed(self, request: MembershipRequest, answer: Answer) -> None:
        """The core's answer to the proposal."""
        leader = self._names.name(answer.leader)
        if answer.was_dropped:
            self._replies.append(request.refused("transferring", leader))
        else:
            self._changes[answer.last_index] = (answer.term, request)

    def changed(self, index: int, term: int, configuration: Configuration) -> None:
        """The change at ``index`` is in effect."""
        request = self._take(index, term)
        if request is not None:
            self._replies.append(request.answered(configuration))

    def not_changed(self, index: int, term: int) -> None:
        """The entry at ``index`` is applied, and is no change: the core has appended an empty one
        instead, since it was not the time for a change."""
        request = self._take(index, term) if self._changes else None
        if request is not None:
            self._replies.append(request.refused("change-in-progress", None))

    def _take(self, index: int, term: int) -> MembershipRequest | None:
        """Who waits for this entry; whoever waited for another one at its place is told so."""
        waiting = self._changes.pop(index, None)
        if waiting is None:
            return None
        appended_in, request = waiting
        if appended_in == term:
            return request
        self._replies.append(request.lost(None))
        return None

    def give_up(self, leader: str | None) -> None:
        """This server no longer leads."""
        for _, request in self._changes.values():
            self._replies.append(request.lost(leader))
        self._changes.clear()

    # -- Transfers -------------------------------------------------------------------------------

    def may_transfer(
        self, request: TransferRequest, answer: Answer, configuration: Configuration
    ) -> bool:
        """Whether the core is to be asked; else the request is refused."""
        leader = self._names.name(answer.leader)
        if answer.role != LEADER:
            self._replies.append(request.refused("not-leader", leader))
        elif request.successor == self._name:
            self._replies.append(request.refused("target-is-leader", leader))
        elif request.successor not in configuration.members:
            self._replies.append(request.refused("unknown-member", leader))
        elif request.successor not in configuration.voters:
            self._replies.append(request.refused("not-a-voter", leader))
        else:
            return True
        return False

    def wait_for_transfer(self, request: TransferRequest) -> None:
        """The core was asked: it gives up an earlier transfer for a later one."""
        self._transfers.append(request)

    def before_log(self, answer: Answer) -> None:
        """Transfers that have ended by now have done so before anything is appended."""
        successor = self._names.name(answer.successor)
        if self._successor not in (None, successor):
            self._successor = None
            self._observer.transfer_ended("done" if answer.role != LEADER else "abandoned")
        if not self._transfers:
            return
        leader = self._names.name(answer.leader)
        for request in [each for each in self._transfers if each.successor != successor]:
            self._transfers.remove(request)
            if answer.role != LEADER:
                self._replies.append(request.answered())
            else:
                self._replies.append(request.refused("abandoned", leader))

    def after_log(self, answer: Answer) -> None:
        """A transfer that has begun by now has done so after everything that was appended."""
        if answer.successor and self._successor is None:
            self._successor = self._names.name(answer.successor)
            assert self._successor is not None
            self._observer.transfer_started(self._successor)
