"""What many runs come to together."""

from __future__ import annotations

from collections import Counter

import pytest

from checker.verdict import Validity
from nemesis.search.tally import DEATH, Tally


@pytest.mark.parametrize(
    ("verdicts", "together"),
    [
        ({"valid": 30_000}, Validity.VALID),
        ({"valid": 29_999, "unknown": 1}, Validity.UNKNOWN),
        ({"valid": 29_998, "unknown": 1, "invalid": 1}, Validity.INVALID),
        ({}, Validity.UNKNOWN),
    ],
)
def test_the_worst_run_counts(verdicts: dict[str, int], together: Validity) -> None:
    tally = Tally(runs=sum(verdicts.values()), verdicts=Counter(verdicts))
    assert tally.validity is together


def test_runs_that_left_nothing_count_too() -> None:
    tally = Tally(runs=5, verdicts=Counter(valid=5))
    tally.add_lost([7], "a process ended")
    assert tally.validity is Validity.UNKNOWN
    tally.add_death(8, DEATH)
    assert tally.validity is Validity.INVALID
