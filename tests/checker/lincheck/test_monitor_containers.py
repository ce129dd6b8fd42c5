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
from checker.lincheck.monitors import fifo_queue, list_append, unique_ids
from checker.lincheck.monitors import sets as sets_monitor
from checker.models import get_model
from tests.checker.brute_force import possible
from tests.checker.histories import respects_time

ROUNDS = int(os.environ.get("SPLITBRAIN_MONITOR_ROUNDS", "1500"))
"""Random histories of each kind."""

Draw = Callable[[Random, Any, int], tuple[str, Any, Any, Any]]
"""draw(random, state, number) -> (f, argument, result, next state): a call that takes effect now."""


def run(random: Random, count: int, draw: Draw, state: Any, crash: float = 0.15) -> list[Operation]:
    """A linearizable history of ``count`` operations by up to four clients, some of which crash."""
    clock = iter(range(10 * count + 10))
    pending: list[list[Any]] = []  # [invoked, told or None]
    done: list[Operation] = []
    started = 0
    while started < count or pending:
        if started < count and (not pending or (len(pending) < 4 and random.random() < 0.5)):
            pending.append([next(clock), None, started])
            started += 1
            continue
        at = random.randrange(len(pending))
        invoked, told, number = pending[at]
        if told is None and random.random() < 0.5:
            # It will take effect before it completes; what it will be is drawn when it does.
            *told, state = draw(random, state, number)
            pending[at][1] = told
            continue
        del pending[at]
        if told is None:
            *told, after = draw(random, state, number)
            if random.random() < 1 - crash:
                state = after
            else:
                done.append(operation(number, told, invoked, None, "info"))
                continue
        if random.random() < crash:
            done.append(operation(number, told, invoked, None, "info"))
        elif random.random() < 0.03:
            done.append(operation(number, told, invoked, next(clock), "fail"))
        else:
            done.append(operation(number, told, invoked, next(clock), "ok"))
    return sorted(done, key=lambda each: each.invoked)


def operation(
    number: int, told: Sequence[Any], invoked: int, completed: int | None, outcome: str
) -> Operation:
    f, argument, result = told
    return Operation(
        number, f, None, argument, result if outcome == "ok" else None, outcome, invoked, completed
    )


def with_another_answer(
    random: Random, operations: list[Operation], answers: dict[str, Callable[[Random], Any]]
) -> list[Operation]:
    """One completed answer replaced by another one."""
    told = [at for at, o in enumerate(operations) if o.outcome == "ok" and o.f in answers]
    if not told:
        return operations
    at = random.choice(told)
    changed = list(operations)
    changed[at] = changed[at]._replace(result=answers[changed[at].f](random))
    return changed


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
    assert min(counts[True], counts[False]) > rounds / 12, counts
    assert counts[None] <= rounds * refused, counts


def draw_queue(peeks: float, empties: float) -> Draw:
    def draw(random: Random, state: Any, number: int) -> tuple[str, Any, Any, Any]:
        if random.random() < peeks:
            return "peek", None, state[0] if state else None, state
        if (not state and random.random() > empties) or random.random() < 0.45:
            return "enqueue", number, None, (*state, number)
        return "dequeue", None, state[0] if state else None, state[1:]

    return draw


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
    def draw(random: Random, state: Any, number: int) -> tuple[str, Any, Any, Any]:
        if random.random() < reads:
            return "read", None, list(state), state
        return "append", number, None, (*state, number)

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


def draw_set(reads: float, contains: float, removes: float, again: float) -> Draw:
    def draw(random: Random, state: Any, number: int) -> tuple[str, Any, Any, Any]:
        present, known = state
        kind = random.random()
        if kind < reads:
            return "read", None, random.sample(sorted(present), len(present)), state
        element = random.choice(sorted(known)) if known else number
        if kind < reads + contains:
            return "contains", element, element in present, state
        if kind < reads + contains + removes:
            return "remove", element, None, (present - {element}, known | {element})
        if random.random() > again:
            element = number
        return "add", element, None, (present | {element}, known | {element})

    return draw


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
        (0.0, 0.5, 0.2, 0.0, 0.3, 0.2),
        (0.0, 0.4, 0.3, 0.3, 0.1, 0.4),
        (0.3, 0.3, 0.0, 0.3, 0.1, 0.0),
        (0.3, 0.3, 0.05, 0.1, 0.1, 0.4),
    ],
)
def test_a_set_is_judged_as_by_the_oracle(
    reads: float, contains: float, removes: float, again: float, crash: float, refused: float
) -> None:
    histories = sets(reads, contains, removes, again, crash)
    agree("set", sets_monitor.full_set, histories, rounds=ROUNDS, seed=5, refused=refused)
