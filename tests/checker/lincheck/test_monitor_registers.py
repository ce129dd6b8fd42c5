"""The monitors of registers against brute force: verdicts, orders and cores."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import Any

import pytest

from checker.history import MISMATCH, Operation
from checker.lincheck.budget import Budget, Meter
from checker.lincheck.engine import Impossible, NotApplicable, Possible
from checker.lincheck.monitors import MONITORS
from checker.models import Model, get_model
from tests.checker.brute_force import possible

HISTORIES = int(os.environ.get("MONITOR_HISTORIES", "1500"))
"""Small histories for each model."""

MODELS = ("register", "cas-register", "kv", "kv-empty")

WORDS = {
    "register": ("read", "write"),
    "cas-register": ("read", "write", "cas"),
    "kv": ("get", "put", "cas", "delete"),
    "kv-empty": ("get", "put", "cas", "delete"),
}


def judge(operations: Sequence[Operation], model: str, *, order: bool = True) -> Any:
    return MONITORS[model](operations, Meter(Budget(seconds=None)), order)


def verdict(operations: Sequence[Operation], model: str) -> str:
    try:
        return type(judge(operations, model)).__name__
    except NotApplicable:
        return "NotApplicable"


def draw(random: Random, model: str, count: int, clients: int = 3) -> list[Operation]:
    """Operations of one key with mostly unique values: what a real store answers, or nearly.

    Some crash, some fail; some answers are made up, and some values are written twice.
    """
    names = WORDS[model]
    text = model.startswith("kv")
    state: Any = "" if model == "kv-empty" else None
    values: list[Any] = [state]
    lies = random.choice([0.0, 0.3, 0.9])
    again = random.choice([0.0, 0.0, 0.1])
    free = list(range(clients))
    # process -> [f, argument, invoked, answer once it took effect]
    busy: dict[int, list[Any]] = {}
    operations: list[Operation] = []
    rank = started = 0
    while started < count or busy:
        rank += 1
        choice = random.random()
        if started < count and free and (not busy or choice < 0.35):
            process = free.pop(random.randrange(len(free)))
            f = random.choices(names, [4, 3, 3, 0.3][: len(names)])[0]
            new: Any = f"v{started}" if text else started
            if random.random() < again:
                new = random.choice([value for value in values if value is not None] or [new])
            argument = None
            if f in ("write", "put"):
                argument = new
            elif f == "cas":
                argument = [random.choice([*values, state, state]), new]
            if argument is not None:
                values.append(new)
            busy[process] = [f, argument, rank, None]
            started += 1
            continue
        process = random.choice(list(busy))
        f, argument, invoked, answer = busy[process]
        if answer is None and choice < 0.92:  # It takes effect.
            result, outcome, error = argument, "ok", None
            if f in ("read", "get"):
                result = state
            elif f == "cas":
                if state == argument[0]:
                    state = argument[1]
                else:
                    outcome, error = "fail", MISMATCH
            else:
                state = ("" if model == "kv-empty" else None) if f == "delete" else argument
            busy[process][3] = (result, outcome, error)
            continue
        del busy[process]
        completed: int | None = rank
        if answer is None or random.random() < 0.1:
            result, outcome, error, completed = None, "info", None, None
            if answer is None and random.random() < 0.3:
                outcome, error, completed = "fail", "refused", rank
            free.append(process + clients)
        else:
            result, outcome, error = answer
            free.append(process)
            if random.random() < lies:
                if f in ("read", "get"):
                    result = random.choice(values)
                elif f == "cas":
                    outcome, error = random.choice([("ok", None), ("fail", MISMATCH)])
        operations.append(
            Operation(process, f, "x", argument, result, outcome, invoked, completed, error)
        )
    return sorted(operations, key=lambda operation: operation.invoked)


def check_order(operations: Sequence[Operation], order: Sequence[int], model: Model) -> None:
    """An independent look at an order: complete, legal, and true to real time; linear."""
    assert len(set(order)) == len(order)
    calls = [model.parse(operation) for operation in operations]
    told = {
        at
        for at, call in enumerate(calls)
        if call is not None and operations[at].completed is not None
    }
    assert told <= set(order)
    specification = model.specification()
    state = specification.initial
    latest = -1
    for at in order:
        call, operation = calls[at], operations[at]
        assert call is not None
        allowed, state = specification.advance(state, call)
        assert allowed, (at, operation)
        assert operation.completed is None or latest < operation.completed, (at, operation)
        latest = max(latest, operation.invoked)


def check_core(operations: Sequence[Operation], outcome: Impossible, model: Model) -> None:
    """Impossible by itself, obeying the rules of clusters, and without a superfluous observation."""
    core, at = outcome.core, outcome.at
    assert core is not None
    assert list(core) == sorted(set(core))
    chosen = [operations[each] for each in core]
    assert not possible(chosen, model)
    for each in chosen:
        call = model.parse(each)
        assert call is not None
        if call.effect == "observes":
            assert possible([other for other in chosen if other is not each], model), each
    # Whole clusters are left out, or only observations.
    assert model.clusters is not None
    calls = {place: model.parse(operation) for place, operation in enumerate(operations)}
    known = [
        place
        for place, call in calls.items()
        if call is not None and not (call.f == "cas" and not call.result)
    ]
    for cluster in model.clusters([call for place in known if (call := calls[place]) is not None]):
        places = {known[member] for member in cluster}
        if places & set(core):
            for missing in places - set(core):
                call = calls[missing]
                assert call is not None
                assert call.effect == "observes"
    # It became impossible with the completion of ``at``.
    assert at in core
    end = operations[at].completed
    assert end is not None
    assert not possible(cut(chosen, end), model)
    assert possible(cut(chosen, end - 1), model)


def cut(operations: Sequence[Operation], rank: int) -> list[Operation]:
    """What is known of the operations at this rank."""
    return [
        operation
        if operation.completed is None or operation.completed <= rank
        else operation._replace(completed=None, outcome="info", result=None, error=None)
        for operation in operations
        if operation.invoked <= rank
    ]


@pytest.mark.parametrize("name", MODELS)
def test_agrees_with_brute_force(name: str) -> None:
    model = get_model(name)
    seen: Counter[str] = Counter()
    for seed in range(HISTORIES):
        random = Random(f"{name} {seed}")
        operations = draw(random, name, random.randrange(3, 9))
        found = verdict(operations, name)
        seen[found] += 1
        if found == "NotApplicable":
            continue
        outcome = judge(operations, name)
        assert (found == "Possible") == possible(operations, model), operations
        assert type(judge(operations, name, order=False)) is type(outcome)
        if isinstance(outcome, Possible):
            assert outcome.order is not None
            check_order(operations, outcome.order, model)
        else:
            check_core(operations, outcome, model)
    print(name, seen)
    assert min(seen["Possible"], seen["Impossible"]) > HISTORIES / 8, seen
    assert seen["NotApplicable"] < HISTORIES / 3, seen
