"""Moves: what a walk may do next, each one idea in one to three steps."""

from __future__ import annotations

from nemesis.cluster.protocol import DiskFile
from nemesis.macro import steps as macro
from nemesis.schedule import Knobs
from nemesis.search.walk.members import change_members
from nemesis.search.walk.stage import REPLIES, Figure, Stage, Steps

# What may pass, in ms: a heartbeat, a lease (with and without the drift of clocks), election
# time-outs, a session.
_TIMES = (20, 75, 75, 140, 150, 150, 300, 500)
_FILES: tuple[DiskFile, ...] = ("vote", "vote", "log", "snapshot", "older-log")


def elect(stage: Stage) -> Steps:
    """A campaign of somebody, mostly with a chance to win."""
    node = stage.anyone(but=stage.view.leaders())
    if node is not None:
        yield stage.elect(node, stage.some(node))


def elect_and_replicate(stage: Stage) -> Steps:
    """A new leader that does its duty."""
    node = stage.anyone(but=stage.view.leaders())
    if node is not None:
        yield stage.elect(node)
        if stage.view.leads(node):
            yield stage.replicate(node)


def campaign_alone(stage: Stage) -> Steps:
    """A campaign that nobody hears of yet."""
    node = stage.anyone(but=stage.view.leaders())
    if node is not None:
        yield stage.elect(node, [])


def propose(stage: Stage) -> Steps:
    """A write at whoever leads, or seems to."""
    node = stage.leader() or stage.anyone()
    if node is not None:
        yield stage.write(node)


def propose_and_replicate(stage: Stage) -> Steps:
    """A write that is performed, mostly."""
    node = stage.leader()
    if node is not None:
        yield stage.write(node)
        yield stage.replicate(node)


def read(stage: Stage) -> Steps:
    """A read, with what it takes to be answered; of old leaders rather than of new ones."""
    chooser, reads = stage.chooser, stage.knobs.reads
    stale = stage.view.stale_leaders()
    node = chooser.pick(stale) if stale and chooser.chance(50) else stage.leader()
    if reads == "follower" and chooser.chance(60):
        node = stage.anyone("follower") or node
    if node is None:
        return
    yield stage.read(node)
    if reads == "follower" and chooser.chance(70):
        for kind in ("read-index", "read-index-reply"):
            place = stage.held(kind, **{"source" if kind == "read-index" else "target": node})
            yield from stage.arrival(place, nth=-1)
            leader = stage.leader()
            if kind == "read-index" and leader is not None:
                yield stage.replicate(leader)
    elif reads != "lease" and chooser.chance(70):
        yield stage.replicate(node)


def retry(stage: Stage) -> Steps:
    """A client that waits asks the leader, or another one."""
    node = stage.leader() if stage.chooser.chance(80) else stage.anyone()
    step = None if node is None else stage.retry(node)
    if node is not None and step is not None:
        yield step
        if stage.chooser.chance(60):
            yield stage.replicate(node)


def replicate(stage: Stage) -> Steps:
    """A round of a leader's, or of one that was."""
    node = stage.leader()
    if node is not None:
        yield stage.replicate(node)


def send(stage: Stage) -> Steps:
    """What a leader has for one of the others arrives, and what it is answered is held."""
    node = stage.leader()
    peer = None if node is None else stage.pick(stage.others(node))
    if node is not None and peer is not None:
        yield from bring(stage, node, peer)


def bring(stage: Stage, node: str, peer: str) -> Steps:
    """What ``node`` has for ``peer`` arrives, the oldest first; what it is answered is held."""
    for _ in range(stage.chooser.integer(1, 4)):
        step = yield from stage.arrival(
            stage.held("append", "snapshot", source=node, target=peer), nth=0
        )
        if step is None:
            return


def deliver(stage: Stage) -> Steps:
    """Any message that is held."""
    yield from stage.arrival(stage.held())


def deliver_reply(stage: Stage) -> Steps:
    """An answer that is held."""
    yield from stage.arrival(stage.held(*REPLIES))


def deliver_stale(stage: Stage) -> Steps:
    """A message of an older term than the one that its receiver is in, the oldest there is."""
    yield from stage.arrival(stage.held_of_older_term(), nth=0)


def deliver_with_answer(stage: Stage) -> Steps:
    """A message that is held, and then what it is answered."""
    step = yield from stage.arrival(
        stage.held("append", "vote", "pre-vote", "snapshot", "read-index")
    )
    if step is not None:
        answers = stage.held(*REPLIES, source=step.target, target=step.source)
        yield from stage.arrival(answers, nth=-1)


def crash(stage: Stage) -> Steps:
    """Somebody crashes, and mostly comes again at once."""
    node = stage.anyone()
    if node is not None:
        yield macro.Crash(node=node)
        if stage.chooser.chance(75):
            yield macro.Restart(node=node)


def restart(stage: Stage) -> Steps:
    """Somebody who is down comes again."""
    node = stage.pick(stage.view.can_start())
    if node is not None:
        yield macro.Restart(node=node)


def crash_all(stage: Stage) -> Steps:
    """Everybody crashes and comes again."""
    for node in stage.shuffled(list(stage.cluster.servers)):
        yield macro.Crash(node=node)
    for node in stage.view.can_start():
        yield macro.Restart(node=node)


def fail_power(stage: Stage) -> Steps:
    """Power fails at somebody within what it does next, and it comes again."""
    chooser = stage.chooser
    node = stage.anyone()
    if node is None:
        return
    yield power_failure(stage, node)
    yield from sync_at(stage, node)
    if chooser.chance(75) and stage.cluster.nodes[node].replica is None:
        yield macro.Restart(node=node)


