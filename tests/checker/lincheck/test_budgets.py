"""Budgets: what a check holds, how often it looks, and what it says when it had to stop."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable, Iterator
from itertools import pairwise
from random import Random
from typing import Any

import pytest

from checker.history import Event, Operation
from checker.lincheck import Budget, check
from checker.lincheck.budget import BETWEEN_LOOKS, BudgetExhausted, Meter
from checker.lincheck.depth_first import depth_first
from checker.lincheck.engine import Search, finish
from checker.lincheck.frontier import FrontierEngine
from checker.lincheck.layers import Layers
from checker.lincheck.parts import Part, split
from checker.lincheck.widening import engine_of, events_of, exact, frontier, narrow
from checker.models import get_model
from checker.models.model import Call
from tests.checker.lincheck.hard_cases import (
    CASES,
    Hard,
    counter,
    crashes,
    queue,
    semaphore,
    swaps,
)
from tests.checker.random_histories import random_operations

BYTES = 1_000_000


def the_part(hard: Hard) -> Part:
    parts = split(hard.operations, get_model(hard.model))
    return max(parts, key=lambda part: len(part.entries))


def lane(part: Part, meter: Meter, record: bool = True) -> Search:
    engine = engine_of(part, meter, record=record)
    return exact(part, engine, events_of(part.entries), 0, record)  # type: ignore[return-value]


def narrow_lane(part: Part, meter: Meter) -> Search:
    engine = engine_of(part, meter, record=True)
    return narrow(part, engine, events_of(part.entries), 0, True)  # type: ignore[return-value]


ENGINES: dict[str, Callable[[Part, Meter], Search]] = {
    "exact": lambda part, meter: lane(part, meter, record=False),
    "recording": lane,
    "narrow": narrow_lane,
    "frontier": lambda part, meter: frontier(part, meter, True),
    "depth first": lambda part, meter: depth_first(part, meter, True),
}


@pytest.mark.parametrize(
    ("case", "engine", "most"),
    [
        (queue, "exact", BYTES),
        (queue, "recording", BYTES),
        (queue, "narrow", BYTES),
        (queue, "frontier", BYTES),
        (semaphore, "recording", BYTES),
        (crashes, "recording", BYTES),
        # Wherever the budget ends between two sizes of its tables.
        *((queue, "depth first", most) for most in (300_000, 700_000, BYTES)),
        *((counter, "depth first", most) for most in (300_000, 700_000)),
        *((swaps, "depth first", most) for most in (150_000, 220_000, 300_000)),
    ],
)
def test_a_search_ends_when_it_holds_what_it_may(
    case: Callable[[], Hard], engine: str, most: int
) -> None:
    part = the_part(case())
    meter = Meter(Budget(seconds=None, memory=most))
    # Lists of free objects would be used unseen.
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    try:
        with pytest.raises(BudgetExhausted, match=f"{most} bytes of memory"):
            for _ in ENGINES[engine](part, meter):
                pass
        peak = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    assert 0.9 * most <= peak <= 1.1 * most


@pytest.mark.parametrize(("case", "most"), [(swaps, 2_000_000), (lambda: counter(11), 1_200_000)])
def test_tables_in_layers_know_what_one_table_knows(
    case: Callable[[], Hard], most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[Layers] = []
    leave = Layers.leave
    monkeypatch.setattr(Layers, "leave", lambda table: (left.append(table), leave(table)))
    part = the_part(case())
    ample, scarce = Meter(Budget(None, None, None)), Meter(Budget(None, None, most))
    outcome = finish(depth_first(part, ample, False))
    assert not left
    assert finish(depth_first(part, scarce, False)) == outcome
    # What it had explored at its last report.
    assert abs(scarce.explored - ample.explored) < BETWEEN_LOOKS
    assert left


def test_translating_counts_what_it_holds() -> None:
    operations = [
        Operation(0, "read", "x", None, list(range(at)), "ok", 2 * at, 2 * at + 1)
        for at in range(2_000)
    ]
    budget = Budget(seconds=None, memory=2_000_000)
    with pytest.raises(BudgetExhausted, match="bytes of memory"):
        split(operations, get_model("list-append"), Meter(budget))


def test_what_is_remembered_of_calls_does_not_grow_with_the_history() -> None:
    meter = Meter(Budget(seconds=None))
    specification = get_model("register").specification()
    engine = FrontierEngine(specification.initial, specification.advance, None, meter)
    for at in range(5_000):
        engine.invoke(at, Call("write", None, at, None, "overwrites"), 2 * at + 1)
        assert engine.complete(at)
    assert len(engine._kinds) < 1_000


def test_a_search_that_goes_back_keeps_few_places_to_go_back_to() -> None:
    operations = random_operations(
        Random(1), "register", 6_000, concurrency=5, crash_rate=0.0, wrong_rate=0.0
    )
    (part,) = split(operations, get_model("register"))
    engine = engine_of(part, Meter(Budget(seconds=None)))
    kept = []
    events = events_of(part.entries)
    for _ in narrow(part, engine, events, 0, False):
        kept.append(len(engine.accounts.kept))
    assert len(events) > 10_000
    assert 5 < max(kept) < 120


# Time


class Clock:
    """A clock that goes on by one second at each look."""

    def __init__(self) -> None:
        self.looks = 0

    def __call__(self) -> float:
        self.looks += 1
        return float(self.looks)


@pytest.mark.parametrize("name", ["overlapping cas", "queue", "counter", "50 clients", "registers"])
@pytest.mark.parametrize("seconds", [20.5, 200.5])
def test_it_stops_at_the_first_look_after_the_deadline(name: str, seconds: float) -> None:
    hard = CASES[name]()
    clock = Clock()
    verdict = check(hard.operations, get_model(hard.model), budget=Budget(seconds), clock=clock)
    assert verdict.validity == "unknown"
    assert f"{seconds:g} s" in verdict.reasons[0]
    assert clock.looks <= seconds + 3


def test_the_more_there_is_to_compare_the_more_often_it_looks() -> None:
    part = the_part(swaps())
    meter = Meter(Budget(seconds=None))
    search = lane(part, meter, record=False)
    explored = [0]
    while explored[-1] < 12_000:
        next(search)
        explored.append(meter.explored)
    steps = [after - before for before, after in pairwise(explored)]
    assert max(steps) <= 2 * BETWEEN_LOOKS
    assert steps[-1] < BETWEEN_LOOKS


@pytest.mark.parametrize("name", ["cas-register", "kv", "list-append", "multi-register"])
def test_it_looks_while_it_translates(name: str) -> None:
    operations = random_operations(
        Random(1), name, 3_000, concurrency=3, crash_rate=0.0, wrong_rate=0.0, keys=40
    )
    clock = Clock()
    meter = Meter(Budget(1e9), clock)
    split(operations, get_model(name), meter)
    assert clock.looks > 20
    assert meter.held > 150 * len(operations)


LONG = 1 << 16
"""Operations of a history that takes a monitor a while."""

PAIRS: dict[str, tuple[str, str]] = {
    "register": ("write", "read"),
    "cas-register": ("write", "read"),
    "kv": ("put", "get"),
    "fifo-queue": ("enqueue", "dequeue"),
    "stack": ("push", "pop"),
    "priority-queue": ("insert", "poll"),
    "set": ("add", "contains"),
}


def pairs(name: str) -> list[Operation]:
    """By two clients: something new goes in, and then it is seen, which overlaps the next."""
    into, out = PAIRS[name]
    operations = []
    for at in range(LONG // 2):
        value: Any = str(at) if name == "kv" else at
        operations.append(Operation(0, into, "x", value, None, "ok", 4 * at, 4 * at + 2))
        asked, answer = (value, True) if name == "set" else (None, value)
        operations.append(Operation(1, out, "x", asked, answer, "ok", 4 * at + 1, 4 * at + 3))
    return operations


@pytest.mark.parametrize("name", PAIRS)
def test_a_monitor_looks_before_and_after_each_phase(name: str) -> None:
    operations, model = pairs(name), get_model(name)
    clock = Clock()
    assert check(operations, model, budget=Budget(1e9), clock=clock).validity == "valid"
    assert clock.looks > 20
    for seconds in range(1, clock.looks - 1, 5):
        verdict = check(operations, model, budget=Budget(seconds), clock=Clock())
        assert verdict.validity == "unknown"
        assert f"{seconds:g} s" in verdict.reasons[0]


def test_it_looks_while_events_are_paired() -> None:
    events = [
        Event(at, process, kind, "write", "x", at)
        for at in range(LONG)
        for process, kind in ((0, ("invoke", "ok")[at % 2]),)
    ]
    clock = Clock()
    verdict = check(events, get_model("register"), budget=Budget(2.5), clock=clock)
    assert verdict.reasons == ("the budget of 2.5 s is exhausted",)
    assert clock.looks == 4


# Cancelling, and what is said


@pytest.mark.parametrize("name", CASES)
def test_it_can_be_cancelled_at_any_look(name: str) -> None:
    hard = CASES[name]()
    for at in (0, 1, 3, 10, 40):
        asked: Iterator[int] = iter(range(10**9))
        verdict = check(
            hard.operations,
            get_model(hard.model),
            budget=Budget(seconds=None, configurations=20_000),
            cancelled=lambda asked=asked, at=at: next(asked) >= at,  # type: ignore[misc]
        )
        if verdict.validity == "unknown":
            assert "cancelled" in verdict.reasons[0] or "configurations" in verdict.reasons[0]
        assert next(asked) >= at or verdict.validity != "unknown"


def test_the_reason_says_which_limit_and_how_far_it_came() -> None:
    hard = CASES["50 clients"]()
    budget = Budget(seconds=None, configurations=10_000)
    verdict = check(hard.operations, get_model(hard.model), budget=budget)
    (reason,) = verdict.reasons
    again = check(hard.operations, get_model(hard.model), budget=budget)
    assert again.reasons == verdict.reasons
    assert reason.startswith("key 'x': the budget of 10000 configurations is exhausted; the first ")
    assert reason.endswith(" of 1,001 operations are explained")


def test_the_verdict_stays_when_the_budget_ends_after_it() -> None:
    """The conflict is looked for with what is left."""
    hard = CASES["all pending"]()
    model = get_model(hard.model)
    assert check(hard.operations, model).validity == "invalid"
    without = check(hard.operations, model, certificate=False)
    for more in (0, 1, 300):
        budget = Budget(seconds=None, configurations=without.configurations + 128 + more)
        verdict = check(hard.operations, model, budget=budget)
        assert verdict.validity == "invalid"
        assert verdict.failures


def test_what_was_held_is_given_back_though_a_limit_was_reached() -> None:
    root = Meter(Budget(seconds=None, configurations=100, memory=None))
    share = root.share(2)
    with pytest.raises(BudgetExhausted):
        share.spend(60, 1_000)
    assert (root.explored, root.held) == (60, 1_000)
    share.release()
    assert root.held == 0
