"""The depth-first engine against the brute-force oracle and the frontier, and its accounts."""

from __future__ import annotations

import tracemalloc
from collections import Counter
from collections.abc import Sequence
from random import Random

import pytest

from checker.history import Operation
from checker.lincheck.budget import Budget, BudgetExhausted, Meter
from checker.lincheck.depth_first import depth_first
from checker.lincheck.engine import Impossible, Possible, finish
from checker.lincheck.parts import Part, split
from checker.lincheck.search import first_impossible
from checker.lincheck.visited import Visited
from checker.models import Model, get_model
from tests.checker.brute_force import possible
from tests.checker.random_histories import random_operations
from tests.checker.simulations.named import MODEL_NAMES

SMALL = 300
"""Small histories of each model, against brute force."""

LARGE = 12
"""Larger histories of each model, against the frontier."""

RARELY_IMPOSSIBLE = ("fencing-lock", "unique-ids")
"""Models in which a wrong answer seldom shows."""


def judge(operations: Sequence[Operation], model: Model) -> bool:
    """The engine's verdict; its orders are verified."""
    verdict = True
    for part in split(operations, model):
        outcome = finish(depth_first(part, Meter(Budget()), True))
        if isinstance(outcome, Impossible):
            verdict = False
        else:
            verify_order(part, outcome)
    return verdict


def verify_order(part: Part, outcome: Possible) -> None:
    """All that completed, each once, in real-time order, and the model allows it."""
    order = outcome.order
    assert order is not None
    assert len(set(order)) == len(order)
    told = {at for at, entry in enumerate(part.entries) if entry.completed is not None}
    assert told <= set(order)
    state, latest = part.specification.initial, -1
    for at in order:
        call, invoked, completed, _ = part.entries[at]
        assert completed is None or completed > latest
        latest = max(latest, invoked)
        allowed, state = part.specification.advance(state, call)
        assert allowed


