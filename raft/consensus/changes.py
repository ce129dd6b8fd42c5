"""Changes of the membership as data, and which configuration each leads to (thesis, chapter 4).

Pure functions: a configuration and what is asked for give the next configuration, or the reason why
there is none. When a leader may take a step at all is decided in membership.py.

    one vote more or less        one step, directly                          (thesis, 4.1)
    anything else                two steps, through a joint configuration    (thesis, 4.3)

Majorities of neighbouring configurations share a server either way. ``Transition`` has the meaning
of etcd's ConfChangeV2: "automatic" goes directly where it can; "implicit" and "explicit" always go
through a joint configuration, which the leader leaves by itself, or when it is asked to by a
request without changes.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from raft.consensus.configuration import Configuration
from raft.consensus.names import NodeId

Transition = Literal["automatic", "implicit", "explicit"]

Nonsense = Literal[
    "already-voter",
    "already-learner",
    "not-a-learner",
    "unknown-member",
    "nameless-member",
    "member-twice",
    "learner-is-voter",
    "no-voters",
    "nothing-changes",
    "target-not-alone",
    "is-joint",
    "not-joint",
]


class AddVoter(msgspec.Struct, frozen=True, array_like=True, tag="add-voter", gc=False):
    """A new server votes at once, however far behind it is."""

    node: NodeId


class AddLearner(msgspec.Struct, frozen=True, array_like=True, tag="add-learner", gc=False):
    """A new server receives the log without a vote."""

    node: NodeId


class Promote(msgspec.Struct, frozen=True, array_like=True, tag="promote", gc=False):
    """A learner gets a vote, once it has caught up."""

    node: NodeId


class Demote(msgspec.Struct, frozen=True, array_like=True, tag="demote", gc=False):
    """A voter becomes a learner."""

    node: NodeId


class Remove(msgspec.Struct, frozen=True, array_like=True, tag="remove", gc=False):
    """A voter or learner leaves the cluster."""

    node: NodeId


class Target(msgspec.Struct, frozen=True, array_like=True, tag="target", gc=False):
    """The whole membership that the cluster is to have."""

    voters: tuple[NodeId, ...]
    learners: tuple[NodeId, ...] = ()


ServerChange = AddVoter | AddLearner | Promote | Demote | Remove
Change = ServerChange | Target


def next_configuration(
    configuration: Configuration, changes: tuple[Change, ...], transition: Transition
) -> Configuration | Nonsense:
    """What follows ``configuration`` in the log if ``changes`` are made, all together; without
    changes the joint configuration is left."""
    if not changes:
        return leave_joint(configuration) if configuration.is_joint else "not-joint"
    if configuration.is_joint:
        return "is-joint"
    target = target_of(configuration, changes)
    if not isinstance(target, Target):
        return target
    if needs_joint(configuration, target, transition):
        return enter_joint(configuration, target, transition != "explicit")
    return Configuration(target.voters, learners=target.learners)


def needs_joint(configuration: Configuration, target: Target, transition: Transition) -> bool:
    """Whether more than one vote comes or goes, or a joint configuration is asked for."""
    return transition != "automatic" or len(set(configuration.voters) ^ set(target.voters)) > 1


def enter_joint(
    configuration: Configuration, target: Target, leave_automatically: bool
) -> Configuration:
    """Both majorities from here on. A voter that is to become a learner keeps its vote in the
    outgoing one, so it is a learner only when the joint configuration is left."""
    old = configuration.voters
    return Configuration(
        target.voters,
        old,
        tuple(learner for learner in target.learners if learner not in old),
        tuple(learner for learner in target.learners if learner in old),
        leave_automatically,
    )


def leave_joint(configuration: Configuration) -> Configuration:
    """The incoming majority alone."""
    return Configuration(
        configuration.voters, learners=configuration.learners + configuration.learners_next
    )


def target_of(configuration: Configuration, changes: tuple[Change, ...]) -> Target | Nonsense:
    """The membership that ``changes`` lead to."""
    if isinstance(changes[0], Target) and len(changes) == 1:
        target = changes[0]
    else:
        after = _apply_each(configuration, changes)
        if not isinstance(after, Target):
            return after
        target = after
    return _nonsense_in(target, configuration) or target


def _apply_each(configuration: Configuration, changes: tuple[Change, ...]) -> Target | Nonsense:
    voters, learners = list(configuration.voters), list(configuration.learners)
    named: set[NodeId] = set()
    for change in changes:
        if isinstance(change, Target):
            return "target-not-alone"
        if change.node in named:
            return "member-twice"
        named.add(change.node)
        nonsense = _apply_one(change, voters, learners)
        if nonsense is not None:
            return nonsense
    return Target(tuple(voters), tuple(learners))


def _apply_one(
    change: ServerChange, voters: list[NodeId], learners: list[NodeId]
) -> Nonsense | None:
    node = change.node
    is_voter, is_learner = node in voters, node in learners
    if isinstance(change, AddVoter | AddLearner):
        if is_voter or is_learner:
            return "already-voter" if is_voter else "already-learner"
    elif not is_voter and not is_learner:
        return "unknown-member"
    elif isinstance(change, Promote) and is_voter:
        return "not-a-learner"
    elif isinstance(change, Demote) and is_learner:
        return "already-learner"
    if is_voter:
        voters.remove(node)
    if is_learner:
        learners.remove(node)
    if isinstance(change, AddVoter | Promote):
        voters.append(node)
    elif isinstance(change, AddLearner | Demote):
        learners.append(node)
    return None


def _nonsense_in(target: Target, configuration: Configuration) -> Nonsense | None:
    voters, learners = target.voters, target.learners
    if not voters:
        return "no-voters"
    if "" in voters or "" in learners:
        # On the disk the empty name stands for no vote at all.
        return "nameless-member"
    if len(set(voters)) < len(voters) or len(set(learners)) < len(learners):
        return "member-twice"
    if not set(voters).isdisjoint(learners):
        return "learner-is-voter"
    if set(voters) == set(configuration.voters) and set(learners) == set(configuration.learners):
        return "nothing-changes"
    return None