def power_failure(stage: Stage, node: str) -> macro.FailPower:
    """Power fails at this one, at one of its next syncs."""
    chooser = stage.chooser
    return macro.FailPower(
        node=node, syncs=chooser.pick((0, 0, 1, 1, 2, 3)), torn=chooser.chance(40)
    )


def sync_at(stage: Stage, node: str) -> Steps:
    """Something that ``node`` has to save."""
    chooser, leaders = stage.chooser, [name for name in stage.view.leaders() if name != node]
    if node in stage.view.leaders():
        yield stage.write(node)
    elif leaders and chooser.chance(50):
        if chooser.chance(50):
            yield stage.write(leaders[0])
        yield stage.replicate(leaders[0], [node])
    elif chooser.chance(50):
        yield stage.elect(node)
    else:
        candidate = stage.anyone(but=[node, *leaders])
        if candidate is not None:
            yield stage.elect(candidate, [node])


def wait(stage: Stage) -> Steps:
    """Time passes, for all or only some."""
    chooser = stage.chooser
    nodes: tuple[str, ...] = ()
    if chooser.chance(50):
        up = [name for name, _ in stage.view.up()]
        nodes = tuple(name for name in up if chooser.chance(50)) or tuple(up[:1])
    yield macro.Wait(milliseconds=chooser.pick(_TIMES), nodes=nodes)


def snapshot(stage: Stage) -> Steps:
    """Somebody takes a snapshot, and a leader then replicates by it."""
    node = stage.leader() if stage.chooser.chance(70) else stage.anyone()
    if node is not None:
        yield macro.Snapshot(node=node)
        if stage.view.leads(node) and stage.chooser.chance(50):
            yield stage.replicate(node, stage.others(node))


def transfer(stage: Stage) -> Steps:
    """A leader hands over."""
    node = stage.leader()
    others = [] if node is None else stage.others(node)
    if node is not None and others:
        target = others[0]
        voters = tuple(stage.quorum(target, but=[node]))
        if stage.chooser.chance(30):
            voters = tuple(stage.some(target))
        yield macro.TransferTo(node=node, target=target, voters=voters)


def stall(stage: Stage) -> Steps:
    """A disk, or a state machine, gets slow."""
    node = stage.anyone()
    if node is not None:
        yield macro.Stall(node=node)


def perform(stage: Stage) -> Steps:
    """What is slow gets done."""
    stalled = [name for name, _ in stage.view.up() if stage.cluster.nodes[name].is_stalled]
    node = stage.pick(stalled)
    if node is not None:
        yield draw_work(stage, node)


def draw_work(stage: Stage, node: str) -> macro.Perform:
    """What was begun at a stalled server: a write, or an application."""
    if stage.chooser.chance(70):
        return macro.Perform(node=node, work="write")
    return macro.Perform(node=node, work="application")


def damage(stage: Stage) -> Steps:
    """Somebody loses a file, or what it held, and comes again, if it can."""
    node = stage.anyone()
    if node is not None:
        yield from damage_to(stage, node)
        yield macro.Restart(node=node)
        yield from decide_with(stage, node)


def damage_to(stage: Stage, node: str, file: DiskFile | None = None) -> Steps:
    """This one loses a file, or what it held, if one more may."""
    chooser = stage.chooser
    if not stage.may_damage():
        return
    lost: DiskFile = chooser.pick(_FILES) if file is None else file
    if chooser.chance(50):
        yield macro.LoseFile(node=node, file=lost)
    else:
        yield macro.FlipBit(node=node, file=lost)


def fill_disk(stage: Stage) -> Steps:
    """A disk is full when there is something to save; then its server decides something else."""
    node = stage.anyone()
    if node is None:
        return
    yield macro.FillDisk(node=node)
    yield from sync_at(stage, node)
    yield macro.Crash(node=node)
    yield macro.Restart(node=node)
    yield from decide_with(stage, node)


def decide_with(stage: Stage, node: str) -> Steps:
    """An election that ``node`` has a say in."""
    if stage.chooser.chance(50) and stage.cluster.nodes[node].replica is not None:
        candidate = node if stage.chooser.chance(30) else stage.anyone(but=[node])
        if candidate is not None and not stage.view.leads(candidate):
            others = stage.others(candidate)
            others.sort(key=lambda name: name != node)
            yield stage.elect(candidate, others[: max(1, len(others) // 2)])


# By name, each with how often it is drawn.
MOVES: dict[str, tuple[Figure, int]] = {
    "elect": (elect, 20),
    "elect-and-replicate": (elect_and_replicate, 12),
    "campaign-alone": (campaign_alone, 4),
    "propose": (propose, 8),
    "propose-and-replicate": (propose_and_replicate, 14),
    "read": (read, 8),
    "retry": (retry, 5),
    "replicate": (replicate, 14),
    "send": (send, 6),
    "deliver": (deliver, 6),
    "deliver-reply": (deliver_reply, 6),
    "deliver-stale": (deliver_stale, 6),
    "deliver-with-answer": (deliver_with_answer, 6),
    "crash": (crash, 8),
    "restart": (restart, 6),
    "crash-all": (crash_all, 1),
    "fail-power": (fail_power, 5),
    "wait": (wait, 4),
    "snapshot": (snapshot, 5),
    "change-members": (change_members, 6),
    "transfer": (transfer, 4),
    "stall": (stall, 6),
    "perform": (perform, 10),
    "damage": (damage, 3),
    "fill-disk": (fill_disk, 3),
}
# These are in every walk: without them, nothing happens.
ESSENTIAL = ("elect", "elect-and-replicate", "propose-and-replicate", "replicate", "restart")


def possible_moves(knobs: Knobs) -> list[str]:
    """The moves that may do something in such a cluster."""
    slow = () if knobs.asynchronous_storage else ("stall", "perform")
    return [name for name in MOVES if name not in slow]
