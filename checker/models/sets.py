"""Sets: ``add``, ``remove`` and ``contains`` of an element, ``read`` of all; one a key, empty at
first.

``g-set`` only grows: it knows ``add`` and ``read``. Elements are any JSON values; ``read`` answers
them in any order, each once. ``contains`` answers true or false.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from checker.history import Operation
from checker.models.mentions import among, each_once, tied
from checker.models.model import (
    DEAD,
    Call,
    CallError,
    Foresight,
    Model,
    State,
    distinct,
    register_model,
)
from checker.models.projection import Projection


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


_OF_ONE = frozenset({"add", "remove", "contains"})
"""Operations on one element."""

_ANSWERS = (list, tuple, set, frozenset)


def _mentioned(operations: Iterable[Operation]) -> list[Any]:
    """All elements that were added, removed, asked for or answered."""
    return each_once(
        element
        for operation in operations
        for element in ((operation.argument,) if operation.f in _OF_ONE else operation.result or ())
    )


def _onto(operations: Sequence[Operation], elements: Sequence[Any]) -> list[Operation]:
    """A set as far as some elements are concerned (Projection.onto).

    Take the others out of each state of a legal sequence. Adding, removing and asking for one of
    them changes nothing any more, and goes; a read answers what is left of its answer; all that is
    said of the elements stays as it was.
    """
    is_wanted = among(elements)
    left: list[Operation] = []
    for operation in operations:
        if operation.f not in _OF_ONE:
            if operation.outcome == "ok" and isinstance(operation.result, _ANSWERS):
                answer = [element for element in operation.result if is_wanted(element)]
                left.append(operation._replace(result=answer))
            else:
                left.append(operation)
        elif is_wanted(operation.argument):
            left.append(operation)
    return left


def _foresee(calls: Sequence[Call]) -> Foresight:
    """Only what is asked about matters: without reads of all, the elements that ``contains`` names.

    A crashed call serves nobody if nobody asks about its element and no read can tell.
    """
    named = frozenset(call.argument for call in calls if call.f == "contains")
    reads = [call.result for call in calls if call.f == "read"]
    if not reads:
        return Foresight(lambda elements: elements & named, lambda call: call.argument not in named)
    if any(call.f == "remove" for call in calls):
        seen = named.union(*reads)
        # An element that no read returned must go before the next read, if it was there.
        return Foresight(
            lambda elements: elements, lambda call: call.f == "add" and call.argument not in seen
        )
    return _foresee_growth(named, reads)


def _foresee_growth(named: frozenset[Any], reads: list[frozenset[Any]]) -> Foresight:
    """What only grows and is in no read any more is seen by ``contains`` only."""
    largest: list[frozenset[Any]] = []
    for read in sorted(set(reads), key=len, reverse=True):
        if not any(read <= other for other in largest):
            largest.append(read)
    seen = named.union(*largest)

    def collapse(elements: State) -> State:
        if any(elements <= read for read in largest):
            return elements
        # It holds something that no read returns: told from what a read can still see.
        return (elements & named) | {DEAD}

    return Foresight(collapse, lambda call: call.argument not in seen)


@register_model
def grow_only_set() -> Model:
    """A set that only grows."""
    return Model(
        name="g-set",
        summary="add elements, read all",
        initial=frozenset(),
        step=_step,
        foresee=_foresee,
        parse=partial(parse, "g-set", ("add", "read")),
        clusters=clusters,
        projection=Projection(_mentioned, _onto),
    )


@register_model
def full_set() -> Model:
    """A set."""
    return Model(
        name="set",
        summary="add and remove elements, contains, read all",
        initial=frozenset(),
        step=_step,
        foresee=_foresee,
        parse=partial(parse, "set", ("add", "remove", "contains", "read")),
        clusters=clusters,
        projection=Projection(_mentioned, _onto),
    )
