"""Choreographies of leases: another leader is elected, or told to campaign, before a leader's lease
has run out."""

from __future__ import annotations

from nemesis.macro import steps as macro
from nemesis.search.walk.choreographies.old_leaders import commit_at_once, owed, take_office
from nemesis.search.walk.choreographies.parts import begin_with_another, bounce_of
from nemesis.search.walk.choreographies.reads import late_campaign
from nemesis.search.walk.stage import Stage, Steps
from raft.consensus.changes import Demote


def lease_runs_on(stage: Stage) -> Steps:
    """A lease rests on some of the others; they are restarted, or have answered long ago, or are
    asked too early by one who has not heard from the leader for long; and that one commits."""
    chooser = stage.chooser
    pair = yield from begin_with_another(stage, take_office)
    if pair is None:
        return
    first, second = pair
    if chooser.chance(70):
        yield stage.replicate(first, stage.others(first), unanswered=())
    peers = stage.quorum(first, but=[second])
    for _ in range(chooser.integer(1, 2)):
        yield stage.replicate(first, peers, unanswered=())
    what = chooser.pick(("early", "restarted", "late"))
    if what == "restarted":
        for peer in peers:
            yield from bounce_of(stage, peer)
    elif what == "late":
        yield stage.replicate(first, peers, unanswered=peers)
        yield macro.Wait(milliseconds=chooser.pick((75, 100, 140)), nodes=tuple(peers))
        for _ in peers:
            yield from stage.arrival(owed(stage, first, "append-reply"), nth=-1)
    voters = stage.supporters(second, but=[first])
    yield stage.elect(second, voters, unanswered=(), hasty=20 if what == "late" else 85)
    yield from commit(stage, second, voters)
    for _ in range(chooser.integer(1, 2)):
        yield stage.read_back(first)


def commit(stage: Stage, leader: str, voters: list[str]) -> Steps:
    """A new leader commits something, in its first round, or sooner."""
    chooser = stage.chooser
    if chooser.chance(50):
        yield stage.overwrite(leader)
    if chooser.chance(50):
        yield stage.replicate(leader, voters, unanswered=())
    else:
        yield from commit_at_once(stage, leader, voters)


def late_order(stage: Stage) -> Steps:
    """TimeoutNow is long on its way: when it arrives, its leader has given the transfer up, or
    does not lead any more, or its receiver has lost its vote."""
    chooser = stage.chooser
    pair = yield from begin_with_another(stage, take_office)
    if pair is None:
        return
    leader, target = pair
    for _ in range(chooser.integer(1, 2)):
        yield stage.replicate(leader, stage.others(leader), unanswered=())
    yield macro.TransferTo(node=leader, target=target, held=True)
    what = chooser.pick(("left-behind", "abandoned", "replaced", "replaced", "demoted"))
    if what == "replaced":
        third = stage.pick(stage.others(leader, but=[target]))
        if third is not None:
            yield stage.elect(third, stage.quorum(third, but=[leader]), unanswered=())
            leader = third
    else:
        yield macro.Wait(milliseconds=150, nodes=(leader,))
        if what == "demoted" and stage.may_change_members():
            yield macro.ChangeMembers(node=leader, changes=(Demote(target),))
    peers = stage.others(leader)
    if what == "left-behind":
        # Meanwhile the leader goes on without its target.
        peers = stage.quorum(leader, but=[target])
        yield stage.overwrite(leader)
    for _ in range(chooser.integer(1, 2)):
        yield stage.replicate(leader, peers, unanswered=())
    voters = stage.supporters(target, but=[leader])
    yield from late_campaign(stage, target, voters)
    if stage.view.leads(target):
        yield from commit(stage, target, voters)
    yield stage.read_back(leader)
