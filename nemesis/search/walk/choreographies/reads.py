"""Choreographies of reads: what a leader, or a follower, says that does not know how the world has
changed."""

from __future__ import annotations

from nemesis.macro import steps as macro
from nemesis.search.walk.choreographies.parts import (
    begin,
    begin_with_another,
    bounce_of,
    overthrow,
    unanswered_round,
)
from nemesis.search.walk.stage import Stage, Steps
from raft.consensus.changes import Demote


def old_leader_reads(stage: Stage) -> Steps:
    """A leader that was replaced without noticing is asked; answers to what it asked earlier
    arrive before or after."""
    chooser = stage.chooser
    if chooser.chance(40):
        yield from begin(stage)
    first = stage.view.leader() or stage.anyone()
    if first is None:
        return
    if not stage.view.leads(first):
        voters = stage.quorum(first)
        others = stage.others(first, but=voters)
        late = others[:1] if chooser.chance(40) else []
        yield stage.elect(first, voters + late, unanswered=late)
    second = stage.pick(stage.others(first))
    if second is None:
        return
    # Who is to be elected need not have heard of this leader lately.
    others = stage.others(first, but=[second])
    peers = chooser.pick((stage.quorum(first, but=[second]), [second], stage.quorum(first, others)))
    for _ in range(chooser.integer(0, 2)):
        yield stage.replicate(first, peers, unanswered=())
    if chooser.chance(50):
        yield stage.read(first)
    if chooser.chance(60):
        yield from unanswered_round(stage, first, peers)
    if chooser.chance(20) and peers:
        yield from bounce_of(stage, chooser.pick(peers))
    yield from replace_leader(stage, first, second)
    for _ in range(chooser.integer(2, 5)):
        what = chooser.pick(("read", "read", "answer", "answer", "round", "wait"))
        if what == "read":
            yield stage.read_back(first)
        elif what == "round":
            yield stage.replicate(first, stage.view.loyal(first), unanswered=())
        elif what == "wait" and chooser.chance(30):
            yield macro.Wait(milliseconds=chooser.pick((20, 75)), nodes=(first,))
        elif what == "answer":
            answers = stage.held("append-reply", "vote-reply", "snapshot-reply", target=first)
            yield from stage.arrival(answers)


def replace_leader(stage: Stage, first: str, second: str) -> Steps:
    """Another one is elected, behind the back of the first, and performs a write."""
    chooser = stage.chooser
    if chooser.chance(80):
        second = stage.pick(stage.view.heirs(first)) or second
    voters = stage.supporters(second, but=[first])
    if chooser.chance(20):
        yield macro.TransferTo(node=first, target=second, voters=tuple(voters))
    else:
        if chooser.chance(25):
            nodes = tuple(name for name in stage.cluster.servers if name != first)
            yield macro.Wait(milliseconds=chooser.pick((75, 150, 150, 300)), nodes=nodes)
        hasty = 50 if stage.knobs.reads == "lease" else 10
        yield stage.elect(second, voters, unanswered=(), hasty=hasty)
    if chooser.chance(80):
        yield stage.overwrite(second)
    if chooser.chance(90):
        yield stage.replicate(second, stage.supporters(second, but=[first]), unanswered=())
    if chooser.chance(20):
        third = stage.pick(stage.others(second, but=[first]))
        if third is not None:
            yield stage.elect(third, stage.quorum(third, but=[first]))
            yield stage.read_back(third)


def follower_reads(stage: Stage) -> Steps:
    """A follower asks for a read index whom it takes for the leader; what it asks, and what it is
    answered, is late, while it or its leader falls behind."""
    chooser = stage.chooser
    pair = yield from begin_with_another(stage)
    if pair is None:
        return
    leader, follower = pair
    yield stage.replicate(leader, stage.others(leader), unanswered=())
    if chooser.chance(30):
        yield from read_once(stage, leader, follower)
    for _ in range(chooser.integer(1, 3)):
        what = chooser.pick(("write", "write", "replace", "restart", "nothing"))
        if what == "write":
            yield stage.overwrite(leader)
            yield stage.replicate(leader, stage.quorum(leader, but=[follower]), unanswered=())
        elif what == "replace":
            second = stage.pick(stage.others(leader, but=[follower]))
            if second is not None:
                yield stage.elect(second, stage.quorum(second, but=[leader, follower]))
                yield stage.overwrite(second)
                peers = stage.quorum(second, but=[leader, follower])
                yield stage.replicate(second, peers, unanswered=())
        elif what == "restart":
            yield from bounce_of(stage, follower)
            yield stage.replicate(leader, [follower])
        yield from read_once(stage, leader, follower)


