"""The evidence of lincheck as a report shows it: an order, or why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from checker.history import History, Operation
from checker.lincheck.certificate import end_of, name_of
from checker.lincheck.conflict import Conflict
from checker.lincheck.explain import explain
from checker.models.model import Model
from checker.report.data import Attempt, Counterexample, Linearization, Span, Step, Stuck
from checker.report.operations import OperationsShown
from checker.report.shown import Shortener


def linearization_of(order: Sequence[Operation], shown: OperationsShown) -> Linearization:
    """The order of a valid history, with a moment for each operation: as early as may be."""
    places = [shown.by_event[name_of(operation)] for operation in order]
    moments = []
    now = 0
    for place in places:
        now = max(now, shown.columns.start[place])
        moments.append(now)
    return Linearization(order=places, time=moments)


def counterexample_of(
    history: History,
    model: Model,
    conflict: Conflict,
    shown: OperationsShown,
    shortener: Shortener,
) -> Counterexample:
    """Why no order of the operations explains their answers."""
    told = explain(history, model, conflict).data
    by_event = shown.by_event
    last = by_event[name_of(conflict.operation)]
    indexes = list(history.columns.indexes)
    end = end_of(conflict.operation)
    prefix = len(indexes) if end is None else indexes.index(end) + 1
    elements = conflict.elements
    return Counterexample(
        sentence=(Span(text=str(told["sentence"])),),
        keys=tuple(shortener.value(key) for key in conflict.keys if key is not None),
        last=last,
        prefix=prefix,
        time=shown.columns.end[last],
        operations=tuple(by_event[each["name"]] for each in told["operations"]),
        letters=tuple(each["letter"] for each in told["operations"]),
        initial=told["initial"],
        is_minimal=conflict.is_minimal,
        attempts=tuple(_attempt(order, by_event, shortener) for order in told["orders"]),
        since=None if conflict.first_event is None else by_event[conflict.first_event],
        elements=None if elements is None else tuple(map(shortener.value, elements)),
    )


def _attempt(order: dict[str, Any], by_event: dict[int, int], shortener: Shortener) -> Attempt:
    return Attempt(
        steps=tuple(
            Step(operation=by_event[each["operation"]], state=shortener.text(each["state"]))
            for each in order["steps"]
        ),
        stuck=tuple(
            Stuck(
                operation=by_event[each["operation"]],
                why=(Span(text=shortener.text(each["why"])),),
            )
            for each in order["next"]
        ),
    )
