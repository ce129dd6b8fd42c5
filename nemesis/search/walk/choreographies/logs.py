"""Choreographies of logs: they part, acknowledgements come late, snapshots meet newer entries,
disks are slow or fail."""

from __future__ import annotations

from nemesis.macro import steps as macro
from nemesis.search.walk.choreographies.parts import begin, bounce, bounce_of, overthrow
from nemesis.search.walk.moves import draw_work
from nemesis.search.walk.stage import Stage, Steps


def late_acknowledgement(stage: Stage) -> Steps:
    """An acknowledgement arrives when its sender's log is another one: after an election, or when
    the same leader has been elected once more."""
    chooser = stage.chooser
    yield from begin(stage)
    first = stage.view.leader()
    if first is None:
        return
    for _ in range(chooser.integer(1, 3)):
        yield stage.write(first)
    peers = stage.some(first)
    follower = stage.pick(peers)
    if follower is None:
        return
    yield stage.replicate(first, peers, unanswered=[follower])
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
        step = stage.deliver(replies)
        if step is not None:
            yield step
    if chooser.chance(60):
        yield stage.replicate(first, [])
    yield from overthrow(stage)


def stale_append(stage: Stage) -> Steps:
    """An older AppendEntries arrives after a newer one, or once more, or at one who campaigns."""
    chooser = stage.chooser
    yield from begin(stage)
    node = stage.view.leader()
    if node is None:
        return
    for _ in range(chooser.integer(1, 3)):
        yield stage.write(node)
        if chooser.chance(50):
            yield stage.replicate(node, stage.quorum(node))
    if chooser.chance(40):
        yield from overthrow(stage)
    for _ in range(chooser.integer(1, 3)):
        step = stage.deliver(stage.held("append", "snapshot", source=node))
        if step is not None:
            yield step
            answer = stage.deliver(stage.held("append-reply", source=step.target), nth=-1)
            if answer is not None and chooser.chance(50):
                yield answer
    yield from overthrow(stage)


def divergence(stage: Stage) -> Steps:
    """A leader writes for itself alone, or for few; another one writes more, or less, and comes to
    lead it."""
    chooser = stage.chooser
    yield from begin(stage)
    first = stage.view.leader()
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
    if chooser.chance(50):
        yield stage.replicate(second, stage.others(second))


def lagging_snapshot(stage: Stage) -> Steps:
    """Somebody lags behind what the others have compacted, while leaders change."""
    chooser = stage.chooser
    yield from begin(stage)
    node = stage.view.leader()
    if node is None:
        return
    lagging = stage.pick(stage.others(node))
    for _ in range(chooser.integer(1, 3)):
        yield stage.write(node)
        yield stage.replicate(node, stage.quorum(node, but=[lagging]))
    for name in [node, *stage.quorum(node, but=[lagging])][: chooser.integer(1, 3)]:
        yield macro.Snapshot(node=name)
    if chooser.chance(40):
        yield stage.write(node)
    if chooser.chance(40):
        yield from overthrow(stage)
        node = stage.view.leader() or node
    if lagging is not None and stage.view.leads(node):
        yield stage.replicate(node, [lagging])
        if chooser.chance(60):
            yield from bounce_of(stage, lagging)
        if chooser.chance(50):
            yield stage.write(node)
            yield stage.replicate(node, [lagging])
    for _ in range(chooser.integer(0, 3)):
        step = stage.deliver(stage.held("snapshot", "snapshot-reply", "append"))
        if step is not None:
            yield step
    yield from overthrow(stage)


def slow_disk(stage: Stage) -> Steps:
    """What a server writes, or applies, is acknowledged to it when the log has changed."""
    chooser = stage.chooser
    yield from begin(stage)
    first = stage.view.leader()
    slow = stage.anyone()
    if first is None or slow is None:
        return
    yield macro.Stall(node=slow)
    for _ in range(chooser.integer(1, 2)):
        yield stage.write(first)
        yield stage.replicate(first, [slow] if slow != first else stage.some(first))
        if chooser.chance(30):
            yield macro.Perform(node=slow, work="write")
    second = stage.anyone(but=[first, slow])
    if second is not None:
        yield stage.elect(second, stage.quorum(second, but=[first]))
        if chooser.chance(70):
            yield stage.replicate(second, [slow])
        if chooser.chance(40):
            yield stage.elect(first)
            yield stage.replicate(first, [slow])
    for _ in range(chooser.integer(1, 3)):
        yield draw_work(stage, slow)
        answer = stage.deliver(stage.held("append-reply", "vote-reply", source=slow))
        if answer is not None and chooser.chance(60):
            yield answer
    if chooser.chance(50):
        yield from bounce_of(stage, slow)


def crash_while_saving(stage: Stage) -> Steps:
    """Power fails at one of those who save what a round brings them; then they decide without the
    others."""
    chooser = stage.chooser
    yield from begin(stage)
    node = stage.view.leader()
    if node is None:
        return
    victim = chooser.pick([node, *stage.others(node)])
    if chooser.chance(50):
        yield stage.write(node)
    if chooser.chance(70):
        yield macro.FailPower(node=victim, syncs=chooser.pick((0, 1, 1, 2, 3)))
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
