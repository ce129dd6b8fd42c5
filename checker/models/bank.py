"""A bank: ``transfer`` of money between accounts, ``read`` of all balances; one a key.

Accounts are numbered from 0 and hold INITIAL_BALANCE at first. ``transfer`` has the value
[from, to, amount]; one that succeeded found the amount there, one that failed did nothing. ``read``
answers the balances of all accounts, in order, as they were at one moment.
"""

from __future__ import annotations

from typing import Any

from checker.history import Operation
from checker.models.model import Call, CallError, Model, State, distinct, register_model

INITIAL_BALANCE = 10
"""What every account holds at first."""


def parse(operation: Operation) -> Call | None:
    """Integers only; a transfer of which nobody was told happened if it could, or never did."""
    f, outcome, key = operation.f, operation.outcome, distinct(operation.key)
    if f == "read":
        if outcome != "ok":
            return None
        balances = _integers(operation.result, "what read answers")
        return Call(f, key, None, balances, "observes")
    if f != "transfer":
        raise CallError(f"the model 'bank' knows transfer and read, not {f!r}")
    moved = _integers(operation.argument, "the value of transfer")
    if len(moved) != 3 or min(moved) < 0 or moved[0] == moved[1]:
        raise CallError(
            "the value of transfer must be [from, to, amount], with two accounts and an amount "
            f"of at least 0, not {operation.argument!r}"
        )
    return None if outcome == "fail" else Call(f, key, moved, None, "depends")


def _integers(value: Any, what: str) -> tuple[int, ...]:
    if not isinstance(value, list | tuple) or any(type(each) is not int for each in value):
        raise CallError(f"{what} must be a list of integers, not {value!r}")
    return tuple(value)


def _step(balances: State, f: str, argument: Any, result: Any) -> tuple[bool, State]:
    """The state has the balances up to the last account that differs from what it held at first."""
    if f == "read":
        return _trimmed(result) == balances, balances
    source, target, amount = argument
    held = [*balances, *[INITIAL_BALANCE] * (max(source, target) + 1 - len(balances))]
    if held[source] < amount:
        return False, balances
    held[source] -= amount
    held[target] += amount
    return True, _trimmed(held)


def _trimmed(balances: Any) -> tuple[int, ...]:
    end = len(balances)
    while end and balances[end - 1] == INITIAL_BALANCE:
        end -= 1
    return tuple(balances[:end])


@register_model
def bank() -> Model:
    """A bank; the state is the balances."""
    return Model(
        name="bank",
        summary="transfer [from, to, amount], read all balances",
        initial=(),
        step=_step,
        parse=parse,
    )
