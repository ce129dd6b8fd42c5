"""The monitors of registers against brute force: verdicts, orders and cores."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import Any

import pytest

from checker.history import MISMATCH, Operation
from checker.lincheck.budget import Budget, BudgetExhausted, Meter
from checker.lincheck.engine import Impossible, NotApplicable, Possible
from checker.lincheck.monitors import MONITORS
from checker.lincheck.parts import split
from checker.lincheck.search import first_impossible
from checker.models import Model, get_model
from tests.checker.brute_force import possible

HISTORIES = int(os.environ.get("MONITOR_HISTORIES", "1000"))
"""Small histories for each model."""

MODELS = ("register", "cas-register", "kv", "kv-empty")

METER = Meter(Budget(seconds=None))

WORDS = {
    "register": ("read", "write"),
    "cas-register": ("read", "write", "cas"),
    "kv": ("get", "put", "cas", "delete"),
    "kv-empty": ("get", "put", "cas", "delete"),
}


def judge(operations: Sequence[Operation], model: str, *, order: bool = True) -> Any:
    return MONITORS[model](operations, METER, order)


def verdict(operations: Sequence[Operation], model: str) -> str:
    try:
        return type(judge(operations, model)).__name__
    except NotApplicable:
        return "NotApplicable"


def draw(
    random: Random,
    model: str,
    count: int,
    clients: int = 3,
    lies: float | None = None,
    crashes: float = 0.1,
    weights: Sequence[float] = (4, 3, 3, 0.3),
) -> list[Operation]:
    """Operations of one key with mostly unique values: what a real store answers, or nearly.

    Some crash, some fail; some answers are made up, and some values are written twice.
    """
    names = WORDS[model]
    text = model.startswith("kv")
    state: Any = "" if model == "kv-empty" else None
    values: list[Any] = [state]
    again = 0.0
    if lies is None:
        lies = random.choice([0.0, 0.3, 0.9])
        again = random.choice([0.0, 0.0, 0.1])
    free = list(range(clients))
    # process -> [f, argument, invoked, answer once it took effect]
    busy: dict[int, list[Any]] = {}
    operations: list[Operation] = []
    rank = started = 0
    while started < count or busy:
        rank += 1
        choice = random.random()
        if started < count and free and (not busy or choice < 0.35):
            process = free.pop(random.randrange(len(free)))
            f = random.choices(names, weights[: len(names)])[0]
            new: Any = f"v{started}" if text else started
            if random.random() < again:
                new = random.choice([value for value in values if value is not None] or [new])
            argument = None
            if f in ("write", "put"):
                argument = new
            elif f == "cas":
                argument = [random.choice([*values, state, state]), new]
            if argument is not None:
                values.append(new)
            busy[process] = [f, argument, rank, None]
            started += 1
            continue
        process = random.choice(list(busy))
        f, argument, invoked, answer = busy[process]
        if answer is None and choice < 1 - crashes:  # It takes effect.
            result, outcome, error = argument, "ok", None
            if f in ("read", "get"):
                result = state
            elif f == "cas":
                if state == argument[0]:
                    state = argument[1]
                else:
                    outcome, error = "fail", MISMATCH
            else:
                state = ("" if model == "kv-empty" else None) if f == "delete" else argument
            busy[process][3] = (result, outcome, error)
            continue
        del busy[process]
        completed: int | None = rank
        if answer is None or random.random() < crashes:
            result, outcome, error, completed = None, "info", None, None
            if answer is None and random.random() < 0.3:
                outcome, error, completed = "fail", "refused", rank
            free.append(process + clients)
        else:
            result, outcome, error = answer
            free.append(process)
            if random.random() < lies:
                if f in ("read", "get"):
                    unwritten = random.randrange(count + 1)
                    result = random.choice([*values, f"v{unwritten}" if text else unwritten])
                elif f == "cas":
                    outcome, error = random.choice([("ok", None), ("fail", MISMATCH)])
        operations.append(
            Operation(process, f, "x", argument, result, outcome, invoked, completed, error)
        )
    return sorted(operations, key=lambda operation: operation.invoked)


def check_order(operations: Sequence[Operation], order: Sequence[int], model: Model) -> None:
    """An independent look at an order: complete, legal, and true to real time; linear."""
    assert len(set(order)) == len(order)
    calls = [model.parse(operation) for operation in operations]
    told = {
        at
        for at, call in enumerate(calls)
        if call is not None and operations[at].completed is not None
    }
    assert told <= set(order)
    specification = model.specification()
    state = specification.initial
    latest = -1
    for at in order:
        call, operation = calls[at], operations[at]
        assert call is not None
        allowed, state = specification.advance(state, call)
        assert allowed, (at, operation)
        assert operation.completed is None or latest < operation.completed, (at, operation)
        latest = max(latest, operation.invoked)


def check_core(operations: Sequence[Operation], outcome: Impossible, model: Model) -> None:
    """Impossible by itself, obeying the rules of clusters, and without a superfluous observation."""
    core, at = outcome.core, outcome.at
    assert core is not None
    assert list(core) == sorted(set(core))
    chosen = [operations[each] for each in core]
    assert not possible(chosen, model)
    for each in chosen:
        call = model.parse(each)
        assert call is not None
        if call.effect == "observes":
            assert possible([other for other in chosen if other is not each], model), each
    # Whole clusters are left out, or only observations.
    assert model.clusters is not None
    calls = {place: model.parse(operation) for place, operation in enumerate(operations)}
    known = [
        place
        for place, call in calls.items()
        if call is not None and not (call.f == "cas" and not call.result)
    ]
    for cluster in model.clusters([call for place in known if (call := calls[place]) is not None]):
        places = {known[member] for member in cluster}
        if places & set(core):
            for missing in places - set(core):
                call = calls[missing]
                assert call is not None
                assert call.effect == "observes"
    # It became impossible with the completion of ``at``.
    assert at in core
    end = operations[at].completed
    assert end is not None
    assert not possible(cut(chosen, end), model)
    assert possible(cut(chosen, end - 1), model)


def cut(operations: Sequence[Operation], rank: int) -> list[Operation]:
    """What is known of the operations at this rank."""
    return [
        operation
        if operation.completed is None or operation.completed <= rank
        else operation._replace(completed=None, outcome="info", result=None, error=None)
        for operation in operations
        if operation.invoked <= rank
    ]


@pytest.mark.parametrize("name", MODELS)
def test_agrees_with_brute_force(name: str) -> None:
    model = get_model(name)
    seen: Counter[str] = Counter()
    for seed in range(HISTORIES):
        random = Random(f"{name} {seed}")
        operations = draw(random, name, random.randrange(3, 9))
        found = verdict(operations, name)
        seen[found] += 1
        if found == "NotApplicable":
            continue
        outcome = judge(operations, name)
        assert (found == "Possible") == possible(operations, model), operations
        assert type(judge(operations, name, order=False)) is type(outcome)
        if isinstance(outcome, Possible):
            assert outcome.order is not None
            check_order(operations, outcome.order, model)
        else:
            check_core(operations, outcome, model)
    assert min(seen["Possible"], seen["Impossible"]) > HISTORIES / 8, seen
    assert seen["NotApplicable"] < HISTORIES / 3, seen


@pytest.mark.parametrize("name", MODELS)
def test_agrees_with_the_search_on_larger_histories(name: str) -> None:
    model = get_model(name)
    seen: Counter[str] = Counter()
    for seed in range(HISTORIES // 15):
        random = Random(f"larger {name} {seed}")
        clients = random.choice([2, 4, 8])
        lies = random.choice([0.0, 0.02])
        operations = draw(random, name, random.randrange(20, 80), clients, lies, 0.03, (4, 3, 3, 0))
        found = verdict(operations, name)
        seen[found] += 1
        if found == "NotApplicable":
            continue
        (part,) = split(operations, model)
        impossible = first_impossible(part, part.entries, METER)
        assert (found == "Impossible") == (impossible is not None), operations
        outcome = judge(operations, name)
        if isinstance(outcome, Possible):
            assert outcome.order is not None
            check_order(operations, outcome.order, model)
            continue
        assert outcome.core is not None
        chosen = [operations[each] for each in outcome.core]
        (part,) = split(chosen, model)
        assert first_impossible(part, part.entries, METER) is not None
    assert min(seen["Possible"], seen["Impossible"]) > HISTORIES / 15 / 8, seen
    assert seen["NotApplicable"] < HISTORIES / 15 / 2, seen


Row = tuple[Any, ...]


def written_out(*rows: Row) -> list[Operation]:
    """Operations of rows (f, argument, result, invoked, completed[, error])."""
    operations = []
    for process, (f, argument, result, invoked, completed, *error) in enumerate(rows):
        outcome = "info" if completed is None else "fail" if error else "ok"
        reason = error[0] if error else None
        operations.append(
            Operation(process, f, "x", argument, result, outcome, invoked, completed, reason)
        )
    return operations


#        write 1 |--|
#   read -> nil        |--|
STALE = written_out(("write", 1, None, 0, 1), ("read", None, None, 2, 3))


def test_the_core_of_a_stale_read() -> None:
    noise = [("write", value, None, 10 * value, 10 * value + 1) for value in range(2, 9)]
    late = ("read", None, 3, 95, 96)
    operations = written_out(
        ("write", 1, None, 0, 1), *noise, ("read", None, 8, 90, 91), late, ("read", None, 3, 97, 98)
    )
    outcome = judge(operations, "register")
    # The write of 3, that of 4, and the first read of 3 after it.
    assert outcome == Impossible(at=9, core=(2, 3, 9))


# Each of these is impossible for a reason of its own.
@pytest.mark.parametrize(
    ("rows", "core", "at"),
    [
        # Nobody wrote what was read.
        ([("read", None, 7, 0, 1)], (0,), 0),
        ([("cas", [7, 8], None, 0, 1)], (0,), 0),
        # A read completed before its write began.
        ([("read", None, 1, 0, 1), ("write", 1, None, 2, 3)], (0, 1), 0),
        # Two consumed one value.
        (
            [("write", 1, None, 0, 1), ("cas", [1, 2], None, 2, 5), ("cas", [1, 3], None, 3, 4)],
            (0, 1, 2),
            1,
        ),
        # Two crashed ones did, for both results were read.
        (
            [
                ("cas", [None, 2], None, 0, None),
                ("cas", [None, 3], None, 1, None),
                ("read", None, 2, 2, 3),
                ("read", None, 3, 4, 5),
            ],
            (0, 1, 2, 3),
            3,
        ),
        # A circle without a beginning.
        ([("cas", [1, 2], None, 0, 3), ("cas", [2, 1], None, 1, 2)], (0, 1), 1),
        ([("cas", [1, 1], None, 0, 1)], (0,), 0),
        # The compare-and-set of what a compare-and-set left had completed before.
        (
            [("cas", [2, 3], None, 0, 1), ("cas", [None, 2], None, 2, 3)],
            (0, 1),
            0,
        ),
    ],
)
def test_the_core_of_each_contradiction(rows: list[Row], core: tuple[int, ...], at: int) -> None:
    outcome = judge(written_out(*rows), "cas-register")
    assert outcome.core == core
    assert outcome.at == at


def test_crashed_operations_count_only_if_something_needs_them() -> None:
    rows: list[Row] = [
        ("cas", [None, 1], None, 0, None),
        ("cas", [1, 2], None, 1, None),
        ("cas", [2, 3], None, 2, None),
        ("cas", [9, 4], None, 3, None),
        ("write", 5, None, 4, None),
    ]
    read = ("read", None, 2, 10, 11)
    assert judge(written_out(*rows), "cas-register").order == []
    assert judge(written_out(*rows, read), "cas-register").order == [0, 1, 5]


def test_mismatches_find_their_places() -> None:
    # The value was 1 from the beginning of the first write on, unless the second came between.
    rows: list[Row] = [
        ("write", 1, None, 0, 20),
        ("write", 2, None, 1, 21),
        ("cas", [1, 7], None, 2, 3, MISMATCH),
        ("cas", [2, 8], None, 4, 5, MISMATCH),
        ("cas", [9, 8], None, 6, 7, MISMATCH),
        ("cas", [None, 8], None, 8, 9, MISMATCH),
        ("cas", [1, 8], None, 30, 31, MISMATCH),
        ("read", None, 2, 32, 33),
    ]
    operations = written_out(*rows)
    check_order(operations, judge(operations, "cas-register").order, get_model("cas-register"))


def test_many_mismatches_find_their_places() -> None:
    model = get_model("cas-register")
    seen: Counter[str] = Counter()
    for seed in range(HISTORIES):
        random = Random(f"mismatches {seed}")
        lies = random.choice([0.0, 0.3])
        operations = draw(random, "cas-register", 9, 5, lies, 0.0, (1, 3, 5))
        found = verdict(operations, "cas-register")
        seen[found] += 1
        if found == "Possible":
            check_order(operations, judge(operations, "cas-register").order, model)
        elif found == "Impossible":
            assert not possible(operations, model)
        elif possible(operations, model):
            seen["given up"] += 1
    assert seen["Possible"] > HISTORIES / 2, seen
    # Nearly all that are possible are found to be.
    assert seen["given up"] < HISTORIES / 50, seen


def test_a_line_without_a_place_for_a_mismatch_is_not_judged() -> None:
    operations = written_out(
        ("write", 1, None, 0, 1), ("cas", [1, 2], None, 2, 3, MISMATCH), ("read", None, 1, 4, 5)
    )
    with pytest.raises(NotApplicable, match="no place was found"):
        judge(operations, "cas-register")


def test_a_contradiction_needs_no_mismatch() -> None:
    mismatch = ("cas", [None, 2], None, 6, 7, MISMATCH)
    operations = [*STALE, *written_out(mismatch)]
    assert judge(operations, "cas-register") == Impossible(at=1, core=(0, 1))


def test_values_that_python_thinks_equal_differ() -> None:
    rows: list[Row] = [
        ("write", 1, None, 0, 1),
        ("write", True, None, 2, 3),
        ("write", 1.0, None, 4, 5),
        ("write", [1], None, 6, 7),
    ]
    assert isinstance(judge(written_out(*rows, ("read", None, [1], 8, 9)), "register"), Possible)
    for value in (1, True, 1.0, [True]):
        operations = written_out(*rows, ("read", None, value, 8, 9))
        assert isinstance(judge(operations, "register"), Impossible)


@pytest.mark.parametrize(
    ("name", "rows", "reason"),
    [
        (
            "register",
            [("write", 1, None, 0, 1), ("write", 1, None, 2, 3), ("read", None, 1, 4, 5)],
            "written more than once",
        ),
        (
            "register",
            [("write", None, None, 0, 1), ("read", None, None, 2, 3)],
            "value None is written",
        ),
        ("kv", [("delete", None, None, 0, 1), ("get", None, None, 2, 3)], "value None is written"),
        ("register", [("cas", [1, 2], None, 0, 1)], "knows no 'cas'"),
        ("kv", [("txn", "a", None, 0, 1)], "knows no 'txn'"),
        ("kv", [("put", 1, None, 0, 1)], "no text"),
        ("kv", [("put", None, None, 0, 1)], "no text"),
        ("kv", [("put", 1, None, 0, 1, "refused")], "no text"),
        ("kv", [("get", None, 1, 0, 1)], "no text"),
        ("kv-empty", [("get", None, None, 0, 1)], "no text"),
        ("kv-empty", [("cas", [None, "a"], None, 0, 1, "refused")], "no text"),
        ("cas-register", [("cas", [1], None, 0, 1)], "no pair"),
        ("cas-register", [("cas", None, None, 0, 1, MISMATCH)], "no pair"),
        ("register", [("write", b"1", None, 0, 1)], "none that JSON knows"),
    ],
)
def test_says_why_it_does_not_judge(name: str, rows: list[Row], reason: str) -> None:
    with pytest.raises(NotApplicable, match=reason):
        judge(written_out(*rows), name)


def test_repeated_values_that_nobody_asks_about_do_no_harm() -> None:
    deletes = written_out(
        ("put", "a", None, 0, 1),
        ("delete", None, None, 2, 3),
        ("put", "b", None, 4, 5),
        ("delete", None, None, 6, 7),
        ("get", None, "b", 8, 9),
    )
    assert judge(deletes, "kv") == Impossible(at=4, core=(1, 2, 3, 4))
    assert isinstance(judge(deletes[:4], "kv"), Possible)


def test_keeps_to_the_budget() -> None:
    with pytest.raises(BudgetExhausted, match="memory"):
        MONITORS["register"](STALE * 100, Meter(Budget(seconds=None, memory=100)), False)
    ticks = iter(range(100))
    meter = Meter(Budget(seconds=1), lambda: float(next(ticks)))
    with pytest.raises(BudgetExhausted, match="1 s"):
        MONITORS["register"](STALE, meter, False)


def test_an_empty_history_is_possible() -> None:
    assert judge([], "register") == Possible([])
