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


class _Life(NamedTuple):
    """An element: the position of its insertion, and the interval of its removal."""

    insertion: int
    invoked: float
    completed: float


_FIRST = float("-inf")
_NEVER = float("inf")

_PENDING_MAX = 100
"""How many insertions are looked at for the next one: more would only make a better guess."""


def _steer(
    kind: Kind, calls: Sequence[Call], invoked: Sequence[int], completed: Sequence[int | None]
) -> list[float | None]:
    """Removals as soon as they are possible; insertions in an order that explains the removals."""
    wishes: list[float | None] = [_FIRST if call.f == "remove" else None for call in calls]
    ends = [_NEVER if end is None else end for end in completed]
    lives = _lives(kind, calls, invoked, ends)
    ordered = _by_age(lives) if kind.newest_first else _by_turn(lives, invoked, ends)
    for wish, life in enumerate(ordered):
        wishes[life.insertion] = float(wish)
    return wishes


def _lives(
    kind: Kind, calls: Sequence[Call], invoked: Sequence[int], ends: Sequence[float]
) -> list[_Life]:
    """Insertions with their removals.

    Which of equal elements is removed when is a guess: calls are taken to happen in the middle of
    their intervals.
    """
    middles = sorted(
        (invoked[at] + min(ends[at], invoked[at] + len(calls)), at) for at in range(len(calls))
    )
    lives: dict[int, _Life] = {}
    inside: dict[Any, list[int]] = {}
    awaited: dict[Any, list[int]] = {}
    for _, at in middles:
        f, _, argument, result, _ = calls[at]
        if f == "insert":
            lives[at] = _Life(at, _NEVER, _NEVER)
            if waiting := awaited.get(argument):
                removal = waiting.pop()
                lives[at] = _Life(at, invoked[removal], ends[removal])
            else:
                inside.setdefault(argument, []).append(at)
        elif f == "remove" and result is not UNKNOWN:
            if equal := inside.get(result):
                insertion = equal.pop(-1 if kind.newest_first else 0)
                lives[insertion] = _Life(insertion, invoked[at], ends[at])
            else:
                awaited.setdefault(result, []).append(at)
    return [lives[at] for at in sorted(lives)]


def _by_age(lives: list[_Life]) -> list[_Life]:
    """Of a stack: what is removed last is inserted first."""
    return sorted(lives, key=lambda life: -life.invoked - life.completed)


def _by_turn(lives: list[_Life], invoked: Sequence[int], ends: Sequence[float]) -> list[_Life]:
    """Of a queue: an order that keeps to the order of insertions and to that of removals, where two
    did not overlap; there is one, if which element is removed when was guessed right."""
    ordered: list[_Life] = []
    left = lives
    removals = sorted(lives, key=lambda life: life.completed)
    gone: set[int] = set()
    first = 0
    while left:
        while removals[first].insertion in gone:
            first += 1
        deadline = _NEVER
        pending: list[_Life] = []
        for life in left:
            if invoked[life.insertion] > deadline or len(pending) == _PENDING_MAX:
                break
            pending.append(life)
            deadline = min(deadline, ends[life.insertion])
        fitting = [life for life in pending if life.invoked <= removals[first].completed]
        best = min(fitting or pending, key=lambda life: life.completed)
        ordered.append(best)
        gone.add(best.insertion)
        left.remove(best)
    return ordered


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
