"""Finales: what a cluster must recover from by itself. A walk ends with one of them, since whatever
came next might be a help: another election, another client, another message."""

from __future__ import annotations

from nemesis.macro import steps as macro
from nemesis.macro.steps import MessageKind
from nemesis.search.walk.choreographies.parts import (
    begin,
    begin_with_another,
    bounce_of,
    unanswered_round,
)
from nemesis.search.walk.members import settle_in
from nemesis.search.walk.moves import damage_to
from nemesis.search.walk.stage import Stage, Steps
from raft.consensus.changes import AddLearner, AddVoter, Promote, ServerChange


def leave_only(stage: Stage, kept: list[str]) -> Steps:
    """Of the others, as many lose their disks as may be, so that nothing goes without these."""
    for name in stage.shuffled([name for name in stage.cluster.servers if name not in kept]):
        yield from damage_to(stage, name, "vote")


def campaign_in_vain(stage: Stage, node: str) -> Steps:
    """A server comes to a newer term, of which nobody else hears yet."""
    leader = stage.view.leader()
    if not stage.knobs.pre_vote:
        yield stage.elect(node, [])
    elif leader is not None and leader != node and stage.chooser.chance(40):
        yield macro.TransferTo(node=leader, target=node)
        yield macro.Wait(milliseconds=150, nodes=(leader,))
    else:
        voters = stage.quorum(node, but=[leader])
        yield stage.elect(node, voters, unanswered=voters)
        for voter in voters:
            granted = stage.held("pre-vote-reply", source=voter, target=node)
            yield from stage.arrival(granted, nth=-1)


def newer_term(stage: Stage) -> Steps:
    """Somebody who was apart is in a newer term, and cannot win; the leader, whom it needs, has to
    learn of that term by what it is answered."""
    chooser = stage.chooser
    pair = yield from begin_with_another(stage)
    if pair is None:
        return
    leader, apart = pair
    for _ in range(chooser.integer(0, 2)):
        yield stage.write(leader)
        yield stage.replicate(leader, stage.quorum(leader, but=[apart]), unanswered=())
    if chooser.chance(50):
        yield macro.Snapshot(node=leader)
    for _ in range(chooser.integer(1, 2)):
        yield from campaign_in_vain(stage, apart)
    if chooser.chance(60):
        yield stage.write(leader)
    if chooser.chance(70):
        yield from leave_only(stage, [leader, apart])
    if chooser.chance(60):
        yield macro.Crash(node=leader)


def parted_logs(stage: Stage) -> Steps:
    """One has more entries, another one newer ones, and nothing goes without these two."""
    chooser = stage.chooser
    longer = yield from begin(stage)
    if longer is None:
        return
    for _ in range(chooser.integer(1, 3)):
        yield stage.write(longer)
    newer = stage.anyone(but=[longer])
    if newer is None:
        return
    yield stage.elect(newer, stage.quorum(newer, but=[longer]), unanswered=())
    if chooser.chance(30):
        yield stage.write(newer)
    yield from leave_only(stage, [longer, newer])
    if chooser.chance(80):
        yield macro.Crash(node=newer)
    if chooser.chance(30):
        yield macro.Crash(node=longer)


def unanswered(stage: Stage) -> Steps:
    """What a leader has sent has arrived, or not, and it is never told."""
    chooser = stage.chooser
    leader = yield from begin(stage)
    if leader is None:
        return
    if chooser.chance(60):
        yield stage.replicate(leader, stage.others(leader), unanswered=())
    for _ in range(chooser.integer(1, 4)):
        yield stage.write(leader)
        if chooser.chance(70):
            yield from unanswered_round(stage, leader, stage.others(leader))


_SENT: tuple[MessageKind, ...] = ("append",)
_ALL_SENT: tuple[MessageKind, ...] = ("append", "snapshot")
_ANSWERED: tuple[MessageKind, ...] = ("append-reply", "snapshot-reply")
_OVERTAKING = (
    (_ANSWERED, _SENT, _ANSWERED),
    (_ANSWERED, _SENT, _ANSWERED),
    (_ANSWERED, _SENT, _ANSWERED, _ALL_SENT, _ANSWERED),
    (_SENT, _ANSWERED, _ANSWERED, _ALL_SENT, _ANSWERED),
)


def overtaken_snapshot(stage: Stage) -> Steps:
    """A leader has a snapshot for a follower who comes by the same, and by more, in other ways."""
    chooser = stage.chooser
    pair = yield from begin_with_another(stage)
    if pair is None:
        return
    leader, follower = pair
    if chooser.chance(70):
        yield stage.replicate(leader, [follower], unanswered=())
    for _ in range(chooser.integer(1, 2)):
        yield stage.write(leader)
        yield stage.replicate(leader, stage.quorum(leader, but=[follower]), unanswered=())
    yield macro.Snapshot(node=leader)
    for _ in range(chooser.pick((0, 1, 1, 2))):
        yield stage.write(leader)
    # A heartbeat is ahead of what comes before it, and so is refused.
    yield stage.replicate(leader, [follower], unanswered=[follower])
    for kinds in chooser.pick(_OVERTAKING):
        source, target = (leader, follower) if kinds[0] != "append-reply" else (follower, leader)
        is_answer = source == follower
        for _ in range(1 if is_answer else chooser.integer(1, 4)):
            places = stage.held(*kinds, source=source, target=target)
            yield from stage.arrival(places, nth=-1 if is_answer else 0, copy=False)


def lost_learner(stage: Stage) -> Steps:
    """The leader is asked to promote somebody who is gone."""
    chooser = stage.chooser
    leader = yield from begin(stage)
    if leader is None:
        return
    yield from settle_in(stage, leader)
    configuration = stage.view.configuration(leader)
    spares = [name for name in stage.cluster.servers if name not in configuration.members]
    learner = stage.pick(list(configuration.learners) or spares)
    # With one voter more, who is gone, the others must still be a majority.
    if learner is None or configuration.is_joint or len(configuration.voters) < 2:
        return
    change: ServerChange = AddVoter(learner)
    if learner in configuration.learners or chooser.chance(70):
        change = Promote(learner)
    if learner in spares and isinstance(change, Promote):
        yield macro.ChangeMembers(node=leader, changes=(AddLearner(learner),))
        yield stage.replicate(leader, stage.others(leader), unanswered=())
    if chooser.chance(70):
        yield stage.write(leader)
        yield stage.replicate(leader, stage.quorum(leader, but=[learner]), unanswered=())
    # Where nobody has left, no server holds a configuration that needs who is lost; nor does one
    # that others have asked for meanwhile.
    members = set(stage.cluster.members)
    now = stage.view.configuration(leader)
    is_spared = now.is_joint or learner in now.voters or set(now.voters) != members
    may_go = members == set(configuration.voters) and learner not in members and not is_spared
    if may_go and chooser.chance(80):
        yield macro.LoseFile(node=learner)
    yield macro.ChangeMembers(node=leader, changes=(change,))
    if chooser.chance(30):
        yield from bounce_of(stage, leader)
