"""Schedules of macro-steps with servers left out, or called by each other's names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from typing import Any

import msgspec

from nemesis.macro.steps import ChangeMembers, MacroStep, nodes_of
from nemesis.schedule import Schedule
from raft.consensus.changes import Change, Target

_SINGLE = ("node", "source", "target")
_SEVERAL = ("voters", "peers", "unanswered", "nodes")
# The smallest cluster that goes on without one of its servers. Smaller ones are no simpler to read.
_FEWEST = 3

# The new name of a server; None: it is no more.
Rename = Callable[[str], str | None]


def with_fewer_servers(schedule: Schedule) -> Iterator[Schedule]:
    """Without two members, so that majorities get smaller, without one, without a spare."""
    knobs = schedule.knobs
    members, spares = knobs.members, knobs.servers[knobs.replicas :]
    for count in (2, 1):
        if knobs.replicas - count >= _FEWEST:
            for gone in combinations(reversed(members), count):
                yield without_servers(schedule, gone)
    for spare in reversed(spares):
        yield without_servers(schedule, (spare,))


def without_servers(schedule: Schedule, gone: Sequence[str]) -> Schedule:
    """Those servers do not exist, and the others are numbered anew."""
    knobs = schedule.knobs
    left = [name for name in knobs.servers if name not in gone]
    names = dict(zip(left, knobs.servers, strict=False))
    fewer = sum(name in knobs.members for name in gone)
    return _renamed(
        schedule,
        names.get,
        replicas=knobs.replicas - fewer,
        spares=knobs.spares - len(gone) + fewer,
    )


def with_servers_in_order(schedule: Schedule) -> Iterator[Schedule]:
    """Servers named in the order in which they appear; and two of them exchanged, for what that
    leaves open. Members stay members, spares stay spares."""
    knobs = schedule.knobs
    spares = knobs.servers[knobs.replicas :]
    unchanged = dict(zip(knobs.servers, knobs.servers, strict=True))
    names: dict[str, str] = {}
    for group in (knobs.members, spares):
        seen = [name for name in _appearances(schedule) if name in group]
        names.update(zip(dict.fromkeys([*seen, *group]), group, strict=True))
    yield _renamed(schedule, names.get)
    for group in (knobs.members, spares):
        for one, other in combinations(group, 2):
            yield _renamed(schedule, {**unchanged, one: other, other: one}.get)


def _appearances(schedule: Schedule) -> Iterator[str]:
    for step in schedule.steps:
        assert isinstance(step, MacroStep)
        yield from nodes_of(step)
        if isinstance(step, ChangeMembers):
            for change in step.changes:
                yield from _names_in(change)


def _names_in(change: Change) -> tuple[str, ...]:
    if isinstance(change, Target):
        return change.voters + change.learners
    return (change.node,)


def _renamed(schedule: Schedule, rename: Rename, **changes: int) -> Schedule:
    priorities = {
        new: priority
        for name, priority in schedule.knobs.priorities.items()
        if (new := rename(name)) is not None
    }
    knobs = msgspec.structs.replace(schedule.knobs, priorities=priorities, **changes)
    steps = []
    for step in schedule.steps:
        assert isinstance(step, MacroStep)
        renamed = _renamed_step(step, rename)
        if renamed is not None:
            steps.append(renamed)
    return msgspec.structs.replace(schedule, knobs=knobs, steps=tuple(steps))


def _renamed_step(step: MacroStep, rename: Rename) -> MacroStep | None:
    """None if nothing is left of it."""
    changes: dict[str, Any] = {}
    for field in _SINGLE:
        if hasattr(step, field):
            changes[field] = rename(getattr(step, field))
            if changes[field] is None:
                return None
    for field in _SEVERAL:
        named = getattr(step, field, ())
        if isinstance(named, tuple):
            changes[field] = _several(named, rename)
            if named and not changes[field] and field == "nodes":
                # Nobody named means everybody.
                return None
    if isinstance(step, ChangeMembers):
        renamed = (_renamed_change(change, rename) for change in step.changes)
        changes["changes"] = tuple(change for change in renamed if change is not None)
        if step.changes and not changes["changes"]:
            return None
    fields = step.__struct_fields__
    return msgspec.structs.replace(
        step, **{field: value for field, value in changes.items() if field in fields}
    )


def _several(names: tuple[str, ...], rename: Rename) -> tuple[str, ...]:
    """In their order, since that is in which a step reaches them."""
    return tuple(dict.fromkeys(new for name in names if (new := rename(name)) is not None))


def _renamed_change(change: Change, rename: Rename) -> Change | None:
    if isinstance(change, Target):
        voters = _several(change.voters, rename)
        return Target(voters, _several(change.learners, rename)) if voters else None
    node = rename(change.node)
    return None if node is None else type(change)(node)
