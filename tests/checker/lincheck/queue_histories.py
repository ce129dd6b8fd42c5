"""Small random histories of a stack or a priority queue, and what must hold of a monitor's answer.

``simulated`` histories come from a real queue; a few results may then be changed. ``tangled`` ones
are intervals thrown at time, each element inserted and mostly removed: many are impossible, for
reasons of all kinds.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from random import Random
from typing import Any

import pytest

from checker.history import Operation
from checker.lincheck.budget import Budget, Meter
from checker.lincheck.engine import Impossible, Monitor, NotApplicable, Possible
from checker.models import Model, get_model
from tests.checker.brute_force import possible

NAMES = {"stack": ("push", "pop"), "priority-queue": ("insert", "poll")}

HISTORIES = int(os.environ.get("SPLITBRAIN_MONITOR_HISTORIES", "1500"))
"""Small histories of each kind; more where somebody waits for them."""

Draw = Callable[[Random, str], list[Operation]]


def spanning(insert: str, *rows: tuple[str, Any, int, int | None]) -> list[Operation]:
    """Operations (f, value, invoked, completed), completed None: it crashed; by invocation."""
    return [
        Operation(
            at,
            f,
            None,
            value if f == insert else None,
            None if f == insert else value,
            "info" if completed is None else "ok",
            invoked,
            completed,
        )
        for at, (f, value, invoked, completed) in enumerate(sorted(rows, key=lambda row: row[2]))
    ]


def simulated(
    random: Random, kind: str, crashes: float = 0.0, changes: float = 0.6
) -> list[Operation]:
    """Up to eight operations of up to seven clients on one queue."""
    insert, remove = NAMES[kind]
    count, clients = random.randint(2, 8), random.randint(1, 7)
    values = random.sample(range(1, count + 1), count)
    queue: list[int] = []
    operations: list[Operation] = []
    pending: dict[int, int] = {}
    answered: dict[int, int] = {}
    busy = list(range(clients))
    rank = 0
    while len(operations) < count or pending or answered:
        idle = [client for client in busy if client not in pending and client not in answered]
        if (
            idle
            and len(operations) < count
            and (random.random() < 0.5 or not (pending or answered))
        ):
            client = random.choice(idle)
            f = random.choice((insert, insert, remove, remove, "peek"))
            pending[client] = len(operations)
            argument = values.pop() if f == insert else None
            operations.append(Operation(client, f, None, argument, None, "info", rank, None))
            rank += 1
        elif pending and (not answered or random.random() < 0.5):
            client = random.choice(sorted(pending))
            at = pending.pop(client)
            crashed = random.random() < crashes
            if not crashed or random.random() < 0.5:
                operations[at] = _take_effect(operations[at], kind, queue)
            if crashed:
                operations[at] = operations[at]._replace(result=None)
                busy[busy.index(client)] = max(busy) + 1
            else:
                answered[client] = at
        elif answered:
            at = answered.pop(random.choice(sorted(answered)))
            operations[at] = operations[at]._replace(outcome="ok", completed=rank)
            rank += 1
    if random.random() < changes:
        _change(random, operations, insert, count)
    return operations


def _take_effect(operation: Operation, kind: str, queue: list[int]) -> Operation:
    if operation.argument is not None:
        queue.append(operation.argument)
        return operation
    if not queue:
        return operation
    value = queue[-1] if kind == "stack" else min(queue)
    if operation.f != "peek":
        queue.remove(value)
    return operation._replace(result=value)


def _change(random: Random, operations: list[Operation], insert: str, values: int) -> None:
    told = [at for at, o in enumerate(operations) if o.outcome == "ok" and o.f != insert]
    if not told:
        return
    one, other = random.choice(told), random.choice(told)
    first, second = operations[one], operations[other]
    draw = random.random()
    if draw < 0.6:
        operations[one] = first._replace(result=second.result)
        operations[other] = second._replace(result=first.result)
    else:
        result = None if draw < 0.8 else random.randint(1, values)
        operations[one] = first._replace(result=result)


def tangled(random: Random, kind: str, crashes: float = 0.0) -> list[Operation]:
    """Two to four elements; an insertion, a removal, maybe a peek of each; maybe one saw nothing."""
    insert, remove = NAMES[kind]
    drawn: list[tuple[float, float, str, int | None, int | None]] = []

    def draw(start: float, f: str, argument: int | None, result: int | None) -> None:
        drawn.append((start, start + random.expovariate(0.25), f, argument, result))

    for value in range(1, random.randint(2, 4) + 1):
        inserted = random.uniform(0, 10)
        removed = inserted + random.uniform(-2, 14)
        draw(inserted, insert, value, None)
        if random.random() < 0.9:
            draw(removed, remove, None, value)
        if random.random() < 0.35:
            draw(random.uniform(inserted - 4, removed + 2), "peek", None, value)
    if random.random() < 0.15:
        draw(random.uniform(0, 16), remove, None, None)
    values = random.sample(range(1, 9), 8)
    drawn.sort()
    moments = sorted(moment for start, stop, *_ in drawn for moment in (start, stop))
    rank = {moment: at for at, moment in enumerate(moments)}
    operations = []
    for client, (start, stop, f, argument, result) in enumerate(drawn):
        crashed = random.random() < crashes
        operations.append(
            Operation(
                client,
                f,
                None,
                None if argument is None else values[argument],
                None if result is None or crashed else values[result],
                "info" if crashed else "ok",
                rank[start],
                None if crashed else rank[stop],
            )
        )
    return operations


drawn = pytest.mark.parametrize(
    "draw",
    [simulated, tangled, partial(simulated, crashes=0.2), partial(tangled, crashes=0.12)],
    ids=["simulated", "tangled", "simulated, crashes", "tangled, crashes"],
)
"""Decorates a test of all kinds of histories."""


def judge(monitor: Monitor, operations: Sequence[Operation], model: Model) -> str:
    """What the monitor answers; asserts that brute force agrees, with its evidence too."""
    expected = possible(operations, model)
    try:
        outcome = monitor(operations, Meter(Budget(seconds=None)), True)
    except NotApplicable:
        return "not applicable"
    assert isinstance(outcome, Possible) == expected, operations
    if isinstance(outcome, Possible):
        assert outcome.order is not None
        assert_legal(operations, outcome.order, model)
        return "possible"
    if outcome.core is not None:
        assert not possible([operations[at] for at in outcome.core], model), operations
    return "impossible"


def judge_many(monitor: Monitor, kind: str, draw: Draw, count: int) -> Counter[str]:
    """How often the monitor gave each answer, over histories of the seeds 0 to ``count``."""
    model = get_model(kind)
    seen: Counter[str] = Counter()
    for seed in range(count):
        seen[judge(monitor, draw(Random(seed), kind), model)] += 1
    return seen


def assert_legal(operations: Sequence[Operation], order: Sequence[int], model: Model) -> None:
    """In linear time: each once, all that completed, none before what had ended, the model agrees."""
    assert len(set(order)) == len(order)
    assert {at for at, o in enumerate(operations) if o.outcome == "ok"} <= set(order)
    specification = model.specification()
    state = specification.initial
    latest = -1
    for at in order:
        operation = operations[at]
        assert operation.completed is None or operation.completed > latest, (operations, order)
        latest = max(latest, operation.invoked)
        call = model.parse(operation)
        assert call is not None
        allowed, state = specification.advance(state, call)
        assert allowed, (operations, order, at)


def core_of(monitor: Monitor, operations: Sequence[Operation]) -> tuple[int, ...] | None:
    """The core that the monitor gives; it must find the operations impossible."""
    outcome = monitor(operations, Meter(Budget(seconds=None)), False)
    assert isinstance(outcome, Impossible)
    return outcome.core
