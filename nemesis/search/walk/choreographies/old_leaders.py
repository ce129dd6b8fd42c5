"""Choreographies of leaders that were replaced without noticing: what they are owed comes late."""

from __future__ import annotations

from nemesis.cluster.stepped.post import Place
from nemesis.macro import steps as macro
from nemesis.macro.steps import MessageKind
from nemesis.search.walk.choreographies.parts import Opening, begin_with_another, unanswered_round
from nemesis.search.walk.choreographies.reads import replace_leader
from nemesis.search.walk.moves import bring
from nemesis.search.walk.stage import Stage, Steps
from raft.consensus.changes import AddLearner


def take_office(stage: Stage) -> Opening:
    """Somebody leads: as before, or newly elected, with votes that are still on their way."""
    chooser = stage.chooser
    leader = stage.view.leader()
    if leader is None or chooser.chance(60):
        leader = stage.pick(stage.view.heirs(leader)) or stage.anyone(but=stage.view.leaders())
        if leader is None:
            return None
        voters = stage.supporters(leader)
        late = stage.others(leader, but=voters) if chooser.chance(70) else []
        yield stage.elect(leader, voters + late, unanswered=late)
    return leader if stage.view.leads(leader) else None


def owed_answers(stage: Stage) -> Steps:
    """A leader is replaced behind its back while it has asked for votes and for confirmations, in
    this term or in an older one; then it is asked to read, and what it is owed arrives."""
    chooser = stage.chooser
    pair = yield from begin_with_another(stage, take_office)
    if pair is None:
        return
    first, second = pair
    if chooser.chance(65):
        yield stage.replicate(first, stage.others(first), unanswered=())
        if chooser.chance(60):
            yield from add_learners(stage, first)
        yield from owe(stage, first, second)
        if chooser.chance(25):
            yield from come_back(stage, first)
    else:
        # It has committed nothing of its own term, and does not know who has its first entry.
        for peer in stage.others(first):
            yield from bring(stage, first, peer)
        if chooser.chance(30):
            yield from owe(stage, first, second)
    yield from replace_leader(stage, first, second)
    yield from ask(stage, first)


def add_learners(stage: Stage, leader: str) -> Steps:
    """All those who are no members follow the leader, but have no vote."""
    members = stage.view.configuration(leader).members
    spares = [name for name in stage.cluster.servers if name not in members]
    if spares and stage.may_change_members():
        yield macro.ChangeMembers(node=leader, changes=tuple(AddLearner(name) for name in spares))


def owe(stage: Stage, first: str, second: str) -> Steps:
    """Rounds of a leader, mostly for reads: their answers, or the rounds themselves, may stay on
    their way, and those of the last one mostly do."""
    chooser = stage.chooser
    for _ in range(chooser.integer(0, 2)):
        if chooser.chance(50):
            yield stage.read(first)
        what = chooser.pick(("answered", "late", "lost"))
        yield from owed_round(stage, first, second, what)
    if chooser.chance(80):
        if chooser.chance(70):
            yield stage.read(first)
        yield from owed_round(stage, first, second, "late")


def owed_round(stage: Stage, first: str, second: str, what: str) -> Steps:
    """A round to all, or to those who will not be elected; answered, or late, or lost."""
    chooser = stage.chooser
    peers = stage.others(first)
    if chooser.chance(50):
        peers = stage.quorum(first, but=[second])
    if what == "lost":
        yield stage.replicate(first, [])
    elif what == "late" and chooser.chance(40):
        yield from unanswered_round(stage, first, peers)
    else:
        yield stage.replicate(first, peers, unanswered=peers if what == "late" else ())


def come_back(stage: Stage, first: str) -> Steps:
    """A leader is deposed and elected once more; then rounds of its first term arrive."""
    chooser = stage.chooser
    other, peer = stage.pick(stage.others(first)), stage.pick(stage.others(first))
    if other is None or peer is None:
        return
    yield stage.read(first)
    yield stage.replicate(first, stage.others(first, but=[peer])[:1], unanswered=())
    yield stage.elect(other, stage.quorum(other, but=[first]), unanswered=())
    yield stage.replicate(other, [first], unanswered=())
    yield stage.elect(first, stage.others(first), unanswered=())
    yield stage.replicate(first, stage.quorum(first, but=[peer]), unanswered=())
    for _ in range(chooser.integer(1, 3)):
        yield from newest_of_older_term(stage, first, peer)


def newest_of_older_term(stage: Stage, source: str, target: str) -> Steps:
    """Of what is held on this link, and is of an older term than the receiver's, the newest."""
    place: Place = (source, target, "append")
    term = stage.view.term(target)
    held = stage.cluster.post.held(place)
    older = [nth for nth, message in enumerate(held) if message.term < term]
    if older:
        yield from stage.arrival([place], nth=older[-1])


def ask(stage: Stage, first: str) -> Steps:
    """A leader that was is asked to read, and what it is owed arrives, before or after."""
    chooser = stage.chooser
    if chooser.chance(70):
        yield from stage.arrival(owed(stage, first, "vote-reply"), nth=-1)
    for _ in range(chooser.integer(1, 2)):
        yield stage.read_back(first)
        what = chooser.pick(("round", "answers", "answers"))
        if what == "round":
            yield stage.replicate(first, stage.view.loyal(first), unanswered=())
        for _ in range(chooser.integer(1, 5) if what == "answers" else 0):
            yield from stage.arrival(owed(stage, first, "append-reply"), nth=0)


def owed(stage: Stage, first: str, kind: MessageKind) -> list[Place]:
    """Where answers to a leader are held that do not tell it of a newer term."""
    post, term = stage.cluster.post, stage.view.term(first)
    return [place for place in stage.held(kind, target=first) if post.held(place)[0].term <= term]


def commit_at_once(stage: Stage, leader: str, voters: list[str]) -> Steps:
    """What a new leader has sent first arrives and is answered, before any time passes."""
    for voter in voters:
        for _ in range(2):
            step = yield from stage.arrival(
                stage.held("append", source=leader, target=voter), nth=-1
            )
            if step is None:
                break
            replies = stage.held("append-reply", source=voter, target=leader)
            yield from stage.arrival(replies, nth=-1)


def asked_early(stage: Stage) -> Steps:
    """A leader that has all that is committed, but has not been told that it is, is asked at
    once: those who elected it have answered it, but lack what they must have first."""
    chooser = stage.chooser
    pair = yield from begin_with_another(stage, take_office)
    if pair is None:
        return
    first, second = pair
    yield stage.overwrite(first)
    peers = stage.quorum(first, but=stage.others(first, but=[second]))
    yield stage.replicate(first, peers, unanswered=())
    voters = stage.quorum(second, but=[first, *peers])
    yield stage.elect(second, voters, unanswered=())
    for voter in voters:
        step = yield from stage.arrival(stage.held("append", source=second, target=voter), nth=-1)
        if step is not None and chooser.chance(90):
            replies = stage.held("append-reply", source=voter, target=second)
            yield from stage.arrival(replies, nth=-1)
    yield stage.read_back(second)
