"""Registers: ``read`` and ``write``; one a key, all of them nil before the first write."""

from __future__ import annotations

from checker.history import Operation
from checker.models import single_value
from checker.models.model import Call, CallError, Model, distinct, register_model


def parse(operation: Operation) -> Call | None:
    """``read`` answers the value, ``write`` has it as its argument; any JSON value will do."""
    f, outcome = operation.f, operation.outcome
    if f == "read":
        if outcome != "ok":
            return None
        return single_value.read(distinct(operation.key), distinct(operation.result))
    if f == "write":
        if outcome == "fail":
            return None
        return single_value.write(distinct(operation.key), distinct(operation.argument))
    hint = "; the model 'cas-register' does" if f == "cas" else ""
    raise CallError(f"the model 'register' knows read and write, not {f!r}{hint}")


@register_model
def register() -> Model:
    """A register with ``read`` and ``write``; one a key, nil before the first write."""
    return Model(
        name="register",
        summary="read and write; one register a key, nil before the first write",
        initial=None,
        step=single_value.step,
        parse=parse,
        needs=single_value.needs,
        foresee=single_value.foresee,
        clusters=single_value.clusters,
        reveals=single_value.reveals,
    )
