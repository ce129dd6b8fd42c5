"""Conflicts: of what an impossible history holds, the few operations that are impossible."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from checker.history import History
from checker.lincheck import check, trials
from checker.lincheck.budget import Budget
from checker.lincheck.conflict import Conflict
from checker.lincheck.verify import verify
from checker.models import get_model
from checker.verdict import Validity
from tests.checker.brute_force import possible
from tests.checker.histories import Row, history
from tests.checker.lincheck.recorded import MODELS, recorded


def conflict_of(of: History, name: str) -> Conflict:
    model = get_model(name)
    verdict = check(of, model)
    assert verdict.conflict is not None
    assert verdict.conflict.is_minimal
    assert verdict.certificate is not None
    verify(of.operations(), verdict.certificate, model)
    return verdict.conflict


def shown(found: Conflict) -> list[str]:
    return [str(operation) for operation in found.operations]


def calls(*words: str) -> History:
    """One operation after the other: "write 1", "read 1", "cas 1 2"."""
    rows: list[Row] = []
    for word in words:
        f, *values = word.split()
        numbers = list(map(int, values))
        argument = numbers if f == "cas" else numbers[0] if f == "write" else None
        result = numbers[0] if f == "read" else argument
        rows += [(0, "invoke", f, None, argument), (0, "ok", f, None, result)]
    return history(*rows)


SWAPS = [f"cas {at % 5} {(at + 1) % 5}" for at in range(20)]
"""They cannot be left out by their values, and start where 0 was written."""


def test_what_is_impossible_from_any_state_on_needs_no_beginning() -> None:
    found = conflict_of(calls("write 0", *SWAPS, "read 0", "read 3"), "cas-register")
    assert shown(found) == ["process 0: read -> 0", "process 0: read -> 3"]
    # It is the invocation of the first of them.
    assert found.first_event == 2 * 21


def test_a_read_of_what_nobody_wrote_is_impossible_alone() -> None:
    words = [f"write {at % 3}" for at in range(30)]
    found = conflict_of(calls(*words, "read 2", "read 9"), "register")
    assert shown(found) == ["process 0: read -> 9"]
    assert found.first_event is None


def test_a_swap_that_failed_is_left_out_though_its_failure_made_it_impossible() -> None:
    found = conflict_of(
        history(
            # Twice: no monitor of unique values blames anybody.
            (0, "invoke", "write", None, 1),
            (0, "ok", "write", None, 1),
            (0, "invoke", "write", None, 1),
            (0, "ok", "write", None, 1),
            (1, "invoke", "cas", None, [1, 2]),
            (0, "invoke", "read", None, None),
            (0, "ok", "read", None, 2),
            (1, "fail", "cas", None, [1, 2], "mismatch"),
        ),
        "cas-register",
    )
    assert found.last_event == 7, "before, the swap might have happened"
    assert shown(found) == ["process 0: read -> 2"]


def test_many_writes_at_once_are_no_trouble() -> None:
    writes = range(120)
    rows: list[Row] = [(at, "invoke", "write", None, at % 5) for at in writes]
    rows += [(at, "ok", "write", None, at % 5) for at in writes]
    rows += [(0, "invoke", "read", None, None), (0, "ok", "read", None, 7)]
    assert shown(conflict_of(history(*rows), "register")) == ["process 0: read -> 7"]


def first_impossible_event(of: History, name: str) -> int | None:
    """By brute force, over all beginnings of the history."""
    events = of.events
    for count in range(1, len(events) + 1):
        if not possible(History(events[:count]).operations(), get_model(name)):
            return events[count - 1].index
    return None


@pytest.mark.parametrize("name", MODELS)
def test_the_last_event_is_the_first_that_made_it_impossible(name: str) -> None:
    seen = 0
    for seed in range(40):
        random = Random(f"first {name} {seed}")
        of = recorded(random, name, random.randrange(3, 8), lies=2)
        expected = first_impossible_event(of, name)
        found = check(of, get_model(name)).conflict
        assert (None if found is None else found.last_event) == expected
        seen += expected is not None
    assert seen > 5


@pytest.mark.parametrize("name", MODELS)
def test_whatever_the_budget_no_certificate_is_refused(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each attempt is charged at once, and after some the reduction ends."""
    monkeypatch.setattr(trials, "UNREPORTED_MAX", 0)
    model = get_model(name)
    seen: Counter[tuple[bool, bool]] = Counter()
    for seed in range(40):
        random = Random(f"budget {name} {seed}")
        of = recorded(random, name, random.randrange(4, 24), lies=2)
        monkeypatch.setattr(trials, "EXPLORED_MAX", random.choice([0, 3, 10, 30, 100]))
        most = random.choice([None, 5, 20, 60, 200, 600])
        verdict = check(of, model, budget=Budget(configurations=most))
        if verdict.validity is not Validity.INVALID:
            continue
        found = verdict.conflict
        if verdict.certificate is not None:
            assert found is not None
            verify(of.operations(), verdict.certificate, model)
        seen[verdict.certificate is not None, found is not None and found.is_minimal] += 1
    assert seen[True, False] > 0, seen


def test_what_the_verifier_would_have_to_give_up_on_gets_no_certificate(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("checker.lincheck.verify.STEPS_MAX", 15)
    model = get_model("stack")
    given, none = 0, 0
    for seed in range(60):
        of = recorded(Random(f"steps {seed}"), "stack", 12, lies=2)
        verdict = check(of, model)
        if verdict.validity is Validity.INVALID:
            if verdict.certificate is not None:
                verify(of.operations(), verdict.certificate, model)
                given += 1
            else:
                none += 1
    assert min(given, none) > 0
