"""A source of unique ids: ``generate`` answers an id that it never answered before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from checker.history import Operation
from checker.models.model import (
    Call,
    CallError,
    Foresight,
    Model,
    State,
    distinct,
    register_model,
)


def parse(operation: Operation) -> Call | None:
    """An id that nobody was told can be any: it says nothing."""
    if operation.f != "generate":
        raise CallError(f"the model 'unique-ids' knows generate, not {operation.f!r}")
    if operation.outcome != "ok":
        return None
    return Call("generate", None, None, distinct(operation.result), "depends")


def _step(given: State, f: str, argument: Any, result: Any) -> tuple[bool, State]:
    return result not in given, given | {result}


def clusters(calls: Sequence[Call]) -> list[list[int]]:
    """Each call by itself: fewer ids repeat no more than more do."""
    return [[position] for position in range(len(calls))]


def _foresee(calls: Sequence[Call]) -> Foresight:
    """Whether an id was given only matters if another call answers it too."""
    answers = Counter(call.result for call in calls)
    repeated = frozenset(answer for answer, times in answers.items() if times > 1)
    return Foresight(lambda given: given & repeated, lambda call: True)


@register_model
def unique_ids() -> Model:
    """Ids that never repeat; the state is those given."""
    return Model(
        name="unique-ids",
        summary="generate answers an id never answered before",
        initial=frozenset(),
        step=_step,
        parse=parse,
        per_key=False,
        clusters=clusters,
        foresee=_foresee,
    )