@pytest.mark.parametrize("name", MODEL_NAMES)
def test_agrees_with_brute_force(name: str) -> None:
    model = get_model(name)
    seen: Counter[bool] = Counter()
    for seed in range(SMALL):
        random = Random(f"{name} {seed}")
        operations = random_operations(
            random,
            name,
            random.randrange(2, 8),
            wrong_rate=0.7,
            crash_rate=random.choice((0.1, 0.3, 0.5)),
            keys=random.choice((1, 1, 2)),
        )
        expected = possible(operations, model)
        assert judge(operations, model) is expected, [str(each) for each in operations]
        seen[expected] += 1
    assert seen[True] > SMALL // 8
    assert seen[False] > (5 if name in RARELY_IMPOSSIBLE else SMALL // 8)


@pytest.mark.parametrize("name", MODEL_NAMES)
def test_agrees_with_the_frontier_on_larger_histories(name: str) -> None:
    model = get_model(name)
    for seed in range(LARGE):
        random = Random(f"large {name} {seed}")
        operations = random_operations(
            random,
            name,
            random.randrange(20, 60),
            concurrency=random.choice((2, 4, 6)),
            crash_rate=random.choice((0.0, 0.05, 0.1)),
            keys=random.choice((1, 2)),
        )
        budget = Budget(seconds=None, configurations=3_000)
        try:
            parts = split(operations, model)
            expected = all(first_impossible(p, p.entries, Meter(budget)) is None for p in parts)
        except BudgetExhausted:
            continue
        assert judge(operations, model) is expected, seed


@pytest.mark.parametrize("name", ["counter", "set", "kv", "cas-register", "stack", "list-append"])
def test_agrees_with_brute_force_where_most_operations_crash(name: str) -> None:
    model = get_model(name)
    for seed in range(SMALL // 4):
        random = Random(f"crashes {name} {seed}")
        operations = random_operations(
            random, name, 9, concurrency=4, wrong_rate=0.8, crash_rate=0.7
        )
        expected = possible(operations, model)
        assert judge(operations, model) is expected, [str(each) for each in operations]


@pytest.mark.parametrize("name", MODEL_NAMES)
def test_what_is_right_by_construction_is_possible(name: str) -> None:
    for seed in range(5):
        random = Random(f"right {name} {seed}")
        operations = random_operations(
            random, name, 80, concurrency=4, crash_rate=0.03, wrong_rate=0.0, keys=3
        )
        assert judge(operations, get_model(name))


def test_a_visit_with_fewer_crashed_operations_used_stands_for_one_with_more() -> None:
    visited = Visited()
    assert not visited.dominates(5, 0b011)
    assert visited.dominates(5, 0b111)
    assert not visited.dominates(6, 0b111)
    assert not visited.dominates(5, 0b110)
    assert not visited.dominates(5, 0b001)
    assert visited.dominates(5, 0b011)
    assert visited.dominates(5, 0b110)


def overlapping(f: str, values: Sequence[object], last: Sequence[Operation]) -> list[Operation]:
    """A call of ``f`` of each value, all of them at the same time, and then these."""
    count = len(values)
    return [
        Operation(at, f, "x", value, None, "ok", at, count + at) for at, value in enumerate(values)
    ] + [each._replace(invoked=2 * count, completed=2 * count + 1) for each in last]


def test_calls_that_cannot_be_told_apart_are_one() -> None:
    last = Operation(0, "read", "x", None, 24, "ok", 0, 0)
    operations = overlapping("add", [1] * 23, [last])
    meter = Meter(Budget(seconds=None, configurations=200))
    (part,) = split(operations, get_model("counter"))
    assert isinstance(finish(depth_first(part, meter, False)), Impossible)


def test_a_long_history_needs_no_recursion_and_no_configuration_twice() -> None:
    operations = []
    for at in range(20_000):
        f = ("write", "read")[at % 2]
        argument = at if f == "write" else None
        result = at - 1 if f == "read" else None
        operations.append(Operation(0, f, None, argument, result, "ok", 2 * at, 2 * at + 1))
    (part,) = split(operations, get_model("register"))
    meter = Meter(Budget(seconds=None))
    outcome = finish(depth_first(part, meter, True))
    assert outcome == Possible(list(range(20_000)))
    assert meter.explored <= 10_001


def hard(model_name: str) -> Part:
    """Overlapping calls in which nearly all orders differ, then an answer that fits none."""
    if model_name == "counter":
        values: list[object] = [1 << at for at in range(24)]
        last = Operation(0, "read", "x", None, -1, "ok", 0, 0)
        f = "add"
    elif model_name == "fifo-queue":
        values = [*range(24)]
        last = Operation(0, "dequeue", "x", None, 99, "ok", 0, 0)
        f = "enqueue"
    else:
        values = [["a", "b"][at % 2] + "a" for at in range(40)]
        last = Operation(0, "get", "x", None, "aa" * 40, "ok", 0, 0)
        f = "append"
    operations = overlapping(f, values, [last])
    if model_name == "fifo-queue":
        removed = Operation(0, "dequeue", "x", None, None, "info", 0, 0)
        operations.append(removed._replace(invoked=9_999, completed=None))
    (part,) = split(operations, get_model(model_name))
    if model_name == "kv":
        part.foresight = None
    return part


@pytest.mark.parametrize("name", ["counter", "fifo-queue", "kv"])
def test_the_bytes_that_it_says_it_holds_are_those_that_it_holds(name: str) -> None:
    part = hard(name)
    held: list[int] = []

    class Watching(Meter):
        def spend(self, explored: int, held_bytes: int) -> int:
            held.append(held_bytes)
            return super().spend(explored, held_bytes)

    tracemalloc.start()
    search = depth_first(part, Watching(Budget(seconds=None)), False)
    before, _ = tracemalloc.get_traced_memory()
    try:
        for _ in range(60):
            next(search)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held[-1] == pytest.approx(after - before, rel=0.1)


@pytest.mark.parametrize(
    ("budget", "why"),
    [
        (Budget(seconds=None, configurations=5_000), "5000 configurations"),
        (Budget(seconds=None, memory=1_000_000), "1000000 bytes"),
    ],
)
def test_a_budget_is_obeyed(budget: Budget, why: str) -> None:
    meter = Meter(budget)
    with pytest.raises(BudgetExhausted, match=why):
        finish(depth_first(hard("counter"), meter, False))
    assert meter.explored <= 20_000
