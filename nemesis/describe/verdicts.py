"""What reports of runs and of histories alone have in common."""

from __future__ import annotations

from checker import lincheck
from checker.history import History
from checker.models import Model
from checker.report.data import (
    Counterexample,
    Linearization,
    Promise,
    Span,
)
from checker.report.evidence import counterexample_of, linearization_of
from checker.report.operations import OperationsShown
from checker.report.shown import VALUE_MAX, Shortener
from checker.verdict import Validity
from nemesis.describe.violation import PROMISES


def evidence_of(
    verdict: lincheck.Verdict,
    history: History,
    model: Model,
    shown: OperationsShown,
    shortener: Shortener,
) -> tuple[Linearization | None, Counterexample | None]:
    """An order of the operations, or why there is none; neither, where lincheck does not know."""
    if verdict.order is not None:
        return linearization_of(verdict.order, shown), None
    if verdict.conflict is not None:
        return None, counterexample_of(history, model, verdict.conflict, shown, shortener)
    return None, None


def promise_shown(kind: str) -> Promise | None:
    """The promise that a kind of failure breaks; None if none is written down."""
    found = PROMISES.get(kind)
    if found is None:
        return None
    return Promise(name=found.name, statement=found.statement, reason=found.reason)


def words_of_history(
    verdict: lincheck.Verdict, shown: OperationsShown, model: Model
) -> tuple[Span, ...]:
    """The verdict on a history that is not invalid."""
    count = len(shown.operations)
    if verdict.validity is Validity.VALID:
        text = f"Some order of the {count:,} operations explains every answer (model {model.name})."
    else:
        text = f"Nobody can tell: {'; '.join(verdict.reasons)}."
    return (Span(text=text),)


def shortened_notes(shortener: Shortener) -> list[str]:
    """What is to be said of values that were too long."""
    if not shortener.cut:
        return []
    return [
        f"{shortener.cut:,} texts were too long, and are cut: values after {VALUE_MAX} characters."
    ]
