"""How stale reads are: by hand, and against oracles that try everything."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

import pytest

from checker.history import History, Operation
from checker.lincheck.conditions import Bound, least_delta, least_versions, times_of
from checker.models import get_model
from checker.verdict import Validity
from tests.checker.brute_force import possible
from tests.checker.histories import history, random_history
from tests.checker.lincheck.conditions_histories import INVALID, ROUNDS, UNKNOWN, VALID, told
from tests.checker.lincheck.conditions_oracles import earlier_reads, fresh_enough


def test_the_least_delta_is_the_time_since_the_value_was_replaced() -> None:
    """
    0  |- write 1 -|
    1                 |- read nil -|
       0           5  10          15            stale by 5
    """
    given = told((0, "write", 1), (1, "read", None))
    assert delta_of(given) == Bound(5, 4)
    assert least_versions(given.operations(), get_model("register")) == Bound(2, 1)


def test_a_linearizable_history_is_stale_by_nothing() -> None:
    given = told((0, "write", 1), (1, "read", 1))
    assert delta_of(given) == Bound(0, None)
    assert least_versions(given.operations(), get_model("register")) == Bound(1, 0)


def test_a_read_of_a_later_write_is_no_stale_read() -> None:
    given = told((1, "read", 1), (0, "write", 1))
    assert delta_of(given) == Bound(None, 15, "answers that no staleness explains")
    found = least_versions(given.operations(), get_model("register"))
    assert found == Bound(None, 4, "answers that 4 versions do not explain")


def test_a_history_without_times_has_no_delta() -> None:
    given = history(
        (0, "invoke", "write", "x", 1), (0, "ok", "write", "x", 1), (0, "invoke", "read", "x", None)
    )
    bound = delta_of(given)
    assert bound.least is None
    assert bound.reason == "the history does not tell when process 0: write 'x' 1 was"


def test_versions_are_counted_for_registers() -> None:
    found = least_versions((), get_model("fifo-queue"))
    assert found == Bound(None, None, "the model 'fifo-queue' has no versions to count")
    given = history((0, "invoke", "append", "x", "a"), (0, "ok", "append", "x", "a"))
    found = least_versions(given.operations(), get_model("kv"))
    assert found.least is None
    assert "not append" in found.reason


def test_staleness_that_is_not_known_is_not_guessed() -> None:
    """
    0  |- write 1 -|  |- write 2 -|
    1                                |- read nil -|
       0           5  10          15 20          25
    """
    given = told((0, "write", 1), (0, "write", 2), (1, "read", None))
    assert delta_of(given) == Bound(15, 14)
    asked: list[int] = []

    def answers(*, invalid_up_to: int, valid_from: int) -> Bound:
        """A judge who does not know what lies between."""

        def judge(operations: Sequence[Operation], *_: Any) -> Validity:
            delta = deltas[len(asked)] if len(asked) < len(deltas) else -1
            asked.append(delta)
            if delta <= invalid_up_to:
                return INVALID
            return VALID if delta >= valid_from else UNKNOWN

        asked.clear()
        return least_delta(given.operations(), get_model("register"), times_of(given), judge=judge)

    deltas = [0, 5, 10, 20, 15, 17, 18]
    bound = answers(invalid_up_to=5, valid_from=18)
    assert bound == Bound(18, 5, "the budget is exhausted")
    assert asked == deltas[:7]
    assert not bound.is_exact
    deltas = [0, 5, 10, 20, 25]
    bound = answers(invalid_up_to=5, valid_from=99)
    assert bound == Bound(None, 5, "the budget is exhausted")
    assert asked == deltas


def delta_of(given: History, model: str = "register") -> Bound:
    return least_delta(given.operations(), get_model(model), times_of(given))


@pytest.mark.parametrize("name", ["register", "cas-register", "kv"])
def test_the_least_delta_as_the_oracle_says(name: str) -> None:
    random = Random(f"delta {name}")
    found_some = {"none": 0, "zero": 0, "some": 0}
    model = get_model(name)
    for _ in range(ROUNDS // 2):
        given = random_history(random, name, random.randrange(4, 7), "x")
        given = with_values_from_the_past(random, given)
        times = times_of(given)
        bound = delta_of(given, name)
        span = max(times.values()) - min(times.values())
        fits = [
            delta
            for delta in range(span + 2)
            if possible(earlier_reads(given.operations(), name, times, delta), model)
        ]
        assert bound.least == (fits[0] if fits else None), given.events
        assert not fits or bound.is_exact
        found_some["none" if not fits else "some" if fits[0] else "zero"] += 1
    assert min(found_some.values()) > ROUNDS // 40, found_some


def with_values_from_the_past(random: Random, given: History) -> History:
    """Reads answer what was asked to be written before they ended."""
    values: dict[Any, list[Any]] = {}
    events = []
    for event in given.events:
        past = values.setdefault(event.key, [None])
        if event.type == "invoke" and event.f in ("write", "put"):
            past.append(event.value)
        answers = event.type == "ok" and event.f in ("read", "get") and random.random() < 0.9
        events.append(event._replace(value=random.choice(past)) if answers else event)
    return History(events)


def test_the_least_number_of_versions_as_the_oracle_says() -> None:
    random = Random(11)
    found_some: dict[int | None, int] = {}
    for _ in range(ROUNDS):
        name = random.choice(["register", "cas-register"])
        given = random_history(random, name, random.randrange(2, 8))
        bound = least_versions(given.operations(), get_model(name), most=3)
        fits = [k for k in (1, 2, 3) if fresh_enough(given.operations(), k)]
        assert bound.least == (fits[0] if fits else None), given.events
        assert fits in ([], [1, 2, 3], [2, 3], [3]), "more versions explain more"
        found_some[bound.least] = found_some.get(bound.least, 0) + 1
    assert min(found_some.get(least, 0) for least in (None, 1, 2)) > ROUNDS // 50, found_some
