"""When the monitors of containers do not apply, and what a few histories of note come to."""

from __future__ import annotations

from typing import Any

import pytest

from checker.history import Operation
from checker.lincheck.budget import Budget, BudgetExhausted, Meter
from checker.lincheck.engine import Impossible, Monitor, NotApplicable, Possible
from checker.lincheck.monitors import counter, fifo_queue, list_append, sets, unique_ids

Row = tuple[str, Any, Any, int, int | None]
"""(f, argument, result, invoked, completed); never completed is info."""


def operations(*rows: Row) -> list[Operation]:
    return [
        Operation(at, f, None, argument, result, "info" if end is None else "ok", start, end)
        for at, (f, argument, result, start, end) in enumerate(rows)
    ]


def judge(monitor: Monitor, *rows: Row) -> Any:
    return monitor(operations(*rows), Meter(Budget(seconds=None)), False)


@pytest.mark.parametrize(
    ("monitor", "row"),
    [
        (fifo_queue.monitor, ("push", 2, None)),
        (fifo_queue.monitor, ("enqueue", None, None)),
        (fifo_queue.monitor, ("enqueue", {1, 2}, None)),
        (fifo_queue.monitor, ("dequeue", None, {1, 2})),
        (fifo_queue.monitor, ("enqueue", 1, None)),
        (sets.grow_only_set, ("contains", 1, True)),
        (sets.full_set, ("contains", 1, 1)),
        (sets.full_set, ("add", {1, 2}, None)),
        (sets.full_set, ("read", None, [1, 1])),
        (sets.full_set, ("read", None, [{1, 2}])),
        (sets.full_set, ("read", None, 1)),
        (sets.full_set, ("read", None, None)),
        (list_append.monitor, ("txn", [["r", 1, None]], [["r", 1, []]])),
        (list_append.monitor, ("append", {1, 2}, None)),
        (list_append.monitor, ("append", 1, None)),
        (list_append.monitor, ("read", None, 1)),
        (list_append.monitor, ("read", None, [{1, 2}])),
        (unique_ids.monitor, ("take", None, 1)),
        (unique_ids.monitor, ("generate", None, {1, 2})),
        (counter.monitor, ("add", 0, None)),
        (counter.monitor, ("add", 2, None)),
        (counter.monitor, ("add", True, None)),
        (counter.monitor, ("add-and-get", 1, 1)),
        (counter.monitor, ("read", None, 1.0)),
    ],
)
def test_what_is_odd_is_left_to_others_whatever_else_is_wrong(
    monitor: Monitor, row: tuple[str, Any, Any]
) -> None:
    wrong: dict[Any, list[Row]] = {
        fifo_queue.monitor: [("enqueue", 1, None, 0, 1), ("dequeue", None, 3, 2, 3)],
        sets.grow_only_set: [("add", 1, None, 0, 1), ("read", None, [], 2, 3)],
        sets.full_set: [("add", 1, None, 0, 1), ("contains", 1, False, 2, 3)],
        list_append.monitor: [("append", 1, None, 0, 1), ("read", None, [], 2, 3)],
        unique_ids.monitor: [("generate", None, 1, 0, 1), ("generate", None, 1, 2, 3)],
        counter.monitor: [("add", 1, None, 0, 1), ("read", None, 0, 2, 3)],
    }
    rows = wrong[monitor]
    assert isinstance(judge(monitor, *rows), Impossible)
    with pytest.raises(NotApplicable):
        judge(monitor, *rows, (*row, 4, 5))


def test_values_that_python_takes_for_equal_are_different_elements() -> None:
    rows: list[Row] = [
        ("enqueue", 1, None, 0, 1),
        ("enqueue", True, None, 2, 3),
        ("enqueue", 1.0, None, 4, 5),
        ("dequeue", None, 1, 6, 7),
        ("dequeue", None, True, 8, 9),
    ]
    assert judge(fifo_queue.monitor, *rows) == Possible()
    wrong = judge(fifo_queue.monitor, *rows, ("dequeue", None, True, 10, 11))
    assert isinstance(wrong, Impossible)
    rows = [("add", 1, None, 0, 1), ("read", None, [1.0], 2, 3)]
    assert judge(sets.grow_only_set, *rows) == Impossible(core=(1,))


def test_the_queue_of_a_contradiction_over_three_elements() -> None:
    """b is at the head all the time from 15 to 30, so a is out before and c after; c came before a.

    a  out |10 ---------- 20|
    b  at the head |14 15| ... |30 31|
    c  out                |17 ---------- 40|
    """
    rows: list[Row] = [
        ("enqueue", "c", None, 1, 2),
        ("enqueue", "a", None, 3, 4),
        ("enqueue", "b", None, 5, 6),
        ("dequeue", None, "a", 10, 20),
        ("peek", None, "b", 14, 15),
        ("dequeue", None, "c", 17, 40),
        ("dequeue", None, "b", 30, 31),
    ]
    assert judge(fifo_queue.monitor, *rows) == Impossible(core=(0, 1, 2, 3, 4, 5, 6))
    assert judge(fifo_queue.monitor, *rows[:4], *rows[5:]) == Possible()


@pytest.mark.parametrize("crashed", [[], [12], [12, 50], [12, 13], [12, 13, 50]])
def test_as_many_crashed_removals_as_it_takes(crashed: list[int]) -> None:
    """Two elements were inserted before a third, which was removed at 20."""
    rows: list[Row] = [("enqueue", 1, None, 1, 2), ("enqueue", 2, None, 3, 4)]
    rows += [("enqueue", 3, None, 5, 6)]
    rows += [("dequeue", None, None, at, None) for at in crashed if at < 20]
    rows += [("dequeue", None, 3, 19, 20)]
    rows += [("dequeue", None, None, at, None) for at in crashed if at >= 20]
    assert isinstance(judge(fifo_queue.monitor, *rows), Possible) == (crashed[:2] == [12, 13])


def test_the_budget_is_obeyed() -> None:
    clock = iter(range(1000))
    meter = Meter(Budget(seconds=1), lambda: next(clock))
    with pytest.raises(BudgetExhausted):
        fifo_queue.monitor(operations(("enqueue", 1, None, 0, 1)), meter, False)
