"""What is known of one condition, and what that rests on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from checker.history import Operation
from checker.lincheck.budget import Budget, BudgetExhausted, Meter
from checker.lincheck.parts import split
from checker.lincheck.search import first_impossible
from checker.models.model import Model
from checker.verdict import Validity

Judge = Callable[[Sequence[Operation], Model, Budget | None], Validity]
"""judge(operations, model, budget): are these operations linearizable? Never raises for want of
budget: it answers ``unknown``."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Whether a history keeps a condition.

    ``reason`` says in words why it does not, or why nobody can tell. ``operations`` are those that
    break it (invalid). ``order`` explains the answers (valid): of a sequential history all
    operations, of session guarantees the writes; None where there is none to show.
    """

    condition: str
    validity: Validity
    reason: str = ""
    operations: tuple[Operation, ...] = ()
    order: tuple[Operation, ...] | None = None


def judge_by_frontier(
    operations: Sequence[Operation], model: Model, budget: Budget | None
) -> Validity:
    """Whether operations are linearizable, by the frontier alone; a Judge.

    Raises OperationError for an operation that the model refuses.
    """
    meter = Meter(budget or Budget())
    parts = split(operations, model)
    exhausted = False
    for at, part in enumerate(parts):
        share = meter.share(len(parts) - at)
        try:
            if first_impossible(part, part.entries, share) is not None:
                return Validity.INVALID
        except BudgetExhausted:
            exhausted = True
        finally:
            share.release()
    return Validity.UNKNOWN if exhausted else Validity.VALID


def portion(budget: Budget | None, shares: int) -> Budget:
    """A budget for one of so many checks that follow each other; memory is not divided."""
    budget = budget or Budget()
    seconds, configurations = budget.seconds, budget.configurations
    return replace(
        budget,
        seconds=None if seconds is None else seconds / shares,
        configurations=None if configurations is None else -(-configurations // shares),
    )
