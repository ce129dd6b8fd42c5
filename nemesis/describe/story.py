"""What happened in a run of macro-steps, step by step, as data that can be rendered.

The run is executed again, a step at a time: it is a pure function of schedule and variant.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from checker.history import Event
from checker.trace import TraceEvent
from checker.verdict import Failure
from nemesis.cluster.stepped import SteppedCluster
from nemesis.errors import ScheduleError
from nemesis.macro.execution import MacroExecution
from nemesis.macro.steps import MacroStep
from nemesis.macro.text import format_step
from nemesis.outcome import Run
from nemesis.schedule import Knobs
from raft.consensus import Entry, Message
from raft.consensus.configuration import Configuration
from raft.consensus.state import Role
from raft.kv.commands import Command, CommandError, RegisterSession
from raft.kv.encoding import decode_command
from raft.replica import Variant


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One entry: ``what`` is its command in words, "no-op", or a configuration."""

    index: int
    term: int
    what: str


@dataclass(frozen=True, slots=True)
class ServerState:
    """What a server is and knows after a step; a server that is down knows nothing."""

    name: str
    is_up: bool
    role: Role | None
    term: int
    voted_for: str | None
    # What the log holds goes on after ``base_index``; up to it there is a snapshot.
    base_index: int
    log: tuple[LogEntry, ...]
    commit_index: int
    configuration: Configuration

    @property
    def last_index(self) -> int:
        """The index of its last entry, or of its snapshot."""
        return self.log[-1].index if self.log else self.base_index


@dataclass(frozen=True, slots=True)
class Scene:
    """One step, and what it did. ``delivered`` are messages in the order of their arrival,
    ``held`` those that are held from this step on."""

    number: int
    step: MacroStep
    line: str
    before: dict[str, ServerState]
    after: dict[str, ServerState]
    delivered: tuple[Message, ...]
    held: tuple[Message, ...]
    trace: tuple[TraceEvent, ...]
    history: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Story:
    """A run: who took part, what happened, what was violated."""

    knobs: Knobs
    servers: tuple[str, ...]
    scenes: tuple[Scene, ...]
    failures: tuple[Failure, ...]


class _WatchedCluster(SteppedCluster):
    """Remembers what is delivered."""

    def __init__(self, knobs: Knobs, variant: Variant) -> None:
        super().__init__(knobs, variant)
        self.arrived: list[Message] = []

    def handle(self, node: str, *inputs: Any) -> None:
        self.arrived.extend(
            each for each in inputs if isinstance(each, Message) and self._is_up(node)
        )
        super().handle(node, *inputs)

    def _is_up(self, node: str) -> bool:
        return self.nodes[node].replica is not None


def describe(run: Run, variant: Variant) -> Story:
    """Tell a run of macro-steps of this variant. Raises ScheduleError for any other run."""
    schedule = run.schedule
    if not schedule.is_macro:
        raise ScheduleError("only runs of macro-steps can be told step by step")
    execution = MacroExecution(schedule.knobs, variant)
    execution.cluster = cluster = _WatchedCluster(schedule.knobs, variant)
    scenes: list[Scene] = []
    state = _states(cluster)
    for number, step in enumerate(schedule.steps, start=1):
        assert isinstance(step, MacroStep)
        traced, told = len(cluster.trace.events), len(cluster.history.events)
        held = _held(cluster)
        cluster.arrived.clear()
        execution.perform(step)
        before, state = state, _states(cluster)
        scenes.append(
            Scene(
                number,
                step,
                format_step(step),
                before,
                state,
                tuple(cluster.arrived),
                tuple(_newly_held(held, _held(cluster))),
                tuple(cluster.trace.events[traced:]),
                tuple(cluster.history.events[told:]),
            )
        )
    return Story(schedule.knobs, cluster.servers, tuple(scenes), run.verdict.failures)


def _held(cluster: SteppedCluster) -> list[Message]:
    return [message for place in cluster.post.places() for message in cluster.post.held(place)]


def _newly_held(before: list[Message], after: list[Message]) -> list[Message]:
    """Messages are values: of equal ones as many are new as there are more."""
    left = list(before)
    new = []
    for message in after:
        if message in left:
            left.remove(message)
        else:
            new.append(message)
    return new


def _states(cluster: SteppedCluster) -> dict[str, ServerState]:
    return {name: _state(cluster, name) for name in cluster.servers}


def _state(cluster: SteppedCluster, name: str) -> ServerState:
    consensus = cluster.consensus(name)
    if consensus is None:
        return ServerState(name, False, None, 0, None, 0, (), 0, Configuration(()))
    log = consensus.log
    entries = log.entries_from(log.first_index) if log.last_index > log.base_index else ()
    return ServerState(
        name,
        True,
        consensus.role,
        consensus.current_term,
        consensus.voted_for,
        log.base_index,
        tuple(LogEntry(entry.index, entry.term, entry_words(entry)) for entry in entries),
        consensus.commit_index,
        consensus.configuration,
    )


# -- What entries hold -----------------------------------------------------------------------------


def entry_words(entry: Entry) -> str:
    """What an entry holds, in words."""
    if entry.configuration is not None:
        return configuration_words(entry.configuration)
    return command_words(entry.command)


NO_COMMAND = "no command"
"""What is said of bytes that are none."""


def command_words(command: bytes) -> str:
    """A command as people write it: "x=1"."""
    if not command:
        return "no-op"
    try:
        return _operation_words(decode_command(command))
    except CommandError:
        return NO_COMMAND


def _operation_words(command: Command) -> str:
    operation: Any = command.operation
    if isinstance(operation, RegisterSession):
        return "new session"
    kind = operation.__struct_config__.tag
    match kind:
        case "put":
            return f"{operation.key}={operation.value}"
        case "append":
            return f"{operation.key}+={operation.value}"
        case "delete":
            return f"delete {operation.key}"
        case "get":
            return f"read {operation.key}"
        case "cas":
            return f"{operation.key}: {operation.expected or 'nothing'}→{operation.value}"
    return "transaction"


def configuration_words(configuration: Configuration) -> str:
    """Who votes, in the old majority too, and who learns: "{n1 n2 n3 | n1 n2 + n4}"."""
    words = " ".join(configuration.voters)
    if configuration.outgoing:
        words = f"{' '.join(configuration.outgoing)} → {words}"
    if configuration.learners:
        words += f" + {' '.join(configuration.learners)}"
    return "{" + words + "}"
