"""How large a schedule of macro-steps is, so that of two it is always clear which one is smaller.

The shrinker takes only what is smaller, so it comes to an end, and what it leaves is a local
minimum of this order. Sizes are compared from the left; in the end it is spelling that decides, so
that two different schedules are never of one size.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from nemesis.macro import steps as macro
from nemesis.macro.scenario import PLAIN
from nemesis.macro.steps import MacroStep
from nemesis.macro.text import format_step
from nemesis.schedule import Knobs, Schedule
from nemesis.search.shrink_names import clients_of, keys_of, with_clients_in_order, with_usual_names
from nemesis.workloads import WORKLOADS
from raft.consensus.changes import Target

# Steps that are harder to follow than an election, a replication, a crash.
_HARDER: dict[type[MacroStep], int] = {
    macro.TransferTo: 1,
    macro.FailPower: 1,
    macro.LoseFile: 1,
    macro.FlipBit: 1,
    macro.FillDisk: 1,
    macro.Settle: 1,
    macro.Deliver: 3,
}
# In this order, as far as it does not matter, steps stand. What was stopped starts again at once,
# and what only waits for its time comes late.
_ORDERED: tuple[type[MacroStep], ...] = (
    macro.Restart,
    macro.Elect,
    macro.Propose,
    macro.Retry,
    macro.Replicate,
    macro.Snapshot,
    macro.ChangeMembers,
    macro.TransferTo,
    macro.Deliver,
    macro.Crash,
    macro.FailPower,
    macro.LoseFile,
    macro.FlipBit,
    macro.FillDisk,
    macro.Stall,
    macro.Perform,
    macro.Wait,
    macro.Settle,
)
_ORDER = {step: place for place, step in enumerate(_ORDERED)}
_NUMBER = re.compile(r"\d+")


class Size(NamedTuple):
    """What is compared, the most important first."""

    steps: int
    servers: int
    harder_steps: int
    # Servers that a step names beside its own, marks, changes: what must be known to follow it.
    details: int
    knobs: int
    clients: int
    keys: int
    operations: int
    amounts: int
    # How often another server than before has its turn.
    turns: int
    unusual_names: int
    spelling: tuple[tuple[int, str], ...]
    knob_values: str


def size_of(schedule: Schedule) -> Size:
    """The size of a schedule of macro-steps."""
    knobs = schedule.knobs
    steps: Sequence[MacroStep] = schedule.steps  # type: ignore[assignment]
    changed = [name for name in _KNOBS if getattr(knobs, name) != getattr(PLAIN, name)]
    return Size(
        steps=len(steps),
        servers=knobs.replicas + knobs.spares,
        harder_steps=sum(_HARDER.get(type(step), 0) for step in steps),
        details=sum(map(_details, steps)),
        knobs=len(changed),
        clients=len(clients_of(schedule)),
        keys=len(keys_of(schedule)),
        operations=sum(_operation(step, knobs) for step in steps),
        amounts=sum(map(_amount, steps)),
        turns=sum(_actor(one) != _actor(other) for one, other in pairwise(steps)),
        unusual_names=_unusual_names(schedule),
        spelling=tuple((_ORDER[type(step)], _spelling(step)) for step in steps),
        knob_values=" ".join(f"{name}={getattr(knobs, name)}" for name in changed),
    )


_KNOBS = tuple(name for name in Knobs.__struct_fields__ if name not in ("replicas", "spares"))


def _details(step: MacroStep) -> int:
    match step:
        case macro.Elect():
            return len(step.voters) + len(step.unanswered) + step.hasty
        case macro.Replicate():
            return len(step.peers) + len(step.unanswered)
        case macro.Propose() | macro.Retry():
            return int(step.unanswered)
        case macro.Deliver():
            return (step.nth != 0) + step.copy
        case macro.Wait():
            return len(step.nodes)
        case macro.FailPower():
            return int(step.torn)
        case macro.TransferTo():
            return len(step.voters) + step.held
        case macro.ChangeMembers():
            named = sum(
                len(change.voters + change.learners) if isinstance(change, Target) else 1
                for change in step.changes
            )
            return named + (step.transition != "automatic")
    return 0


def _operation(step: MacroStep, knobs: Knobs) -> int:
    if isinstance(step, macro.Propose):
        return WORKLOADS[knobs.workload].operations.index(step.f)
    return 0


def _amount(step: MacroStep) -> int:
    if isinstance(step, macro.Wait):
        return step.milliseconds
    return step.syncs if isinstance(step, macro.FailPower) else 0


def _actor(step: MacroStep) -> str | None:
    """Whose step it is; of an answer, who had asked."""
    if isinstance(step, macro.Deliver):
        return step.target if step.message.endswith("reply") else step.source
    return getattr(step, "node", None)


def _unusual_names(schedule: Schedule) -> int:
    usual = with_clients_in_order(with_usual_names(schedule), PLAIN.clients)
    return int(usual != schedule) + int(schedule.seed != 0)


def _spelling(step: MacroStep) -> str:
    """Its text; numbers of two digits come after those of one."""
    return _NUMBER.sub(lambda number: number.group().zfill(6), format_step(step))
