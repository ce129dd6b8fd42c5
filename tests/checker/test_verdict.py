"""Verdicts rest on evidence, and merge to the worst."""

from __future__ import annotations

import pytest

from checker.verdict import VALID, Failure, Validity, invalid, merge, unknown

BROKEN = invalid(Failure("election-safety", "two leaders"))
TIRED = unknown("out of budget")


def test_exit_codes_are_those_of_jepsen() -> None:
    assert [validity.exit_code for validity in Validity] == [0, 1, 2]


def test_invalid_outweighs_unknown_and_unknown_outweighs_valid() -> None:
    assert merge([]) == VALID
    assert merge([VALID, TIRED]).validity is Validity.UNKNOWN
    merged = merge([TIRED, BROKEN, VALID])
    assert merged.validity is Validity.INVALID
    assert merged.reasons == TIRED.reasons
    assert merged.kinds == {"election-safety"}


def test_there_is_no_verdict_without_evidence() -> None:
    with pytest.raises(ValueError, match="at least one failure"):
        invalid()
    with pytest.raises(ValueError, match="at least one reason"):
        unknown()
