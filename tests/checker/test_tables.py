"""Histories made of operations: in a program, and in tables."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from random import Random
from typing import Any

import pytest

from checker.formats import (
    TimedOperation,
    operation,
    operations,
    operations_history,
    parse_history,
)
from checker.formats.operations import _if_paired
from checker.history import Event, History, HistoryError, Operation
from checker.lincheck import check
from checker.models import get_model
from checker.verdict import Validity

from .brute_force import possible
from .histories import random_history


def test_operations_become_a_history_in_whatever_order_they_come() -> None:
    rows: list[Operation | TimedOperation | tuple[Any, ...]] = [
        (1, "read", None, None, 1, "ok", 5, 20),
        operation(2, "write", argument=2, called=7),
        operation(0, "write", argument=1, called=-3, returned=10),
        operation(
            3, "cas", argument=[5, 6], called=8, returned=9, outcome="fail", error="mismatch"
        ),
    ]
    history = operations_history(rows)
    assert [(o.process, o.invoked, o.completed, o.outcome) for o in history.operations()] == [
        (0, 0, 5, "ok"),
        (1, 1, 6, "ok"),
        (2, 2, None, "info"),
        (3, 3, 4, "fail"),
    ]
    assert history.operations()[3].error == "mismatch"
    assert history.events[0] == Event(0, 0, "invoke", "write", None, 1, -3)
    assert History(history.events).operations() == history.operations()
    assert operations_history(reversed(rows)).operations() == history.operations()
    assert check(history, get_model("cas-register")).validity is Validity.VALID


def test_the_operations_of_a_history_are_the_same_history() -> None:
    random = Random(3)
    for model in ("kv", "cas-register"):
        for _ in range(300):
            drawn = random_history(random, model, random.randint(0, 6))
            history = History(event._replace(time=None) for event in drawn.events)
            given = [*history.operations()]
            way = random.randrange(4)
            if way == 1:  # As somebody makes them by hand.
                given = [each._replace(invocation=None, completion=None) for each in given]
            elif way == 2:
                random.shuffle(given)
            again = operations_history(given[:] if way < 3 else [each[:9] for each in given])
            assert story(again.operations()) == story(history.operations())
            assert len(again) == len(again.events)
            assert story(History(again.events).operations()) == story(history.operations())
            at = {event.index: event for event in again.events}
            assert all(at[each.invocation].value == each.argument for each in again.operations())


def test_operations_that_look_paired_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is wrong with them, or odd: taken as they are they say what they say otherwise."""
    random = Random(4)
    refused = same = 0
    for _ in range(1500):
        drawn = random_history(random, "cas-register", random.randint(1, 5))
        history = History(event._replace(time=None) for event in drawn.events)
        given: list[Any] = list(history.operations())
        at = random.randrange(len(given))
        name = random.choice((*Operation._fields, "invoked", "completed", "process"))
        odd = random.choice((0, 1, 2, 3, 4, -1, None, "ok", "info", "", "nemesis", 1.0, True, []))
        if name in ("invocation", "completion"):  # Either all of them have indexes, or none.
            given = [each._replace(invocation=None, completion=None) for each in given]
            name = random.choice(("invoked", "completed"))
        if name not in ("argument", "result", "key", "error"):
            given[at] = given[at]._replace(**{name: odd})
        answers = []
        for look in (_if_paired, lambda rows: None):
            monkeypatch.setattr(operations, "_if_paired", look)
            try:
                made = operations_history(given)
                answers.append(story(made.operations()))
                assert story(History(made.events).operations()) == answers[-1]
            except HistoryError as error:
                answers.append(f"{error.position}: {error.reason}")
        assert answers[0] == answers[1]
        refused += isinstance(answers[0], str)
        same += not isinstance(answers[0], str)
    assert refused > 300
    assert same > 300


