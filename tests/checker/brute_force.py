"""The oracle: is there an order that explains a history? It tries them all, and knows no tricks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from checker.history import Operation
from checker.models import Call, Model, Specification

Item = tuple[Operation, Call]


def possible(operations: Sequence[Operation], model: Model) -> bool:
    """Whether some order of all that completed, and of any that crashed, is legal."""
    calls = ((operation, model.parse(operation)) for operation in operations)
    items = [(operation, call) for operation, call in calls if call is not None]
    advance, initial = _specification(items, model)

    def explore(left: list[Item], state: Any) -> bool:
        if all(operation.completed is None for operation, _ in left):
            return True
        ends = [o.completed for o, _ in left if o.completed is not None]
        for at, (operation, call) in enumerate(left):
            if operation.invoked > min(ends):
                continue  # Something had completed before this one began.
            allowed, after = advance(state, call)
            if allowed and explore(left[:at] + left[at + 1 :], after):
                return True
        return False

    return explore(items, initial)


def _specification(items: Sequence[Item], model: Model) -> tuple[Any, Any]:
    """All keys together, each in a state of its own, unless calls tie keys."""
    keys: dict[Any, None] = {}
    for _, call in items:
        several = model.keys_of(call) if model.keys_of is not None else None
        keys.update(dict.fromkeys(several if several is not None else (call.key,)))
    if model.joint is not None:
        specification = model.joint(tuple(keys))
        return specification.advance, specification.initial
    single: Specification = model.specification()
    place = {key: at for at, key in enumerate(keys)} if model.per_key else dict.fromkeys(keys, 0)

    def advance(state: tuple[Any, ...], call: Call) -> tuple[bool, tuple[Any, ...]]:
        at = place[call.key]
        allowed, after = single.advance(state[at], call)
        return allowed, (*state[:at], after, *state[at + 1 :])

    return advance, (single.initial,) * max(len(keys), 1)
