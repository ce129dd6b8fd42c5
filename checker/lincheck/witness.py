"""Witnesses: an order that shows a history to be linearizable, and a program that checks one.

The engine remembers in which order operations that change the state were linearized; observations
are put in here, where the state allows them. ``verify_witness`` shares nothing with the engine: it
needs the history, the model's step function and the order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from checker.history import History, Operation
from checker.lincheck.budget import Meter
from checker.lincheck.engine import Possible, finish
from checker.lincheck.parts import Entry, Part
from checker.lincheck.widening import frontier
from checker.models.model import CallError, Key, Model


def order_of(part: Part, meter: Meter) -> list[Entry]:
    """The entries of a possible part in an order that explains it. Raises BudgetExhausted."""
    outcome = finish(frontier(part, meter, True))
    assert isinstance(outcome, Possible), "only what is possible has an order"
    assert outcome.order is not None
    return [part.entries[at] for at in outcome.order]


def merge_orders(orders: Iterable[Sequence[Entry]]) -> tuple[Operation, ...]:
    """One order from those of independent parts.

    Each entry gets a point: the latest invocation among it and those before it in its part. In an
    order that respects real time that lies between the entry's own invocation and completion, so
    sorting by points respects real time across all parts (Herlihy and Wing 1990, locality).
    """
    points: list[tuple[int, Operation]] = []
    for order in orders:
        latest = -1
        for entry in order:
            latest = max(latest, entry.invoked)
            points.append((latest, entry.operation))
    points.sort(key=lambda point: point[0])
    return tuple(operation for _, operation in points)


class WitnessError(Exception):
    """An order does not show that the history is linearizable; the message says why."""


def verify_witness(history: History, model: Model, witness: Sequence[Operation]) -> None:
    """Check an order without any search; raises WitnessError.

    It must hold operations of the history only, none twice, all that observed or completed; never
    one before another that had completed before it was invoked; and the model must accept them one
    after the other. Linear in the history's length.
    """
    operations = set(map(_identity, history.operations()))
    given = list(map(_identity, witness))
    if len(set(given)) != len(given):
        raise WitnessError("an operation stands in the order twice")
    if foreign := set(given) - operations:
        raise WitnessError(f"the order holds {len(foreign)} operations that the history does not")
    _verify_nothing_left_out(history, model, set(given))
    earliest = None
    for operation in reversed(witness):
        if earliest is not None and earliest < operation.invoked:
            raise WitnessError(f"{operation} stands before one that had ended before it began")
        if operation.completed is not None:
            earliest = (
                operation.completed if earliest is None else min(earliest, operation.completed)
            )
    _verify_steps(model, witness)


def _identity(operation: Operation) -> tuple[int | None, int | str, str]:
    return operation.invocation, operation.process, operation.f


def _verify_nothing_left_out(
    history: History, model: Model, given: set[tuple[int | None, int | str, str]]
) -> None:
    for operation in history.operations():
        if operation.completed is None or _identity(operation) in given:
            continue
        if model.parse(operation) is not None:
            raise WitnessError(f"{operation} is missing from the order")


def _verify_steps(model: Model, witness: Sequence[Operation]) -> None:
    calls = []
    for operation in witness:
        try:
            call = model.parse(operation)
        except CallError as error:
            raise WitnessError(f"{operation}: {error}") from error
        if call is None:
            raise WitnessError(f"{operation} did not happen, yet stands in the order")
        calls.append(call)
    keys: dict[Key, None] = {}
    tied = False
    for call in calls:
        several = None if model.keys_of is None else model.keys_of(call)
        tied = tied or several is not None
        keys.update(dict.fromkeys(several if several is not None else (call.key,)))
    if tied:
        assert model.joint is not None
        specification = model.joint(tuple(keys))
        states = {None: specification.initial}
    else:
        specification = model.specification()
        states = dict.fromkeys(keys if model.per_key else (None,), specification.initial)
    for operation, call in zip(witness, calls, strict=True):
        key = call.key if not tied and model.per_key else None
        allowed, states[key] = specification.advance(states[key], call)
        if not allowed:
            raise WitnessError(f"the model does not allow {operation} at its place in the order")
