"""The streaming monitor: each prefix as brute force judges it, and memory that does not grow."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from random import Random

import pytest

from checker.history import Event, HistoryError, Operation, pair
from checker.lincheck.budget import Budget, Meter
from checker.lincheck.engine import Impossible, NotApplicable
from checker.lincheck.monitors import MONITORS
from checker.lincheck.monitors.streaming import RegisterStream
from checker.models import get_model
from checker.models.model import CallError
from tests.checker.brute_force import possible
from tests.checker.lincheck.test_monitor_registers import draw

HISTORIES = int(os.environ.get("MONITOR_HISTORIES", "1000"))


def events_of(operations: Sequence[Operation], random: Random) -> list[Event]:
    """The events of the operations; some crashes are told, some are not."""
    rows: list[tuple[float, int | str, str, str, object, str | None]] = []
    for each in operations:
        process, f = each.process, each.f
        rows.append((each.invoked, process, "invoke", f, each.argument, None))
        if each.completed is not None:
            rows.append((each.completed, process, each.outcome, f, each.result, each.error))
        elif random.random() < 0.5:
            rows.append((each.invoked + random.random() * 9, process, "info", f, None, None))
    rows.sort(key=lambda row: row[0])
    return [
        Event(index, process, type_, f, "x", value, None, error)
        for index, (_, process, type_, f, value, error) in enumerate(rows)
    ]


def test_judges_each_prefix_as_brute_force_does() -> None:
    model = get_model("register")
    seen: Counter[str] = Counter()
    for seed in range(HISTORIES):
        random = Random(f"stream {seed}")
        events = events_of(draw(random, "register", random.randrange(3, 9)), random)
        stream = RegisterStream()
        written: set[object] = {None}
        for count, event in enumerate(events, start=1):
            try:
                answer = stream.feed(event)
            except NotApplicable:
                assert event.type == "invoke"
                assert event.value in written
                seen["not applicable"] += 1
                break
            if event.type == "invoke" and event.f == "write":
                seen["written again"] += event.value in written
                written.add(event.value)
            expected = possible(pair(events[:count]), model)
            assert answer == expected == stream.is_possible, events[:count]
            if not expected:
                assert stream.impossible_at == count - 1
                assert stream.contradiction is not None
                seen[event.type] += 1
                assert not stream.feed(events[-1])
                break
        else:
            seen["possible"] += 1
    assert min(seen["possible"], seen["ok"]) > HISTORIES / 8, seen
    assert min(seen["not applicable"], seen["written again"]) > 0, seen


def test_agrees_with_the_monitor_of_whole_histories() -> None:
    meter = Meter(Budget(seconds=None))
    seen: Counter[bool] = Counter()
    for seed in range(HISTORIES // 30):
        random = Random(f"long stream {seed}")
        operations = draw(random, "register", 200, clients=random.choice([2, 5, 12]), lies=0.0)
        if random.random() < 0.7:
            read = random.choice([at for at, each in enumerate(operations) if each.f == "read"])
            write = random.choice([at for at, each in enumerate(operations) if each.f == "write"])
            result = operations[write].argument
            operations[read] = operations[read]._replace(result=result)
        events = events_of(operations, random)
        stream = RegisterStream()
        for event in events:
            if not stream.feed(event):
                break
        seen[stream.is_possible] += 1
        at = stream.impossible_at
        prefix = events if at is None else events[: at + 1]
        outcome = MONITORS["register"](pair(prefix), meter, False)
        assert isinstance(outcome, Impossible) == (at is not None)
        if at is not None:
            before = MONITORS["register"](pair(events[:at]), meter, False)
            assert not isinstance(before, Impossible)
    assert min(seen.values()) > HISTORIES / 200, seen


def test_memory_is_bounded_by_concurrency() -> None:
    clients = 5
    random = Random("memory")
    stream = RegisterStream()
    operations = draw(random, "register", 3000, clients=clients, lies=0.0, crashes=0.0)
    most = 0
    for event in events_of(operations, random):
        assert stream.feed(event)
        most = max(most, stream.held)
    assert len([each for each in operations if each.f == "write"]) > 1000
    assert most <= 8 * clients


def test_an_open_read_may_return_what_was_written_meanwhile() -> None:
    stream = RegisterStream()
    stream.invoke("reader", "read")
    for value in range(50):
        stream.invoke("writer", "write", value)
        stream.complete("writer", "ok")
    assert stream.held == 51
    assert stream.complete("reader", "ok", 20)
    assert stream.held == 1
    stream.invoke("reader", "read")
    assert stream.complete("reader", "ok", 49)
    stream.invoke("reader", "read")
    assert not stream.complete("reader", "ok", 48)
    assert stream.impossible_at == 105


def test_a_write_that_was_read_may_not_fail() -> None:
    for reads in (0, 1):
        stream = RegisterStream()
        stream.invoke(0, "write", 1)
        for _ in range(reads):
            stream.invoke(1, "read")
            assert stream.complete(1, "ok", 1)
        assert stream.complete(0, "fail") == (reads == 0)
        stream.invoke(1, "read")
        assert not stream.complete(1, "ok", 1)


def test_giving_up_a_read_frees_what_it_held() -> None:
    stream = RegisterStream()
    stream.invoke("reader", "read")
    for value in range(50):
        stream.invoke("writer", "write", value)
        stream.complete("writer", "ok")
    assert stream.complete("reader", "info")
    assert stream.held == 1


def test_a_read_that_began_early_does_not_hide_one_that_began_late() -> None:
    #  write b |-------------------------------------
    #  write a   |-----------------------------------
    #  read b      |--|
    #  read a        |----------|
    #  read a              |--|
    #  read b                     |--|
    stream = RegisterStream()
    for process, value in ((0, "b"), (1, "a")):
        stream.invoke(process, "write", value)
    for process in (2, 3):
        stream.invoke(process, "read")
    assert stream.complete(2, "ok", "b")
    stream.invoke(4, "read")
    assert stream.complete(4, "ok", "a")
    assert stream.complete(3, "ok", "a")
    stream.invoke(2, "read")
    assert not stream.complete(2, "ok", "b")
    assert stream.impossible_at == 9


def test_a_value_that_was_overwritten_is_new_when_it_is_written_again() -> None:
    stream = RegisterStream()
    for value in (None, 1, None, 1):
        stream.invoke(0, "write", 2)
        stream.complete(0, "ok")
        stream.invoke(0, "write", value)
        assert stream.complete(0, "ok")
        stream.invoke(0, "read")
        assert stream.complete(0, "ok", value)
    assert stream.held == 1


def test_values_that_python_thinks_equal_differ() -> None:
    stream = RegisterStream()
    stream.invoke(0, "write", 1)
    stream.complete(0, "ok")
    stream.invoke(0, "write", True)
    stream.complete(0, "ok")
    stream.invoke(0, "read")
    assert not stream.complete(0, "ok", 1)


def test_refuses_what_is_no_history_of_a_register() -> None:
    stream = RegisterStream()
    with pytest.raises(CallError, match="not 'cas'"):
        stream.invoke(0, "cas", [1, 2])
    with pytest.raises(HistoryError, match="not invoked"):
        stream.complete(0, "ok")
    stream.invoke(0, "read")
    with pytest.raises(HistoryError, match="operation open"):
        stream.invoke(0, "read")
    with pytest.raises(HistoryError, match="'done'"):
        stream.complete(0, "done")
    with pytest.raises(NotApplicable, match="None"):
        stream.invoke(1, "write", None)
    assert stream.complete(0, "ok", None)
    assert stream.feed(Event(9, "nemesis", "info", "cut"))
