"""The monitor of keys whose texts are appended to, against brute force and the search.

Planted errors that these tests have caught: an append that nothing shows left out though it
completed; steps matched with their operations without looking at real time where a text was
appended twice; a guess taken for sure; the root of a text chosen without regard to the others.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import Any

import pytest

from checker.history import MISMATCH, Operation
from checker.lincheck import check
from checker.lincheck.budget import Budget, Meter
from checker.lincheck.depth_first import depth_first
from checker.lincheck.engine import NotApplicable, Possible, finish
from checker.lincheck.monitors import MONITORS
from checker.lincheck.parts import split
from checker.lincheck.verify import verify
from checker.models import get_model
from tests.checker.brute_force import possible
from tests.checker.lincheck.test_monitor_registers import check_order

HISTORIES = int(os.environ.get("MONITOR_HISTORIES", "1500"))
"""Small histories for each model and kind of texts."""

ABSENT = {"kv": None, "kv-empty": ""}

METER = Meter(Budget(seconds=None))

TEXTS = {
    "unique": [f"{letter};" for letter in "abcdefghijklmnop"],
    # Some begin with others, some are others put together, some come several times.
    "tricky": ["a", "ab", "b", "ba", "c", "ca", "cab", "d", "da", "e"],
    "repeated": ["a;", "b;", "c;", "d;", "e;", "f;"],
}


def judge(operations: Sequence[Operation], model: str, *, order: bool = True) -> Any:
    try:
        return MONITORS[model](operations, METER, order)
    except NotApplicable as reason:
        return reason


def draw(
    random: Random,
    model: str,
    count: int,
    texts: Sequence[str],
    *,
    clients: int = 3,
    crashes: float = 0.1,
    lie: float = 0.0,
    weights: Sequence[float] = (5, 4, 1, 0.6, 0.1),
    fresh: bool = True,
) -> list[Operation]:
    """Operations of one key: what a real store answers, save for some lies.

    ``fresh``: each text is taken once, as long as there are any.
    """
    left = list(texts)
    random.shuffle(left)
    state: Any = ABSENT[model]
    states = [state]
    free, next_client = list(range(clients)), clients
    # process -> [f, argument, invoked, what it answers once it took effect]
    busy: dict[int, list[Any]] = {}
    operations: list[Operation] = []
    rank = started = 0
    while started < count or busy:
        rank += 1
        if started < count and free and (not busy or random.random() < 0.4):
            process = free.pop(random.randrange(len(free)))
            f = random.choices(("get", "append", "put", "cas", "delete"), weights)[0]
            text = left.pop() if fresh and left else random.choice(texts)
            argument: Any = text if f in ("append", "put") else None
            if f == "cas":
                argument = [random.choice([*states[-2:], state, state]), text]
            busy[process] = [f, argument, rank, None]
            started += 1
            continue
        process = random.choice(list(busy))
        f, argument, invoked, answer = busy[process]
        if answer is None and random.random() < 0.7:
            result, outcome, error = argument, "ok", None
            if f == "get":
                result = state
            elif f == "cas" and state != argument[0]:
                outcome, error = "fail", MISMATCH
            elif f == "cas":
                state = argument[1]
            else:
                state = {"append": (state or "") + (argument or ""), "put": argument}.get(
                    f, ABSENT[model]
                )
            states.append(state)
            busy[process][3] = result, outcome, error
            continue
        del busy[process]
        completed: int | None = rank
        if answer is None or random.random() < crashes:
            result, outcome, error, completed = None, "info", None, None
            if answer is None and random.random() < 0.3:
                outcome, error, completed = "fail", "refused", rank
        else:
            result, outcome, error = answer
            if f == "get" and random.random() < lie:
                result = random.choice([*states, _changed(random, state or "", texts)])
        free.append(next_client if completed is None else process)
        next_client += 1
        operations.append(
            Operation(
                process, f, "x", argument, result, outcome, invoked, completed, error, invoked,
                completed,
            )
        )  # fmt: skip
    return sorted(operations, key=lambda operation: operation.invoked)


def _changed(random: Random, text: str, texts: Sequence[str]) -> str:
    """The text with something in front, behind, or missing."""
    other = random.choice(texts)
    return random.choice([text + other, other + text, text[len(other) :], text[: -len(other)]])


@pytest.mark.parametrize("kind", TEXTS)
@pytest.mark.parametrize("name", ABSENT)
def test_agrees_with_brute_force(name: str, kind: str) -> None:
    model = get_model(name)
    seen: Counter[str] = Counter()
    for seed in range(HISTORIES):
        random = Random(f"{name} {kind} {seed}")
        operations = draw(
            random,
            name,
            random.randrange(3, 9),
            TEXTS[kind],
            crashes=random.choice([0.0, 0.1, 0.3]),
            lie=random.choice([0.0, 0.5, 1.0]),
            fresh=kind == "unique",
        )
        outcome = judge(operations, name)
        seen[type(outcome).__name__] += 1
        assert type(judge(operations, name, order=False)) is type(outcome)
        if isinstance(outcome, NotApplicable):
            continue
        assert isinstance(outcome, Possible) == possible(operations, model), operations
        if isinstance(outcome, Possible):
            assert outcome.order is not None
            check_order(operations, outcome.order, model)
    assert min(seen["Possible"], seen["Impossible"]) > HISTORIES / 8, seen
    assert seen["NotApplicable"] < HISTORIES * (0.2 if kind == "unique" else 0.7), seen


@pytest.mark.parametrize("name", ABSENT)
def test_agrees_with_the_search_on_larger_histories(name: str) -> None:
    model = get_model(name)
    seen: Counter[str] = Counter()
    count = HISTORIES // 20
    for seed in range(count):
        random = Random(f"larger {name} {seed}")
        size = random.randrange(20, 60)
        texts = [f"<{number}>" for number in range(size)]
        operations = draw(
            random,
            name,
            size,
            texts,
            clients=random.choice([2, 4, 6]),
            crashes=random.choice([0.0, 0.03]),
            lie=random.choice([0.0, 0.15, 0.3]),
            weights=(4, 4, 1, 0.2, 0),
            fresh=random.random() < 0.7,
        )
        outcome = judge(operations, name)
        seen[type(outcome).__name__] += 1
        (part,) = split(operations, model)
        exact = finish(depth_first(part, METER, False))
        if isinstance(outcome, NotApplicable):
            continue
        assert type(outcome) is type(exact), operations
        if isinstance(outcome, Possible):
            assert outcome.order is not None
            check_order(operations, outcome.order, model)
        verdict = check(operations, model, clock=lambda: 0.0)
        assert verdict.validity.value == ("valid" if isinstance(exact, Possible) else "invalid")
        assert verdict.certificate is not None
        verify(operations, verdict.certificate, model)
    assert min(seen["Possible"], seen["Impossible"]) > count / 8, seen
    assert seen["NotApplicable"] < count / 3, seen
