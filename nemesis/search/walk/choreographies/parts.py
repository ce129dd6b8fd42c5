"""What choreographies are made of."""

from __future__ import annotations

from nemesis.macro import steps as macro
from nemesis.search.walk.moves import power_failure, sync_at
from nemesis.search.walk.stage import REPLIES, Stage, Steps


def begin(stage: Stage) -> Steps:
    """Somebody leads, and some of what is written is performed."""
    if stage.view.leaders():
        return
    node = stage.anyone()
    if node is None:
        return
    yield stage.elect(node, unanswered=())
    if stage.chooser.chance(70):
        yield stage.replicate(node, unanswered=())
    if stage.chooser.chance(50):
        yield stage.write(node, unanswered=False)
        yield stage.replicate(node, unanswered=())


def overthrow(stage: Stage) -> Steps:
    """Another one is elected by those who are just enough, with the former leader if it must be."""
    leaders = stage.view.leaders()
    candidate = stage.anyone(but=leaders)
    if candidate is not None:
        yield stage.elect(candidate, stage.quorum(candidate, but=leaders))


def late_message(stage: Stage) -> Steps:
    """Something old arrives: an answer rather than a question."""
    post, view = stage.cluster.post, stage.view
    stale = [place for place in stage.held() if post.held(place)[0].term < view.term(place[1])]
    answers = [place for place in stale if place[2] in REPLIES]
    places = answers if answers and stage.chooser.chance(70) else stale
    step = stage.deliver(places or stage.held(), nth=0)
    if step is not None:
        yield step


def bounce(stage: Stage) -> Steps:
    """Somebody crashes, or loses power while it saves, and is there again."""
    node = stage.anyone()
    if node is None:
        return
    if stage.chooser.chance(60):
        yield macro.Crash(node=node)
    else:
        yield power_failure(stage, node)
        yield from sync_at(stage, node)
    yield macro.Restart(node=node)


def bounce_of(stage: Stage, node: str) -> Steps:
    """This one crashes and is there again."""
    yield macro.Crash(node=node)
    yield macro.Restart(node=node)
