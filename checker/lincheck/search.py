"""One part through the frontier: is it possible, and if not, which completion made it so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from checker.lincheck.budget import Meter
from checker.lincheck.engine import Impossible, finish
from checker.lincheck.parts import Entry, Part
from checker.lincheck.widening import frontier


def first_impossible(
    part: Part, entries: Sequence[Entry], meter: Meter, before: int | None = None
) -> Entry | None:
    """The entry whose completion makes these entries impossible; None if they are possible.

    Looks only at completions of a rank below ``before``. Raises BudgetExhausted.
    """
    outcome = finish(frontier(replace(part, entries=list(entries)), meter, False, before))
    if isinstance(outcome, Impossible):
        assert outcome.at is not None, "the frontier knows where"
        return entries[outcome.at]
    return None
