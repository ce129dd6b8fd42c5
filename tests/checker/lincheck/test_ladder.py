"""The strongest conditions that hold: by hand, and against the oracles."""

from __future__ import annotations

import json
from random import Random

import pytest

from checker.history import HistoryError
from checker.lincheck.conditions import (
    LINEARIZABLE,
    MONOTONIC_READS,
    MONOTONIC_WRITES,
    READ_YOUR_WRITES,
    SEQUENTIAL,
    WRITES_FOLLOW_READS,
    strongest,
)
from checker.models import get_model
from tests.checker.brute_force import possible
from tests.checker.lincheck.conditions_histories import (
    ALL_FOUR,
    INVALID,
    ROUNDS,
    SETS,
    UNKNOWN,
    VALID,
    history_of,
    random_sessions,
    told,
)
from tests.checker.lincheck.conditions_oracles import explained, interleaved


def test_a_linearizable_history_keeps_everything() -> None:
    ladder = strongest(told((0, "write", 1), (1, "read", 1)), get_model("register"))
    assert ladder.strongest == (LINEARIZABLE,)
    assert {each.validity for each in ladder.findings} == {VALID}
    assert (ladder.staleness.least, ladder.versions.least) == (0, 1)


def test_a_stale_read_leaves_sequential_consistency() -> None:
    ladder = strongest(told((0, "write", 1), (1, "read", None)), get_model("register"))
    assert ladder.strongest == (SEQUENTIAL,)
    assert ladder[LINEARIZABLE].validity is INVALID
    assert ladder[ALL_FOUR].validity is VALID
    assert (ladder.staleness.least, ladder.versions.least) == (5, 2)


def test_all_four_guarantees_do_not_make_it_sequential() -> None:
    """
    0  |- write x 1 -|  |- read y nil -|
    1  |- write y 1 -|  |- read x nil -|
    """
    given = told(
        (0, "write", 1, "x"), (1, "write", 1, "y"), (0, "read", None, "y"), (1, "read", None, "x")
    )
    ladder = strongest(given, get_model("register"))
    assert ladder.strongest == (ALL_FOUR,)
    assert ladder[SEQUENTIAL].validity is INVALID


def test_several_conditions_can_be_the_strongest() -> None:
    """
    0  |- write 1 -|  |- write 2 -|  |- read 1 -|
    """
    ladder = strongest(
        told((0, "write", 1), (0, "write", 2), (0, "read", 1)), get_model("register")
    )
    assert ladder.strongest == (
        f"{READ_YOUR_WRITES} + {MONOTONIC_READS} + {WRITES_FOLLOW_READS}",
        f"{MONOTONIC_READS} + {MONOTONIC_WRITES} + {WRITES_FOLLOW_READS}",
    )
    assert ladder[SEQUENTIAL].operations == ladder[ALL_FOUR].operations
    assert ladder[READ_YOUR_WRITES].validity is VALID
    with pytest.raises(KeyError):
        ladder["eventual"]


def test_the_evidence_can_be_written_as_json() -> None:
    ladder = strongest(told((0, "write", 1), (0, "read", None)), get_model("register"))
    evidence = json.loads(json.dumps(ladder.evidence()))
    assert evidence["staleness_ns"] == {"least": 5, "above": 4, "reason": ""}
    broken = {each["condition"]: each for each in evidence["conditions"]}[READ_YOUR_WRITES]
    assert broken["validity"] == "invalid"
    assert broken["operations"] == [
        {"invocation": 0, "operation": "process 0: write 'x' 1"},
        {"invocation": 2, "operation": "process 0: read 'x' -> nil"},
    ]


def test_a_value_from_nowhere_leaves_nothing() -> None:
    ladder = strongest(told((0, "read", 1)), get_model("register"))
    assert ladder.strongest == ()
    assert ladder.open == ()
    assert {each.validity for each in ladder.findings} == {INVALID}


def test_what_is_not_known_stays_open() -> None:
    given = told((0, "write", 1), (1, "read", None))
    ladder = strongest(given, get_model("register"), judge=lambda *_: UNKNOWN)
    assert ladder.strongest == (SEQUENTIAL,)
    assert ladder.open == (LINEARIZABLE,)
    broken = told((0, "write", 1), (0, "read", None))
    ladder = strongest(broken, get_model("register"), judge=lambda *_: UNKNOWN)
    assert ladder[LINEARIZABLE].validity is INVALID, "for it is not even sequential"


def test_an_operation_that_the_model_does_not_know_is_an_error() -> None:
    given = told((0, "write", 1), (0, "cas", [1, 2]))
    with pytest.raises(HistoryError, match="event 2: the model 'register' knows read and write"):
        strongest(given, get_model("register"))


def test_the_ladder_as_the_oracles_say() -> None:
    random = Random(12)
    seen: dict[str, int] = {}
    for at in range(ROUNDS // 3):
        operations = random_sessions(random, unique=at % 2 == 0)
        ladder = strongest(history_of(operations), get_model("cas-register"))
        expected = {LINEARIZABLE: possible(operations, get_model("cas-register"))}
        expected[SEQUENTIAL] = interleaved(operations, "cas-register")
        for chosen in SETS:
            expected[" + ".join(chosen)] = explained(operations, chosen)
        for finding in ladder.findings:
            assert finding.validity is (VALID if expected[finding.condition] else INVALID)
        sets = [name for name, holds in expected.items() if holds and name in map(" + ".join, SETS)]
        greatest = {
            name
            for name in sets
            if not any(set(name.split(" + ")) < set(other.split(" + ")) for other in sets)
        }
        first = next((name for name in (LINEARIZABLE, SEQUENTIAL) if expected[name]), None)
        assert set(ladder.strongest) == ({first} if first else greatest), operations
        for name in ladder.strongest:
            seen[name] = seen.get(name, 0) + 1
    assert {LINEARIZABLE, SEQUENTIAL, ALL_FOUR} < seen.keys()
    assert len(seen) > 5, seen
