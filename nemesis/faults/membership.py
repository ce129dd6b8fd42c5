"""What operators do: servers added, removed and replaced, the leadership handed over, restarts.

None of this is a fault; but it is what clusters go through, and each must keep its promises in the
midst of all others. A step begins a procedure, which goes on beside the steps that follow; it is
confirmed by what came of it: the answer of the leader that the configuration is committed, or that
it has handed over. What was refused is told in the history, and confirms nothing.

A server that was removed goes on running, and may be added again with what its disk holds. No disk
is ever wiped: a server that has forgotten its vote could vote twice. So what replaces a server is
one that is not a member now: a spare, or one that was removed before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Literal

from nemesis.chooser import Chooser
from nemesis.cluster.procedure import ChangeMembership, Procedure, Sleep, TransferLeadership
from nemesis.cluster.protocol import Cluster
from nemesis.faults.fault import MILLISECOND, Fault, Injection, Targeted, fault, nobody
from nemesis.faults.procedures import insist, is_member, named, once, outsider, replace
from nemesis.faults.targets import rotated
from raft.consensus.changes import (
    AddLearner,
    AddVoter,
    Change,
    Demote,
    Promote,
    Remove,
    Target,
    Transition,
)

_TRANSITIONS: tuple[Transition, ...] = ("automatic", "implicit", "explicit")
Verb = Literal["promote", "remove", "add-voter", "add-learner", "demote", "only"]
# What makes learners, and what needs them, is drawn more often.
_DRAWN: tuple[Verb, ...] = (
    *("promote", "promote", "remove", "add-voter", "add-learner"),
    *("add-learner", "demote", "demote", "only"),
)
_MEMBERS_TO_AIM_AT = ("follower", "leader", "any", "least-up-to-date", "previous-leader")
_SUCCESSORS = ("follower", "any", "most-up-to-date", "least-up-to-date", "previous-leader")


@fault
class AddServer(Fault, frozen=True, kw_only=True, tag="add-server"):
    """A server that is no member becomes one: a learner first, which is promoted once it has caught
    up; or a voter at once. Confirmed by the committed configuration in which it votes."""

    pick: int = 0
    as_voter: bool = False

    effect: ClassVar[str | None] = "add-server"
    least_spares: ClassVar[int] = 1

    def inject(self, cluster: Cluster) -> Injection:
        newcomer = outsider(cluster, self.pick)
        if newcomer is None:
            return nobody("outside the configuration")
        cluster.carry_out(self.kind, self._add(newcomer))
        return Injection({"add": newcomer})

    def _add(self, newcomer: str) -> Procedure:
        if self.as_voter:
            return (yield ChangeMembership((AddVoter(newcomer),)))
        reason = yield from insist(ChangeMembership((AddLearner(newcomer),)))
        if reason is not None:
            return reason
        return (yield from insist(ChangeMembership((Promote(newcomer),))))

    @classmethod
    def draw(cls, chooser: Chooser, wait: int) -> AddServer:
        return cls(pick=chooser.integer(0, 8), as_voter=chooser.chance(30), wait=wait)


@fault
class RemoveServer(Targeted, frozen=True, kw_only=True, tag="remove-server"):
    """A member leaves, and goes on running. Confirmed by the committed configuration."""

    target: str = "follower"

    aims: ClassVar[tuple[str, ...]] = _MEMBERS_TO_AIM_AT
    effect: ClassVar[str | None] = "remove-server"
    least_replicas: ClassVar[int] = 2

    def inject(self, cluster: Cluster) -> Injection:
        hit = self.victims(cluster, is_member)[:1]
        if not hit:
            return nobody("a member")
        once(cluster, self.kind, ChangeMembership((Remove(hit[0]),)))
        return Injection({"remove": hit[0]})


@fault
class ReplaceServer(Targeted, frozen=True, kw_only=True, tag="replace-server"):
    """One change puts another server in a member's place, through a joint configuration.
    Confirmed by the committed configuration."""

    target: str = "follower"
    learner_first: bool = False
    transition: Transition = "automatic"

    aims: ClassVar[tuple[str, ...]] = _MEMBERS_TO_AIM_AT
    effect: ClassVar[str | None] = "replace-server"
    least_spares: ClassVar[int] = 1

    def inject(self, cluster: Cluster) -> Injection:
        hit = self.victims(cluster, is_member)[:1]
        newcomer = outsider(cluster, self.pick)
        if not hit or newcomer is None:
            return nobody("a member, or no other is outside the configuration")
        procedure = replace(newcomer, hit[0], self.learner_first, self.transition)
        cluster.carry_out(self.kind, procedure)
        return Injection({"replace": hit[0], "by": newcomer})

    @classmethod
    def draw_fields(cls, chooser: Chooser) -> dict[str, Any]:
        return {
            "learner_first": chooser.chance(40),
            "transition": chooser.pick(("automatic", "implicit")),
        }


@fault
class Reconfigure(Fault, frozen=True, kw_only=True, tag="reconfigure"):
    """The cluster is to have exactly these voters and learners, by the positions of the servers
    from 0; with the transition "explicit" the joint configuration stays until leave-joint. What
    makes no sense is asked for as it stands, to be refused. Confirmed by the committed
    configuration, which may be the joint one."""

    voters: tuple[int, ...] = (0, 1)
    learners: tuple[int, ...] = ()
    transition: Transition = "automatic"

    effect: ClassVar[str | None] = "reconfigure"
    least_replicas: ClassVar[int] = 2

    def inject(self, cluster: Cluster) -> Injection:
        voters = tuple(named(cluster, at) for at in self.voters)
        learners = tuple(named(cluster, at) for at in self.learners)
        once(cluster, self.kind, ChangeMembership((Target(voters, learners),), self.transition))
        return Injection({"voters": voters, "learners": learners})

    @classmethod
    def draw(cls, chooser: Chooser, wait: int) -> Reconfigure:
        first = chooser.integer(0, 8)
        voters = tuple(range(first, first + chooser.pick((3, 2, 4, 5, 1))))
        if chooser.chance(8):
            voters = chooser.pick(((), (first, first), voters))
        learners = tuple(chooser.integer(0, 8) for _ in range(chooser.pick((0, 0, 1, 2))))
        return cls(
            voters=voters, learners=learners, transition=chooser.pick(_TRANSITIONS), wait=wait
        )


_VERBS: dict[str, Callable[[str], Change]] = {
    "promote": Promote,
    "remove": Remove,
    "add-voter": AddVoter,
    "add-learner": AddLearner,
    "demote": Demote,
    "only": lambda name: Target((name,)),
}


@fault
class ChangeServers(Fault, frozen=True, kw_only=True, tag="change-servers"):
    """Several changes at once, each a verb and a server by its position from 0; "only" makes that
    one the only voter. What makes no sense is asked for as it stands, to be refused. Confirmed by
    the committed configuration, which may be a joint one."""

    changes: tuple[tuple[Verb, int], ...] = (("remove", 2),)
    transition: Transition = "automatic"

    effect: ClassVar[str | None] = "change-servers"
    least_replicas: ClassVar[int] = 2

    def inject(self, cluster: Cluster) -> Injection:
        changes = tuple(_VERBS[verb](named(cluster, at)) for verb, at in self.changes)
        once(cluster, self.kind, ChangeMembership(changes, self.transition))
        return Injection([[verb, named(cluster, at)] for verb, at in self.changes])

    @classmethod
    def draw(cls, chooser: Chooser, wait: int) -> ChangeServers:
        count = chooser.pick((2, 1, 3))
        changes = tuple((chooser.pick(_DRAWN), chooser.integer(0, 8)) for _ in range(count))
        return cls(changes=changes, transition=chooser.pick(_TRANSITIONS), wait=wait)


@fault
class LeaveJoint(Fault, frozen=True, kw_only=True, tag="leave-joint"):
    """Leave a joint configuration that was to stay until this is asked for."""

    def inject(self, cluster: Cluster) -> Injection:
        if not cluster.membership().outgoing:
            return Injection([], "the configuration is not a joint one now")
        once(cluster, self.kind, ChangeMembership(()))
        return Injection("joint")

    @classmethod
    def draw(cls, chooser: Chooser, wait: int) -> LeaveJoint:
        return cls(wait=wait)


@fault
class DemoteServer(Targeted, frozen=True, kw_only=True, tag="demote-server"):
    """A voter becomes a learner. Confirmed by the committed configuration."""

    target: str = "follower"

    aims: ClassVar[tuple[str, ...]] = _MEMBERS_TO_AIM_AT
    effect: ClassVar[str | None] = "demote-server"
    least_replicas: ClassVar[int] = 2

    def inject(self, cluster: Cluster) -> Injection:
        hit = self.victims(cluster, lambda status: status.is_voter)[:1]
        if not hit:
            return nobody("a voter")
        once(cluster, self.kind, ChangeMembership((Demote(hit[0]),)))
        return Injection({"demote": hit[0]})


@fault
class PromoteServer(Fault, frozen=True, kw_only=True, tag="promote-server"):
    """A learner gets a vote, once it has caught up. Ends a demotion."""

    pick: int = 0

    def inject(self, cluster: Cluster) -> Injection:
        learners = cluster.membership().learners
        if not learners:
            return nobody("a learner")
        learner = learners[self.pick % len(learners)]
        once(cluster, self.kind, ChangeMembership((Promote(learner),)))
        return Injection({"promote": learner})

    @classmethod
    def draw(cls, chooser: Chooser, wait: int) -> PromoteServer:
        return cls(pick=chooser.integer(0, 8), wait=wait)


@fault
class TransferLeader(Targeted, frozen=True, kw_only=True, tag="transfer-leadership"):
    """The leader hands over to a voter. Confirmed by its answer that it no longer leads."""

    target: str = "follower"

    aims: ClassVar[tuple[str, ...]] = _SUCCESSORS
    effect: ClassVar[str | None] = "transfer-leadership"
    least_replicas: ClassVar[int] = 2

    def inject(self, cluster: Cluster) -> Injection:
        hit = self.victims(cluster, lambda status: status.is_voter and status.role != "leader")[:1]
        if not hit:
            return nobody("a voter that does not lead")
        once(cluster, self.kind, TransferLeadership(hit[0]))
        return Injection({"to": hit[0]})


@fault
class RollingRestart(Fault, frozen=True, kw_only=True, tag="rolling-restart"):
    """Every member is restarted, one after the other: ``down`` ns without a process, ``between`` ns
    until the next. Confirmed by all having been restarted."""

    pick: int = 0
    down: int = 20 * MILLISECOND
    between: int = 100 * MILLISECOND

    effect: ClassVar[str | None] = "rolling-restart"

    def inject(self, cluster: Cluster) -> Injection:
        members = [status.name for status in cluster.status() if is_member(status)]
        ordered = rotated(members, self.pick)
        cluster.carry_out(self.kind, self._restart_each(cluster, ordered))
        return Injection(ordered)

    def _restart_each(self, cluster: Cluster, names: list[str]) -> Procedure:
        for name in names:
            cluster.crash(name)
            yield Sleep(self.down)
            if not cluster.restart(name):
                return f"{name} does not start"
            yield Sleep(self.between)
        return None

    @classmethod
    def draw(cls, chooser: Chooser, wait: int) -> RollingRestart:
        return cls(
            pick=chooser.integer(0, 8),
            down=chooser.pick((20, 5, 100, 400)) * MILLISECOND,
            between=chooser.pick((100, 20, 400)) * MILLISECOND,
            wait=wait,
        )


@fault
class ReplaceAll(Fault, frozen=True, kw_only=True, tag="replace-all"):
    """Every voter is replaced in turn by a server outside the configuration, the spares first.
    Confirmed by all having been replaced."""

    learner_first: bool = False
    between: int = 20 * MILLISECOND

    effect: ClassVar[str | None] = "replace-all"
    least_spares: ClassVar[int] = 1

    def inject(self, cluster: Cluster) -> Injection:
        voters = [status.name for status in cluster.status() if status.is_voter]
        if outsider(cluster, 0) is None:
            return nobody("outside the configuration")
        cluster.carry_out(self.kind, self._replace_each(cluster, voters))
        return Injection({"replace": voters})

    def _replace_each(self, cluster: Cluster, leavers: list[str]) -> Procedure:
        for leaver in leavers:
            newcomer = outsider(cluster, 0, frozenset(leavers))
            if newcomer is None:
                return "nobody is outside the configuration"
            reason = yield from replace(newcomer, leaver, self.learner_first, "automatic")
            if reason is not None:
                return reason
            yield Sleep(self.between)
        return None

    @classmethod
    def draw(cls, chooser: Chooser, wait: int) -> ReplaceAll:
        return cls(
            learner_first=chooser.chance(40),
            between=chooser.pick((20, 0, 100)) * MILLISECOND,
            wait=wait,
        )
