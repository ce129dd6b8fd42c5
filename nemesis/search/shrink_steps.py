"""What may be tried in the place of macro-steps: milder ones, whole rounds for single messages, one
round for two steps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from nemesis.macro import steps as macro
from nemesis.macro.steps import MacroStep, nodes_of
from nemesis.schedule import Knobs, Operate, Schedule
from nemesis.search.shrinker import with_steps
from nemesis.workloads import WORKLOADS
from raft.consensus.changes import Target

_ROUND_FIELDS = ("voters", "peers", "unanswered", "nodes")
_VOTES = frozenset({"vote", "vote-reply", "pre-vote", "pre-vote-reply"})
_USUAL_WAIT = 150


def milder_steps(schedule: Schedule) -> Iterator[Schedule]:
    """One step made milder, in all ways, or replaced by one that is easier to follow."""
    steps = schedule.steps
    for at, step in enumerate(steps):
        assert isinstance(step, MacroStep)
        for milder in _milder(step, schedule.knobs):
            yield with_steps(schedule, (*steps[:at], milder, *steps[at + 1 :]))


def _milder(step: MacroStep, knobs: Knobs) -> Iterator[MacroStep]:
    yield from _easier_to_follow(step)
    for field in _ROUND_FIELDS:
        named = getattr(step, field, ())
        if isinstance(named, tuple) and named:
            for at, name in enumerate(named):
                yield _without_fate(step, field, name, named[:at] + named[at + 1 :])
            yield msgspec.structs.replace(step, **{field: in_order(named)})
    match step:
        case macro.FailPower(torn=True):
            yield msgspec.structs.replace(step, torn=False)
        case macro.TransferTo(held=True):
            yield msgspec.structs.replace(step, held=False)
        case macro.Elect(hasty=True):
            yield msgspec.structs.replace(step, hasty=False)
        case macro.Propose() | macro.Retry() if step.unanswered:
            yield msgspec.structs.replace(step, unanswered=False)
        case macro.Wait() if step.nodes:
            yield msgspec.structs.replace(step, nodes=())
        case macro.ChangeMembers():
            yield from _milder_changes(step)
    if isinstance(step, macro.Propose):
        yield from _simpler_operations(step, knobs)
    if isinstance(step, macro.Deliver):
        for field, plain in (("nth", 0), ("nth", -1), ("copy", False)):
            yield msgspec.structs.replace(step, **{field: plain})
    yield from _smaller_amounts(step)


def in_order(names: tuple[str, ...]) -> tuple[str, ...]:
    """Servers in the order of their numbers, each once."""
    return tuple(sorted(set(names), key=lambda name: (len(name), name)))


def _without_fate(step: MacroStep, field: str, name: str, left: tuple[str, ...]) -> MacroStep:
    """Without one server of a step. What is not sent needs no answer."""
    changes: dict[str, Any] = {field: left}
    if field in ("voters", "peers") and hasattr(step, "unanswered"):
        changes["unanswered"] = tuple(each for each in step.unanswered if each != name)
    return msgspec.structs.replace(step, **changes)


def _easier_to_follow(step: MacroStep) -> Iterator[MacroStep]:
    match step:
        case macro.Deliver(source=source, target=target, message=message):
            for node, other in ((source, target), (target, source)):
                if message in _VOTES:
                    yield macro.Elect(node=node, voters=(other,))
                else:
                    yield macro.Replicate(node=node, peers=(other,))
        case macro.TransferTo(target=target, voters=voters):
            yield macro.Elect(node=target, voters=voters)
        case macro.FailPower(node=node) | macro.LoseFile(node=node) | macro.FlipBit(node=node):
            yield macro.Crash(node=node)


def _milder_changes(step: macro.ChangeMembers) -> Iterator[MacroStep]:
    changes = step.changes
    if step.transition != "automatic":
        yield msgspec.structs.replace(step, transition="automatic")
    for at, change in enumerate(changes):
        rest = (changes[:at], changes[at + 1 :])
        if len(changes) > 1:
            yield msgspec.structs.replace(step, changes=rest[0] + rest[1])
        if isinstance(change, Target):
            for field in ("voters", "learners"):
                named = getattr(change, field)
                for out in range(len(named)):
                    left = named[:out] + named[out + 1 :]
                    fewer = msgspec.structs.replace(change, **{field: left})
                    if fewer.voters:
                        yield msgspec.structs.replace(step, changes=(*rest[0], fewer, *rest[1]))


def _simpler_operations(step: macro.Propose, knobs: Knobs) -> Iterator[MacroStep]:
    operate = Operate(f=step.f, key=step.key, value=step.value)
    for simpler in WORKLOADS[knobs.workload].simpler(operate):
        yield msgspec.structs.replace(step, f=simpler.f, key=simpler.key, value=simpler.value)


def _smaller_amounts(step: MacroStep) -> Iterator[MacroStep]:
    if isinstance(step, macro.FailPower):
        for syncs in range(step.syncs):
            yield msgspec.structs.replace(step, syncs=syncs)
    elif isinstance(step, macro.Wait):
        whole = step.milliseconds
        for milliseconds in (1, 10, _USUAL_WAIT, whole // 2, whole // 100 * 100, whole // 10 * 10):
            if 0 < milliseconds < whole:
                yield msgspec.structs.replace(step, milliseconds=milliseconds)


# -- Several steps at once -------------------------------------------------------------------------


def without_pairs(schedule: Schedule) -> Iterator[Schedule]:
    """Without two steps that are useless only together, as a crash and its restart."""
    steps = schedule.steps
    for distance in range(1, len(steps)):
        for one in range(len(steps) - distance):
            other = one + distance
            yield with_steps(schedule, (*steps[:one], *steps[one + 1 : other], *steps[other + 1 :]))


def without_one_for_another(schedule: Schedule) -> Iterator[Schedule]:
    """A step is left out, in return for a change of another one: a round reaches a server more or
    less, an answer more arrives, or is held, a client asks another server. So single deliveries
    join the round that they belong to, and two rounds become one."""
    steps = schedule.steps
    for at, step in enumerate(steps):
        assert isinstance(step, MacroStep)
        for other in _changed(step, schedule.knobs):
            for out in reversed(range(len(steps))):
                if out != at:
                    changed = (*steps[:at], other, *steps[at + 1 :])
                    yield with_steps(schedule, (*changed[:out], *changed[out + 1 :]))


def with_retries_as_first_attempts(schedule: Schedule) -> Iterator[Schedule]:
    """A client asks at once whom it asks again, and at the time of that."""
    steps = schedule.steps
    for at, retry in enumerate(steps):
        for before, propose in enumerate(steps[:at]):
            if (
                isinstance(retry, macro.Retry)
                and isinstance(propose, macro.Propose)
                and propose.client == retry.client
            ):
                later = msgspec.structs.replace(
                    propose, node=retry.node, unanswered=retry.unanswered
                )
                changed = (*steps[:at], later, *steps[at + 1 :])
                yield with_steps(schedule, (*changed[:before], *changed[before + 1 :]))


def _changed(step: MacroStep, knobs: Knobs) -> Iterator[MacroStep]:
    match step:
        case macro.Elect(voters=named) | macro.Replicate(peers=named):
            field = "voters" if isinstance(step, macro.Elect) else "peers"
            for name in step.unanswered:
                yield _with_mark(step, name)
            yield from _wider(step, field, named, knobs)
            for at, name in enumerate(named):
                yield _without_fate(step, field, name, named[:at] + named[at + 1 :])
                if name not in step.unanswered:
                    yield _with_mark(step, name)
        case macro.TransferTo():
            yield from _wider(step, "voters", step.voters, knobs)
        case macro.Propose() | macro.Retry():
            for name in knobs.servers:
                if name != step.node:
                    yield msgspec.structs.replace(step, node=name)


def _wider(
    step: MacroStep, field: str, named: tuple[str, ...], knobs: Knobs
) -> Iterator[MacroStep]:
    for name in knobs.servers:
        if name not in named and name not in nodes_of(step):
            yield msgspec.structs.replace(step, **{field: (*named, name)})


def _with_mark(step: macro.Elect | macro.Replicate, name: str) -> MacroStep:
    """With this answer held, or, if it was, not held."""
    marked = tuple(each for each in step.unanswered if each != name)
    if len(marked) == len(step.unanswered):
        marked = (*marked, name)
    return msgspec.structs.replace(step, unanswered=marked)


def with_moved_steps(schedule: Schedule) -> Iterator[Schedule]:
    """One step earlier or later than it is."""
    steps = schedule.steps
    for at, step in enumerate(steps):
        rest = (*steps[:at], *steps[at + 1 :])
        for to in range(len(steps)):
            if to != at:
                yield with_steps(schedule, (*rest[:to], step, *rest[to:]))