def read_once(stage: Stage, leader: str, follower: str) -> Steps:
    """A read at a follower, its question and its answer, each of which may stay on its way."""
    chooser = stage.chooser
    yield stage.read_back(follower)
    if chooser.chance(80):
        yield from stage.arrival(stage.held("read-index", source=follower))
    if chooser.chance(60):
        yield stage.replicate(leader, stage.quorum(leader, but=[follower]), unanswered=())
    for _ in range(chooser.integer(0, 2)):
        yield from stage.arrival(stage.held("read-index-reply", target=follower))


def handover(stage: Stage) -> Steps:
    """Leadership is handed over, while the old leader, or another one, goes on; what tells the next
    one to campaign, or its requests for votes, arrive when nobody waits for them any more."""
    chooser = stage.chooser
    pair = yield from begin_with_another(stage)
    if pair is None:
        return
    node, target = pair
    yield stage.write(node)
    lags = chooser.chance(50)
    if lags:
        yield from unanswered_round(stage, node, [target])
    else:
        yield stage.replicate(node)
    if chooser.chance(20):
        yield macro.Crash(node=target)
    voters = stage.quorum(target, but=[node]) if chooser.chance(40) else []
    yield macro.TransferTo(node=node, target=target, voters=tuple(voters))
    if lags:
        yield from stage.arrival(stage.held("append-reply", source=target, target=node))
    if chooser.chance(25):
        return
    if chooser.chance(50):
        yield macro.Wait(milliseconds=chooser.pick((75, 150, 150)), nodes=(node,))
    if chooser.chance(40):
        yield from overthrow(stage)
    elif chooser.chance(70):
        yield stage.replicate(node, stage.quorum(node, but=[target]), unanswered=())
    if stage.has_operators and chooser.chance(30):
        yield macro.ChangeMembers(node=node, changes=(Demote(target),))
        yield stage.replicate(node, stage.others(node), unanswered=())
    yield from late_campaign(stage, target, stage.quorum(target, but=[node]))
    if stage.view.leads(target):
        yield stage.overwrite(target)
        yield stage.replicate(target, stage.quorum(target, but=[node]), unanswered=())
    for _ in range(chooser.integer(0, 2)):
        yield stage.read_back(node)


def late_campaign(stage: Stage, target: str, voters: list[str]) -> Steps:
    """What told it to campaign arrives, and so do its requests for votes, and the votes."""
    yield from stage.arrival(stage.held("timeout-now", target=target), nth=0)
    if stage.chooser.chance(70):
        for voter in voters:
            yield from stage.arrival(stage.held("vote", source=target, target=voter), nth=-1)
            yield from stage.arrival(stage.held("vote-reply", source=voter, target=target), nth=-1)
        return
    for _ in range(stage.chooser.integer(1, 3)):
        yield from stage.arrival(stage.held("vote", "vote-reply", "append"))


def late_read_index(stage: Stage) -> Steps:
    """A follower's question was answered, but the answer is late; it or the leader is started
    again, or replaced, something is written that the follower does not hear of, and it reads."""
    chooser = stage.chooser
    pair = yield from begin_with_another(stage)
    if pair is None:
        return
    leader, follower = pair
    yield stage.replicate(leader, stage.others(leader), unanswered=())
    if chooser.chance(60):
        yield from ask_for_read_index(stage, leader, follower)
        yield stage.replicate(leader, stage.quorum(leader, but=[follower]), unanswered=())
    what = chooser.pick(("follower restarts", "leader restarts", "leader is replaced"))
    if what == "follower restarts":
        yield from bounce_of(stage, follower)
        yield stage.replicate(leader, [follower], unanswered=())
    writer: str | None = leader
    if what == "leader is replaced":
        writer = stage.pick(stage.others(leader, but=[follower]))
        if writer is not None:
            voters = stage.quorum(writer, but=[leader, follower])
            yield stage.elect(writer, voters, unanswered=())
    if writer is not None:
        yield stage.overwrite(writer)
        yield stage.replicate(writer, stage.quorum(writer, but=[follower, leader]), unanswered=())
    if what == "leader restarts":
        yield from bounce_of(stage, leader)
    yield from ask_for_read_index(stage, leader, follower)
    for _ in range(chooser.integer(1, 2)):
        yield from stage.arrival(stage.held("read-index-reply", target=follower), nth=0)


def ask_for_read_index(stage: Stage, leader: str, follower: str) -> Steps:
    """A read at a follower, whose question reaches the leader, mostly."""
    yield stage.read_back(follower)
    if stage.chooser.chance(80):
        questions = stage.held("read-index", source=follower, target=leader)
        yield from stage.arrival(questions, nth=-1)
