"""Sets: ``add``, ``remove`` and ``contains`` of an element, ``read`` of all; one a key, empty at
first.

``g-set`` only grows: it knows ``add`` and ``read``. Elements are any JSON values; ``read`` answers
them in any order, each once. ``contains`` answers true or false.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from checker.history import Operation
from checker.models.mentions import tied
from checker.models.model import Call, CallError, Model, State, distinct, register_model


def parse(name: str, known: tuple[str, ...], operation: Operation) -> Call | None:
    """Elements made distinct; a read's answer as a frozenset."""
    f, outcome, key = operation.f, operation.outcome, distinct(operation.key)
    if f not in known:
        raise CallError(f"the model {name!r} knows {', '.join(known)}, not {f!r}")
    if f in ("add", "remove"):
        element = distinct(operation.argument)
        return None if outcome == "fail" else Call(f, key, element, None, "applies")
    if outcome != "ok":
        return None
    if f == "contains":
        if not isinstance(operation.result, bool):
            raise CallError(f"contains answers true or false, not {operation.result!r}")
        return Call(f, key, distinct(operation.argument), operation.result, "observes")
    return Call(f, key, None, _elements(operation.result), "observes")


def _elements(answer: Any) -> frozenset[Any]:
    if not isinstance(answer, list | tuple | set | frozenset):
        raise CallError(f"a read of a set answers a list, not {answer!r}")
    elements = [distinct(element) for element in answer]
    found = frozenset(elements)
    if len(found) != len(elements):
        raise CallError(f"a read of a set answers each element once: {answer!r}")
    return found


def _step(elements: State, f: str, argument: Any, result: Any) -> tuple[bool, State]:
    if f == "add":
        return True, elements | {argument}
    if f == "remove":
        return True, elements - {argument}
    if f == "contains":
        return (argument in elements) == result, elements
    return elements == result, elements


def clusters(calls: Sequence[Call]) -> list[list[int]]:
    """All calls of an element together; a read ties all elements of its answer.

    Leave the adds, removes and tests of an element out of a legal sequence: the other elements come
    and go as they did, and a read that did not hold the element answers as it did. One that held it
    is in its cluster.
    """
    return tied([result if f == "read" else (argument,) for f, _, argument, result, _ in calls])


@register_model
def grow_only_set() -> Model:
    """A set that only grows."""
    return Model(
        name="g-set",
        summary="add elements, read all",
        initial=frozenset(),
        step=_step,
        parse=partial(parse, "g-set", ("add", "read")),
        clusters=clusters,
    )


@register_model
def full_set() -> Model:
    """A set."""
    return Model(
        name="set",
        summary="add and remove elements, contains, read all",
        initial=frozenset(),
        step=_step,
        parse=partial(parse, "set", ("add", "remove", "contains", "read")),
        clusters=clusters,
    )
