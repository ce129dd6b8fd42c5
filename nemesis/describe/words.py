"""Each macro-step in plain words: what was meant to happen, and what really did."""

from __future__ import annotations

from collections.abc import Iterator

from checker.trace import SnapshotTaken, VoteGranted
from nemesis.describe import effects
from nemesis.describe.effects import listed
from nemesis.describe.messages import message_words
from nemesis.describe.story import Scene, ServerState, Story
from nemesis.macro import steps as macro
from nemesis.workloads import WORKLOADS
from raft.consensus import AppendEntriesReply, Message, RequestVoteReply
from raft.consensus.changes import Change, Target
from raft.consensus.messages import (
    AppendEntries,
    InstallSnapshot,
    InstallSnapshotReply,
    PreVoteReply,
)

# Those that do something to a server that is down, too.
_DISK_STEPS = (macro.Restart, macro.LoseFile, macro.FlipBit, macro.FillDisk, macro.FailPower)
_CHANGES = {
    "add-voter": "add {} as a voter",
    "add-learner": "add {} as a learner",
    "promote": "promote {} to a voter",
    "demote": "demote {} to a learner",
    "remove": "remove {}",
}


def sentences(story: Story) -> list[str]:
    """A sentence for each step."""
    narrator = Narrator(story)
    return [narrator.sentence(scene) for scene in story.scenes]


def clients_of(story: Story) -> dict[int | str, str]:
    """What clients are called, by the process numbers under which they stand in the history."""
    numbers = {
        event.process: scene.step.client
        for scene in story.scenes
        if isinstance(scene.step, macro.Propose)
        for event in scene.history
        if event.type == "invoke"
    }
    several = len(set(numbers.values())) > 1
    return {process: client_words(number, several) for process, number in numbers.items()}


def client_words(number: int, several: bool) -> str:
    """The client, or, if there are several, its name."""
    return f"client c{number}" if several else "the client"


class Narrator:
    """Tells the scenes of one story."""

    def __init__(self, story: Story) -> None:
        self._story = story
        self._clients = clients_of(story)
        self._has_several = len(set(self._clients.values())) > 1

    def sentence(self, scene: Scene) -> str:
        """What the step did."""
        step = scene.step
        told = list(self._main(scene))
        if not isinstance(step, macro.Settle):
            told += [each for each in self._effects(scene) if each not in told]
        text = "; ".join(told) + "."
        # Servers are named in small letters, at the beginning too.
        return text if text.startswith(tuple(self._story.servers)) else text[0].upper() + text[1:]

    def _client(self, number: int) -> str:
        return client_words(number, self._has_several)

    def _effects(self, scene: Scene) -> Iterator[str]:
        yield from effects.step_downs(scene)
        yield from effects.configurations(scene)
        yield from effects.commitments(scene)
        yield from effects.answers(scene.history, self._clients, self._story.knobs.workload)
        yield from effects.stops(scene)

    def _main(self, scene: Scene) -> Iterator[str]:
        step = scene.step
        node = getattr(step, "node", None)
        may_be_down = isinstance(step, _DISK_STEPS)
        if node is not None and not may_be_down and not scene.before[node].is_up:
            yield f"{node} is down, so nothing happens"
            return
        match step:
            case macro.Elect():
                yield from _election(scene, step.node, step.voters, hasty=step.hasty)
            case macro.Replicate():
                yield from _replication(scene, step)
            case macro.Propose():
                yield from self._proposal(scene, step)
            case macro.Retry():
                yield from self._retry(scene, step)
            case macro.Deliver():
                yield from _delivery(scene, step)
            case macro.ChangeMembers():
                yield from _change(scene, step)
            case macro.TransferTo():
                yield f"an operator asks {step.node} to hand over to {step.target}"
                if not step.held:
                    yield from _election(scene, step.target, step.voters, hasty=False)
            case macro.Settle():
                yield "everybody is started again, and everything that is sent arrives"
            case _:
                yield from _process(scene)

    def _proposal(self, scene: Scene, step: macro.Propose) -> Iterator[str]:
        client = self._client(step.client)
        is_read = step.f in WORKLOADS[self._story.knobs.workload].reads
        yield f"{client} asks {step.node} {effects.request_words(step)}"
        yield from self._what_came_of_it(scene, step.node, is_read=is_read)

    def _retry(self, scene: Scene, step: macro.Retry) -> Iterator[str]:
        client = self._client(step.client)
        yield f"{client}, still without an answer, asks {step.node} again"
        yield from self._what_came_of_it(scene, step.node, is_read=False)

    def _what_came_of_it(self, scene: Scene, node: str, *, is_read: bool) -> Iterator[str]:
        index = effects.appended_by(scene, node)
        # What was given up for this one ended before it began.
        types = [event.type for event in scene.history]
        begun = types.index("invoke") if "invoke" in types else 0
        is_answered = "ok" in types[begun:] or "fail" in types[begun:]
        if index is not None:
            term = scene.after[node].term
            yield f"{node} appends it as entry {index} of term {term}, which reaches nobody yet"
        elif is_answered:
            return
        elif scene.after[node].role != "leader" and self._story.knobs.reads != "follower":
            yield f"{node} does not lead, and refuses"
        elif is_read:
            yield f"{node} does not answer yet"


