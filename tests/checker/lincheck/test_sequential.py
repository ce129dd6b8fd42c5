"""Sequential consistency: by hand, and against an oracle that tries all orders."""

from __future__ import annotations

from random import Random

import pytest

from checker.lincheck import Budget
from checker.lincheck.conditions import sequential
from checker.models import get_model
from tests.checker.histories import history, random_history
from tests.checker.lincheck.conditions_histories import INVALID, ROUNDS, UNKNOWN, VALID, told
from tests.checker.lincheck.conditions_oracles import check_order, interleaved


def test_a_stale_read_of_another_process_is_sequential() -> None:
    """
    0  |- write 1 -|
    1                |- read nil -|
    """
    given = told((0, "write", 1), (1, "read", None))
    found = sequential(given.operations(), get_model("register"))
    assert found.validity is VALID
    assert found.order is not None
    assert [str(each) for each in found.order] == [
        "process 1: read 'x' -> nil",
        "process 0: write 'x' 1",
    ]


def test_a_stale_read_of_the_same_process_is_not() -> None:
    """
    0  |- write 1 -|  |- read nil -|
    1                                 |- read 1 -|
    """
    given = told((0, "write", 1), (0, "read", None), (1, "read", 1))
    found = sequential(given.operations(), get_model("register"))
    assert found.validity is INVALID
    assert found.operations == given.operations()[:2], "the read of 1 has nothing to do with it"


def test_sequential_consistency_is_not_local() -> None:
    """Each key by itself is sequential; together they go round in a circle.

    0  |- write x 1 -|  |- read y nil -|
    1  |- write y 1 -|  |- read x nil -|
    """
    given = told(
        (0, "write", 1, "x"), (1, "write", 1, "y"), (0, "read", None, "y"), (1, "read", None, "x")
    )
    model = get_model("register")
    for key in "xy":
        alone = [each for each in given.operations() if each.key == key]
        assert sequential(alone, model).validity is VALID
    found = sequential(given.operations(), model)
    assert found.validity is INVALID
    assert len(found.operations) == 4


def test_a_key_that_is_not_sequential_convicts_by_itself() -> None:
    given = told((0, "write", 7, "y"), (1, "write", 1, "x"), (1, "read", None, "x"))
    found = sequential(given.operations(), get_model("register"))
    assert {each.key for each in found.operations} == {"x"}


def test_a_crashed_write_may_happen_or_not() -> None:
    """
    0  |- write 1 ---...
    1                |- read nil -|  |- read 1 -|          sequential;  the other way round: not
    """
    model = get_model("register")
    given = told((0, "crashed", 1), (1, "read", None), (1, "read", 1))
    assert sequential(given.operations(), model).validity is VALID
    given = told((0, "crashed", 1), (1, "read", None))
    assert sequential(given.operations(), model).order == given.operations()[1:]
    given = told((0, "crashed", 1), (1, "read", 1), (1, "read", None))
    assert sequential(given.operations(), model).validity is INVALID


def test_where_processes_are_says_not_yet_in_which_state() -> None:
    """
    0  |- append a -|
    1                 |- append b -|  |- append c -|  |- get bac -|
    """
    rows = [(0, "append", "a", "a"), (1, "append", "b", "b"), (1, "append", "c", "c")]
    rows.append((1, "get", None, "bac"))
    events = []
    for process, f, argument, result in rows:
        events.append((process, "invoke", f, "x", argument))
        events.append((process, "ok", f, "x", result))
    found = sequential(history(*events).operations(), get_model("kv"))
    assert found.validity is VALID


def test_sequential_consistency_keeps_to_its_budget() -> None:
    rows = [(process, "write", (process, at)) for at in range(6) for process in range(6)]
    given = told(*[(p, f, list(v)) for p, f, v in rows], (7, "read", [0, 1]), (7, "read", [0, 0]))
    found = sequential(given.operations(), get_model("register"), Budget(configurations=200))
    assert found.validity is UNKNOWN
    assert found.reason == "the budget of 200 configurations is exhausted"


@pytest.mark.parametrize(
    ("name", "keys", "count"),
    [("register", "x", 7), ("register", "xy", 7), ("cas-register", "x", 6), ("kv", "xy", 5)],
)
def test_sequential_consistency_as_the_oracle_says(name: str, keys: str, count: int) -> None:
    random = Random(f"{name} {keys}")
    verdicts = {True: 0, False: 0}
    for _ in range(ROUNDS):
        operations = random_history(random, name, random.randrange(2, count + 1), keys).operations()
        found = sequential(operations, get_model(name))
        expected = interleaved(operations, name)
        assert found.validity is (VALID if expected else INVALID), operations
        verdicts[expected] += 1
        if expected:
            assert found.order is not None
            check_order(found.order, operations, name)
        else:
            assert not interleaved(found.operations, name), operations
    assert min(verdicts.values()) > ROUNDS // 5, verdicts
