"""A register with compare-and-set: ``read``, ``write``, ``cas`` with the value [expected, new].

A ``cas`` that failed with the error ``mismatch`` has observed that the value differed from the
expected one; a ``cas`` that failed with any other error did not happen.
"""

from __future__ import annotations

from checker.history import MISMATCH, Operation
from checker.models import register as plain_register
from checker.models import single_value
from checker.models.model import Call, CallError, Model, distinct, register_model


def parse(operation: Operation) -> Call | None:
    """``read``, ``write`` and ``cas``; any JSON value will do."""
    f, outcome = operation.f, operation.outcome
    if f == "cas":
        expected, new = single_value.pair_of(operation.argument, "cas")
        if outcome == "fail" and operation.error != MISMATCH:
            return None
        return single_value.compare_and_set(
            distinct(operation.key),
            distinct(expected),
            distinct(new),
            swapped=outcome != "fail",
        )
    if f not in ("read", "write"):
        raise CallError(f"the model 'cas-register' knows read, write and cas, not {f!r}")
    return plain_register.parse(operation)


@register_model
def cas_register() -> Model:
    """A register with ``read``, ``write`` and ``cas``; one a key, nil before the first write."""
    return Model(
        name="cas-register",
        summary="read, write and cas [expected, new]; one register a key, nil at first",
        initial=None,
        step=single_value.step,
        parse=parse,
        needs=single_value.needs,
        foresee=single_value.foresee,
        clusters=single_value.clusters,
        reveals=single_value.reveals,
    )
