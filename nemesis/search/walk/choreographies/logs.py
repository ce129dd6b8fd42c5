"""Choreographies of logs: they part, and acknowledgements come late."""

from __future__ import annotations

from nemesis.macro import steps as macro
from nemesis.search.walk.choreographies.parts import (
    begin,
    begin_with_another,
    bounce,
    bounce_of,
    overthrow,
    unanswered_round,
)
from nemesis.search.walk.moves import damage_to
from nemesis.search.walk.stage import Stage, Steps


def late_acknowledgement(stage: Stage) -> Steps:
    """An acknowledgement arrives when its sender's log is another one: after an election, or when
    the same leader has been elected once more."""
    chooser = stage.chooser
    first = yield from begin(stage)
    if first is None:
        return
    for _ in range(chooser.integer(1, 3)):
        yield stage.write(first)
    peers = stage.some(first)
    follower = stage.pick(peers)
    if follower is None:
        return
    yield from unanswered_round(stage, first, [follower])
    second = stage.anyone(but=[first, follower]) if chooser.chance(70) else follower
    if second is None:
        return
    yield stage.elect(second, stage.quorum(second, but=[] if chooser.chance(60) else [first]))
    if chooser.chance(60):
        yield stage.replicate(second, [follower] if chooser.chance(60) else stage.others(second))
    if chooser.chance(70):
        if stage.view.leads(first):
            yield stage.replicate(second, [first])
        yield stage.elect(first, stage.quorum(first))
    if chooser.chance(50):
        yield stage.write(first)
    for _ in range(chooser.integer(1, 3)):
        replies = stage.held("append-reply", "snapshot-reply", target=first, source=follower)
        yield from stage.arrival(replies)
    if chooser.chance(60):
        yield stage.replicate(first, [])
    yield from overthrow(stage)


def stale_append(stage: Stage) -> Steps:
    """An older AppendEntries arrives after a newer one, or once more, or at one who campaigns."""
    chooser = stage.chooser
    node = yield from begin(stage)
    if node is None:
        return
    for _ in range(chooser.integer(1, 3)):
        yield stage.write(node)
        if chooser.chance(50):
            yield stage.replicate(node, stage.quorum(node))
    if chooser.chance(40):
        yield from overthrow(stage)
    for _ in range(chooser.integer(1, 3)):
        step = yield from stage.arrival(stage.held("append", "snapshot", source=node))
        if step is not None:
            answer = stage.deliver(stage.held("append-reply", source=step.target), nth=-1)
            if answer is not None and chooser.chance(50):
                yield answer
    yield from overthrow(stage)


def divergence(stage: Stage) -> Steps:
    """A leader writes for itself alone, or for few; another one writes more, or less, and comes to
    lead it."""
    chooser = stage.chooser
    first = yield from begin(stage)
    if first is None:
        return
    for _ in range(chooser.integer(1, 3)):
        yield stage.write(first)
    if chooser.chance(30):
        yield stage.replicate(first, stage.others(first)[:1])
    second = stage.anyone(but=[first])
    if second is None:
        return
    yield stage.elect(second, stage.quorum(second, but=[first]))
    for _ in range(chooser.integer(0, 3)):
        yield stage.write(second)
    if chooser.chance(70):
        yield stage.replicate(second, stage.quorum(second, but=[first]))
    if chooser.chance(30):
        yield from bounce(stage)
    if chooser.chance(30):
        yield macro.Snapshot(node=second)
    yield stage.replicate(second, [first])
    if chooser.chance(25):
        yield from bounce_of(stage, first)
    if chooser.chance(50):
        yield stage.replicate(second, stage.others(second))
    elif chooser.chance(25):
        # The two whose logs have parted must do without a third.
        third = stage.pick(stage.others(second, but=[first]))
        if third is not None:
            yield from damage_to(stage, third)


def lost_log(stage: Stage) -> Steps:
    """Entries are acknowledged late, to a leader that has lost them itself and leads again."""
    chooser = stage.chooser
    pair = yield from begin_with_another(stage)
    if pair is None:
        return
    first, follower = pair
    yield stage.replicate(first, stage.others(first), unanswered=())
    for _ in range(chooser.integer(2, 4)):
        yield stage.write(first)
    if chooser.chance(20):
        yield from unanswered_round(stage, first, [follower])
    else:
        yield from bring_all(stage, first, follower)
    second = stage.anyone(but=[first, follower])
    if second is None:
        return
    yield stage.elect(second, stage.quorum(second, but=[first, follower]), unanswered=())
    more = stage.others(second, but=[first, follower])[: chooser.integer(0, 1)]
    yield stage.replicate(
        second, [first, *more, *([follower] if chooser.chance(30) else [])], unanswered=()
    )
    yield stage.elect(first, stage.quorum(first, but=[follower]), unanswered=())
    if chooser.chance(30):
        yield stage.write(first)
    for _ in range(chooser.integer(1, 3)):
        acknowledged = stage.held("append-reply", source=follower, target=first)
        yield from stage.arrival(acknowledged, nth=-1 if chooser.chance(70) else 0)
    peers = stage.others(first, but=[follower])
    yield stage.replicate(first, peers[: chooser.pick((0, 1, 1, 2))], unanswered=())
    if chooser.chance(50):
        yield from overthrow(stage)


def bring_all(stage: Stage, node: str, peer: str) -> Steps:
    """All entries that ``node`` has sent to ``peer`` arrive, and no answer does."""
    view = stage.view
    for _ in range(8):
        if view.last_index(peer) >= view.last_index(node):
            return
        step = yield from stage.arrival(
            stage.held("append", source=node, target=peer), nth=0, copy=False
        )
        if step is None:
            return


def lost_answers(stage: Stage) -> Steps:
    """What a leader has sent is not answered, and it has to find out by itself what arrived."""
    chooser = stage.chooser
    node = yield from begin(stage)
    if node is None:
        return
    for _ in range(chooser.integer(1, 4)):
        if chooser.chance(70):
            yield stage.write(node)
        peers = stage.others(node)
        if chooser.chance(70):
            yield from unanswered_round(stage, node, peers)
        else:
            yield stage.replicate(node, peers)