# -- Elections -------------------------------------------------------------------------------------


def _election(scene: Scene, node: str, voters: tuple[str, ...], *, hasty: bool) -> Iterator[str]:
    before, after = scene.before[node], scene.after[node]
    if before.role == "leader":
        yield f"{node} leads already, so it does not campaign"
        return
    granted = [
        message.source
        for message in scene.delivered
        if isinstance(message, RequestVoteReply) and message.target == node and message.vote_granted
    ]
    hearers = listed(voters) or "others"
    haste = f", though {hearers} may still hear from a leader" if hasty else ""
    if after.role == "leader":
        votes = f" with the vote{'s' * (len(granted) > 1)} of {listed(granted)}" if granted else ""
        alone = "" if granted else " by its own vote alone"
        yield _elected(scene, node, f"{votes}{alone}{haste}")
    elif after.role == "pre-candidate":
        yield f"{node} asks whether it would be elected in term {after.term + 1}{haste}"
        yield from _pre_votes(scene, node, voters)
    elif after.role == "candidate":
        yield f"{node} campaigns in term {after.term}{haste}"
        yield from _votes(scene, node, voters, granted)
    elif after.is_up:
        yield f"{node} would campaign, but does not, or gives up at once{haste}"
        yield from _votes(scene, node, voters, granted)


def _elected(scene: Scene, node: str, by: str) -> str:
    index = effects.appended_by(scene, node)
    noop = f", and appends a no-op as entry {index}" if index is not None else ""
    return f"{node} is elected leader of term {scene.after[node].term}{by}{noop}"


def _votes(scene: Scene, node: str, voters: tuple[str, ...], granted: list[str]) -> Iterator[str]:
    visible = [
        event.node
        for event in scene.trace
        if isinstance(event, VoteGranted) and event.candidate == node and event.node != node
    ]
    if not any(message.source == node for message in scene.delivered):
        yield "its requests for votes reach nobody yet"
    for voter in voters:
        if voter in granted:
            yield f"{voter} votes for it"
        elif voter in visible:
            yield f"{voter} votes for it, but its answer does not arrive yet"
        elif not scene.before[voter].is_up:
            yield f"{voter} is down"
        elif not scene.after[voter].is_up:
            # Why it went down is told below.
            continue
        elif any(m.target == voter and m.source == node for m in scene.delivered):
            yield f"{voter} refuses its vote"


def _pre_votes(scene: Scene, node: str, voters: tuple[str, ...]) -> Iterator[str]:
    for message in scene.delivered:
        if isinstance(message, PreVoteReply) and message.target == node:
            yield f"{message.source} {'would' if message.vote_granted else 'would not'} vote for it"
    if not voters:
        yield "nobody hears of it yet"


# -- Replication -----------------------------------------------------------------------------------


def _replication(scene: Scene, step: macro.Replicate) -> Iterator[str]:
    node = step.node
    if scene.before[node].role != "leader":
        yield f"{node} does not lead, so it has nothing to send"
        return
    if not step.peers:
        yield f"{node} sends what it has to send, and nothing arrives yet"
        return
    told = [_peer(scene, node, peer, peer in step.unanswered) for peer in step.peers]
    yield f"{node} replicates to {listed(step.peers)}: {', '.join(told)}"


def _peer(scene: Scene, node: str, peer: str, is_unanswered: bool) -> str:
    """What a follower did with what its leader sent."""
    sent = [m for m in scene.delivered if m.source == node and m.target == peer]
    if not sent:
        return f"{peer} is down" if not scene.before[peer].is_up else f"{peer} is sent nothing"
    arrived = _answers_of(scene.delivered, peer, node)
    held = _answers_of(scene.held, peer, node)
    words = _reception(scene, node, peer, sent, [*arrived, *held])
    return words + (", but its answer does not arrive yet" if is_unanswered else "")


def _answers_of(
    messages: tuple[Message, ...], peer: str, node: str
) -> list[AppendEntriesReply | InstallSnapshotReply]:
    return [
        message
        for message in messages
        if isinstance(message, AppendEntriesReply | InstallSnapshotReply)
        and message.source == peer
        and message.target == node
    ]


def _reception(
    scene: Scene,
    node: str,
    peer: str,
    sent: list[Message],
    replies: list[AppendEntriesReply | InstallSnapshotReply],
) -> str:
    if any(isinstance(reply, InstallSnapshotReply) and reply.installed for reply in replies):
        return f"{peer} installs the snapshot up to entry {scene.after[peer].base_index}"
    changed = effects.log_change(scene, peer)
    if changed is not None:
        return f"{peer} {changed}"
    last = replies[-1] if replies else None
    if isinstance(last, AppendEntriesReply) and last.success:
        return f"{peer} acknowledges {_up_to(last.match_index)}"
    if last is not None and last.term > scene.before[node].term:
        return f"{peer}, which is in term {last.term}, refuses"
    if isinstance(last, AppendEntriesReply):
        return f"{peer} refuses, since its log has no such entry {last.prev_log_index}"
    if any(isinstance(message, InstallSnapshot) for message in sent):
        return f"{peer} receives a part of a snapshot"
    heartbeat = all(isinstance(m, AppendEntries) and not m.entries for m in sent)
    return f"{peer} receives {'a heartbeat' if heartbeat else 'it'} and does not answer"


