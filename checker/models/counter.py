"""A counter: ``add`` of an integer, ``read`` of the sum, ``add-and-get``; one a key, 0 at first."""

from __future__ import annotations

from typing import Any

from checker.history import Operation
from checker.models.model import (
    ANYTHING,
    UNKNOWN,
    Call,
    CallError,
    Model,
    State,
    distinct,
    register_model,
)


def parse(operation: Operation) -> Call | None:
    """Integers only: sums of floating point numbers depend on their order."""
    f, outcome, key = operation.f, operation.outcome, distinct(operation.key)
    if f == "read":
        if outcome != "ok":
            return None
        return Call(f, key, None, _integer(operation.result, "what read answers"), "observes")
    if f not in ("add", "add-and-get"):
        raise CallError(f"the model 'counter' knows add, add-and-get and read, not {f!r}")
    delta = _integer(operation.argument, f"the value of {f}")
    if outcome == "fail":
        return None
    if f == "add" or outcome != "ok":
        return Call("add", key, delta, None, "applies")
    return Call(f, key, delta, _integer(operation.result, "what add-and-get answers"), "depends")


def _integer(value: Any, what: str) -> int:
    if type(value) is not int:
        raise CallError(f"{what} must be an integer, not {value!r}")
    return value


def _step(total: State, f: str, argument: Any, result: Any) -> tuple[bool, State]:
    if f == "read":
        return total == result, total
    after = total + argument
    return f == "add" or result is UNKNOWN or after == result, after


def _reveals(call: Call) -> State:
    return ANYTHING if call.f == "add" else call.result


@register_model
def counter() -> Model:
    """A counter; the state is its value."""
    return Model(
        name="counter",
        summary="add an integer, read the sum, add-and-get",
        initial=0,
        step=_step,
        parse=parse,
        reveals=_reveals,
    )
