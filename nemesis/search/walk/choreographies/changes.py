"""Choreographies of the membership that are about the logs which hold it."""

from __future__ import annotations

from nemesis.search.walk.choreographies.parts import begin
from nemesis.search.walk.members import draw_change, settle_in
from nemesis.search.walk.stage import Stage, Steps


def forgotten_change(stage: Stage) -> Steps:
    """A change that hardly anybody has heard of is overwritten by the next leader, who makes
    another one; then they try to go on who saw the first."""
    chooser = stage.chooser
    yield from begin(stage)
    first = stage.view.leader()
    if first is None:
        return
    yield from settle_in(stage, first)
    yield draw_change(stage, first)
    witnesses = stage.others(first)[: chooser.pick((0, 0, 0, 1))]
    if witnesses:
        yield stage.replicate(first, witnesses)
    second = stage.anyone(but=[first, *witnesses])
    if second is None:
        return
    yield stage.elect(second, stage.quorum(second, but=[first, *witnesses]), unanswered=())
    if chooser.chance(60):
        others = stage.quorum(second, but=[first])
        yield stage.replicate(second, [first, *witnesses, *others[1:]], unanswered=())
    yield from settle_in(stage, second)
    yield draw_change(stage, second)
    yield stage.replicate(second, stage.quorum(second, but=[first]), unanswered=())
    back = first if chooser.chance(70) else stage.anyone(but=[second])
    if back is not None:
        yield stage.elect(back, stage.quorum(back, but=[second]), unanswered=())
        yield stage.replicate(back, stage.quorum(back, but=[second]), unanswered=())


def change_in_haste(stage: Stage) -> Steps:
    """Leaders who have just been elected change the membership at once."""
    chooser = stage.chooser
    for _ in range(chooser.integer(1, 3)):
        node = stage.anyone(but=stage.view.leaders())
        if node is None:
            return
        yield stage.elect(node, unanswered=())
        yield draw_change(stage, node)
        if chooser.chance(50):
            yield stage.replicate(node, stage.some(node))
