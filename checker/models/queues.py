"""Queues and stacks; one a key, empty at first. Nil is what an empty one answers, so no element.

    fifo-queue       enqueue element, dequeue -> the oldest, or nil;    peek
    stack            push element,    pop     -> the newest, or nil;    peek
    priority-queue   insert element,  poll    -> the least, or nil;     peek

Elements of a priority queue are numbers or texts, not both. A removal that failed did not happen;
one of which nobody knows the outcome removed what was there to remove, or did not happen.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

from checker.history import Operation
from checker.models.mentions import tied
from checker.models.model import (
    UNKNOWN,
    Call,
    CallError,
    Foresight,
    Model,
    State,
    distinct,
    register_model,
)


class Kind(NamedTuple):
    """How a queue calls its operations, and what orders its elements."""

    name: str
    insert: str
    remove: str
    sorts: bool = False
    newest_first: bool = False


FIFO = Kind("fifo-queue", "enqueue", "dequeue")
STACK = Kind("stack", "push", "pop", newest_first=True)
PRIORITY = Kind("priority-queue", "insert", "poll", sorts=True)


def parse(kind: Kind, operation: Operation) -> Call | None:
    """As ``insert``, ``remove`` and ``peek``, whatever the kind calls them."""
    f, outcome, key = operation.f, operation.outcome, distinct(operation.key)
    if f == kind.insert:
        element = _element(kind, operation.argument, f"the value of {f}")
        if element is None:
            raise CallError(f"the value of {f} is nil, which is what an empty {kind.name} answers")
        return None if outcome == "fail" else Call("insert", key, element, None, "applies")
    if f not in (kind.remove, "peek"):
        known = f"{kind.insert}, {kind.remove} and peek"
        raise CallError(f"the model {kind.name!r} knows {known}, not {f!r}")
    if outcome == "fail" or (outcome == "info" and f == "peek"):
        return None
    if outcome == "info":
        return Call("remove", key, None, UNKNOWN, "applies")
    element = _element(kind, operation.result, f"what {f} answers")
    if f == "peek" or element is None:
        return Call("peek", key, None, element, "observes")
    return Call("remove", key, None, element, "depends")


def _element(kind: Kind, value: Any, what: str) -> Any:
    if value is None or not kind.sorts:
        return distinct(value)
    if type(value) not in (int, float, str):
        raise CallError(f"{what} must be a number or a text, to be ordered, not {value!r}")
    return value


def _step(kind: Kind, elements: State, f: str, argument: Any, result: Any) -> tuple[bool, State]:
    if f == "insert":
        if not kind.sorts:
            return True, (*elements, argument)
        if elements and isinstance(elements[0], str) != isinstance(argument, str):
            raise CallError(f"{argument!r} and {elements[0]!r} have no order")
        ordered = list(elements)
        insort(ordered, argument)
        return True, tuple(ordered)
    at = -1 if kind.newest_first else 0
    first = elements[at] if elements else None
    if f == "peek":
        return first == result, elements
    if result is UNKNOWN:
        return True, _without(elements, at)
    return first == result and bool(elements), _without(elements, at)


def _without(elements: State, at: int) -> State:
    return elements[:-1] if at else elements[1:]


def clusters(calls: Sequence[Call]) -> list[list[int]]:
    """All calls of an element together, and each that found the queue empty by itself.

    Leave an element out of a legal sequence, each time it occurs: whatever else was first, last or
    least among more elements still is so among fewer, and an empty queue is still empty. A crashed
    removal that took the element is left out of the sequence with it, though not of the history: it
    need not have happened. What else it might have removed still needs it, so it is never dropped.
    """
    mentions: list[tuple[Any, ...] | None] = []
    for f, _, argument, result, _ in calls:
        element = argument if f == "insert" else result
        mentions.append(None if element is UNKNOWN else () if element is None else (element,))
    return tied(mentions)


def foresee(kind: Kind, calls: Sequence[Call]) -> Foresight | None:
    """What stands behind an element that nobody removes is never seen.

    Such an element, inserted by a call of which nobody was told, serves nobody. Where removals may
    have taken anything nothing of this is known.
    """
    removed = {call.result for call in calls if call.f == "remove"}
    seen = removed.union(call.result for call in calls if call.f == "peek")
    steer = None if kind.sorts else partial(_steer, kind)
    if UNKNOWN in removed:
        return Foresight(lambda elements: elements, lambda call: False, steer)

    def useless(call: Call) -> bool:
        return call.f == "insert" and call.argument not in seen

    return Foresight(partial(_visible, kind, removed), useless, steer)


def _visible(kind: Kind, removed: set[Any], elements: State) -> State:
    """The elements from the first (to be removed) to one that nobody removes."""
    if removed.issuperset(elements):
        return elements
    if kind.newest_first:
        at = max(at for at, element in enumerate(elements) if element not in removed)
        return elements[at:]
    at = next(at for at, element in enumerate(elements) if element not in removed)
    return elements[: at + 1]


def _steer(kind: Kind, calls: Sequence[Call]) -> list[float | None]:
    """Insertions in the order in which their elements are removed; of a stack, the other way round.

    Of equal elements it is guessed which is removed when: those of a queue in the order in which
    they came, of a stack the latest first.
    """
    newest_first = kind.newest_first
    last = float(-len(calls)) if newest_first else float(len(calls))
    wishes: list[float | None] = [last if call.f == "insert" else None for call in calls]
    open_: dict[Any, list[int]] = {}
    early: dict[Any, list[int]] = {}
    for at, (f, _, argument, result, _) in enumerate(calls):
        if f == "insert":
            # Its removal may have been invoked before it.
            if waiting := early.get(argument):
                removal = waiting.pop(0)
                wishes[at] = float(-removal if newest_first else removal)
            else:
                open_.setdefault(argument, []).append(at)
        elif f == "remove" and result is not UNKNOWN:
            if inserted := open_.get(result):
                wishes[inserted.pop(-1 if newest_first else 0)] = float(-at if newest_first else at)
            else:
                early.setdefault(result, []).append(at)
    return wishes


def _queue(kind: Kind, summary: str) -> Model:
    return Model(
        name=kind.name,
        summary=summary,
        initial=(),
        step=partial(_step, kind),
        parse=partial(parse, kind),
        clusters=clusters,
        foresee=partial(foresee, kind),
    )


@register_model
def fifo_queue() -> Model:
    """First in, first out; the state is the elements, the oldest first."""
    return _queue(FIFO, "enqueue, dequeue (nil if empty), peek")


@register_model
def stack() -> Model:
    """Last in, first out; the state is the elements, the oldest first."""
    return _queue(STACK, "push, pop (nil if empty), peek")


@register_model
def priority_queue() -> Model:
    """The least goes first; the state is the elements in order."""
    return _queue(PRIORITY, "insert, poll (the least, nil if empty), peek")