def story(operations: Sequence[Operation]) -> list[Any]:
    """What the operations say, and which had ended before which began, without the ranks."""
    ends = sorted(o.completed for o in operations if o.completed is not None)
    return [(*o[:6], o.error, sum(end < o.invoked for end in ends)) for o in operations]


def test_equal_times_are_concurrent() -> None:
    """One ends as the other begins: the read may still miss the write, or see it."""
    for seen in (None, 1):
        history = operations_history(
            [
                operation(0, "write", argument=1, called=0, returned=5),
                operation(1, "read", result=seen, called=5, returned=6),
            ]
        )
        assert check(history, get_model("register")).validity is Validity.VALID
    one, other = history.operations()
    assert other.invoked < (one.completed or 0)


def test_a_process_may_do_one_thing_after_the_other_in_one_instant() -> None:
    history = operations_history(
        [
            operation(0, "write", argument=3, called=5, returned=9),
            operation(0, "write", argument=2, called=5, returned=5),
            operation(0, "write", argument=1, called=4, returned=5),
            operation(0, "read", called=9, outcome="info"),
        ]
    )
    assert [o.argument for o in history.operations()] == [1, 2, 3, None]


def test_ties_give_the_verdict_of_brute_force() -> None:
    random = Random(5)
    verdicts = []
    for _ in range(600):
        rows = []
        for process in range(random.randint(1, 5)):
            called = random.randrange(4)
            returned = random.choice((None, *range(called, 5)))
            f = random.choice(("read", "write"))
            value = random.choice((None, 1, 2))
            rows.append(
                operation(
                    process,
                    f,
                    argument=value if f == "write" else None,
                    result=value,
                    called=called,
                    returned=returned,
                )
            )
        history = operations_history(rows)
        for one in history.operations():
            for other in history.operations():
                ends, begins = rows[one.process].returned, rows[other.process].called  # type: ignore[index]
                before = one.completed is not None and one.completed < other.invoked
                assert before == (ends is not None and ends < begins)
        verdict = check(history, get_model("register")).validity
        assert (verdict is Validity.VALID) == possible(history.operations(), get_model("register"))
        verdicts.append(verdict)
    assert 100 < verdicts.count(Validity.VALID) < 500


WRONG = {
    "it returned before it was called": ([operation(0, "r", called=5, returned=4)], 0, "before it"),
    "two at once": (
        [operation(0, "r", called=2, returned=8), operation(0, "r", called=1, returned=4)],
        0,
        "still open",
    ),
    "used again after info": (
        [operation(0, "r", called=2), operation(0, "r", called=4, returned=5)],
        1,
        "still open",
    ),
    "no outcome": ([operation(0, "r", called=2, outcome="good")], 0, "unknown outcome"),
    "never returned": ([operation(0, "r", called=2, outcome="ok")], 0, "never returned"),
    "a time that is none": ([operation(0, "r", called=1.5, returned=2)], 0, "time"),  # type: ignore[arg-type]
    "no time": ([(0, "r", None, None, None, "ok", None, 5)], 0, "no time"),
    "a return that is none": ([(0, "r", None, None, None, "ok", 1, True)], 0, "return"),
    "too short": ([(0, "r", 1, 2)], 0, "fields"),
    "no name": ([operation(0, "", called=2)], 0, "f must be"),
}


@pytest.mark.parametrize("name", WRONG)
def test_contradictions_are_told_with_the_operation(name: str) -> None:
    rows, position, reason = WRONG[name]
    with pytest.raises(HistoryError, match=reason) as raised:
        operations_history(rows)
    assert raised.value.position == position
    assert str(raised.value).startswith(f"history: operation {position}: ")


@pytest.mark.parametrize("paired", [False, True])
def test_an_operation_that_the_model_does_not_know_is_told_by_its_position(paired: bool) -> None:
    rows: Any = [operation(1, "read", called=1, returned=2)]
    rows.append(operation(0, "pop", called=3, returned=4))
    if paired:
        rows = operations_history(rows).operations()
    with pytest.raises(HistoryError, match=r"operation 1: .*'pop'"):
        check(operations_history(rows), get_model("register"))


