"""Counterexamples: the orders shown are the longest that there are, and what they say is so."""

from __future__ import annotations

from math import inf
from random import Random
from typing import Any

import pytest

from checker.history import Event, History
from checker.lincheck import Conflict, check
from checker.lincheck.explain import show
from checker.lincheck.parts import Entry
from checker.models import get_model
from checker.models.model import Specification
from checker.report.data import Counterexample
from checker.report.evidence import counterexample_of, linearization_of
from checker.report.operations import OperationsShown, operations_shown
from checker.report.shown import Shortener

MODELS = ("register", "cas-register", "kv", "fifo-queue", "set")


def drawn(model: str, random: Random) -> History:
    """A history of some few operations, whose answers are guesses."""
    events: list[Event] = []
    open_: dict[int, tuple[str, Any, Any]] = {}
    begun = 0
    while begun < 7 or open_:
        process = random.randrange(3)
        time = 1_000_000 * len(events)
        if process in open_:
            f, key, value = open_.pop(process)
            kind = random.choices(("ok", "info"), (9, 1))[0]
            answer = _answer(model, f, value, random) if kind == "ok" else value
            events.append(Event(len(events), process, kind, f, key, answer, time))
            if kind == "info":
                # The process is never used again: it ends here.
                return History(events + _rest(events, open_))
        elif begun < 7:
            begun += 1
            f, key, value = _call(model, random)
            open_[process] = (f, key, value)
            events.append(Event(len(events), process, "invoke", f, key, value, time))
    return History(events)


def _rest(events: list[Event], open_: dict[int, tuple[str, Any, Any]]) -> list[Event]:
    return [
        Event(len(events) + at, process, "info", f, key, value, 1_000_000 * (len(events) + at))
        for at, (process, (f, key, value)) in enumerate(open_.items())
    ]


def _call(model: str, random: Random) -> tuple[str, Any, Any]:
    if model == "fifo-queue":
        f = random.choice(("enqueue", "dequeue"))
        return f, None, random.randrange(3) if f == "enqueue" else None
    if model == "set":
        f = random.choice(("add", "read"))
        return f, None, random.randrange(3) if f == "add" else None
    if model == "kv":
        f = random.choice(("put", "get"))
        return f, "x", str(random.randrange(3)) if f == "put" else None
    f = random.choice(("write", "read", "cas") if model == "cas-register" else ("write", "read"))
    if f == "cas":
        return f, None, [random.randrange(3), random.randrange(3)]
    return f, None, random.randrange(3) if f == "write" else None


def _answer(model: str, f: str, value: Any, random: Random) -> Any:
    if f == "read" and model == "set":
        return sorted(random.sample(range(3), random.randrange(4)))
    if f in ("read", "dequeue"):
        return random.choice((0, 1, 2)) if value is None else value
    if f == "get":
        return str(random.randrange(3))
    return value


def longest(entries: list[Entry], specification: Specification) -> int:
    """How many operations an order can have, by trying all. One that never ended counts only if it
    changes something: whether it happened is then to be seen."""

    def extend(done: frozenset[int], state: Any) -> int:
        left = [at for at in range(len(entries)) if at not in done]
        end = min((e.completed or inf for at in left if (e := entries[at])), default=inf)
        best = len(done)
        for at in left:
            if entries[at].invoked < end:
                allowed, after = specification.advance(state, entries[at].call)
                if allowed and not (entries[at].completed is None and after == state):
                    best = max(best, extend(done | {at}, after))
        return best

    return extend(frozenset(), specification.initial)


def counterexamples(
    model: str, count: int
) -> list[tuple[History, Conflict, OperationsShown, Counterexample]]:
    random = Random(model)
    found = []
    for _ in range(count):
        history = drawn(model, random)
        verdict = check(history, get_model(model))
        if verdict.conflict is not None:
            shortener = Shortener()
            shown = operations_shown(history, shortener)
            told = counterexample_of(history, get_model(model), verdict.conflict, shown, shortener)
            found.append((history, verdict.conflict, shown, told))
    return found


@pytest.mark.parametrize("model", ["register", "cas-register", "kv"])
def test_the_orders_are_the_longest_and_each_step_is_allowed(model: str) -> None:
    found = counterexamples(model, 120)
    assert len(found) > 30
    for _history, conflict, shown, told in found:
        specification = conflict.specification or get_model(model).specification()
        entries = sorted(conflict.entries, key=lambda entry: entry.invoked)
        length = longest(entries, specification)
        assert length < len(entries)
        of_place = {shown.by_event[entry.operation.invocation or 0]: entry for entry in entries}
        assert list(of_place) == list(told.operations)
        assert told.attempts
        for attempt in told.attempts:
            assert len(attempt.steps) == length
            state = specification.initial
            for step in attempt.steps:
                allowed, state = specification.advance(state, of_place[step.operation].call)
                assert allowed
                assert step.state == show(state)
            done = {step.operation for step in attempt.steps}
            must = {place for place, entry in of_place.items() if entry.completed is not None}
            # Whoever must happen and did not is told why not.
            assert {stuck.operation for stuck in attempt.stuck} == must - done
            assert all("".join(span.text for span in stuck.why) for stuck in attempt.stuck)


@pytest.mark.parametrize("model", MODELS)
def test_letters_in_reasons_lead_to_their_operations(model: str) -> None:
    found = counterexamples(model, 60)
    assert found
    for _history, _conflict, _shown, told in found:
        for attempt in told.attempts:
            for stuck in attempt.stuck:
                for span in stuck.why:
                    assert "\0" not in span.text
                    if span.operation is not None:
                        assert told.letters[told.operations.index(span.operation)] == span.text


def test_the_prefix_fails_and_without_its_last_event_does_not() -> None:
    for history, _conflict, _shown, told in counterexamples("register", 60):
        whole = history.events[: told.prefix]
        assert check(History(whole), get_model("register")).conflict is not None
        assert check(History(whole[:-1]), get_model("register")).conflict is None
        assert whole[-1].process == history.operations()[told.last].process


def test_an_order_passes_through_the_bars() -> None:
    """Each moment lies within the bar, and no order goes back in time."""
    random = Random(5)
    seen = 0
    for _ in range(200):
        history = drawn("register", random)
        verdict = check(history, get_model("register"))
        if verdict.order is None:
            continue
        seen += 1
        shown = operations_shown(history, Shortener())
        drawn_order = linearization_of(verdict.order, shown)
        assert sorted(drawn_order.time) == drawn_order.time
        for place, time in zip(drawn_order.order, drawn_order.time, strict=True):
            end = shown.columns.end[place]
            assert shown.columns.start[place] <= time
            assert shown.columns.type[place] == 1 or time <= end
    assert seen > 20
