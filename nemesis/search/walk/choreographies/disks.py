"""Choreographies of disks: slow ones, and those that fail while something is saved."""

from __future__ import annotations

from nemesis.macro import steps as macro
from nemesis.search.walk.choreographies.parts import begin, bounce_of
from nemesis.search.walk.moves import bring, draw_work, power_failure
from nemesis.search.walk.stage import Stage, Steps


def slow_disk(stage: Stage) -> Steps:
    """What a server writes, or applies, is acknowledged to it when the log has changed."""
    chooser = stage.chooser
    first = yield from begin(stage)
    slow = stage.anyone()
    if first is None or slow is None:
        return
    yield macro.Stall(node=slow)
    for _ in range(chooser.integer(1, 2)):
        yield stage.write(first)
        if slow != first and chooser.chance(50):
            yield from bring(stage, first, slow)
        else:
            yield stage.replicate(first, [slow] if slow != first else stage.some(first))
        if chooser.chance(30):
            yield from catch_up(stage, slow)
    second = stage.anyone(but=[first, slow])
    if second is not None:
        voters = stage.quorum(second, but=[first])
        yield stage.elect(second, voters)
        if slow in voters:
            # Its vote leaves when it is durable.
            yield from catch_up(stage, slow)
        if chooser.chance(70):
            yield stage.replicate(second, [slow])
        if chooser.chance(40):
            yield stage.elect(first)
            yield stage.replicate(first, [slow])
    for _ in range(chooser.integer(1, 3)):
        yield from catch_up(stage, slow)
    if chooser.chance(50):
        yield from bounce_of(stage, slow)


def catch_up(stage: Stage, slow: str) -> Steps:
    """Something that it began is done, and what it then says arrives, or not."""
    yield draw_work(stage, slow)
    if stage.chooser.chance(70):
        said = stage.held("append-reply", "vote-reply", "append", "vote", source=slow)
        yield from stage.arrival(said, nth=-1)


def slow_voter(stage: Stage) -> Steps:
    """Several ask for its vote in one term, and it crashes before all of what it has decided is
    saved."""
    chooser = stage.chooser
    voter = stage.anyone("follower")
    if voter is None:
        return
    yield macro.Stall(node=voter)
    candidates = [name for name in stage.view.followers() if name != voter]
    for name in stage.shuffled(candidates)[:2]:
        yield stage.elect(name, [voter] if chooser.chance(60) else [])
    for _ in range(chooser.integer(1, 4)):
        if chooser.chance(50):
            yield from catch_up(stage, voter)
        else:
            yield from stage.arrival(stage.held("vote", "append", target=voter))
    yield from bounce_of(stage, voter)
    for _ in range(chooser.integer(1, 2)):
        yield from stage.arrival(stage.held("vote", target=voter))


def crash_while_saving(stage: Stage) -> Steps:
    """Power fails at one of those who save what a round brings them; then they decide without the
    others."""
    chooser = stage.chooser
    node = yield from begin(stage)
    if node is None:
        return
    victim = chooser.pick([node, *stage.others(node)])
    if chooser.chance(50):
        yield stage.write(node)
    if chooser.chance(70):
        yield power_failure(stage, victim)
    yield stage.write(node)
    peers = stage.quorum(node) if victim == node else [victim]
    yield stage.replicate(node, peers)
    if chooser.chance(50):
        yield macro.Crash(node=victim)
    if chooser.chance(30):
        yield macro.Crash(node=node)
    for name in stage.view.can_start():
        yield macro.Restart(node=name)
    candidate = victim if chooser.chance(50) else stage.anyone(but=[node])
    if candidate is not None and not stage.view.leads(candidate):
        yield stage.elect(candidate, stage.quorum(candidate, but=[node]))
        yield stage.replicate(candidate)


def forgotten_vote(stage: Stage) -> Steps:
    """A voter, or a candidate, is started again between two campaigns of one term."""
    chooser = stage.chooser
    first = stage.anyone(but=stage.view.leaders())
    if first is None:
        return
    voters = stage.quorum(first) if chooser.chance(70) else []
    second = stage.pick([name for name in stage.others(first) if name not in voters])
    forgetful = chooser.pick([first, *voters])
    is_unsynced = chooser.chance(40)
    if is_unsynced:
        yield power_failure(stage, forgetful)
    yield stage.elect(first, voters)
    if not is_unsynced:
        yield macro.Crash(node=forgetful)
    yield macro.Restart(node=forgetful)
    if second is not None:
        yield stage.elect(second, stage.quorum(second, but=[] if forgetful == first else [first]))


_MIXED = ("perform", "bring", "answer", "perform")


def replaced_while_saving(stage: Stage) -> Steps:
    """A server is writing when the next leader replaces entries that it has; what is written then
    is told of as if it were what took their place."""
    chooser = stage.chooser
    first = yield from begin(stage)
    if first is None:
        return
    slow = first if chooser.chance(50) else stage.anyone(but=[first])
    if slow is None:
        return
    is_late = chooser.chance(50)
    if is_late:
        yield macro.Stall(node=slow)
    for _ in range(chooser.integer(1, 2)):
        yield stage.write(first)
    if slow != first:
        yield from bring(stage, first, slow)
    if not is_late:
        yield macro.Stall(node=slow)
    second = stage.anyone(but=[first, slow])
    if second is None:
        return
    if is_late and chooser.chance(60):
        yield macro.Perform(node=slow)
    # Its vote is being saved, and nobody waits for that.
    voters = [name for name in stage.quorum(second, but=[first, slow]) if name != slow]
    yield stage.elect(second, [*voters, slow])
    if chooser.chance(30):
        yield stage.write(second)
    for what in chooser.pick((("bring", "perform"), ("bring", "perform", "perform"), _MIXED)):
        if what == "bring":
            yield from bring(stage, second, slow)
        elif what == "perform":
            yield macro.Perform(node=slow)
        else:
            answers = stage.held("append-reply", "vote-reply", source=slow, target=second)
            yield from stage.arrival(answers, nth=-1)
    peers = stage.others(second, but=[slow])
    yield stage.replicate(second, [slow, *peers[: stage.knobs.replicas // 2 - 1]], unanswered=())
    if chooser.chance(50):
        yield from bounce_of(stage, slow)


def slow_state_machine(stage: Stage) -> Steps:
    """What is committed is not applied yet, when a snapshot is taken, or comes."""
    chooser = stage.chooser
    leader = yield from begin(stage)
    if leader is None:
        return
    slow = leader if chooser.chance(50) else stage.anyone()
    if slow is None:
        return
    yield macro.Stall(node=slow)
    for _ in range(chooser.integer(1, 2)):
        yield stage.write(leader)
        for _ in range(chooser.integer(1, 2)):
            yield stage.replicate(leader, stage.others(leader), unanswered=())
    for _ in range(chooser.integer(0, 2)):
        yield draw_work(stage, slow)
    yield macro.Snapshot(node=slow)
    for _ in range(chooser.integer(1, 3)):
        yield draw_work(stage, slow)
    if chooser.chance(50):
        yield from bounce_of(stage, slow)
