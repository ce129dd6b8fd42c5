"""Choreographies: what the ways in which Rafts have failed have in common, as figures.

Each is a template: who plays in it, how many rounds there are, who hears what, is drawn, and a walk
leaves out, repeats and inserts steps. They were learned from the catalogue of published bugs, by
its classes: rivals who take turns, answers that come late, votes that are forgotten, snapshots that
meet newer logs, memberships that nobody agrees on.
"""

from __future__ import annotations

from nemesis.macro import steps as macro
from nemesis.search.walk_members import draw_change
from nemesis.search.walk_moves import read, sync_at
from nemesis.search.walk_stage import REPLIES, Figure, Stage, Steps


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


def late_message(stage: Stage) -> Steps:
    """Something old arrives: an answer rather than a question."""
    post, view = stage.cluster.post, stage.view
    stale = [place for place in stage.held() if post.held(place)[0].term < view.term(place[1])]
    answers = [place for place in stale if place[2] in REPLIES]
    places = answers if answers and stage.chooser.chance(70) else stale
    step = stage.deliver(places or stage.held(), nth=0)
    if step is not None:
        yield step


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
        kinds = ("append-reply", "snapshot-reply")
        step = stage.deliver(stage.held(*kinds, target=first, source=follower))
        if step is not None:
            yield step
    if chooser.chance(60):
        yield stage.replicate(first, [])
    yield from overthrow(stage)


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
        step = stage.deliver(stage.held("vote-reply", "pre-vote-reply", target=first))
        if step is not None:
            yield step


def same_term(stage: Stage) -> Steps:
    """Several campaign in the same term, and their requests and grants cross."""
    chooser = stage.chooser
    names = stage.shuffled([name for name in stage.view.followers()])
    for name in names[: chooser.integer(2, 3)]:
        yield stage.elect(name, [] if chooser.chance(70) else stage.some(name)[:1])
    if chooser.chance(30):
        yield from bounce(stage)
    for _ in range(chooser.integer(2, 5)):
        step = stage.deliver(stage.held("vote", "pre-vote", "append"))
        if step is None:
            return
        yield step
        answer = stage.deliver(
            stage.held("vote-reply", "pre-vote-reply", source=step.target), nth=-1
        )
        if answer is not None and chooser.chance(70):
            yield answer


def bounce(stage: Stage) -> Steps:
    """Somebody crashes, or loses power while it saves, and is there again."""
    node = stage.anyone()
    if node is None:
        return
    if stage.chooser.chance(60):
        yield macro.Crash(node=node)
    else:
        yield macro.FailPower(node=node, syncs=stage.chooser.integer(0, 2))
        yield from sync_at(stage, node)
    yield macro.Restart(node=node)


def forgotten_vote(stage: Stage) -> Steps:
    """A voter, or a candidate, is started again between two campaigns of one term."""
    chooser = stage.chooser
    first = stage.anyone(but=stage.view.leaders())
    if first is None:
        return
    voters = stage.quorum(first) if chooser.chance(70) else []
    second = stage.pick([name for name in stage.others(first) if name not in voters])
    forgetful = chooser.pick([first, *voters])
    is_unsynced = chooser.chance(40)
    if is_unsynced:
        yield macro.FailPower(node=forgetful, syncs=chooser.integer(0, 3))
    yield stage.elect(first, voters)
    if not is_unsynced:
        yield macro.Crash(node=forgetful)
    yield macro.Restart(node=forgetful)
    if second is not None:
        yield stage.elect(second, stage.quorum(second, but=[] if forgetful == first else [first]))


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


def bounce_of(stage: Stage, node: str) -> Steps:
    """This one crashes and is there again."""
    yield macro.Crash(node=node)
    yield macro.Restart(node=node)


def two_memberships(stage: Stage) -> Steps:
    """Leaders one after the other change the membership, each without knowing of the other's."""
    chooser = stage.chooser
    yield from begin(stage)
    for _ in range(chooser.integer(1, 3)):
        node = stage.view.leader()
        if node is None:
            return
        yield draw_change(stage, node)
        if chooser.chance(40):
            yield draw_change(stage, node)
        peers = stage.others(node)
        count = chooser.pick((0, 0, 1, len(peers)))
        if count:
            yield stage.replicate(node, peers[:count])
        if chooser.chance(20):
            yield macro.Snapshot(node=node)
        if chooser.chance(20):
            yield from bounce(stage)
        second = stage.anyone(but=[node])
        if second is not None and chooser.chance(75):
            yield stage.elect(second, stage.quorum(second, but=[node]))
            if chooser.chance(40):
                yield stage.replicate(second, stage.quorum(second, but=[node]))
        back = stage.anyone("former-leader")
        if back is not None and chooser.chance(50):
            yield stage.elect(back)
            yield stage.replicate(back)


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
        step = stage.deliver(
            stage.held("append-reply", "read-index", "read-index-reply", "append")
        )
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
        work = "write" if chooser.chance(75) else "application"
        yield macro.Perform(node=slow, work=work)
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


# By name.
CHOREOGRAPHIES: dict[str, Figure] = {
    "rivals": rivals,
    "late-acknowledgement": late_acknowledgement,
    "late-grant": late_grant,
    "same-term": same_term,
    "forgotten-vote": forgotten_vote,
    "stale-append": stale_append,
    "divergence": divergence,
    "lagging-snapshot": lagging_snapshot,
    "two-memberships": two_memberships,
    "old-leader-reads": old_leader_reads,
    "follower-read": follower_read,
    "retried-elsewhere": retried_elsewhere,
    "slow-disk": slow_disk,
    "crash-while-saving": crash_while_saving,
    "handover": handover,
}
