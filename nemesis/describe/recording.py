"""Messages are in no trace: a simulated run is done again, and they are written down.

That costs the simulator nothing: whoever wants them stands between its servers and its network.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any, NamedTuple

from checker.report.messages import Seen, Told
from checker.trace import Started, Stopped, TraceEvent
from nemesis.cluster.sim import SimulatedCluster
from nemesis.cluster.sim.events import Action
from nemesis.cluster.stepped import SteppedCluster
from nemesis.cluster.stepped.post import KINDS
from nemesis.describe.messages import message_label, message_words
from nemesis.describe.steps import describe_step
from nemesis.macro.execution import MacroExecution
from nemesis.macro.steps import MacroStep
from nemesis.outcome import Run
from nemesis.run import Execution
from nemesis.schedule import Knobs, Schedule
from nemesis.subjects.own import variant_of
from nemesis.subjects.registry import subject_named
from nemesis.subjects.subject import Subject
from raft.consensus import Message
from raft.replica import Outputs, Variant

# Effects of a bad link on a message that is sent over it, and what they make of it.
_EFFECTS = {
    "partition": "cut",
    "loss": "lost",
    "reorder": "delayed",
    "delay": "delayed",
    "slow-link": "delayed",
}
# Effects that are counted in bytes.
_BYTES = ("bytes-lost", "unsynced-loss", "torn-write", "first-start")
_NEVER_ARRIVES = frozenset({"cut", "lost"})
_WATCHED = (*_EFFECTS, "duplicate")
_AT_THE_END = "all faults end; what clients still had to do, and last operations"


class StepSeen(NamedTuple):
    """A step, when it began, and how many events the trace had before it and after it."""

    line: str
    time: int
    first: int
    last: int


class Recorded(NamedTuple):
    """A run that was done again, with its messages and the places of its steps in the trace;
    ``calm``: when all faults ended, if it came to that; ``losses``: bytes that disks lost, as pairs
    of when a step ended and how many went in it."""

    run: Run
    messages: list[Seen]
    steps: list[StepSeen]
    calm: int | None = None
    losses: tuple[tuple[int, int], ...] = ()


def record(schedule: Schedule, subject: Subject) -> Recorded:
    """Run a schedule of either kind, and write down all messages between servers. Raises NotOurOwn
    for macro-steps on another Raft than ours."""
    if schedule.is_macro:
        return _record_macro(schedule, variant_of(subject, "macro-steps drive"))
    return _record(schedule, subject)


def record_named(schedule: Schedule, name: str) -> Recorded:
    """As ``record``, of the subject of this name; with messages as they are told, which may leave
    the process."""
    recorded = record(schedule, subject_named(name))
    for each in recorded.messages:
        each.message = tell(each.message)
    return recorded


class _Losses:
    """What disks have lost, by the effects of a cluster."""

    def __init__(self, effects: Counter[str]) -> None:
        self._effects = effects
        self._before = 0
        self.points: list[tuple[int, int]] = []

    def look(self, now: int) -> None:
        """A step has ended."""
        total = sum(self._effects[name] for name in _BYTES)
        if total > self._before:
            self.points.append((now, total - self._before))
            self._before = total


class _Log:
    """What was sent so far. Messages are told apart by being the same object, so all are kept."""

    def __init__(self, events: list[TraceEvent]) -> None:
        self.seen: list[Seen] = []
        self._events = events
        # The copies of a message that are still to arrive.
        self._under_way: dict[tuple[int, str], list[int]] = {}

    def sent(
        self, source: str, target: str, message: Any, now: int, fate: str, original: int = -1
    ) -> int:
        """A copy of a message was sent; its place."""
        seen = self.seen
        place = len(seen)
        seen.append(Seen(source, target, message, now, len(self._events), fate, original=original))
        if fate not in _NEVER_ARRIVES:
            self._under_way.setdefault((id(message), target), []).append(place)
        return place

    def arrives(self, target: str, message: Any) -> int | None:
        """The place of the copy that arrives; None for what was not written down."""
        waiting = self._under_way.get((id(message), target))
        if not waiting:
            return None
        # The last one stays: a copy of it may arrive again.
        return waiting.pop(0) if len(waiting) > 1 else waiting[0]


def tell(message: Any) -> Told:
    """A message in words; of a Raft that is not ours, the kind it says it is of, or its type."""
    if isinstance(message, Told):
        return message
    kind = KINDS.get(type(message))
    term = getattr(message, "term", 0)
    if kind is None:
        said = getattr(message, "kind", None)
        name = said if isinstance(said, str) else type(message).__name__
        return Told(name, term if isinstance(term, int) else 0, name, name)
    return Told(kind, term, message_words(message), message_label(message))


# -- Simulated runs --------------------------------------------------------------------------------


class _Wire:
    """Stands between the servers and the network of a simulated cluster."""

    def __init__(self, cluster: SimulatedCluster) -> None:
        self.log = _Log(cluster.trace.events)
        self._events = cluster.trace.events
        self._read = 0
        self._is_up: dict[str, bool] = {}
        self._network = cluster.network
        self._effects = cluster.effects
        self._cluster = cluster
        self._servers = frozenset(cluster.nodes)
        cluster.intercept(self, self._around)

    def send(self, source: str, target: str, message: Any) -> None:
        if target not in self._servers:
            self._network.send(source, target, message)
            return
        count = self._effects.get
        before = [*map(count, _WATCHED)]
        self._network.send(source, target, message)
        after = [*map(count, _WATCHED)]
        now = self._cluster.now()
        if before == after:
            self.log.sent(source, target, message, now, "delivered")
            return
        changed = [
            name for name, old, new in zip(_WATCHED, before, after, strict=True) if old != new
        ]
        fate = next((_EFFECTS[name] for name in changed if name in _EFFECTS), "delivered")
        original = self.log.sent(source, target, message, now, fate)
        if "duplicate" in changed:
            self.log.sent(source, target, message, now, "duplicate", original)

    def _around(self, name: str, receive: Action) -> Action:
        def arrive(message: Any) -> None:
            place = self.log.arrives(name, message)
            if place is not None:
                seen = self.log.seen[place]
                seen.arrived, seen.arrived_at = self._cluster.now(), len(self._events)
                if not self._has_process(name):
                    seen.fate = "down"
            receive(message)

        return arrive

    def _has_process(self, name: str) -> bool:
        events = self._events
        if self._read < len(events):
            for event in events[self._read :]:
                kind = event.__class__
                if kind is Started or kind is Stopped:
                    self._is_up[event.node] = kind is Started
            self._read = len(events)
        return self._is_up.get(name, False)


def _record(schedule: Schedule, subject: Subject) -> Recorded:
    wires: list[_Wire] = []
    execution = Execution(
        schedule.knobs,
        schedule.seed,
        subject,
        watch=lambda cluster: wires.append(_Wire(cluster)),
    )
    cluster = execution.cluster
    events = cluster.trace.events
    steps: list[StepSeen] = []
    losses = _Losses(cluster.effects)
    losses.look(cluster.now())
    for step in schedule.steps:
        first, time = len(events), cluster.now()
        goes_on = execution.perform(step)
        losses.look(cluster.now())
        steps.append(StepSeen(describe_step(step), time, first, len(events)))
        if not goes_on:
            break
    first, time = len(events), cluster.now()
    run = execution.finish()
    losses.look(cluster.now())
    calm = time if len(events) > first else None
    if calm is not None:
        steps.append(StepSeen(_AT_THE_END, time, first, len(events)))
    messages = wires[0].log.seen
    for each in messages:
        if each.arrived < 0 and each.fate not in _NEVER_ARRIVES:
            each.fate = "held"
    return Recorded(run, messages, steps, calm, tuple(losses.points))


# -- Runs of macro-steps ---------------------------------------------------------------------------


class _RecordingCluster(SteppedCluster):
    """Writes down what is sent, and what arrives."""

    def __init__(self, knobs: Knobs, variant: Variant) -> None:
        super().__init__(knobs, variant)
        self.log = _Log(self.trace.events)
        # How many messages there were when the present step began.
        self.before = 0

    def _dispatch(self, node: str, outputs: Outputs) -> None:
        for message in outputs.messages:
            self.log.sent(node, message.target, message, self.time.now, "held")
        super()._dispatch(node, outputs)

    def handle(self, node: str, *inputs: Any) -> None:
        for each in inputs:
            if isinstance(each, Message):
                self._arrives(node, each)
        super().handle(node, *inputs)

    def _arrives(self, node: str, message: Message) -> None:
        log = self.log
        place = log.arrives(node, message)
        if place is None:
            return
        seen = log.seen[place]
        if seen.arrived >= 0:
            seen = replace(seen, fate="duplicate", original=place)
            log.seen.append(seen)
        elif place < self.before:
            seen.fate = "delayed"
        else:
            seen.fate = "delivered"
        seen.arrived, seen.arrived_at = self.time.now, len(self.trace.events)
        if self.nodes[node].replica is None:
            seen.fate = "down"


def _record_macro(schedule: Schedule, variant: Variant) -> Recorded:
    execution = MacroExecution(schedule.knobs, variant)
    execution.cluster = cluster = _RecordingCluster(schedule.knobs, variant)
    events = cluster.trace.events
    steps: list[StepSeen] = []
    losses = _Losses(cluster.effects)
    for step in schedule.steps:
        assert isinstance(step, MacroStep)
        first, time = len(events), cluster.time.now
        cluster.before = len(cluster.log.seen)
        goes_on = execution.perform(step)
        losses.look(cluster.time.now)
        steps.append(StepSeen(describe_step(step), time, first, len(events)))
        if not goes_on:
            break
    run = execution.finish()
    losses.look(cluster.time.now)
    return Recorded(run, cluster.log.seen, steps, losses=tuple(losses.points))
