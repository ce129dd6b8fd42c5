"""Choreographies of the membership that are about the logs which hold it."""

from __future__ import annotations

from nemesis.search.walk.choreographies.parts import begin
from nemesis.search.walk.members import draw_change, settle_in
from nemesis.search.walk.stage import Stage, Steps


def forgotten_change(stage: Stage) -> Steps:
    """A change that hardly anybody has heard of is overwritten by the next leader, who makes
    another one; each of the two goes on with those whom the other one does not need."""
    chooser = stage.chooser
    first = yield from begin(stage)
    if first is None:
        return
    yield from settle_in(stage, first)
    before = stage.view.configuration(first).voters
    yield draw_change(stage, first)
    # Whom the change leaves with the first, and whom it does not.
    after = stage.view.configuration(first).voters
    left_out = [name for name in before if name not in after]
    witnesses = stage.others(first)[: chooser.pick((0, 0, 0, 1))]
    if witnesses:
        yield stage.replicate(first, witnesses)
    second = stage.anyone(but=[first, *witnesses, *left_out])
    if second is None:
        return
    yield stage.elect(second, stage.quorum(second, but=[first, *witnesses]), unanswered=())
    if chooser.chance(80):
        others = stage.others(second, but=[first, *witnesses])
        most = len(before) // 2 - 1
        yield stage.replicate(second, [first, *witnesses, *others[:most]], unanswered=())
    yield draw_change(stage, second)
    friends = [name for name in after if name not in (first, second)]
    peers = stage.quorum(second, but=[first, *friends])
    yield stage.replicate(second, peers, unanswered=())
    back = first if chooser.chance(80) else stage.anyone(but=[second])
    if back is not None:
        yield stage.elect(back, stage.quorum(back, but=[second, *peers]), unanswered=())
        yield stage.replicate(back, stage.quorum(back, but=[second, *peers]), unanswered=())


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