def _up_to(index: int) -> str:
    return f"its log up to entry {index}" if index else "the heartbeat"


def _delivery(scene: Scene, step: macro.Deliver) -> Iterator[str]:
    source, target = step.source, step.target
    if not scene.delivered:
        is_up = scene.before[target].is_up
        yield "there is no such message" if is_up else f"{target} is down"
        return
    message = scene.delivered[0]
    copy = "a copy of " if step.copy else ""
    yield f"{copy}{message_words(message)} arrives at {target}"
    before, after = scene.before[target], scene.after[target]
    changed = effects.log_change(scene, target)
    if after.role == "leader" and before.role != "leader":
        yield _elected(scene, target, "")
    elif changed is not None:
        yield f"{target} {changed}"
    if any(
        isinstance(event, VoteGranted) and event.node == target and event.candidate == source
        for event in scene.trace
    ):
        yield f"{target} votes for {source} in term {after.term}"
    elif after.is_up and after.term != before.term:
        yield f"{target} is now in term {after.term}"


# -- Operators, processes, time --------------------------------------------------------------------


def _change(scene: Scene, step: macro.ChangeMembers) -> Iterator[str]:
    asked = listed(map(_change_words, step.changes)) or "leave the joint configuration"
    slowly = "" if step.transition == "automatic" else ", through a joint configuration"
    yield f"an operator asks {step.node} to {asked}{slowly}"
    stored = effects.log_change(scene, step.node, "appends")
    if stored is None:
        refused = [event.error for event in scene.history if event.f == "operator" and event.error]
        yield f"{step.node} refuses ({refused[0]})" if refused else f"{step.node} does nothing yet"
    else:
        yield f"{step.node} {stored}, which reaches nobody yet"


def _change_words(change: Change) -> str:
    if isinstance(change, Target):
        learners = f" and the learners {listed(change.learners)}" if change.learners else ""
        return f"make the cluster one of {listed(change.voters)}{learners}"
    return _CHANGES[str(change.__struct_config__.tag)].format(change.node)


def _process(scene: Scene) -> Iterator[str]:
    match scene.step:
        case macro.Crash(node=node):
            yield f"{node} crashes"
        case macro.Restart(node=node):
            yield from _restart(scene, node)
        case macro.FailPower(node=node, syncs=syncs, torn=torn):
            when = f"after {syncs} more" if syncs else "at its next"
            half = ", of which a first half stays" if torn else ""
            writes = "writes" if syncs > 1 else "write"
            yield f"the power of {node} is to fail {when} {writes} to its disk{half}"
        case macro.LoseFile(node=node, file=file):
            yield f"{node} crashes, and its {file.replace('-', ' ')} file is lost"
        case macro.FlipBit(node=node, file=file):
            yield f"{node} crashes, and a bit of its {file.replace('-', ' ')} file is another one"
        case macro.FillDisk(node=node):
            yield f"no space is left on the disk of {node}"
        case macro.Snapshot(node=node):
            yield from _snapshot(scene, node)
        case macro.Stall(node=node):
            yield f"{node} becomes slow: what it writes to its disk, or applies, is not done yet"
        case macro.Perform(node=node, work=work):
            done = "written to its disk" if work == "write" else "applied to its state machine"
            yield f"what {node} has waited for is {done}"
        case macro.Wait(milliseconds=milliseconds, nodes=nodes):
            whom = f", which {listed(nodes)} notice" if nodes else ""
            yield f"{milliseconds} ms pass{whom}"


def _snapshot(scene: Scene, node: str) -> Iterator[str]:
    taken = [event for event in scene.trace if isinstance(event, SnapshotTaken)]
    if not taken:
        yield f"{node} has nothing new to take a snapshot of"
        return
    yield f"{node} takes a snapshot up to entry {taken[-1].index}"
    base = scene.after[node].base_index
    if base != scene.before[node].base_index:
        yield f"its log begins after entry {base} now"


def _restart(scene: Scene, node: str) -> Iterator[str]:
    before, after = scene.before[node], scene.after[node]
    if before.is_up:
        yield f"{node} is up already"
    elif after.is_up:
        yield f"{node} starts again: {_memory(after)}"


def _memory(state: ServerState) -> str:
    """What a server knows after a start."""
    vote = f"has voted for {state.voted_for} in it" if state.voted_for else "remembers no vote"
    last = state.last_index
    log = f"has a log up to entry {last}" if last else "has an empty log"
    return f"it is in term {state.term}, {vote}, and {log}"
