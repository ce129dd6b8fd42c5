"""What choreographies are made of."""

from __future__ import annotations

from collections.abc import Callable, Generator

from nemesis.macro import steps as macro
from nemesis.macro.steps import MacroStep
from nemesis.search.walk.moves import bring, power_failure, sync_at
from nemesis.search.walk.stage import REPLIES, Stage, Steps

# Steps, and in the end who leads, None if nobody does.
Opening = Generator[MacroStep, None, str | None]


def begin(stage: Stage) -> Opening:
    """Somebody leads, and some of what is written is performed."""
    if not stage.view.leaders():
        node = stage.anyone()
        if node is None:
            return None
        yield stage.elect(node, unanswered=())
        if stage.chooser.chance(70):
            yield stage.replicate(node, unanswered=())
        if stage.chooser.chance(50):
            yield stage.write(node, unanswered=False)
            yield stage.replicate(node, unanswered=())
    return stage.view.leader()


def begin_with_another(
    stage: Stage, opening: Callable[[Stage], Opening] = begin
) -> Generator[MacroStep, None, tuple[str, str] | None]:
    """Somebody leads, and another member of its configuration is drawn; None if there is none."""
    leader = yield from opening(stage)
    another = None if leader is None else stage.pick(stage.others(leader))
    return None if leader is None or another is None else (leader, another)


def overthrow(stage: Stage) -> Steps:
    """Another one is elected by those who are just enough, with the former leader if it must be."""
    leaders = stage.view.leaders()
    candidate = stage.anyone(but=leaders)
    if candidate is not None:
        yield stage.elect(candidate, stage.quorum(candidate, but=leaders))


def late_message(stage: Stage) -> Steps:
    """Something old arrives: an answer rather than a question."""
    stale = stage.held_of_older_term()
    answers = [place for place in stale if place[2] in REPLIES]
    places = answers if answers and stage.chooser.chance(70) else stale
    yield from stage.arrival(places or stage.held(), nth=0)


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


def unanswered_round(stage: Stage, node: str, peers: list[str]) -> Steps:
    """What ``node`` has for them, or a heartbeat of its, arrives; what they answer is held."""
    if stage.chooser.chance(35):
        yield stage.replicate(node, peers, unanswered=peers)
        return
    for peer in peers:
        yield from bring(stage, node, peer)


def regroup(stage: Stage) -> Steps:
    """Everybody is up, and follows somebody who leads: the next figure begins afresh."""
    for name in stage.view.can_start():
        yield macro.Restart(node=name)
    node = stage.view.leader()
    if node is None:
        node = stage.anyone("most-up-to-date")
        if node is None:
            return
        yield stage.elect(node, stage.others(node), unanswered=(), hasty=0)
    for _ in range(2):
        if stage.view.leads(node):
            yield stage.replicate(node, stage.others(node), unanswered=())
