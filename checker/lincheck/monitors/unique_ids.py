"""A source of unique ids, in O(n).

Theory of operation
-------------------
Any order of ids that differ is legal, so a history is linearizable if and only if no id was
answered twice; in order of invocation it respects real time. An operation that did not answer says
nothing. Any operation may be left out of a legal sequence, so two equal answers are a core.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from checker.history import Operation
from checker.lincheck.budget import Meter
from checker.lincheck.engine import Impossible, NotApplicable, Outcome, Possible
from checker.models.model import CallError, distinct

_CHUNK = 1 << 14
"""Operations read between two looks at the budget."""

_BYTES = 100
"""What this holds for each operation: a place in a table."""


def monitor(operations: Sequence[Operation], meter: Meter, order: bool) -> Outcome:
    """Judge all operations of a source; raises NotApplicable, BudgetExhausted."""
    given: dict[Any, int] = {}
    twice: tuple[int, int] | None = None
    for start in range(0, len(operations), _CHUNK):
        meter.spend(meter.explored, start * _BYTES)
        for at, operation in enumerate(operations[start : start + _CHUNK], start):
            _, f, _, _, answer, outcome, _, _, _, _, _ = operation
            if f != "generate":
                raise NotApplicable(f"a source of ids has no operation {f!r}")
            if outcome != "ok":
                continue
            if type(answer) is not int and type(answer) is not str:
                try:
                    answer = distinct(answer)
                except (CallError, RecursionError) as error:
                    raise NotApplicable(str(error)) from None
            before = given.setdefault(answer, at)
            if before != at:
                twice = (before, at)
    if twice is not None:
        return Impossible(core=twice)
    return Possible(list(given.values()) if order else None)
