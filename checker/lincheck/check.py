"""Checking a history: split it, judge each part, put the evidence together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from time import monotonic

from checker.history import Event, History, Operation
from checker.lincheck.budget import Budget, BudgetExhausted, Clock, Meter
from checker.lincheck.conflict import Conflict, find_conflict
from checker.lincheck.parts import Entry, OperationError, Part, split
from checker.lincheck.search import first_impossible
from checker.lincheck.witness import merge_orders, order_of
from checker.models.model import Model
from checker.verdict import VALID, Failure, Verdict, invalid, unknown

KIND = "linearizability"
"""The kind of a failure that lincheck reports."""


@dataclass(frozen=True, slots=True)
class Result:
    """A verdict with its evidence.

    ``configurations`` explored; ``conflict`` is there for invalid.
    """

    verdict: Verdict
    configurations: int
    conflict: Conflict | None = None
    _parts: tuple[Part, ...] = field(default=(), repr=False)

    def witness(self, budget: Budget | None = None) -> tuple[Operation, ...]:
        """An order of the operations that explains every answer; for valid histories.

        It holds every operation that took effect or observed something; an ``info`` operation only
        if it must have happened. Found by a second search, which remembers its way. Raises
        ValueError if the verdict is not valid, BudgetExhausted.
        """
        if self.verdict is not VALID:
            raise ValueError(f"only a valid history has a witness; this one is {self.verdict}")
        meter = Meter(budget or Budget())
        return merge_orders([order_of(part, meter) for part in self._parts])


def check(
    history: History | Iterable[Event],
    model: Model,
    budget: Budget | None = None,
    clock: Clock = monotonic,
) -> Result:
    """Whether the history is linearizable with respect to the model.

    ``unknown`` if the budget runs out. Raises HistoryError, with file and line, for a history that
    contradicts itself or an operation that the model does not know.
    """
    if not isinstance(history, History):
        history = History(history)
    try:
        parts = split(history.operations(), model)
    except OperationError as error:
        raise history.error_at_index(error.reason, error.operation.invocation) from None
    meter = Meter(budget or Budget(), clock)
    reasons: list[str] = []
    failed: tuple[Part, Entry] | None = None
    for position, part in enumerate(parts):
        # What is found later can only matter if it shortens the failing prefix.
        before = None if failed is None else failed[1].completed
        share = meter.share(len(parts) - position)
        try:
            entry = first_impossible(part, part.entries, share, before)
        except BudgetExhausted as error:
            reasons.append(f"{_name(part)}: {error}")
            continue
        finally:
            meter.charge(share)
        if entry is not None:
            failed = (part, entry)
    if failed is None:
        if reasons:
            return Result(unknown(*reasons), meter.explored)
        return Result(VALID, meter.explored, None, tuple(parts))
    conflict = find_conflict(*failed, model, meter.share(1))
    return Result(invalid(_failure(conflict, history)), meter.explored, conflict)


def _name(part: Part) -> str:
    keys = [repr(key) for key in part.keys if key is not None]
    return f"keys {', '.join(keys)}" if keys else "the history"


def _failure(conflict: Conflict, history: History) -> Failure:
    operation = conflict.operation
    time = None
    for event in history.events:
        if event.index == operation.completion:
            time = event.time
    return Failure(
        kind=KIND,
        message=str(conflict),
        time=time,
        evidence={
            "event": operation.completion,
            "keys": list(conflict.keys),
            "operations": [
                {"invocation": each.invocation, "operation": str(each)}
                for each in conflict.operations
            ],
        },
    )
