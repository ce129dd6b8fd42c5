"""Judging with crashed removals, of which nobody knows what they took, or whether they did.

Without them, and without elements that were inserted and never removed (*lost* ones), a solver's
answer is exact. With both there are two bounds:

- **A guess.** Give each crashed removal one lost element that it may have taken, and none to two.
  Then the solver decides exactly whether there is an order in which each of them either took its
  element or did nothing; if there is, the history is possible.
- **A relaxation.** Let every lost element be taken from the invocation of the first crashed removal
  on, whether there are enough of them or not. Whatever explains the history explains that too: so
  if not even this is possible, the history is not.

In between the monitor is not applicable.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from heapq import heappop, heappush
from typing import Any, NamedTuple

from checker.history import Operation
from checker.lincheck.budget import Meter
from checker.lincheck.engine import Impossible, NotApplicable, Outcome, Possible
from checker.lincheck.monitors.elements import (
    Contradiction,
    Elements,
    Names,
    read,
)
from checker.lincheck.monitors.small_core import shrink

FIXED_MAX = 8
"""With more crashed removals than that, which must all stay in a core, there is no small core."""

Takers = dict[int, int]
"""Which crashed removal, by position, may have taken a lost element."""


class Refuted(NamedTuple):
    """Impossible, because of all operations on these elements and these observations of empty."""

    elements: list[int]
    empties: list[int]


class Discipline(NamedTuple):
    """A kind of queue, for those who judge it.

    ``solve(elements, until, takers, meter, order)``, with ``until`` for this question: an order,
    which is empty if it was not asked for, or why there is none. ``urgency(elements, element)``:
    of two elements inside, the one with the lesser is removed first.
    """

    names: Names
    element_of: Callable[[Any], Any]
    urgency: Callable[[Elements, int], Any]
    solve: Callable[[Elements, list[int], Takers, Meter, bool], list[int] | Refuted]


def judge(
    discipline: Discipline, operations: Sequence[Operation], meter: Meter, order: bool
) -> Outcome:
    """Possible or Impossible, with a core; raises NotApplicable between the two bounds."""
    try:
        elements = read(operations, discipline.names, discipline.element_of, meter)
    except Contradiction as contradiction:
        return Impossible(None, contradiction.core)
    found = _bounds(discipline, elements, meter, order)
    if not isinstance(found, Refuted):
        return Possible(found if order else None)
    return Impossible(None, _core(discipline, operations, elements, found, meter))


def _bounds(
    discipline: Discipline, elements: Elements, meter: Meter, order: bool
) -> list[int] | Refuted:
    never, begin = elements.slots, elements.begin
    unsure = bool(elements.crashed and elements.lost)
    takers = _guess(elements, discipline.urgency) if unsure else {}
    until = elements.until_by(lambda e: begin[takers[e]] if e in takers else never)
    found = discipline.solve(elements, until, takers, meter, order)
    if not unsure or not isinstance(found, Refuted):
        return found
    earliest = begin[elements.crashed[0]]
    until = elements.until_by(lambda _: earliest)
    found = discipline.solve(elements, until, {}, meter, False)
    if isinstance(found, Refuted):
        return found
    raise NotApplicable(
        f"{len(elements.crashed)} crashed removals may have taken {len(elements.lost)} elements "
        "that nobody else did, and which took which decides"
    )


def _guess(elements: Elements, urgency: Callable[[Elements, int], Any]) -> Takers:
    """Each crashed removal took what was to be removed first when it began; at the end, any."""
    takers: Takers = {}
    inside: list[tuple[Any, int]] = []
    idle: list[int] = []
    waiting = iter([*elements.lost, None])
    following = next(waiting)
    for position in elements.crashed:
        while following is not None and elements.insertion[following] < position:
            heappush(inside, (urgency(elements, following), following))
            following = next(waiting)
        if inside:
            takers[heappop(inside)[1]] = position
        else:
            idle.append(position)
    left = [element for element in elements.lost if element not in takers]
    takers.update(zip(left, idle, strict=False))
    return takers


def _core(
    discipline: Discipline,
    operations: Sequence[Operation],
    elements: Elements,
    refuted: Refuted,
    meter: Meter,
) -> tuple[int, ...] | None:
    """Crashed removals matter to a core only if one of its elements is lost; then all stay."""
    lost = set(elements.lost)
    fixed = elements.crashed if any(e in lost for e in refuted.elements) else []
    if len(fixed) > FIXED_MAX:
        return None

    def impossible(positions: list[int]) -> bool:
        try:
            chosen = [operations[position] for position in positions]
            few = read(chosen, discipline.names, discipline.element_of, meter)
            return isinstance(_bounds(discipline, few, meter, False), Refuted)
        except Contradiction:
            return True
        except NotApplicable:
            return False

    pieces = [*elements.groups(refuted.elements), *([position] for position in refuted.empties)]
    seen = [position for e in refuted.elements for position in elements.peeks_of(e)]
    return shrink(pieces, [*seen, *refuted.empties], fixed, impossible)
