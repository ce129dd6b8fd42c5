"""Choreographies of elections: rivals who take turns, votes that are late, or forgotten."""

from __future__ import annotations

from nemesis.search.walk.choreographies.parts import bounce, late_message
from nemesis.search.walk.stage import Stage, Steps


def rivals(stage: Stage) -> Steps:
    """Two take turns to lead, and bring little of what they have to few (Figure 8)."""
    chooser = stage.chooser
    names = stage.shuffled([name for name, _ in stage.view.up()])[:2]
    if len(names) < 2:
        return
    for turn in range(chooser.integer(3, 7)):
        node = names[turn % 2]
        other = names[1 - turn % 2]
        if not stage.view.leads(node):
            # A leader of an old term must hear of a newer one before it can be elected again.
            avoid = [] if stage.view.leads(other) and chooser.chance(70) else [other]
            yield stage.elect(node, stage.quorum(node, but=avoid))
        if chooser.chance(50):
            yield stage.write(node)
        peers = stage.others(node, but=[other] if chooser.chance(60) else [])
        count = chooser.pick((0, 0, 1, 1, len(peers)))
        if count and stage.view.leads(node):
            yield stage.replicate(node, peers[:count])
        if chooser.chance(20):
            yield from late_message(stage)


def late_grant(stage: Stage) -> Steps:
    """A vote is counted later than it was asked for, when another one may have been elected."""
    chooser = stage.chooser
    first = stage.anyone(but=stage.view.leaders())
    if first is None:
        return
    voters = stage.quorum(first)
    for _ in range(chooser.integer(1, 2)):
        yield stage.elect(first, voters, unanswered=voters)
    if chooser.chance(50):
        yield stage.elect(first, [])
    second = stage.anyone(but=[first])
    if second is not None:
        for _ in range(chooser.integer(1, 2)):
            but = [first] if chooser.chance(70) else []
            yield stage.elect(second, stage.quorum(second, but=but))
        if chooser.chance(40):
            yield stage.replicate(second, stage.some(second))
    for _ in range(chooser.integer(1, 3)):
        yield from stage.arrival(stage.held("vote-reply", "pre-vote-reply", target=first))


def same_term(stage: Stage) -> Steps:
    """Several campaign in the same term, and their requests and grants cross."""
    chooser = stage.chooser
    names = stage.shuffled(stage.view.followers())
    for name in names[: chooser.integer(2, 3)]:
        yield stage.elect(name, [] if chooser.chance(70) else stage.some(name)[:1])
    if chooser.chance(30):
        yield from bounce(stage)
    for _ in range(chooser.integer(2, 5)):
        step = yield from stage.arrival(stage.held("vote", "pre-vote", "append"))
        if step is None:
            return
        answer = stage.deliver(
            stage.held("vote-reply", "pre-vote-reply", source=step.target), nth=-1
        )
        if answer is not None and chooser.chance(70):
            yield answer
