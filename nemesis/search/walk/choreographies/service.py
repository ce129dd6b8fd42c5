"""Choreographies of what clients and operators see: reads, requests that are made again,
members who come and go."""

from __future__ import annotations

from nemesis.macro import steps as macro
from nemesis.search.walk.choreographies.parts import begin, bounce, overthrow
from nemesis.search.walk.members import draw_change, settle_in
from nemesis.search.walk.moves import read
from nemesis.search.walk.stage import Stage, Steps


def two_memberships(stage: Stage) -> Steps:
    """Leaders one after the other change the membership, each without knowing of the other's."""
    chooser = stage.chooser
    yield from begin(stage)
    for _ in range(chooser.integer(1, 3)):
        node = stage.view.leader()
        if node is None:
            return
        yield from change_once(stage, node)
        if chooser.chance(20):
            yield macro.Snapshot(node=node)
        if chooser.chance(20):
            yield from bounce(stage)
        second = stage.anyone(but=[node])
        if second is not None and chooser.chance(60):
            yield stage.elect(second, stage.quorum(second, but=[node]))
            if chooser.chance(40):
                yield stage.replicate(second, stage.quorum(second, but=[node]))
        back = stage.anyone("former-leader")
        if back is not None and chooser.chance(50):
            yield stage.elect(back)
            yield stage.replicate(back)


def change_once(stage: Stage, node: str) -> Steps:
    """A leader changes the membership, between entries that are not committed yet, or alone; and
    what it leads to reaches nobody, few, or all."""
    chooser = stage.chooser
    if chooser.chance(70):
        yield from settle_in(stage, node)
    is_busy = chooser.chance(30)
    if is_busy:
        yield stage.write(node)
        yield stage.replicate(node, unanswered=stage.others(node))
    yield draw_change(stage, node)
    if chooser.chance(30):
        yield draw_change(stage, node)
    if is_busy:
        for _ in range(chooser.integer(1, 3)):
            step = stage.deliver(stage.held("append-reply", "append"), nth=0)
            if step is not None:
                yield step
    peers = stage.others(node)
    count = chooser.pick((0, 0, 1, len(peers), len(peers)))
    if count:
        yield stage.replicate(node, peers[:count])


def old_leader_reads(stage: Stage) -> Steps:
    """A leader that was replaced without noticing is asked, as is one that has just begun."""
    chooser = stage.chooser
    yield from begin(stage)
    first = stage.view.leader()
    if first is None:
        return
    if chooser.chance(60):
        yield stage.replicate(first, stage.others(first), unanswered=())
    second = stage.pick(stage.others(first))
    if second is None:
        return
    early = chooser.chance(30)
    if early:
        yield stage.read(first)
    if chooser.chance(40):
        voters = tuple(stage.quorum(second, but=[first]))
        yield macro.TransferTo(node=first, target=second, voters=voters)
    else:
        if chooser.chance(40):
            nodes = tuple(name for name in stage.cluster.servers if name != first)
            yield macro.Wait(milliseconds=chooser.pick((75, 150, 150, 300)), nodes=nodes)
        yield stage.elect(second, stage.quorum(second, but=[first]), unanswered=())
    if chooser.chance(70):
        yield stage.write(second, unanswered=False)
    if chooser.chance(80):
        yield stage.replicate(second, stage.quorum(second, but=[first]), unanswered=())
    if chooser.chance(30):
        third = stage.pick(stage.others(second, but=[first]))
        if third is not None:
            yield stage.elect(third)
            yield stage.read(third, unanswered=False)
    node = first if chooser.chance(75) else (stage.anyone() or first)
    if not early or chooser.chance(50):
        yield stage.read(node, unanswered=False)
    for _ in range(chooser.integer(0, 3)):
        step = stage.deliver(stage.held("append-reply", "read-index", "read-index-reply", "append"))
        if step is not None:
            yield step
    if chooser.chance(40):
        yield stage.replicate(node)


def follower_read(stage: Stage) -> Steps:
    """Reads as clients begin them while leaders change."""
    for _ in range(stage.chooser.integer(1, 3)):
        yield from read(stage)
        if stage.chooser.chance(40):
            yield from overthrow(stage)


def retried_elsewhere(stage: Stage) -> Steps:
    """A request stays without an answer, and its client asks the next leader."""
    chooser = stage.chooser
    yield from begin(stage)
    first = stage.view.leader()
    if first is None:
        return
    yield stage.write(first, unanswered=True)
    yield stage.replicate(first, stage.some(first))
    if chooser.chance(30):
        yield macro.Snapshot(node=first)
        yield stage.replicate(first, stage.others(first))
    if chooser.chance(30):
        yield from bounce(stage)
    if chooser.chance(70):
        yield from overthrow(stage)
    for _ in range(chooser.integer(1, 2)):
        node = stage.leader()
        step = None if node is None else stage.retry(node)
        if node is None or step is None:
            return
        yield step
        yield stage.replicate(node, stage.others(node) if chooser.chance(60) else None)
    yield from read(stage)


def handover(stage: Stage) -> Steps:
    """Leadership is handed over, while the old leader, or another one, goes on."""
    chooser = stage.chooser
    yield from begin(stage)
    node = stage.view.leader()
    if node is None:
        return
    yield stage.write(node)
    yield stage.replicate(node, stage.some(node))
    target = stage.pick(stage.others(node))
    if target is None:
        return
    voters = stage.quorum(target, but=[node]) if chooser.chance(50) else []
    yield macro.TransferTo(node=node, target=target, voters=tuple(voters))
    if chooser.chance(50):
        yield stage.write(node)
    if chooser.chance(50):
        yield from read(stage)
    if chooser.chance(40):
        yield from overthrow(stage)
    for _ in range(chooser.integer(0, 2)):
        step = stage.deliver(stage.held("timeout-now", "vote", "vote-reply", "append"))
        if step is not None:
            yield step
    if chooser.chance(50):
        yield macro.Wait(milliseconds=chooser.pick((75, 150, 300)))