def test_a_table_of_events_is_read() -> None:
    text = (
        "type,process,f,value,key,time,error\n"
        '\ninvoke,0,write,"[1, ""b""]",x,10,\n'
        "call,n2,write,one,y,11,\n"
        'return,0,write,"{""a"": null}",x,12,\n'
        "info,n2,write,,,13,lost\n"
    )
    history = parse_history(text)
    assert list(history.events) == [
        Event(0, 0, "invoke", "write", "x", [1, "b"], 10),
        Event(1, "n2", "invoke", "write", "y", "one", 11),
        Event(2, 0, "ok", "write", "x", {"a": None}, 12),
        Event(3, "n2", "info", "write", None, None, 13, "lost"),
    ]
    assert list(history.lines or ()) == [3, 4, 5, 6]


def test_a_table_of_operations_is_read() -> None:
    text = (
        "process,f,key,argument,result,outcome,call,return\n"
        "1,read,x,,1,ok,12,30\n"
        "0,write,x,1,,,10,25\n"
        '2,write,x,"""1""",,,11,\n'
    )
    first, second, third = parse_history(text).operations()
    assert (first.process, first.argument, first.outcome) == (0, 1, "ok")
    assert (second.process, second.argument, second.outcome) == (2, "1", "info")
    assert (third.process, third.result, third.outcome) == (1, 1, "ok")


CELLS = {
    "1": 1,
    "1.0": 1.0,
    '"1"': "1",
    "one": "one",
    "": None,
    "null": None,
    '""': "",
    "true": True,
    "NaN": "NaN",
    "[1,": "[1,",
    " a ": " a ",
    '{"a": [1]}': {"a": [1]},
}


@pytest.mark.parametrize("cell", CELLS)
def test_cells_are_json_where_they_can_be(cell: str) -> None:
    file = io.StringIO()
    csv.writer(file).writerows((("process", "type", "f", "value"), (0, "invoke", "write", cell)))
    (event,) = parse_history(file.getvalue()).events
    assert repr(event.value) == repr(CELLS[cell])


WRONG_TABLES = {
    "process,typ,f\n": (1, "did you mean 'type'"),
    "process,type,value\n": (1, "needs a column 'f'"),
    "process,f,call\n0,read,1\n": (1, "needs a column 'return'"),
    "process,type,f,f\n": (1, "two columns 'f'"),
    "process,type,f\n0,invoke\n": (2, "2 cells"),
    "process,type,f\n0,begin,read\n": (2, "unknown type"),
    "process,type,f,time\n\n0,invoke,read,soon\n": (3, "time must be an integer"),
    'process,type,f\n0,invoke,"re\nad\n': (2, "not CSV"),
    'process,type,f,value\n0,invoke,"re\nad",1\n0,ok,read,1\n': (4, "completes"),
    'process,type,f,value\n0,invoke,write,"{""a"":1,""a"":2}"\n': (2, "twice"),
    "process,f,call,return\n0,read,5,4\n": (2, "before it was called"),
    "process,f,call,return\n0,read,5,9\n1,read,5,9\n0,read,6,7\n": (4, "still open"),
    "process,f,call,return\n0,read,,9\n": (2, "no call"),
    "process,f,call,return\n" + "9" * 5000 + ",read,1,9\n": (2, "beyond"),
}


@pytest.mark.parametrize("text", WRONG_TABLES, ids=range(len(WRONG_TABLES)))
def test_wrong_tables_are_refused_with_the_line(text: str) -> None:
    line, reason = WRONG_TABLES[text]
    with pytest.raises(HistoryError, match=reason) as raised:
        parse_history(text, source="some.csv")
    assert raised.value.line == line
    assert str(raised.value).startswith(f"some.csv:{line}: ")
