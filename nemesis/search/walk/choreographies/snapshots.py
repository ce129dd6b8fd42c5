"""Choreographies of snapshots: they meet newer entries, come in pieces, or twice."""

from __future__ import annotations

from nemesis.cluster.stepped.post import Place
from nemesis.macro import steps as macro
from nemesis.search.walk.choreographies.parts import begin, begin_with_another, bounce_of, overthrow
from nemesis.search.walk.stage import Stage, Steps


def lagging_snapshot(stage: Stage) -> Steps:
    """Somebody lags behind what the others have compacted, while leaders change."""
    chooser = stage.chooser
    node = yield from begin(stage)
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
    if lagging is not None and chooser.chance(15):
        # It has a newer term, which it can only tell who sends it the snapshot.
        yield stage.elect(lagging, [])
        return
    if lagging is not None and stage.view.leads(node):
        yield stage.replicate(node, [lagging])
        if chooser.chance(60):
            yield from bounce_of(stage, lagging)
        if chooser.chance(50):
            yield stage.write(node)
            yield stage.replicate(node, [lagging])
    for _ in range(chooser.integer(0, 3)):
        yield from stage.arrival(stage.held("snapshot", "snapshot-reply", "append"))
    yield from overthrow(stage)


def overtaken_by_entries(stage: Stage) -> Steps:
    """A snapshot is on its way to somebody who comes by more than it holds, and says so."""
    chooser = stage.chooser
    pair = yield from begin_with_another(stage)
    if pair is None:
        return
    leader, follower = pair
    # Who has answered once is sent more without waiting for answers.
    yield stage.replicate(leader, stage.others(leader), unanswered=())
    for _ in range(chooser.integer(2, 3)):
        yield stage.write(leader)
    if chooser.chance(70):
        # Of what is on its way, only the first reaches anybody else: it alone is committed.
        for other in stage.quorum(leader, but=[follower]):
            sent = len(stage.cluster.post.held((leader, other, "append")))
            if other != leader and sent > 1:
                yield macro.Deliver(source=leader, target=other, message="append", nth=sent - 2)
                yield macro.Deliver(source=other, target=leader, message="append-reply", nth=-1)
    else:
        yield stage.replicate(leader, stage.quorum(leader, but=[follower]), unanswered=())
        yield stage.write(leader)
    # A heartbeat is ahead of what comes before it, and so is refused.
    yield stage.replicate(leader, [follower], unanswered=[follower])
    yield macro.Snapshot(node=leader)
    yield from stage.arrival(
        stage.held("append-reply", source=follower, target=leader), nth=-1, copy=False
    )
    arrivals: tuple[Place, ...] = (
        (leader, follower, "append"),
        (follower, leader, "append-reply"),
        (leader, follower, "snapshot"),
    )
    for source, target, kind in arrivals:
        for _ in range(1 if kind == "snapshot" else chooser.integer(3, 8)):
            yield from stage.arrival(
                stage.held(kind, source=source, target=target), nth=0, copy=False
            )
    if chooser.chance(50):
        yield from overthrow(stage)


def chunks(stage: Stage) -> Steps:
    """A snapshot comes in pieces: twice, late, from two leaders, with a crash between them."""
    chooser = stage.chooser
    pair = yield from begin_with_another(stage)
    if pair is None:
        return
    node, lagging = pair
    for _ in range(chooser.integer(1, 4)):
        yield stage.write(node, unanswered=False)
    yield stage.replicate(node, stage.others(node, but=[lagging]), unanswered=())
    if chooser.chance(50):
        yield stage.replicate(node, stage.others(node, but=[lagging]), unanswered=())
    for name in [node, *stage.others(node, but=[lagging])]:
        yield macro.Snapshot(node=name)
    yield stage.replicate(node, [lagging], unanswered=[lagging])
    for _ in range(chooser.integer(2, 6)):
        sender = stage.view.leader() or node
        what = chooser.pick(("piece",) * 6 + ("newer", "leader", "crash", "crash", "round"))
        if what == "piece":
            yield from stage.arrival(
                stage.held("snapshot-reply", "append-reply", source=lagging, target=sender)
            )
            yield from stage.arrival(stage.held("snapshot", target=lagging))
        elif what == "newer":
            yield stage.write(sender)
            yield stage.replicate(sender, stage.quorum(sender, but=[lagging]), unanswered=())
            yield macro.Snapshot(node=sender)
        elif what == "leader":
            second = stage.anyone(but=[sender, lagging])
            if second is not None:
                yield stage.elect(second, stage.quorum(second, but=[lagging]))
                yield stage.replicate(second, [lagging], unanswered=[lagging])
        elif what == "crash":
            yield from bounce_of(stage, lagging)
        else:
            yield stage.replicate(sender, [lagging], unanswered=[lagging])
    if chooser.chance(70):
        sender = stage.view.leader() or node
        yield stage.replicate(sender, [lagging], unanswered=())


