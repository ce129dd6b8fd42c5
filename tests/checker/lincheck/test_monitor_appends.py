"""The monitor of keys whose texts are appended to, against brute force and the search.

Planted errors that these tests have caught: an append that nothing shows left out though it
completed; places and appends of equal texts matched without looking at real time; a guess at either
a root or an append taken for sure; several texts at a place not noticed; a root whose time is over
taken for possible; crashed compare-and-sets that took effect not noticed; and, where the first
guess is tried, each of the checks that nothing completed before what it follows was invoked.
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
from checker.lincheck.budget import Budget, BudgetExhausted, Meter
from checker.lincheck.depth_first import depth_first
from checker.lincheck.engine import Impossible, NotApplicable, Possible, finish
from checker.lincheck.monitors import MONITORS
from checker.lincheck.parts import split
from checker.lincheck.sections import until
from checker.lincheck.verify import verify
from checker.models import get_model
from tests.checker.brute_force import possible
from tests.checker.lincheck.test_monitor_registers import check_order, written_out

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
        quick = judge(operations, name, order=False)
        if isinstance(quick, NotApplicable):
            assert isinstance(outcome, NotApplicable)
            continue
        assert isinstance(quick, Possible) == possible(operations, model), operations
        if isinstance(outcome, NotApplicable):
            # A guess has explained what cannot be excluded to be otherwise.
            assert isinstance(quick, Possible)
            continue
        assert type(outcome) is type(quick), operations
        if isinstance(outcome, Possible):
            assert outcome.order is not None
            check_order(operations, outcome.order, model)
        elif outcome.is_first:
            end = operations[outcome.at].completed
            assert end is not None
            assert not possible(until(operations, end), model)
            assert possible(until(operations, end - 1), model)
            seen["first"] += 1
    assert min(seen["Possible"], seen["Impossible"]) > HISTORIES / 8, seen
    assert seen["first"] > seen["Impossible"] / 2, seen
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
        quick = judge(operations, name, order=False)
        assert isinstance(quick, NotApplicable) or type(quick) is type(exact), operations
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


Row = tuple[Any, ...]

#   append a; |--|
#   append b;     |--|
#   append c;            |----------- ...
#   get -> a;b;                |--|
#   append d;                         |--|
APPENDS: list[Row] = [
    ("append", "a;", None, 0, 1),
    ("append", "b;", None, 2, 3),
    ("append", "c;", None, 4, None),
    ("get", None, "a;b;", 5, 6),
    ("append", "d;", None, 7, 8),
]


def read(result: str | None, invoked: int) -> Row:
    return "get", None, result, invoked, invoked + 1


@pytest.mark.parametrize(
    ("rows", "is_possible"),
    [
        ([*APPENDS, read("a;b;d;", 10)], True),
        ([*APPENDS, read("a;b;c;d;", 10)], True),
        ([*APPENDS, read("a;b;d;c;", 10), read("a;b;d;c;", 12)], True),
        # The crashed one took effect, and did not.
        ([*APPENDS, read("a;b;c;d;", 10), read("a;b;d;", 12)], False),
        ([*APPENDS, read("a;b;c;d;", 10), read("a;b;d;c;", 12)], False),
        # One that completed is missing, or comes too early, or twice.
        ([*APPENDS, read("a;b;", 10)], False),
        ([*APPENDS, read("a;b;d;", 10), read("a;b;", 12)], False),
        ([*APPENDS, read("a;d;b;", 10)], False),
        ([*APPENDS, read("a;b;d;d;", 10)], False),
        ([*APPENDS, read("a;b;d;a;", 10)], False),
        # Nobody appended it.
        ([*APPENDS, read("a;b;e;", 10)], False),
        ([*APPENDS, read("", 10)], False),
        ([*APPENDS, read("e;a;b;d;", 10)], False),
        # A put begins anew, and an append that nothing shows ends what was there.
        ([*APPENDS, ("put", "p;", None, 10, 11), read("p;", 12)], True),
        ([*APPENDS, ("put", "p;", None, 10, 11), read("a;b;p;", 12)], False),
        ([*APPENDS, ("put", "p;", None, 10, 13), read("p;", 11), read("a;b;d;", 15)], False),
        ([("append", "x;", None, 0, 9), read("", 1), read("", 3)], True),
        ([("append", "x;", None, 0, 1), read("", 2)], False),
        # What a compare-and-set expected was there.
        ([*APPENDS, ("cas", ["a;b;d;", "z;"], None, 10, 11), read("z;", 12)], True),
        ([*APPENDS, ("cas", ["a;b;c;d;", "z;"], None, 10, None), read("z;", 12)], True),
        ([*APPENDS, ("cas", ["a;b;", "z;"], None, 10, 11), read("z;", 12)], False),
        (
            [
                *APPENDS,
                ("cas", ["a;b;c;d;", "z;"], None, 10, None),
                read("z;", 12),
                read("a;b;d;", 13),
            ],
            False,
        ),
        # Equal texts: real time tells which is which.
        ([*APPENDS, ("append", "a;", None, 10, 11), read("a;b;d;a;", 12)], True),
        ([*APPENDS, ("append", "a;", None, 10, 11), read("a;b;d;", 12)], False),
        # Of equal puts too: the first is over when others have begun behind it and completed.
        (
            [
                ("put", "p;", None, 0, 1),
                ("put", "q;", None, 2, 3),
                ("put", "p;", None, 4, 5),
                ("append", "a;", None, 6, 7),
                read("p;a;", 8),
                read("q;", 10),
            ],
            False,
        ),
    ],
)
def test_what_appends_explain(rows: list[Row], is_possible: bool) -> None:
    model = get_model("kv-empty")
    operations = written_out(*rows)
    assert possible(operations, model) == is_possible
    for order in (False, True):
        outcome = judge(operations, "kv-empty", order=order)
        assert isinstance(outcome, Possible if is_possible else Impossible), outcome
    if is_possible:
        check_order(operations, outcome.order, model)


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([("append", "", None, 0, 1), read("", 2), read("x", 4)], "empty text"),
        ([("append", 1, None, 0, 1)], "no text"),
        ([("append", "a", None, 0, 1), ("get", None, 1, 2, 3)], "no text"),
        ([("append", "a", None, 0, 1), ("cas", ["a"], None, 2, 3)], "no pair"),
        ([("append", "a", None, 0, 1), ("txn", "a", None, 2, 3)], "knows no 'txn'"),
        # Two ways to read it.
        (
            [
                ("append", "a", None, 0, 10),
                ("append", "ab", None, 1, 11),
                ("append", "b", None, 2, 12),
                read("ab", 14),
            ],
            "both were appended",
        ),
        # Which put was read?
        (
            [
                ("append", "a", None, 0, 1),
                ("put", "b", None, 2, 20),
                ("put", "b", None, 3, 21),
                read("b", 22),
                read("ba", 24),
            ],
            "several operations",
        ),
        # The first append of a; was before the put, but to guess that takes looking ahead.
        (
            [
                ("append", "a;", None, 0, 20),
                ("put", "p;", None, 1, 3),
                ("append", "a;", None, 4, 30),
                read("p;a;", 40),
            ],
            "several operations",
        ),
    ],
)
def test_says_why_it_does_not_judge(rows: list[Row], reason: str) -> None:
    with pytest.raises(NotApplicable, match=reason):
        MONITORS["kv-empty"](written_out(*rows), METER, True)


def test_failed_compare_and_sets_beside_appends() -> None:
    rows: list[Row] = [
        *APPENDS,
        ("cas", ["a;b;", "y;"], None, 10, 11, MISMATCH),
        ("cas", ["n;", "y;"], None, 12, 13, MISMATCH),
        read("a;b;d;", 14),
        ("cas", ["", "y;"], None, 16, 17, MISMATCH),
    ]
    operations = written_out(*rows)
    outcome = judge(operations, "kv-empty")
    check_order(operations, outcome.order, get_model("kv-empty"))
    # It may have been there, with the append that nothing shows.
    operations = written_out(*rows, ("cas", ["a;b;d;c;", "y;"], None, 18, 19, MISMATCH))
    with pytest.raises(NotApplicable, match="in several ways"):
        MONITORS["kv-empty"](operations, METER, True)


def test_the_answer_does_not_depend_on_the_budget_unless_it_runs_out() -> None:
    operations = written_out(*APPENDS, ("get", None, "a;b;d;", 9, 10))
    with pytest.raises(BudgetExhausted):
        MONITORS["kv-empty"](operations, Meter(Budget(memory=100)), False)
