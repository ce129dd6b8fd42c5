"""The monitor of priority queues against brute force, and on what it must refuse."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from bench.lincheck_stack import made, spoil
from checker.lincheck.budget import Budget, Meter
from checker.lincheck.engine import Impossible, NotApplicable, Possible
from checker.lincheck.monitors.priority_queue import monitor
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

MODEL = get_model("priority-queue")
spans = partial(spanning, "insert")


@drawn
def test_agrees_with_brute_force(draw: Draw) -> None:
    seen = judge_many(monitor, "priority-queue", draw, HISTORIES)
    assert min(seen["possible"], seen["impossible"]) > HISTORIES // 10, seen
    assert seen["not applicable"] <= HISTORIES // 30, seen


def test_a_peek_and_a_poll_of_one_element_must_find_slots_in_this_order() -> None:
    # 5: |insert|   |- poll ------------------|
    #                      |- peek ------------------|
    # 1:              |insert|         |poll|           (nothing is free in between)
    rows = [("insert", 5, 0, 1), ("poll", 5, 2, 12), ("insert", 1, 4, 5), ("poll", 1, 13, 14)]
    late = spans(*rows, ("peek", 5, 6, 15))
    assert core_of(monitor, late) == (0, 1, 2, 3, 4)
    assert not possible(late, MODEL)
    early = spans(*rows, ("peek", 5, 3, 15))
    assert isinstance(monitor(early, Meter(Budget()), False), Possible)


def test_a_peek_finds_no_slot_before_the_insertion_of_what_it_saw() -> None:
    # 5:          |- insert -|          |poll|
    #      |------- peek -------|                       (only before 5 is inserted is 1 not inside)
    # 1:     |insert|               |poll|
    rows = [("insert", 1, 1, 2), ("poll", 1, 8, 9), ("insert", 5, 3, 5), ("poll", 5, 10, 11)]
    blind = spans(("peek", 5, 0, 7), *rows)
    assert core_of(monitor, blind) == (0, 1, 2, 3, 4)
    assert not possible(blind, MODEL)


@pytest.mark.parametrize("shape", ["mixed", "deep", "waves"])
def test_a_long_history_has_an_order_and_a_spoilt_one_a_small_core(shape: str) -> None:
    operations = made("priority-queue", shape, 3000, seed=4)
    outcome = monitor(operations, Meter(Budget()), True)
    assert isinstance(outcome, Possible)
    assert outcome.order is not None
    assert_legal(operations, outcome.order, MODEL)
    spoil(operations)
    core = core_of(monitor, operations)
    assert core is not None
    assert len(core) <= 6
    assert not possible([operations[at] for at in core], MODEL)


def test_a_crashed_poll_took_what_nobody_else_did() -> None:
    rows = [("insert", 1, 0, 1), ("insert", 2, 2, 3), ("poll", 2, 6, 7)]
    crashed = spans(*rows, ("poll", None, 4, None))
    assert isinstance(monitor(crashed, Meter(Budget()), False), Possible)
    assert core_of(monitor, spans(*rows, ("poll", None, 8, None))) == (0, 1, 2, 3)


@pytest.mark.parametrize(
    "rows",
    [
        [("insert", 1, 0, 1), ("insert", 1.0, 2, 3)],
        [("insert", 1, 0, 1), ("insert", "1", 2, 3)],
        [("insert", True, 0, 1)],
        [("insert", float("nan"), 0, 1)],
        [("insert", [1], 0, 1)],
        [("insert", 1, 0, 1), ("poll", [1], 2, 3)],
        [("push", 1, 0, 1)],
    ],
)
def test_what_it_cannot_judge_it_refuses(rows: list[tuple[str, Any, int, int | None]]) -> None:
    with pytest.raises(NotApplicable):
        monitor(spans(*rows), Meter(Budget()), False)


def test_numbers_of_both_kinds_have_an_order_and_so_do_texts() -> None:
    numbers = [("insert", 2, 0, 1), ("insert", 1.5, 2, 3), ("poll", 1.5, 4, 5), ("poll", 2, 6, 7)]
    assert isinstance(monitor(spans(*numbers), Meter(Budget()), False), Possible)
    texts = [("insert", "b", 0, 1), ("insert", "a", 2, 3), ("poll", "b", 4, 5)]
    assert isinstance(monitor(spans(*texts), Meter(Budget()), False), Impossible)
