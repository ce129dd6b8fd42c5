"""Monitors of membership: how configurations follow each other, and who leads under them."""

from __future__ import annotations

from typing import ClassVar

from checker.invariants.ghost import NodeGhost
from checker.invariants.monitor import ClusterGhost, Monitor
from checker.invariants.quorums import has_quorum, is_voter, quorums_overlap
from checker.trace import ConfigurationChanged, RoleChanged, VoteGranted


def _appends(node: NodeGhost, event: ConfigurationChanged) -> bool:
    """Whether the configuration is that of the entry just appended, and follows in the log the one
    that was in effect. A restart tells the last one only; a snapshot may skip some; and a node that
    waits to join does not know what preceded."""
    before = node.configuration
    return (
        node.knows_configuration
        and before.index < event.index == node.last_index
        and event.index > node.snapshot_index
        and bool(before.voters)
    )


class OneChangeAtATime(Monitor):
    """A leader appends no configuration before the previous one is committed (thesis, 4.1).

    A change is one entry, or two by joint consensus: the joint configuration, and, once that is
    committed, the one that leaves it. So there is at most one uncommitted configuration in a
    leader's log, and what a leader inherited uncommitted it must commit first.

    A step to other voters that is not a joint one also needs an entry of the leader's own term
    committed: else leaders of two terms may each have appended one to the same predecessor, and
    their majorities need not overlap (Ongaro's correction of 2015). A joint configuration needs the
    majority that it comes from, which excludes that, and to leave it changes no voters.

    Judged when a configuration is in effect from its append on; who adopts it at its commit, as
    etcd does, is not judged.
    """

    name: ClassVar[str] = "one-change-at-a-time"

    def before_configuration_changed(self, node: NodeGhost, event: ConfigurationChanged) -> None:
        if node.role != "leader" or event.index <= node.commit_index or not _appends(node, event):
            return
        before = node.configuration
        if before.index > node.commit_index:
            self.fail(
                event,
                f"{event.node}, leader of term {node.term}, appended the configuration of index "
                f"{event.index}, though that of index {before.index} is not committed: its "
                f"commitIndex is {node.commit_index}",
                term=node.term,
                indices=[before.index, event.index],
                commit_index=node.commit_index,
            )
        elif (
            not event.outgoing
            and set(before.voters) != set(event.voters)
            and node.terms[node.commit_index - node.base] != node.term
        ):
            self.fail(
                event,
                f"{event.node}, leader of term {node.term}, appended the configuration of index "
                f"{event.index} before any entry of its own term was committed",
                term=node.term,
                indices=[before.index, event.index],
                commit_index=node.commit_index,
            )


class OverlappingQuorums(Monitor):
    """Any quorum of a configuration has a node in common with any quorum of the one before it in
    the log (section 6): no two majorities decide without each other."""

    name: ClassVar[str] = "overlapping-quorums"

    def before_configuration_changed(self, node: NodeGhost, event: ConfigurationChanged) -> None:
        before = node.configuration
        if _appends(node, event) and not quorums_overlap(before, event):
            self.fail(
                event,
                f"the configurations of index {before.index} and {event.index} have quorums "
                f"without a common node: {_described(before)}, then {_described(event)}",
                indices=[before.index, event.index],
                voters=[before.voters, event.voters],
                outgoing=[before.outgoing, event.outgoing],
            )


class LearnersApart(Monitor):
    """A learner is no voter, neither of the new majority nor of the old one (thesis, 4.2.1)."""

    name: ClassVar[str] = "learners-apart"

    def after_configuration_changed(self, node: NodeGhost, event: ConfigurationChanged) -> None:
        both = [learner for learner in event.learners if is_voter(event, learner)]
        if both:
            self.fail(
                event,
                f"{' and '.join(both)} vote and learn in one configuration, that of index "
                f"{event.index}",
                index=event.index,
                both=both,
            )


