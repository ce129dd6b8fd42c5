"""Each model accepts what it should and refuses what it should not, one operation after another."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from checker.history import Operation
from checker.models import CallError, UnknownModelError, get_model, model_names
from tests.checker.brute_force import possible

Told = tuple[str, Any, Any]


def sequence(*told: Told, key: Any = None) -> list[Operation]:
    """Operations (f, argument, result) one after another; the result "info": nobody knows."""
    operations = []
    for at, (f, argument, result) in enumerate(told):
        crashed = result == "info"
        operations.append(
            Operation(
                process=at,
                f=f,
                key=key,
                argument=argument,
                result=None if crashed else result,
                outcome="info" if crashed else "ok",
                invoked=2 * at,
                completed=None if crashed else 2 * at + 1,
            )
        )
    return operations


GOOD: list[tuple[str, list[Told]]] = [
    ("counter", [("add", 2, None), ("add", -5, None), ("read", None, -3)]),
    ("counter", [("add-and-get", 2, 2), ("add", 1, "info"), ("read", None, 3)]),
    ("mutex", [("acquire", None, None), ("release", None, None), ("acquire", None, None)]),
    ("owner-mutex", [("acquire", "a", None), ("release", "a", None), ("acquire", "b", None)]),
    ("reentrant-mutex", [("acquire", "a", None)] * 2 + [("release", "a", None)] * 2),
    ("fencing-lock", [("acquire", "a", 1), ("release", "a", None), ("acquire", "b", 7)]),
    (
        "fencing-lock",
        [
            ("holder", None, None),
            ("acquire", "a", 1),
            ("holder", None, "a"),
            ("release", "a", None),
        ],
    ),
    (
        "bank",
        [("transfer", [0, 1, 10], None), ("read", None, [0, 20]), ("read", None, [0, 20, 10])],
    ),
    ("bank", [("transfer", [0, 1, 10], None), ("transfer", [1, 0, 10], None), ("read", None, [])]),
    ("semaphore:2", [("acquire", None, None), ("acquire", 1, None), ("release", 2, None)]),
    ("fifo-queue", [("enqueue", 1, None), ("enqueue", 2, None), ("dequeue", None, 1)]),
    ("fifo-queue", [("enqueue", 1, None), ("dequeue", None, "info"), ("dequeue", None, None)]),
    ("lossy-register", [("write", 1, None), ("write", 2, None), ("read", None, 1)]),
    ("lossy-queue", [("enqueue", 1, None), ("enqueue", 2, None), ("dequeue", None, 2)]),
    ("stack", [("push", 1, None), ("push", 2, None), ("peek", None, 2), ("pop", None, 2)]),
    ("priority-queue", [("insert", 2, None), ("insert", 1, None), ("poll", None, 1)]),
    ("g-set", [("add", 1, None), ("add", 2, None), ("read", None, [2, 1])]),
    ("set", [("add", 1, None), ("remove", 1, None), ("contains", 1, False), ("read", None, [])]),
    ("unique-ids", [("generate", None, 1), ("generate", None, "info"), ("generate", None, 2)]),
    ("list-append", [("append", 1, None), ("append", 2, None), ("read", None, [1, 2])]),
    (
        "list-append",
        [("txn", [["append", "x", 1], ["r", "x", None]], [["append", "x", 1], ["r", "x", [1]]])],
    ),
    (
        "multi-register",
        [
            ("txn", [["w", "x", 1], ["w", "y", 2]], [["w", "x", 1], ["w", "y", 2]]),
            ("txn", [["r", "x", None], ["r", "y", None]], [["r", "x", 1], ["r", "y", 2]]),
        ],
    ),
]

BAD: list[tuple[str, list[Told]]] = [
    ("counter", [("add", 2, None), ("read", None, 3)]),
    ("counter", [("add-and-get", 2, 3)]),
    ("mutex", [("acquire", None, None), ("acquire", None, None)]),
    ("mutex", [("release", None, None)]),
    ("owner-mutex", [("acquire", "a", None), ("release", "b", None)]),
    ("owner-mutex", [("acquire", "a", None), ("acquire", "a", None)]),
    ("reentrant-mutex", [("acquire", "a", None), ("acquire", "b", None)]),
    ("reentrant-mutex", [("acquire", "a", None)] + [("release", "a", None)] * 2),
    ("fencing-lock", [("acquire", "a", 2), ("release", "a", None), ("acquire", "b", 2)]),
    ("fencing-lock", [("acquire", "a", 1), ("holder", None, None)]),
    ("fencing-lock", [("acquire", "a", 1), ("release", "a", None), ("holder", None, "a")]),
    ("bank", [("transfer", [0, 1, 11], None)]),
    ("bank", [("transfer", [0, 1, 5], None), ("read", None, [10, 15])]),
    ("semaphore:2", [("acquire", 2, None), ("acquire", 1, None)]),
    ("semaphore", [("acquire", None, None), ("acquire", None, None)]),
    ("fifo-queue", [("enqueue", 1, None), ("enqueue", 2, None), ("dequeue", None, 2)]),
    ("fifo-queue", [("enqueue", 1, None), ("dequeue", None, None)]),
    ("lossy-register", [("write", 1, None), ("read", None, None), ("read", None, 1)]),
    (
        "lossy-queue",
        [("enqueue", 1, None), ("enqueue", 2, None), ("dequeue", None, 2), ("dequeue", None, 1)],
    ),
    ("stack", [("push", 1, None), ("push", 2, None), ("pop", None, 1)]),
    ("priority-queue", [("insert", 2, None), ("insert", 1, None), ("poll", None, 2)]),
    ("g-set", [("add", 1, None), ("read", None, [1, 2])]),
    ("set", [("add", 1, None), ("remove", 1, None), ("contains", 1, True)]),
    ("set", [("add", 1, None), ("contains", True, True)]),
    ("unique-ids", [("generate", None, 1), ("generate", None, 1)]),
    ("list-append", [("append", 1, None), ("append", 2, None), ("read", None, [2, 1])]),
    (
        "multi-register",
        [
            ("txn", [["w", "x", 1], ["w", "y", 2]], [["w", "x", 1], ["w", "y", 2]]),
            ("txn", [["r", "x", None], ["r", "y", None]], [["r", "x", 1], ["r", "y", None]]),
        ],
    ),
]


@pytest.mark.parametrize(("model", "told"), GOOD)
def test_what_is_right_is_possible(model: str, told: list[Told]) -> None:
    assert possible(sequence(*told), get_model(model))


@pytest.mark.parametrize(("model", "told"), BAD)
def test_what_is_wrong_is_not(model: str, told: list[Told]) -> None:
    assert not possible(sequence(*told), get_model(model))


def test_every_model_is_tried_both_ways() -> None:
    tried = ({name.split(":")[0] for name, _ in told} for told in (GOOD, BAD))
    elsewhere = {"register", "cas-register", "kv", "kv-empty"}  # test_lincheck.py
    for names in tried:
        assert names | elsewhere == set(model_names())


@pytest.mark.parametrize(
    ("model", "told", "why"),
    [
        ("counter", ("add", "1", None), "an integer, not '1'"),
        ("counter", ("increment", 1, None), "knows add, add-and-get and read"),
        ("mutex", ("lock", None, None), "knows acquire and release"),
        ("fencing-lock", ("lock", None, None), "knows acquire, release and holder"),
        ("bank", ("transfer", [0, 0, 5], None), "two accounts"),
        ("bank", ("transfer", [0, 1, "5"], None), "a list of integers"),
        ("bank", ("deposit", 5, None), "knows transfer and read"),
        ("semaphore", ("acquire", 0, None), "a number of permits, not 0"),
        ("fifo-queue", ("enqueue", None, None), "nil, which is what an empty"),
        ("priority-queue", ("insert", [1], None), "a number or a text"),
        ("g-set", ("remove", 1, None), "knows add, read"),
        ("set", ("read", None, [1, 1]), "each element once"),
        ("set", ("contains", 1, None), "true or false"),
        ("list-append", ("txn", [["w", "x", 1]], [["w", "x", 1]]), "'r' or 'append'"),
        ("multi-register", ("txn", [["r", "x", None]], []), "the operations of its invocation"),
    ],
)
def test_what_a_model_does_not_know_is_an_error(model: str, told: Told, why: str) -> None:
    with pytest.raises(CallError, match=why):
        possible(sequence(told), get_model(model))


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("semaphor:2", "did you mean 'semaphore'"),
        ("semaphore:none", "a number of permits, not 'none'"),
        ("semaphore:0", "a number of permits, not '0'"),
        ("register:2", "there is no model"),
    ],
)
def test_an_unknown_name_is_an_error(name: str, why: str) -> None:
    with pytest.raises(UnknownModelError, match=why):
        get_model(name)


class Text(str):
    """A text that is not quite one: no fast path takes it."""

    __slots__ = ()


def test_what_a_key_value_store_reads_fast_it_reads_as_it_reads_all_else() -> None:
    told: list[tuple[object, object]] = []
    for f, outcome, argument, result in product(
        ("get", "put", "append", "cas", "delete", "swim"),
        ("ok", "fail", "info"),
        (None, "a", 1, ["a", "b"]),
        (None, "a", True),
    ):
        for name in ("kv", "kv-empty"):
            parse = get_model(name).parse
            answers: list[object] = []
            for kind in (str, Text):
                given = kind(argument) if type(argument) is str else argument
                answer = kind(result) if type(result) is str else result
                completed = None if outcome == "info" else 1
                try:
                    answers.append(
                        parse(Operation(0, f, "x", given, answer, outcome, 0, completed))
                    )
                except CallError as error:
                    answers.append(str(error))
            told.append((answers[0], answers[1]))
    assert all(fast == slow for fast, slow in told)
    assert len({str(fast) for fast, _ in told}) > 10
