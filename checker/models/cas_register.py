"""A register with compare-and-set: ``read``, ``write``, ``cas`` with the value [expected, new].

A ``cas`` that failed with the error ``mismatch`` has observed that the value differed from the
expected one; a ``cas`` that failed with any other error did not happen.
"""

from __future__ import annotations

from checker.history import MISMATCH, Operation
from checker.models import register as plain_register
from checker.models import single_value
from checker.models.model import Call, CallError, Model, distinct, register_model

_new = tuple.__new__


_PLAIN = frozenset({int, str, type(None)})


def parse(operation: Operation) -> Call | None:
    """``read``, ``write`` and ``cas``; any JSON value will do.

    What most operations are is looked at first; anything else, and all that is odd, has time.
    """
    _, f, key, argument, result, outcome, _, _, error, _, _ = operation
    if type(key) in _PLAIN:
        if f == "read":
            if outcome == "ok" and type(result) in _PLAIN:
                return _new(Call, ("read", key, None, result, "observes"))
        elif f == "write":
            if outcome != "fail" and type(argument) in _PLAIN:
                return _new(Call, ("write", key, argument, None, "overwrites"))
        elif type(argument) is list and len(argument) == 2 and f == "cas":
            expected, new = argument
            if type(expected) in _PLAIN and type(new) in _PLAIN:
                if outcome != "fail":
                    return _new(Call, ("cas", key, (expected, new), True, "depends"))
                if error == MISMATCH:
                    return _new(Call, ("cas", key, (expected, new), False, "observes"))
                return None
    return _parse(operation)


def _parse(operation: Operation) -> Call | None:
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