class VotersLead(Monitor):
    """Who becomes leader is a voter in the latest configuration in its own log.

    It may be none in those of others. And a server that its latest configuration removes must still
    be able to win an election while that configuration may not be committed (thesis, 4.2.2), with
    votes of others: so it may lead if the configuration before, as known from whoever appended it,
    has it as a voter, and its commitIndex does not tell that it is out.
    """

    name: ClassVar[str] = "voters-lead"

    def __init__(self, cluster: ClusterGhost) -> None:
        super().__init__(cluster)
        # By the prefix hash of a configuration's entry: the configuration before it in that log.
        self.before: dict[int, ConfigurationChanged] = {}

    def before_configuration_changed(self, node: NodeGhost, event: ConfigurationChanged) -> None:
        if _appends(node, event):
            self.before.setdefault(node.hashes[-1], node.configuration)

    def after_role_changed(self, node: NodeGhost, event: RoleChanged) -> None:
        if event.role != "leader" or not node.knows_configuration:
            return
        configuration = node.configuration
        if is_voter(configuration, event.node) or self._may_not_know(node):
            return
        self.fail(
            event,
            f"{event.node} became leader of term {event.term}, but is no voter in its "
            f"configuration of index {configuration.index}: {_described(configuration)}",
            term=event.term,
            index=configuration.index,
            voters=configuration.voters,
            learners=configuration.learners,
        )

    def _may_not_know(self, node: NodeGhost) -> bool:
        index = node.configuration.index
        if not max(node.commit_index, node.base) < index <= node.last_index:
            return False
        before = self.before.get(node.hashes[index - node.base])
        return before is not None and is_voter(before, node.name)


class ElectedByQuorum(Monitor):
    """A leader was granted the votes of a quorum of its own configuration in its term (section
    5.2), both majorities of a joint one (section 6); learners and strangers do not count.

    A vote counts from when it became visible, and for good: its node may have gone down since. The
    leader's own vote need not have been told, since it need not leave the node. A trace that tells
    of no votes is not judged.
    """

    name: ClassVar[str] = "elected-by-quorum"

    def __init__(self, cluster: ClusterGhost) -> None:
        super().__init__(cluster)
        # By term and candidate.
        self.voters: dict[tuple[int, str], set[str]] = {}

    def after_vote_granted(self, node: NodeGhost, event: VoteGranted) -> None:
        self.voters.setdefault((event.term, event.candidate), set()).add(event.node)

    def after_role_changed(self, node: NodeGhost, event: RoleChanged) -> None:
        if event.role != "leader" or not self.voters:
            return
        granted = {event.node, *self.voters.get((event.term, event.node), ())}
        if has_quorum(node.configuration, granted):
            return
        voters = sorted(granted)
        self.fail(
            event,
            f"{event.node} became leader of term {event.term} with the votes of "
            f"{' and '.join(voters)}, no quorum of its configuration of index "
            f"{node.configuration.index}: {_described(node.configuration)}",
            term=event.term,
            granted=voters,
            voters=node.configuration.voters,
            outgoing=node.configuration.outgoing,
        )


class SameConfiguration(Monitor):
    """The configuration of a snapshot is the latest one at or before its last entry (section 7): a
    snapshot takes the place of those entries too that changed the membership."""

    name: ClassVar[str] = "same-configuration"

    def __init__(self, cluster: ClusterGhost) -> None:
        super().__init__(cluster)
        # By index, and by the prefix hash there, for logs may differ: what was in effect with it.
        self.told: dict[int, dict[int, ConfigurationChanged]] = {}

    def after_configuration_changed(self, node: NodeGhost, event: ConfigurationChanged) -> None:
        at = event.index - node.base
        if event.index == node.snapshot_index > 0:
            self._compare(event)
        elif event.index > 0 and 0 <= at < len(node.hashes):
            self.told.setdefault(event.index, {})[node.hashes[at]] = event

    def _compare(self, event: ConfigurationChanged) -> None:
        committed = self.cluster.committed
        for index in sorted(self.told, reverse=True):
            if index <= event.index < len(committed):
                latest = self.told[index].get(committed[index].prefix)
                if latest is not None:
                    if _members(latest) != _members(event):
                        self.fail(
                            event,
                            f"{event.node} has a snapshot of index {event.index} with the "
                            f"configuration {_described(event)}; the latest one there is "
                            f"that of index {index}: {_described(latest)}",
                            indices=[index, event.index],
                            voters=[latest.voters, event.voters],
                            learners=[latest.learners, event.learners],
                        )
                    return


def _members(configuration: ConfigurationChanged) -> tuple[frozenset[str], ...]:
    """Who has which part, in whatever order they are told."""
    return (
        frozenset(configuration.voters),
        frozenset(configuration.outgoing),
        frozenset(configuration.learners),
    )


def _described(configuration: ConfigurationChanged) -> str:
    """Who votes, in words."""
    voters = ", ".join(configuration.voters) or "nobody"
    if configuration.outgoing:
        return f"{voters} jointly with {', '.join(configuration.outgoing)}"
    return voters


MONITORS: tuple[type[Monitor], ...] = (
    OneChangeAtATime,
    OverlappingQuorums,
    LearnersApart,
    VotersLead,
    ElectedByQuorum,
    SameConfiguration,
)
