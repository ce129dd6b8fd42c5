"""The monitor of stacks against brute force, on what it rests on, and on what it must refuse."""

from __future__ import annotations

from functools import partial
from random import Random
from typing import Any

import pytest

from bench.lincheck_stack import made, spoil
from checker.lincheck.budget import Budget, BudgetExhausted, Meter
from checker.lincheck.engine import Impossible, NotApplicable, Possible
from checker.lincheck.monitors.stack import monitor
from checker.lincheck.monitors.windows import Windows
from checker.models import get_model
from tests.checker.brute_force import possible
from tests.checker.lincheck.queue_histories import (
    HISTORIES,
    Draw,
    assert_legal,
    core_of,
    drawn,
    judge_many,
    spanning,
)

MODEL = get_model("stack")
spans = partial(spanning, "push")


@drawn
def test_agrees_with_brute_force(draw: Draw) -> None:
    seen = judge_many(monitor, "stack", draw, HISTORIES)
    assert min(seen["possible"], seen["impossible"]) > HISTORIES // 10, seen
    assert seen["not applicable"] <= HISTORIES // 50, seen


def test_what_is_pushed_first_and_popped_last_is_found_although_it_is_not_inside_throughout() -> (
    None
):
    # 9: |--- push ------|                     |- pop -|
    # 1:   |push|              |- pop -|
    slow_push = spans(("push", 9, 0, 6), ("push", 1, 1, 2), ("pop", 1, 8, 9), ("pop", 9, 20, 21))
    assert isinstance(monitor(slow_push, Meter(Budget()), False), Possible)
    # The same, but 9 was still to be pushed when 1 had been.
    late_push = spans(("push", 9, 3, 6), ("push", 1, 1, 2), ("pop", 1, 8, 9), ("pop", 9, 20, 21))
    assert core_of(monitor, late_push) == (0, 1, 2, 3)


def test_three_elements_can_be_impossible_of_which_any_two_are_possible() -> None:
    # 8: |---- push ----|                          |pop|
    # 6:   |push|              |- pop -|
    # 4:           |--- push ----|                        |pop|
    pushes = [("push", 8, 0, 5), ("push", 6, 1, 2), ("push", 4, 4, 8)]
    ring = spans(*pushes, ("pop", 6, 7, 9), ("pop", 8, 10, 11), ("pop", 4, 12, 13))
    assert core_of(monitor, ring) == (0, 1, 2, 3, 4, 5)
    assert not possible(ring, MODEL)
    for value in (8, 6, 4):
        pair = [operation for operation in ring if value not in operation[3:5]]
        assert isinstance(monitor(pair, Meter(Budget()), False), Possible)


def test_a_core_leaves_out_what_is_not_needed() -> None:
    wrong = spans(("push", 1, 0, 1), ("push", 2, 2, 3), ("peek", 2, 4, 5), ("pop", 1, 6, 7))
    right = [("push", 9, -4, -3), ("peek", 9, -2, -1), ("pop", 2, 8, 9), ("pop", 9, 10, 11)]
    rows = [(o.f, o.argument or o.result, o.invoked, o.completed) for o in wrong]
    whole = spans(*((f, v, a + 4, b + 4) for f, v, a, b in (*rows, *right) if b is not None))
    core = core_of(monitor, whole)
    assert core is not None
    assert [str(whole[at])[11:] for at in core] == ["push 1", "push 2", "pop -> 1", "pop -> 2"]


@pytest.mark.parametrize("shape", ["mixed", "deep", "waves"])
def test_a_long_history_has_an_order_and_a_spoilt_one_a_small_core(shape: str) -> None:
    operations = made("stack", shape, 3000, seed=4)
    outcome = monitor(operations, Meter(Budget()), True)
    assert isinstance(outcome, Possible)
    assert outcome.order is not None
    assert_legal(operations, outcome.order, MODEL)
    spoil(operations)
    core = core_of(monitor, operations)
    assert core is not None
    assert len(core) <= 6
    assert not possible([operations[at] for at in core], MODEL)


def test_a_crashed_pop_took_what_nobody_else_did() -> None:
    rows = [("push", 1, 0, 1), ("push", 2, 2, 3), ("pop", 1, 6, 7)]
    assert isinstance(
        monitor(spans(*rows, ("pop", None, 4, None)), Meter(Budget()), False), Possible
    )
    after = spans(*rows, ("pop", None, 8, None))
    assert not possible(after, MODEL)
    assert core_of(monitor, after) == (0, 1, 2, 3)


@pytest.mark.parametrize(
    "rows",
    [
        [("push", 1, 0, 1), ("push", 1, 2, 3)],
        [("push", None, 0, 1)],
        [("enqueue", 1, 0, 1)],
        [("push", object(), 0, 1)],
    ],
)
def test_what_it_cannot_judge_it_refuses(rows: list[tuple[str, Any, int, int | None]]) -> None:
    with pytest.raises(NotApplicable):
        monitor(spans(*rows), Meter(Budget()), False)


def test_values_that_python_takes_for_equal_are_different() -> None:
    rows = [("push", 1, 0, 1), ("push", True, 2, 3), ("pop", True, 4, 5), ("pop", 1, 6, 7)]
    assert isinstance(monitor(spans(*rows), Meter(Budget()), False), Possible)
    assert isinstance(monitor(spans(*rows, ("pop", 1.0, 8, 9)), Meter(Budget()), False), Impossible)


def test_ranks_may_be_sparse_and_the_history_empty() -> None:
    assert monitor([], Meter(Budget()), True) == Possible([])
    sparse = spans(("push", 1, 10**9, 10**12), ("pop", 1, 10**13, 10**15))
    assert monitor(sparse, Meter(Budget()), True) == Possible([0, 1])


@pytest.mark.parametrize("count", [5, 50, 1000])
def test_windows_are_found_however_many_are_open(count: int) -> None:
    random = Random(count)
    slots = 40
    first = sorted(random.randrange(slots) for _ in range(count))
    last = [random.randrange(begin, slots) for begin in first]
    windows = Windows(list(range(count)), first, last, slots)
    for slot in range(slots):
        around = windows.around(slot)
        assert len(set(around)) == len(around)
        assert all(first[member] <= slot for member in around)
        inside = {member for member in range(count) if first[member] <= slot <= last[member]}
        assert {member for member in around if last[member] >= slot} == inside


def test_hundreds_of_clients_at_a_time_have_an_order() -> None:
    # All pushes overlap, then all pops: any order of the one is possible with any of the other.
    values = Random(1).sample(range(300), 300)
    pushes = [("push", value, at, 1000 + value) for at, value in enumerate(values)]
    peeks = [("peek", value, 2000 + 2 * at, 2001 + 2 * at) for at, value in enumerate(values[:1])]
    pops = [("pop", value, 3000 + value, 4000 + at) for at, value in enumerate(values)]
    operations = spans(*pushes, *peeks, *pops)
    outcome = monitor(operations, Meter(Budget()), True)
    assert isinstance(outcome, Possible)
    assert outcome.order is not None
    assert_legal(operations, outcome.order, MODEL)


def test_it_keeps_to_its_budget_of_memory() -> None:
    with pytest.raises(BudgetExhausted):
        monitor(made("stack", "mixed", 1000), Meter(Budget(memory=1000)), False)
