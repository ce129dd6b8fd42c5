"""From a violation to a conviction: the way to it, as a schedule that the stepped cluster runs.

What is explored is a model of a cluster, if one whose servers run the real rules. So nothing is
reported but what the real replicas do, judged by the monitors; where they disagree with what was
found, the explorer is wrong, and says so.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from nemesis.cluster.stepped import SteppedCluster
from nemesis.cluster.stepped.post import KINDS
from nemesis.errors import NemesisError
from nemesis.explore.moves import Bounds
from nemesis.explore.search import Found
from nemesis.explore.servers import Violation
from nemesis.explore.symmetry import rename_message
from nemesis.explore.world import World
from nemesis.macro import steps as macro
from nemesis.macro.execution import MacroExecution
from nemesis.macro.scenario import format_schedule
from nemesis.macro.steps import MacroStep
from nemesis.outcome import Run
from nemesis.run import run
from nemesis.schedule import Schedule
from raft.consensus import AppendEntries, Entry, Message
from raft.replica import Variant


class NotConvicted(NemesisError):
    """The explorer found a violation that the replicas do not show: its own error."""


class Arrival(NamedTuple):
    """A held message arrives; which it is on the stepped cluster shows when it is there."""

    message: Message
    is_copy: bool


def convict(world: World, found: Found) -> Run:
    """The run of the way to the violation. Raises NotConvicted if the monitors acquit it."""
    schedule = schedule_of(world.bounds, world.variant, way(world, found.moves))
    convicted = run(schedule, world.variant)
    if not convicted.verdict.failures:
        raise NotConvicted(
            f"the explorer found {found.violation.kind} ({found.violation.what}), but the monitors "
            f"find nothing wrong with the replicas; this is an error of the explorer:\n"
            f"{format_schedule(schedule)}"
        )
    return convicted


def way(world: World, codes: tuple[int, ...]) -> list[MacroStep | Arrival]:
    """The moves with the names that the servers had in the beginning: those of a state that stands
    for others are the names of one of these."""
    names = world.names
    # The server that is now at each position.
    present = list(names)
    found: list[MacroStep | Arrival] = []
    state = world.first
    # Each is asked by a client of its own.
    asked = 0
    for code in codes:
        if code < len(world.moves):
            move = world.moves[code]
            found.append(move.step(present, asked))
            asked += move.kind in ("propose", "read")
        else:
            message, is_copy = world.delivery(code)
            renamed = rename_message(message, dict(zip(names, present, strict=True)))
            found.append(Arrival(renamed, is_copy))
        following = next(each for at, each in world.successors(state) if at == code)
        if isinstance(following, Violation):
            break
        state, permutation = world.canonical(following)
        moved = present.copy()
        for name, to in zip(present, world.permutations[permutation], strict=True):
            moved[to] = name
        present = moved
    return found


def schedule_of(bounds: Bounds, variant: Variant, way: list[MacroStep | Arrival]) -> Schedule:
    """The way as macro-steps alone: a stepped cluster goes it, to see where messages are held."""
    execution = MacroExecution(bounds.knobs, variant)
    for each in way:
        step = _deliver(execution.cluster, each) if isinstance(each, Arrival) else each
        if not execution.perform(step):
            break
    return Schedule(knobs=bounds.knobs, steps=tuple(execution.steps))


def _deliver(cluster: SteppedCluster, arrival: Arrival) -> MacroStep:
    message = arrival.message
    kind = KINDS[type(message)]
    held = cluster.post.held((message.source, message.target, kind))
    plain = _without_commands(message)
    for nth, each in enumerate(held):
        if _without_commands(each) == plain:
            return macro.Deliver(
                source=message.source,
                target=message.target,
                message=kind,
                nth=nth,
                copy=arrival.is_copy,
            )
    raise NotConvicted(
        f"the explorer delivers {message}, which no server of the stepped cluster has sent; held "
        f"are {held}: this is an error of the explorer"
    )


def _without_commands(message: Message) -> Message:
    """What commands are called differs here and there; their places do not."""
    if isinstance(message, AppendEntries):
        entries = tuple(Entry(each.index, each.term, b"") for each in message.entries)
        return msgspec.structs.replace(message, entries=entries)
    return message
