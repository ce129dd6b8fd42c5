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
        if second is None or chooser.chance(25):
            continue
        yield stage.elect(second, stage.quorum(second, but=[node]))
        most, all_others = stage.quorum(second, but=[node]), stage.others(second)
        yield stage.replicate(second, chooser.pick((most, [node], all_others, all_others[:0])))
        back = node if chooser.chance(60) else stage.anyone(but=[second])
        if back is not None and chooser.chance(60):
            yield stage.elect(back)
            if chooser.chance(60):
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
            yield from stage.arrival(stage.held("append-reply", "append"), nth=0)
    peers = stage.others(node)
    count = chooser.pick((0, 0, 1, len(peers), len(peers)))
    if count:
        yield stage.replicate(node, peers[:count])


def retried_elsewhere(stage: Stage) -> Steps:
    """A request stays without an answer, and its client asks the next leader."""
    chooser = stage.chooser
    first = yield from begin(stage)
    if first is None:
        return
    yield stage.write(first, unanswered=True)
    yield stage.replicate(first, stage.some(first))
    if stage.knobs.session_timeout is not None and chooser.chance(60):
        # The session expires, by log time, while its client waits.
        yield macro.Wait(milliseconds=chooser.pick((500, 600)))
        yield stage.write(first)
        yield stage.replicate(first, stage.quorum(first))
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
