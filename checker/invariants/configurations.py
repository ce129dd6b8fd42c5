"""Monitors of membership: how configurations follow each other, and who leads under them."""

from __future__ import annotations

from typing import ClassVar

from checker.invariants.ghost import NodeGhost
from checker.invariants.monitor import ClusterGhost, Monitor
from checker.invariants.quorums import has_quorum, is_voter, quorums_overlap
from checker.trace import ConfigurationChanged, RoleChanged, VoteGranted


def _appends(node: NodeGhost, event: ConfigurationChanged) -> bool:
    """Whether the configuration is that of the entry just appended, and follows in the log the one
    that was in effect. A restart tells the last one only; a snapshot may skip some; a node that
    waits to join does not know what preceded; and who adopts a configuration at its commit, as etcd
    does, tells nothing of its append."""
    before = node.configuration
    return (
        node.knows_configuration
        and before.index < event.index == node.last_index
        and event.index > node.snapshot_index
        and event.index > node.commit_index
        and bool(before.voters)
    )


def _succeeds(node: NodeGhost, event: ConfigurationChanged) -> bool:
    """Whether the configuration follows in the log the one that was in effect: that of the entry
    just appended, or one adopted at its commit. Those are adopted one after the other as well."""
    before = node.configuration
    is_adopted = (
        node.knows_configuration
        and before.index < event.index <= min(node.commit_index, node.last_index)
        and event.index > node.snapshot_index
        and bool(before.voters)
    )
    return is_adopted or _appends(node, event)


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
        if node.role != "leader" or not _appends(node, event):
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
        if _succeeds(node, event) and not quorums_overlap(before, event):
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
    """A snapshot brings the configuration that was in effect at its last entry (section 7), the
    latest one committed by then: a joint one as a joint one, with the same learners.

    Judged when a node falls back on it: a configuration of the very index of its snapshot is in
    effect there. A configuration that nobody has told of is not missed.
    """

    name: ClassVar[str] = "same-configuration"

    def __init__(self, cluster: ClusterGhost) -> None:
        super().__init__(cluster)
        # By the prefix hash of its entry: whatever was appended, or adopted, as a configuration.
        self.told: dict[int, ConfigurationChanged] = {}

    def before_configuration_changed(self, node: NodeGhost, event: ConfigurationChanged) -> None:
        if _succeeds(node, event):
            self.told.setdefault(node.hashes[event.index - node.base], event)
        elif 0 < event.index == node.snapshot_index:
            self._compare(event, self._committed_by(event.index))

    def _committed_by(self, index: int) -> ConfigurationChanged | None:
        committed = self.cluster.committed
        return max(
            (
                each
                for prefix, each in self.told.items()
                if each.index <= index
                and each.index < len(committed)
                and committed[each.index].prefix == prefix
            ),
            key=lambda each: each.index,
            default=None,
        )

    def _compare(self, event: ConfigurationChanged, expected: ConfigurationChanged | None) -> None:
        if expected is not None and _members(event) != _members(expected):
            self.fail(
                event,
                f"{event.node} has a snapshot of index {event.index} with the configuration "
                f"{_described(event)}; in effect there is that of index {expected.index}: "
                f"{_described(expected)}",
                indices=[expected.index, event.index],
                voters=[expected.voters, event.voters],
                outgoing=[expected.outgoing, event.outgoing],
                learners=[expected.learners, event.learners],
            )


def _members(configuration: ConfigurationChanged) -> tuple[frozenset[str], ...]:
    """Who belongs to it as what, in whatever order."""
    return (
        frozenset(configuration.voters),
        frozenset(configuration.outgoing),
        frozenset(configuration.learners),
    )


def _described(configuration: ConfigurationChanged) -> str:
    """Who votes, and who learns, in words."""
    words = ", ".join(configuration.voters) or "nobody"
    if configuration.outgoing:
        words += f" jointly with {', '.join(configuration.outgoing)}"
    if configuration.learners:
        words += f" (learners {', '.join(configuration.learners)})"
    return words


MONITORS: tuple[type[Monitor], ...] = (
    OneChangeAtATime,
    OverlappingQuorums,
    LearnersApart,
    VotersLead,
    ElectedByQuorum,
    SameConfiguration,
)