def begin_to_send(stage: Stage, node: str, lagging: str) -> Steps:
    """Some is performed without ``lagging``, and a leader that learns of that has a snapshot for
    it, which is held, or its first piece."""
    for _ in range(stage.chooser.integer(1, 3)):
        yield stage.write(node, unanswered=False)
        yield stage.replicate(node, stage.quorum(node, but=[lagging]), unanswered=())
    yield macro.Snapshot(node=node)
    yield stage.replicate(node, [lagging], unanswered=[lagging])
    yield from stage.arrival(
        stage.held("append-reply", "snapshot-reply", source=lagging, target=node), nth=-1
    )


def next_piece(stage: Stage, node: str, lagging: str) -> Steps:
    """A snapshot, or the next piece of one, arrives, or twice, and mostly its answer does."""
    chooser = stage.chooser
    for _ in range(2 if chooser.chance(25) else 1):
        yield from stage.arrival(
            stage.held("snapshot", source=node, target=lagging), nth=chooser.pick((0, -1))
        )
    if chooser.chance(80):
        yield from stage.arrival(
            stage.held("snapshot-reply", source=lagging, target=node), nth=chooser.pick((0, -1, -1))
        )


def all_but_the_last(stage: Stage, node: str, lagging: str) -> Steps:
    """Pieces arrive: some, or as many as there are before the last one."""
    place: Place = (node, lagging, "snapshot")
    for _ in range(stage.chooser.pick((1, 3, 5, 16, 16))):
        held = stage.cluster.post.held(place)
        if not held or getattr(held[-1], "done", True):
            return
        yield from next_piece(stage, node, lagging)


def two_senders(stage: Stage) -> Steps:
    """A snapshot is begun by one leader, and another one goes on, who has a newer one; or the same
    one does when what came has been forgotten."""
    chooser = stage.chooser
    pair = yield from begin_with_another(stage)
    if pair is None:
        return
    first, lagging = pair
    yield from begin_to_send(stage, first, lagging)
    yield from all_but_the_last(stage, first, lagging)
    sender = first
    if chooser.chance(50):
        second = stage.anyone(but=[first, lagging])
        if second is not None:
            yield stage.elect(second, stage.quorum(second, but=[lagging]), unanswered=())
            sender = second
    for _ in range(chooser.integer(0, 3)):
        yield stage.write(sender, unanswered=False)
        yield stage.replicate(sender, stage.quorum(sender, but=[lagging]), unanswered=())
    if chooser.chance(80):
        yield macro.Snapshot(node=sender)
    if chooser.chance(40 if sender != first else 70):
        yield from bounce_of(stage, lagging)
    for _ in range(chooser.integer(0, 3)):
        yield from next_piece(stage, chooser.pick((first, sender)), lagging)
    yield stage.replicate(sender, [lagging], unanswered=())


def doubled_snapshot(stage: Stage) -> Steps:
    """A snapshot comes twice, and between the two its receiver goes on, or starts again."""
    chooser = stage.chooser
    pair = yield from begin_with_another(stage)
    if pair is None:
        return
    node, lagging = pair
    yield from begin_to_send(stage, node, lagging)
    snapshot = stage.held("snapshot", source=node, target=lagging)
    yield from stage.arrival(snapshot, nth=-1, copy=True)
    if chooser.chance(30):
        yield from overthrow(stage)
    leader = stage.view.leader() or node
    for _ in range(chooser.integer(1, 3)):
        yield stage.replicate(leader, [lagging], unanswered=())
        if chooser.chance(60):
            yield stage.write(leader)
            yield stage.replicate(leader, stage.others(leader), unanswered=())
    if chooser.chance(20):
        yield from bounce_of(stage, lagging)
    for _ in range(chooser.integer(1, 3)):
        yield from stage.arrival(stage.held("snapshot", target=lagging), nth=chooser.pick((0, -1)))
    yield from overthrow(stage)
