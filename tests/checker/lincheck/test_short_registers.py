"""The search for short histories of one register: against brute force, and the depth-first one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import Any

import pytest

from checker.history import MISMATCH, HistoryError, Operation
from checker.lincheck import check, short_registers
from checker.lincheck import judge as judging
from checker.lincheck.budget import Budget, BudgetExhausted, Meter
from checker.lincheck.certificate import Valid, name_of
from checker.lincheck.depth_first import depth_first
from checker.lincheck.engine import Impossible, NotApplicable, Outcome, Possible, finish
from checker.lincheck.parts import split
from checker.lincheck.sections import sections, until
from checker.lincheck.short_registers import OPERATIONS_MAX, short_register
from checker.lincheck.verify import verify
from checker.models import get_model
from tests.checker.brute_force import possible
from tests.checker.lincheck.engines import compare
from tests.checker.random_histories import random_operations

NAMES = ("register", "cas-register")
SMALL = 4_000
LARGE = 300
PATIENCE = 2_000
"""Configurations after which the search may give up in these comparisons."""

UNLIMITED = Budget(seconds=None)


def judge(operations: Sequence[Operation], name: str, budget: Budget = UNLIMITED) -> Outcome:
    """The outcome; an order that it gives is verified."""
    meter = Meter(budget)
    outcome = finish(short_register(operations, meter, True, swaps=name == "cas-register"))
    if isinstance(outcome, Possible):
        assert outcome.order is not None
        order = tuple(name_of(operations[at]) for at in outcome.order)
        verify(operations, Valid(name, order), get_model(name))
    return outcome


def draw(random: Random, name: str, count: int, concurrency: Sequence[int]) -> list[Operation]:
    operations = random_operations(
        random,
        name,
        count,
        concurrency=random.choice(concurrency),
        crash_rate=random.choice((0.0, 0.1, 0.25, 0.4)),
        wrong_rate=0.7,
        unique=random.random() < 0.2,
    )
    # The draw has a few values that are no plain ones.
    return [each for each in operations if "True" not in str(each)]


@pytest.mark.parametrize("name", NAMES)
def test_agrees_with_brute_force(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(short_registers, "_FREE", PATIENCE)
    seen: Counter[str] = Counter()
    model = get_model(name)
    for seed in range(SMALL):
        random = Random(f"short {name} {seed}")
        operations = draw(random, name, random.randrange(2, 10), (2, 3, 5))
        if not operations:
            continue
        outcome = judge(operations, name)
        assert isinstance(outcome, Possible) is possible(operations, model), seed
        seen[type(outcome).__name__] += 1
        if isinstance(outcome, Possible):
            continue
        if outcome.at is None:
            assert "fail" in [each.outcome for each in operations]
            seen["somewhere"] += 1
            continue
        end = operations[outcome.at].completed
        assert outcome.is_first
        assert end is not None
        assert not possible(until(operations, end), model), seed
        assert possible(until(operations, end - 1), model), seed
    assert min(seen["Possible"], seen["Impossible"]) > SMALL // 6
    assert seen["Impossible"] > 4 * seen["somewhere"]


@pytest.mark.parametrize("name", NAMES)
def test_agrees_with_the_depth_first_search(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(short_registers, "_FREE", PATIENCE)
    seen: Counter[str] = Counter()
    for seed in range(LARGE):
        random = Random(f"longer {name} {seed}")
        operations = draw(random, name, random.randrange(20, 121), (2, 4, 8))
        try:
            outcome = judge(operations, name)
            ways = [operations]
            if isinstance(outcome, Impossible) and outcome.at is not None:
                end = operations[outcome.at].completed
                assert end is not None
                ways += [until(operations, end), until(operations, end - 1)]
            said = [_deep(way, name) for way in ways]
        except (NotApplicable, BudgetExhausted):
            seen["too hard"] += 1
            continue
        expected = isinstance(outcome, Possible)
        assert said == [expected, False, True][: len(said)], seed
        seen[type(outcome).__name__] += 1
    assert min(seen["Possible"], seen["Impossible"]) > LARGE // 10
    assert seen["too hard"] < LARGE // 5


def _deep(operations: Sequence[Operation], name: str) -> bool:
    meter = Meter(Budget(seconds=None, configurations=20_000))
    parts = split(operations, get_model(name))
    return all(isinstance(finish(depth_first(part, meter, False)), Possible) for part in parts)


def operation(f: str, argument: Any, result: Any = None, **other: Any) -> Operation:
    given = {"key": "x", "outcome": "ok", "invoked": 0, "completed": 1, **other}
    return Operation(process=0, f=f, argument=argument, result=result, **given)


def test_who_fails_later_may_have_explained_what_was_seen() -> None:
    """Until it failed, the write might have been what the read saw."""
    operations = [
        operation("write", 1, outcome="fail", completed=3),
        operation("read", None, 1, invoked=1, completed=2),
    ]
    assert judge(operations, "register") == Impossible()
    verdict = check(operations, get_model("register"))
    assert verdict.conflict is not None
    assert verdict.validity == "invalid"


def test_a_crashed_write_takes_effect_when_it_is_needed() -> None:
    crashed = {"outcome": "info", "completed": None}
    operations = [
        operation("write", 2, **crashed),
        operation("cas", [2, 3], invoked=1, **crashed),
        operation("write", 1, invoked=2, completed=3),
        operation("cas", [2, 9], outcome="fail", error=MISMATCH, invoked=4, completed=5),
        operation("read", None, 1, invoked=6, completed=7),
        operation("read", None, 3, invoked=8, completed=9),
    ]
    assert judge(operations, "cas-register") == Possible([2, 3, 4, 0, 1, 5])
    outcome = judge([*operations, operation("read", None, 2, invoked=10, completed=11)], NAMES[1])
    assert outcome == Impossible(6, is_first=True)


def hard(count: int = 40) -> list[Operation]:
    """Compare-and-sets at the same time, and afterwards a value that none of them leads to."""
    values = range(12)
    random = Random(1)
    operations = [
        operation("cas", random.sample(values, 2), invoked=at, completed=count + at)
        if at
        else operation("cas", [None, 0], completed=count)
        for at in range(count)
    ]
    return [*operations, operation("read", None, 99, invoked=2 * count, completed=2 * count + 1)]


def test_it_gives_up_where_it_takes_long() -> None:
    operations = hard()
    meter = Meter(UNLIMITED)
    with pytest.raises(NotApplicable, match="takes long"):
        finish(short_register(operations, meter, False))
    assert meter.explored == 32 + 2 * len(operations) + 1


def test_its_budget_is_obeyed_and_what_it_held_is_released() -> None:
    operations = hard()
    meter = Meter(Budget(seconds=None, configurations=50))
    with pytest.raises(BudgetExhausted, match="50 configurations"):
        finish(short_register(operations, meter, False))
    assert meter.explored == 50
    with pytest.raises(BudgetExhausted, match="1000 bytes"):
        finish(short_register(operations, Meter(Budget(memory=1_000)), False))
    verdict = check(operations, get_model(NAMES[1]), budget=meter.budget)
    assert verdict.validity == "unknown"
    assert verdict.configurations == 50
    for some in (hard(5), draw(Random(3), "register", 50, (3,))):
        meter = Meter(UNLIMITED)
        model = get_model("cas-register")
        (finding,) = judging.judge_all(sections(some, model), model, meter, False)
        assert finding.outcome is not None
        assert finding.part is None
        assert meter.held == 0


ODD: dict[str, Operation] = {
    "unknown f": operation("append", 1),
    "no f": operation(None, 1),  # type: ignore[arg-type]
    "f that is a list": operation(["read"], None, 1),  # type: ignore[arg-type]
    "no pair": operation("cas", 1),
    "no value": operation("cas", None),
    "three": operation("cas", [1, 2, 3]),
    "one": operation("cas", [1], outcome="fail"),
    "text of two": operation("cas", "ab"),
    "tuple": operation("cas", (None, 2)),
    "swap": operation("cas", [None, 2]),
    "swap of a truth": operation("cas", [True, 2]),
    "swap of a list": operation("cas", [[1], 2], outcome="fail", error=MISMATCH),
    "failed swap": operation("cas", [None, 2], outcome="fail", error=MISMATCH),
    "swap that failed otherwise": operation("cas", [None, 2], outcome="fail", error="timeout"),
    "truth": operation("write", True),
    "float": operation("write", 1.0),
    "list": operation("write", [1]),
    "map": operation("write", {"a": 1}),
    "no JSON": operation("write", {1}),
    "read of a truth": operation("read", None, True),
    "read of a float": operation("read", None, 1.0),
    "read of no JSON": operation("read", None, {1}),
    "failed read": operation("read", None, 7, outcome="fail"),
    "read with an argument": operation("read", 5, 2),
    "write with an answer": operation("write", 2, 7),
    "key that is a list": operation("write", 2, key=["x"]),
    "key that is no JSON": operation("write", 2, key={"x"}),
    "open though it is ok": operation("write", 2, completed=None),
    "closed though nobody knows": operation("write", 2, outcome="info"),
    "outcome that nobody knows": operation("write", 2, outcome="perhaps"),
    "failed but open": operation("write", 2, outcome="fail", completed=None),
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("odd", ODD)
def test_what_is_odd_is_judged_as_everywhere(
    name: str, odd: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = ODD[odd]
    histories = [
        [first, first._replace(f="read", result=result, outcome="ok", invoked=2, completed=3)]
        for result in (None, 1, 2, True)
    ]
    quick = [_said(history, name) for history in histories]
    monkeypatch.setattr(judging, "_REGISTERS", frozenset())
    assert quick == [_said(history, name) for history in histories]


def _said(operations: Sequence[Operation], name: str) -> list[str]:
    said = []
    for certificate in (False, True):
        try:
            verdict = check(operations, get_model(name), certificate=certificate)
        except (HistoryError, TypeError, ValueError) as error:
            said.append(str(error))
        else:
            said += [verdict.validity, *(str(each) for each in verdict.failures)]
    return said


def test_what_is_too_long_or_empty_is_left_to_others() -> None:
    write = operation("write", 1)
    many = [write._replace(invoked=2 * at, completed=2 * at + 1) for at in range(OPERATIONS_MAX)]
    assert judge(many, "register") == Possible(list(range(OPERATIONS_MAX)))
    for operations in ([], [*many, write._replace(invoked=1_000, completed=1_001)]):
        with pytest.raises(NotApplicable, match="too many"):
            judge(operations, "register")


def test_the_comparison_of_engines_has_it() -> None:
    operations = [operation("write", 1), operation("read", None, 1, invoked=2, completed=3)]
    assert compare(operations, get_model("register"))["short register"] is True
