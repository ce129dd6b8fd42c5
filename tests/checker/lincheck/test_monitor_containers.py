"""The monitors of queues, sets, lists, counters and ids, against an oracle that tries all orders."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import pytest

from checker.history import Operation
from checker.lincheck.budget import Budget, Meter
from checker.lincheck.engine import Impossible, Monitor, NotApplicable, Possible
from checker.lincheck.monitors import counter, fifo_queue, list_append, unique_ids
from checker.lincheck.monitors import sets as sets_monitor
from checker.models import UNKNOWN, Model, get_model
from tests.checker.brute_force import possible
from tests.checker.histories import respects_time
from tests.checker.lincheck.random_histories import (
    draw_list,
    draw_queue,
    draw_set,
    run,
    with_another_answer,
)

ROUNDS = int(os.environ.get("SPLITBRAIN_MONITOR_ROUNDS", "1000"))
"""Random histories of each kind."""


def judge(monitor: Monitor, operations: Sequence[Operation], order: bool = True) -> Any:
    return monitor(operations, Meter(Budget(seconds=None)), order)


def is_legal(operations: Sequence[Operation], order: Sequence[int], name: str) -> bool:
    """Whether the order holds what it must, once each, respects time, and the model accepts it."""
    model = get_model(name)
    calls = {at: model.parse(operations[at]) for at in range(len(operations))}
    must = {at for at, call in calls.items() if call and operations[at].completed is not None}
    if len(set(order)) != len(order) or not must <= set(order):
        return False
    if not respects_time([operations[at] for at in order]):
        return False
    advance, state = model.specification().advance, model.specification().initial
    for at in order:
        call = calls[at]
        if call is None:
            return False
        allowed, state = advance(state, call)
        if not allowed:
            return False
    return True


def may_be_all(operations: Sequence[Operation], core: set[int], model: Model) -> bool:
    """Whether all that the core leaves out may be left out of a possible history.

    That is observations, clusters, and crashed removals that cannot have removed what is in the
    core: because others did, or because all of it had completed before.
    """
    told = [(at, call) for at, o in enumerate(operations) if (call := model.parse(o)) is not None]
    kept = [(at, call) for at, call in told if at in core or call.effect != "observes"]
    assert model.clusters is not None
    for cluster in model.clusters([call for _, call in kept]):
        if len({kept[number][0] in core for number in cluster}) > 1:
            return False
    crashed = [at for at, call in kept if call.result is UNKNOWN and at not in core]
    inserted = {call.argument for at, call in kept if at in core and call.f == "insert"}
    removed = {call.result for at, call in kept if at in core and call.f == "remove"}
    last = max((operations[at].completed or 0 for at in core), default=0)
    return inserted <= removed or all(operations[at].invoked > last for at in crashed)


def agree(
    name: str,
    monitor: Monitor,
    histories: Callable[[Random], list[Operation]],
    *,
    rounds: int,
    seed: int,
    refused: float = 0.0,
    cores: bool = True,
) -> None:
    """The monitor says what the oracle says; ``refused``: how often it may not apply."""
    random = Random(seed)
    model = get_model(name)
    counts = {True: 0, False: 0, None: 0}
    for _ in range(rounds):
        operations = histories(random)
        try:
            outcome = judge(monitor, operations)
        except NotApplicable:
            counts[None] += 1
            continue
        expected = possible(operations, model)
        told = "\n".join(f"{o.invoked} {o.completed} {o}" for o in operations)
        assert isinstance(outcome, Possible) == expected, told
        assert (
            judge(monitor, operations, order=False)._replace(order=None)
            == outcome._replace(order=None)
            if expected
            else judge(monitor, operations, order=False) == outcome
        ), told
        counts[expected] += 1
        if isinstance(outcome, Possible):
            assert outcome.order is not None
            assert is_legal(operations, outcome.order, name), f"{outcome.order}\n{told}"
        elif cores:
            assert isinstance(outcome, Impossible)
            assert outcome.core is not None
            core = [operations[at] for at in outcome.core]
            assert not possible(core, model), f"{outcome.core}\n{told}"
            assert may_be_all(operations, set(outcome.core), model), f"{outcome.core}\n{told}"
    assert min(counts[True], counts[False]) > rounds / 12, counts
    assert counts[None] <= rounds * refused, counts


def queues(peeks: float, empties: float, crash: float) -> Callable[[Random], list[Operation]]:
    draw = draw_queue(peeks, empties)

    def histories(random: Random) -> list[Operation]:
        operations = run(random, random.randint(2, 8), draw, (), crash)
        if random.random() < 0.6:
            elements = [None, *(o.argument for o in operations if o.f == "enqueue")]
            answers = {f: lambda random: random.choice(elements) for f in ("dequeue", "peek")}
            for _ in range(random.randint(1, 2)):
                operations = with_another_answer(random, operations, answers)
        return operations

    return histories


@pytest.mark.parametrize(
    ("peeks", "empties", "crash", "refused"),
    [
        (0.0, 0.1, 0.0, 0.0),
        (0.25, 0.3, 0.1, 0.1),
        (0.0, 0.4, 0.3, 0.0),
        (0.5, 0.2, 0.0, 0.0),
        (0.4, 0.2, 0.3, 0.2),
    ],
)
def test_a_queue_is_judged_as_by_the_oracle(
    peeks: float, empties: float, crash: float, refused: float
) -> None:
    agree(
        "fifo-queue",
        fifo_queue.monitor,
        queues(peeks, empties, crash),
        rounds=ROUNDS,
        seed=1,
        refused=refused,
    )


def test_ids_are_judged_as_by_the_oracle() -> None:
    def draw(random: Random, state: Any, number: int) -> tuple[str, Any, Any, Any]:
        return "generate", None, number, state

    def histories(random: Random) -> list[Operation]:
        operations = run(random, random.randint(2, 6), draw, None)
        if random.random() < 0.6:
            answer = {"generate": lambda random: random.randrange(6)}
            operations = with_another_answer(random, operations, answer)
        return operations

    agree("unique-ids", unique_ids.monitor, histories, rounds=ROUNDS // 3, seed=2)


@pytest.mark.parametrize(("reads", "crash"), [(0.5, 0.0), (0.4, 0.2), (0.7, 0.3)])
def test_a_list_is_judged_as_by_the_oracle(reads: float, crash: float) -> None:
    draw = draw_list(reads)

    def histories(random: Random) -> list[Operation]:
        operations = run(random, random.randint(2, 8), draw, (), crash)
        if random.random() < 0.5:
            elements = [o.argument for o in operations if o.f == "append"] or [9]

            def answer(random: Random) -> Any:
                told = random.choice([o.result for o in operations if o.f == "read"]) or []
                kind = random.random()
                if kind < 0.4:
                    return told[: random.randint(0, len(told))] or None
                if kind < 0.8:
                    return [*told, random.choice(elements)]
                return random.sample(told, len(told))

            operations = with_another_answer(random, operations, {"read": answer})
        return operations

    agree("list-append", list_append.monitor, histories, rounds=ROUNDS, seed=3)


def sets(
    reads: float, contains: float, removes: float, again: float, crash: float
) -> Callable[[Random], list[Operation]]:
    draw = draw_set(reads, contains, removes, again)

    def histories(random: Random) -> list[Operation]:
        start: Any = (frozenset(), frozenset())
        operations = run(random, random.randint(2, 8), draw, start, crash)
        if random.random() < 0.6:
            known = sorted({o.argument for o in operations if o.f == "add"} | {9})

            def members(random: Random) -> list[int]:
                told = random.choice([o.result for o in operations if o.f == "read"]) or []
                return sorted(set(told) ^ {random.choice(known)})

            answers = {"contains": lambda random: random.random() < 0.5, "read": members}
            for _ in range(random.randint(1, 2)):
                operations = with_another_answer(random, operations, answers)
        return operations

    return histories


@pytest.mark.parametrize(("again", "crash"), [(0.0, 0.0), (0.3, 0.2)])
def test_a_growing_set_is_judged_as_by_the_oracle(again: float, crash: float) -> None:
    histories = sets(0.5, 0.0, 0.0, again, crash)
    agree("g-set", sets_monitor.grow_only_set, histories, rounds=ROUNDS, seed=4)


@pytest.mark.parametrize(
    ("reads", "contains", "removes", "again", "crash", "refused"),
    [
        (0.0, 0.5, 0.25, 0.0, 0.0, 0.0),
        (0.0, 0.5, 0.2, 0.0, 0.3, 0.0),
        (0.0, 0.4, 0.3, 0.6, 0.15, 0.0),
        (0.3, 0.3, 0.0, 0.3, 0.1, 0.0),
        (0.3, 0.3, 0.05, 0.1, 0.1, 0.4),
    ],
)
def test_a_set_is_judged_as_by_the_oracle(
    reads: float, contains: float, removes: float, again: float, crash: float, refused: float
) -> None:
    histories = sets(reads, contains, removes, again, crash)
    agree("set", sets_monitor.full_set, histories, rounds=ROUNDS, seed=5, refused=refused)


@pytest.mark.parametrize(("step", "crash"), [(1, 0.0), (3, 0.2), (-2, 0.3)])
def test_a_counter_of_equal_steps_is_judged_as_by_the_oracle(step: int, crash: float) -> None:
    def draw(random: Random, state: Any, number: int) -> tuple[str, Any, Any, Any]:
        if random.random() < 0.5:
            return "read", None, state, state
        return "add", step, None, state + step

    def histories(random: Random) -> list[Operation]:
        operations = run(random, random.randint(2, 8), draw, 0, crash)
        if random.random() < 0.5:
            answer = {"read": lambda random: random.randrange(5) * step + (random.random() < 0.1)}
            operations = with_another_answer(random, operations, answer)
        return operations

    agree("counter", counter.monitor, histories, rounds=ROUNDS, seed=6, cores=False)
