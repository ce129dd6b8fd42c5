"""The streaming monitor: judged event by event as brute force judges each prefix."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from checker.history import Event, History, HistoryError
from checker.lincheck import Monitor, check
from checker.models import get_model
from tests.checker.brute_force import possible
from tests.checker.histories import history, random_history

MODELS = ("register", "cas-register", "kv")
HISTORIES = 300


def without_ties(recorded: History) -> History:
    return History([event._replace(time=None) for event in recorded.events])


def feed(monitor: Monitor, events: tuple[Event, ...]) -> int | None:
    """The position after which the monitor knew that the history is impossible."""
    for position, event in enumerate(events):
        if not monitor.feed(event):
            return position
    return None if monitor.finish() else len(events)


@pytest.mark.parametrize("name", MODELS)
def test_says_what_brute_force_says_of_the_whole(name: str) -> None:
    model = get_model(name)
    seen: Counter[bool] = Counter()
    for seed in range(HISTORIES):
        random = Random(f"{name} {seed}")
        recorded = random_history(random, name, random.randrange(2, 7), "xy")
        if any(event.f == "txn" for event in recorded.events):
            continue
        monitor = Monitor(model)
        found = feed(monitor, recorded.events)
        expected = possible(recorded.operations(), model)
        assert (found is None) == expected
        seen[expected] += 1
    assert min(seen.values()) > HISTORIES // 12, seen


@pytest.mark.parametrize("name", ["register", "kv"])
def test_names_the_first_event_by_which_it_is_impossible(name: str) -> None:
    model, convicted = get_model(name), 0
    for seed in range(HISTORIES):
        random = Random(f"first {name} {seed}")
        recorded = without_ties(random_history(random, name, random.randrange(2, 7), "x"))
        if any(event.f in ("txn", "cas") or event.type == "fail" for event in recorded.events):
            continue  # How these end says more than that they happened, or not.
        monitor = Monitor(model)
        if feed(monitor, recorded.events) is None:
            continue
        convicted += 1
        assert monitor.failure is not None
        position = monitor.failure.event
        assert not possible(History(recorded.events[: position + 1]).operations(), model)
        assert possible(History(recorded.events[:position]).operations(), model)
    assert convicted > 20


def test_unique_registers_are_judged_at_once_by_zones() -> None:
    model, convicted = get_model("register"), 0
    for seed in range(HISTORIES):
        random = Random(f"unique {seed}")
        drawn = without_ties(random_history(random, "register", random.randrange(2, 7), "x"))
        events = []
        for event in drawn.events:
            number = event.index + 10 if event.type == "invoke" and event.f == "write" else None
            events.append(event if number is None else event._replace(value=number))
        written = [e.value for e in events if e.type == "invoke" and e.f == "write"]
        if not written:
            continue
        events = [
            e._replace(value=random.choice([None, *written]))
            if e.type == "ok" and e.f == "read"
            else e
            for e in events
        ]
        recorded = History(events)
        monitor = Monitor(model, unique_values=True)
        found = feed(monitor, recorded.events)
        expected = possible(recorded.operations(), model)
        assert (found is None) == expected
        if found is not None and found < len(events):
            convicted += 1
            assert not possible(History(events[: found + 1]).operations(), model)
            assert possible(History(events[:found]).operations(), model)
    assert convicted > 20


def test_events_of_one_time_are_concurrent() -> None:
    rows = [
        (0, "invoke", "write", None, 1, None, 0),
        (0, "ok", "write", None, 1, None, 5),
        (1, "invoke", "read", None, None, None, 5),
        (1, "ok", "read", None, None, None, 6),
    ]
    recorded = history(*rows)
    assert check(recorded, get_model("register")).validity == "valid"
    for unique in (False, True):
        monitor = Monitor(get_model("register"), unique_values=unique)
        assert feed(monitor, recorded.events) is None
        later = history(*rows[:2], (1, "invoke", "read", None, None, None, 6), rows[3])
        monitor = Monitor(get_model("register"), unique_values=unique)
        assert feed(monitor, later.events) is not None


def test_memory_is_bounded_by_concurrency() -> None:
    monitor = Monitor(get_model("cas-register"))
    rows = [
        row
        for turn in range(2_000)
        for row in (
            Event(4 * turn, 0, "invoke", "write", None, turn % 3),
            Event(4 * turn + 1, 1, "invoke", "read"),
            Event(4 * turn + 2, 0, "ok", "write", None, turn % 3),
            Event(4 * turn + 3, 1, "ok", "read", None, turn % 3),
        )
    ]
    for row in rows:
        assert monitor.feed(row)
    (stream,) = monitor._streams.values()
    assert not stream._held  # type: ignore[union-attr]
    assert not stream._engine._mutations  # type: ignore[union-attr]
    assert stream._engine.configurations < 4  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([(0, "ok", "read", None, 1)], "has not invoked"),
        ([(0, "invoke", "read", None, None)] * 2, "has an operation open"),
        (
            [
                (0, "invoke", "read", None, None),
                (0, "info", "read", None, None),
                (0, "invoke", "read", None, None),
            ],
            "used again after an info",
        ),
        ([(0, "invoke", "read", None, None), (0, "ok", "write", None, 1)], "was invoked"),
        ([(0, "invoke", "pop", None, None), (0, "ok", "pop", None, 1)], "knows read and write"),
    ],
)
def test_events_that_contradict_each_other_are_an_error(rows: list[tuple], why: str) -> None:  # type: ignore[type-arg]
    with pytest.raises(HistoryError, match=why):
        feed(Monitor(get_model("register")), history(*rows).events)


def test_transactions_are_refused() -> None:
    with pytest.raises(HistoryError, match="ties keys together"):
        Monitor(get_model("kv")).feed(Event(0, 0, "invoke", "txn", None, {}))
