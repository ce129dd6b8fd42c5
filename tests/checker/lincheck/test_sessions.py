"""Session guarantees: by hand, and against oracles that try everything."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from checker.history import Operation
from checker.lincheck.conditions import (
    GUARANTEES,
    MONOTONIC_READS,
    MONOTONIC_WRITES,
    READ_YOUR_WRITES,
    WRITES_FOLLOW_READS,
    session_guarantees,
)
from checker.models import get_model
from tests.checker.histories import history
from tests.checker.lincheck.conditions_histories import (
    INVALID,
    ROUNDS,
    SETS,
    UNKNOWN,
    VALID,
    random_sessions,
    told,
    verdict_of,
)
from tests.checker.lincheck.conditions_oracles import explained, explained_by_sets


def test_read_your_writes() -> None:
    """
    0  |- write 1 -|  |- read nil -|
    """
    given = told((0, "write", 1), (0, "read", None))
    found = session_guarantees(given.operations(), get_model("register"), [READ_YOUR_WRITES])
    assert found.validity is INVALID
    assert found.operations == given.operations()
    others = [name for name in GUARANTEES if name != READ_YOUR_WRITES]
    assert verdict_of(given, *others) is VALID


def test_monotonic_reads() -> None:
    """
    0  |- write 1 -|
    1                |- read 1 -|  |- read nil -|
    """
    given = told((0, "write", 1), (1, "read", 1), (1, "read", None))
    found = session_guarantees(given.operations(), get_model("register"), [MONOTONIC_READS])
    assert found.validity is INVALID
    assert found.operations == given.operations()
    others = [name for name in GUARANTEES if name != MONOTONIC_READS]
    assert verdict_of(given, *others) is VALID


def test_reads_in_two_orders_are_not_monotonic() -> None:
    """
    0  |- write 1 -|
    1                |- write 2 -|
    2                              |- read 1 -|  |- read 2 -|
    3                              |- read 2 -|  |- read 1 -|
    """
    given = told(
        (0, "write", 1),
        (1, "write", 2),
        (2, "read", 1),
        (2, "read", 2),
        (3, "read", 2),
        (3, "read", 1),
    )
    found = session_guarantees(given.operations(), get_model("register"), [MONOTONIC_READS])
    assert found.validity is INVALID
    assert found.operations == given.operations()
    assert verdict_of(given, READ_YOUR_WRITES, MONOTONIC_WRITES, WRITES_FOLLOW_READS) is VALID


def test_monotonic_writes() -> None:
    """
    0  |- write 1 -|  |- write 2 -|
    1                                |- read 2 -|  |- read 1 -|

    A read that saw 2 alone, and a later one that saw 1 alone, break no more than monotonic reads;
    and with these alone, 2 may have been written first.
    """
    given = told((0, "write", 1), (0, "write", 2), (1, "read", 2), (1, "read", 1))
    assert verdict_of(given, MONOTONIC_WRITES) is VALID
    assert verdict_of(given, MONOTONIC_READS) is VALID
    both = session_guarantees(
        given.operations(), get_model("register"), [MONOTONIC_WRITES, MONOTONIC_READS]
    )
    assert both.validity is INVALID
    assert both.operations == given.operations()


def test_monotonic_writes_of_several_keys() -> None:
    """
    0  |- write x 1 -|  |- write y 1 -|
    1                                    |- read y 1 -|  |- read x nil -|
    """
    given = told(
        (0, "write", 1, "x"), (0, "write", 1, "y"), (1, "read", 1, "y"), (1, "read", None, "x")
    )
    assert verdict_of(given, MONOTONIC_WRITES, MONOTONIC_READS) is INVALID
    assert verdict_of(given, READ_YOUR_WRITES, MONOTONIC_READS, WRITES_FOLLOW_READS) is VALID


def test_monotonic_writes_alone_can_be_broken_by_a_compare_and_set() -> None:
    """
    0  |- cas 1 2 -|  |- write 0 -|
    1                                |- cas 0 1 -|       0, 1, 2 replaced each other, yet 2 before 0
    """
    given = told((0, "cas", [1, 2]), (0, "write", 0), (1, "cas", [0, 1]))
    assert verdict_of(given, MONOTONIC_WRITES, model="cas-register") is INVALID
    others = [READ_YOUR_WRITES, MONOTONIC_READS]
    assert verdict_of(given, *others, model="cas-register") is VALID


def test_writes_follow_reads() -> None:
    """
    0  |- write 1 -|
    1                |- read 1 -|  |- write 2 -|
    2                                             |- read 2 -|  |- read 1 -|
    """
    given = told((0, "write", 1), (1, "read", 1), (1, "write", 2), (2, "read", 2), (2, "read", 1))
    assert verdict_of(given, READ_YOUR_WRITES, MONOTONIC_READS, MONOTONIC_WRITES) is VALID
    assert verdict_of(given, WRITES_FOLLOW_READS) is VALID
    assert verdict_of(given, WRITES_FOLLOW_READS, MONOTONIC_READS) is INVALID


def test_who_reads_what_it_writes_later_breaks_writes_follow_reads() -> None:
    given = told((0, "read", 1), (0, "write", 1))
    found = session_guarantees(given.operations(), get_model("register"), [WRITES_FOLLOW_READS])
    assert found.validity is INVALID
    assert found.operations == given.operations()


def test_an_older_write_of_ones_own_is_two_guarantees_that_cannot_hold_together() -> None:
    """
    0  |- write 1 -|  |- write 2 -|  |- read 1 -|
    """
    given = told((0, "write", 1), (0, "write", 2), (0, "read", 1))
    assert verdict_of(given, READ_YOUR_WRITES) is VALID
    assert verdict_of(given, MONOTONIC_WRITES) is VALID
    assert verdict_of(given, READ_YOUR_WRITES, MONOTONIC_WRITES) is INVALID


def test_a_value_from_nowhere_breaks_all() -> None:
    given = told((0, "read", 1))
    for guarantee in GUARANTEES:
        assert verdict_of(given, guarantee) is INVALID


def test_a_value_written_twice_is_decided_where_that_can_be() -> None:
    given = told(
        (0, "write", 1),
        (1, "write", 2),
        (2, "write", 1),
        (3, "read", 1),
        (3, "read", 2),
        (3, "read", 1),
    )
    assert verdict_of(given, *GUARANTEES) is VALID, "each read of 1 has a write of its own"
    given = told((0, "write", 1), (0, "write", 1), (0, "read", None))
    assert verdict_of(given, READ_YOUR_WRITES) is INVALID, "whichever it should have seen"
    many = [(0, "write", at % 2) for at in range(20)]
    given = told(*many, *[(1, "read", at % 2) for at in range(21)])
    found = session_guarantees(given.operations(), get_model("register"))
    assert found.validity is UNKNOWN
    assert "several writes, or none, may be what was read by" in found.reason


def test_models_whose_reads_name_no_write_are_unknown() -> None:
    given = history((0, "invoke", "append", "x", "a"), (0, "ok", "append", "x", "a"))
    found = session_guarantees(given.operations(), get_model("kv"))
    assert found.validity is UNKNOWN
    assert "an append writes depends on what it saw" in found.reason
    assert session_guarantees((), get_model("fifo-queue")).validity is UNKNOWN


def test_an_unknown_guarantee_is_an_error() -> None:
    with pytest.raises(ValueError, match="among read-your-writes"):
        session_guarantees((), get_model("register"), ["causal"])


def test_own_writes_of_other_keys_are_not_ordered_by_a_read() -> None:
    """The read of x 9 puts 1, 2, 3 before 9, and must not put y 1 there: it comes after.

    0  |- write x 1, 2, 3 -|                                       |- read z 8, write y 1 -| |- read x 9 -|
    1  |- write x 9 -|
    2                  |- read x 9, write k 1 -|  |- read k 2 -|
    4  |- write k 2 -|
    5                  |- read k 2, write z 8 -|
    """
    given = told(
        (1, "write", 9, "x"),
        *[(0, "write", value, "x") for value in (1, 2, 3)],
        (2, "read", 9, "x"),
        (2, "write", 1, "k"),
        (4, "write", 2, "k"),
        (2, "read", 2, "k"),
        (5, "read", 2, "k"),
        (5, "write", 8, "z"),
        (0, "read", 8, "z"),
        (0, "write", 1, "y"),
        (0, "read", 9, "x"),
    )
    assert verdict_of(given, READ_YOUR_WRITES, WRITES_FOLLOW_READS) is VALID


def test_the_evidence_tells_that_a_crashed_operation_happened() -> None:
    """
    0  |- cas 1 2 ---...
    1                      |- cas 2 1 ---...
    2                                          |- read 1 -|
    """
    given = history(
        (0, "invoke", "cas", "x", [1, 2]),
        (1, "invoke", "cas", "x", [2, 1]),
        (2, "invoke", "read", "x", None),
        (2, "ok", "read", "x", 1),
    )
    found = session_guarantees(given.operations(), get_model("cas-register"), [MONOTONIC_READS])
    assert found.validity is INVALID
    assert found.operations == given.operations()


def random_replicas(random: Random) -> list[Operation]:
    """Some processes write much, others read what was written a while ago; no value twice."""
    operations = []
    keys = random.choice(["x", "xy"])
    lag = random.choice([2, 3, 8])
    log: dict[str, list[Any]] = {key: [None] for key in keys}
    for at in range(random.randrange(6, 26)):
        key = random.choice(keys)
        process = random.randrange(3)
        f = random.choice(["read", "write", "write", "cas"][: random.randrange(2, 5)])
        seen = random.choice(log[key][-lag:])
        argument = None if f == "read" else at if f == "write" else [seen, at]
        if f != "read":
            log[key].append(at)
        result = seen if f == "read" else argument
        operations.append(
            Operation(process, f, key, argument, result, "ok", 2 * at, 2 * at + 1, None, at, at)
        )
    return operations


def test_session_guarantees_of_longer_histories_as_the_theory_says() -> None:
    random = Random(6)
    verdicts = {True: 0, False: 0}
    for at in range(2 * ROUNDS):
        operations = random_replicas(random)
        guarantees = SETS[at % len(SETS)]
        found = session_guarantees(operations, get_model("cas-register"), guarantees)
        expected = explained_by_sets(operations, guarantees)
        assert found.validity is (VALID if expected else INVALID), (guarantees, operations)
        verdicts[expected] += 1
        if not expected:
            # Values name their write by its place, which must stay as it was.
            kept = [
                each
                if each in found.operations
                else each._replace(process=-1 - each.invoked, f="write", argument=each.invoked // 2)
                for each in operations
            ]
            assert not explained_by_sets(kept, guarantees), (guarantees, operations)
    assert min(verdicts.values()) > ROUNDS // 5, verdicts


@pytest.mark.parametrize("unique", [True, False])
def test_session_guarantees_as_the_oracle_says(unique: bool) -> None:
    random = Random(4 + unique)
    verdicts = {VALID: 0, INVALID: 0, UNKNOWN: 0}
    model = get_model("cas-register")
    for at in range(2 * ROUNDS):
        operations = random_sessions(random, unique=unique)
        guarantees = SETS[at % len(SETS)]
        found = session_guarantees(operations, model, guarantees)
        verdicts[found.validity] += 1
        expected = explained(operations, guarantees)
        if found.validity is not UNKNOWN:
            assert found.validity is (VALID if expected else INVALID), (guarantees, operations)
        if found.validity is INVALID:
            assert not explained(found.operations, guarantees), (guarantees, operations)
    assert verdicts[VALID] > ROUNDS // 3, verdicts
    assert verdicts[INVALID] > ROUNDS // 3, verdicts
    assert verdicts[UNKNOWN] < ROUNDS // 10, verdicts
