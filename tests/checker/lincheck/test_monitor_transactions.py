"""Transactions over lists: what their monitor says, and the evidence for what it finds."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from checker.history import Operation
from checker.lincheck import Budget, check
from checker.lincheck.budget import BudgetExhausted, Meter
from checker.lincheck.certificate import CertificateError, Invalid
from checker.lincheck.engine import Impossible, Possible
from checker.lincheck.monitors import TIED_MONITORS
from checker.lincheck.parts import Entry, Part, split
from checker.lincheck.verify import verify
from checker.models import get_model
from tests.checker.brute_force import possible
from tests.checker.lincheck.engines import ENGINES, UNLIMITED, compare
from tests.checker.lincheck.transaction_histories import KINDS, damaged, lying, transactions

MODEL = get_model("list-append")

NEVER = float("inf")


def history(*rows: tuple[int, float, list[list[Any]]]) -> list[Operation]:
    """Transactions of so many processes as rows, with when they were invoked and completed; those
    that never complete have the time infinity."""
    return [
        Operation(
            at,
            "txn",
            None,
            [[f, key, None if f == "r" else value] for f, key, value in told],
            None if end == NEVER else told,
            "info" if end == NEVER else "ok",
            start,
            None if end == NEVER else int(end),
            None,
            start,
            None if end == NEVER else int(end),
        )
        for at, (start, end, told) in enumerate(rows)
    ]


def joint(operations: list[Operation]) -> Part:
    (part,) = split(operations, MODEL)
    assert part.joint
    return part


@pytest.mark.parametrize("twice", [0.0, 0.2])
def test_the_monitor_says_what_brute_force_says(twice: float) -> None:
    said: Counter[bool] = Counter()
    for seed in range(600):
        random = Random(f"transactions {seed}")
        made = transactions(
            seed,
            random.randrange(2, 8),
            clients=random.choice((2, 3, 4)),
            keys=random.choice((1, 2, 3)),
            reads=random.choice((0.3, 0.6)),
            twice=twice,
            smalls=random.choice((2, 4)),
        )
        operations = damaged(made, random)
        told = compare(operations, MODEL, possible(operations, MODEL), engines=("tied monitor",))
        if "tied monitor" in told:
            said[told["tied monitor"]] += 1
    assert said[False] > (80 if twice == 0.0 else 20)
    assert said[True] > 100


@pytest.mark.parametrize(
    ("rows", "is_possible"),
    [
        # Each read what the other had not done yet: write skew.
        (
            (
                (0, 3, [["r", "x", []], ["append", "y", 1]]),
                (1, 2, [["r", "y", []], ["append", "x", 2]]),
            ),
            False,
        ),
        # One of them did.
        (
            (
                (0, 3, [["r", "x", [2]], ["append", "y", 1]]),
                (1, 2, [["r", "y", []], ["append", "x", 2]]),
            ),
            True,
        ),
        # Two that nobody read, each after an empty list.
        (
            (
                (0, 3, [["r", "x", []], ["append", "x", 1]]),
                (1, 2, [["r", "x", []], ["append", "x", 2]]),
            ),
            False,
        ),
        # A part of what was appended at once.
        (((0, 1, [["append", "x", 1], ["append", "x", 2]]), (2, 3, [["r", "x", [1]]])), False),
        # Its own part.
        (
            (
                (0, 1, [["append", "x", 1], ["r", "x", [1]], ["append", "x", 2]]),
                (2, 3, [["r", "x", [1, 2]]]),
            ),
            True,
        ),
        (((0, 1, [["append", "x", 1], ["r", "x", []]]),), False),
        (((0, 1, [["r", "x", [1]], ["append", "x", 1]]),), False),
        # One that crashed was read, and so what it appended elsewhere must be there.
        (
            (
                (0, NEVER, [["append", "x", 1], ["append", "y", 2]]),
                (1, 2, [["r", "x", [1]], ["r", "y", []]]),
            ),
            False,
        ),
        (
            (
                (0, NEVER, [["append", "x", 1], ["append", "y", 2]]),
                (1, 2, [["r", "x", []], ["r", "y", []]]),
            ),
            True,
        ),
        (
            (
                (0, NEVER, [["append", "x", 1], ["append", "y", 2]]),
                (1, 2, [["r", "x", [1]]]),
                (3, 4, [["r", "y", []]]),
            ),
            False,
        ),
        # The same element in two lists is two elements.
        (
            (
                (0, 1, [["append", "x", 1], ["append", "y", 1]]),
                (2, 3, [["r", "x", [1]], ["r", "y", [1]]]),
            ),
            True,
        ),
        # One element twice in a list: the other is judged.
        (
            (
                (0, 1, [["append", "x", 1], ["append", "x", 1], ["append", "x", 2]]),
                (2, 3, [["r", "x", [1, 1]]]),
            ),
            False,
        ),
    ],
)
def test_transactions(rows: tuple[Any, ...], is_possible: bool) -> None:
    operations = history(*rows)
    assert possible(operations, MODEL) is is_possible
    said = compare(operations, MODEL, is_possible, engines=tuple(ENGINES))
    assert said["tied monitor"] is is_possible


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("keys", "clients", "reads"), [(1, 10, 0.1), (3, 5, 0.5), (10, 20, 0.3)])
def test_a_wrong_answer_shows_by_few_transactions(
    kind: str, keys: int, clients: int, reads: float
) -> None:
    if keys == 1 and kind == "skewed":
        return
    made = transactions(1, 400, clients=clients, keys=keys, reads=reads)
    assert check(made, MODEL, budget=UNLIMITED).validity == "valid"
    operations = lying(made, kind)
    verdict = check(operations, MODEL, budget=UNLIMITED)
    certificate = verdict.certificate
    assert isinstance(certificate, Invalid)
    assert verdict.conflict is not None
    assert verdict.conflict.is_minimal
    assert len(certificate.operations) <= 4
    verify(operations, certificate, MODEL)
    with pytest.raises(CertificateError):
        verify(made, certificate, MODEL)


@pytest.mark.parametrize("kind", ["lost", "swapped", "stale"])
def test_elements_that_are_there_twice_are_no_hindrance(kind: str) -> None:
    operations = lying(transactions(1, 400, clients=10, twice=0.05), kind)
    verdict = check(operations, MODEL, budget=UNLIMITED)
    assert isinstance(verdict.certificate, Invalid)
    assert len(verdict.certificate.operations) <= 4
    verify(operations, verdict.certificate, MODEL)


def test_it_names_transactions_that_are_impossible_by_themselves() -> None:
    for kind in KINDS:
        part = joint(lying(transactions(2, 300), kind))
        outcome = TIED_MONITORS["list-append"](part, Meter(Budget()), False)
        assert isinstance(outcome, Impossible)
        assert outcome.core
        assert len(outcome.core) < 10


def test_what_crashed_and_was_not_read_is_in_no_order() -> None:
    crashed, *others = history(
        (0, NEVER, [["append", "x", 9], ["append", "y", 9]]),
        (1, 2, [["append", "x", 1], ["r", "y", []]]),
        (3, 4, [["r", "x", [1]]]),
    )
    call = MODEL.parse(crashed)
    assert call is not None
    part = joint(others)
    part = replace(part, entries=[Entry(call, 0, None, crashed), *part.entries])
    outcome = TIED_MONITORS["list-append"](part, Meter(Budget()), True)
    assert outcome == Possible([1, 2])


def test_it_keeps_to_its_budget() -> None:
    part = joint(transactions(1, 300))
    with pytest.raises(BudgetExhausted):
        TIED_MONITORS["list-append"](part, Meter(Budget(seconds=None, memory=1_000)), False)
