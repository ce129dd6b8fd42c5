"""What operators ask for, as moves of a walk."""

from __future__ import annotations

from nemesis.macro import steps as macro
from nemesis.search.walk.stage import Stage, Steps
from raft.consensus.changes import (
    AddLearner,
    AddVoter,
    Change,
    Demote,
    Promote,
    Remove,
    ServerChange,
    Target,
    Transition,
)

_TRANSITIONS: tuple[Transition, ...] = ("automatic", "automatic", "implicit", "explicit")


def change_members(stage: Stage) -> Steps:
    """Servers come, go or change; mostly the leader then replicates it."""
    node = stage.leader()
    if node is None:
        return
    if stage.chooser.chance(60):
        yield from settle_in(stage, node)
    yield draw_change(stage, node)
    if stage.chooser.chance(60):
        yield stage.replicate(node)


def settle_in(stage: Stage, node: str) -> Steps:
    """A leader that has not committed anything of its own term does so (the correction of 2015)."""
    consensus = stage.cluster.consensus(node)
    if consensus is not None and consensus.log.last_index > consensus.commit_index:
        yield stage.replicate(node, stage.quorum(node), unanswered=())


def draw_change(stage: Stage, node: str) -> macro.ChangeMembers:
    """A change that makes sense to the configuration which ``node`` has."""
    chooser = stage.chooser
    configuration = stage.view.configuration(node)
    if configuration.is_joint and chooser.chance(80):
        return macro.ChangeMembers(node=node)
    transition = chooser.pick(_TRANSITIONS)
    options = _single_changes(stage, node)
    if not options or chooser.chance(20):
        return macro.ChangeMembers(node=node, changes=(_draw_target(stage),), transition=transition)
    own = [each for each in options if each.node == node]
    changes: tuple[Change, ...] = (chooser.pick(own if own and chooser.chance(25) else options),)
    if chooser.chance(25):
        changes = (*changes, chooser.pick(options))
    return macro.ChangeMembers(node=node, changes=changes, transition=transition)


def _single_changes(stage: Stage, node: str) -> list[ServerChange]:
    configuration = stage.view.configuration(node)
    members = configuration.members
    voters, learners = configuration.voters, configuration.learners
    spare = [name for name in stage.cluster.servers if name not in members]
    options: list[ServerChange] = [AddVoter(name) for name in spare]
    options += [AddLearner(name) for name in spare]
    options += [Promote(name) for name in learners]
    options += [Remove(name) for name in members if len(voters) > 1 or name not in voters]
    options += [Demote(name) for name in voters if len(voters) > 1]
    return options


def _draw_target(stage: Stage) -> Target:
    servers = stage.shuffled(list(stage.cluster.servers))
    least = min(2, len(servers))
    voters = servers[: stage.chooser.integer(least, len(servers))]
    learners = [name for name in servers[len(voters) :] if stage.chooser.chance(30)]
    return Target(tuple(voters), tuple(learners))
