"""Priority queues of unique values: an element is seen where nothing less must be inside.

Slots, critical intervals, the projection and the cut are those of ``elements.py``. That the
elements can be judged one by one, in the order of their values, is of Lee and Mathur, "Efficient
Decrease-and-Conquer Linearizability Monitoring" (OOPSLA 2025).

**The claim.** A history is possible if and only if for each value ``x`` its operations have slots,
the insertion's first and the poll's last, such that those of its peeks and its poll are *free*: in
the critical interval of no lesser value. An observation that the queue is empty is a peek at
something that is greater than all values.

Only if: at a peek or a poll of ``x`` everything less is outside. If: by induction, in ascending
order. Let an order explain the operations on what is less than ``x``. Cut it at the slots of the
peeks and the poll of ``x``: nothing of it is inside then. Put in ``x``, which nobody else
notices since it is the greatest.

**The sweep.** In ascending order of the values; ``x`` is inserted as early as can be, each peek
takes the first free slot that it can after the insertion, the poll the first one from ``until``
on. No peek's is later: each was invoked by ``until``, so if its slot is, nothing is free from
``until`` to there, and the poll takes the same. Then the slots of the critical interval of ``x``
are free no more. Which slot is the next free one is a question of union-find (Tarjan 1975): each
slot points to a later one, or to itself if it is free.

**Cost**: sorting, and as many steps of union-find as operations, as slots are at most as many:
O(n log n), of which the sort is the log n.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from math import isnan
from typing import Any

from checker.history import Operation
from checker.lincheck.budget import Meter
from checker.lincheck.engine import NotApplicable, Outcome
from checker.lincheck.monitors.columns import UNTIL_LOOK
from checker.lincheck.monitors.crashes import Discipline, Refuted, Takers, judge
from checker.lincheck.monitors.elements import Elements, Names, covering
from checker.models.model import CallError


def monitor(operations: Sequence[Operation], meter: Meter, order: bool) -> Outcome:
    """Whether these operations on one priority queue, of unique values, are possible.

    Raises NotApplicable if a value was inserted twice, if values have no order among each other,
    and where it depends on crashed polls in a way that this monitor cannot decide.
    """
    return judge(PRIORITY_QUEUE, operations, meter, order)


def _element_of(value: Any) -> Any:
    """The value itself, if it has an order; what is equal is one element, as in the model."""
    if type(value) not in (int, float, str):
        raise CallError(f"{value!r} is neither a number nor a text, so it has no order")
    if type(value) is float and isnan(value):
        raise CallError("what is not a number has no order")
    return value


def _ascending(elements: Elements) -> list[int]:
    values = elements.values
    if len({type(value) is str for value in values}) > 1:
        raise NotApplicable("numbers and texts have no order among each other")
    return sorted(range(len(values)), key=values.__getitem__)


def _solve(
    elements: Elements, until: list[int], takers: Takers, meter: Meter, order: bool
) -> list[int] | Refuted:
    ascending = _ascending(elements)
    meter.look(elements.slots)
    refuted = _sweep(elements, until, ascending, meter)
    if refuted is not None:
        return refuted
    return _order(elements, until, takers, ascending, meter) if order else []


def _sweep(
    elements: Elements, until: list[int], ascending: list[int], meter: Meter
) -> Refuted | None:
    """Why there is no order, or None if there is one."""
    settled, gone, first = elements.settled, elements.gone, elements.first
    begin, end, peeked = elements.begin, elements.end, elements.peeked
    never = elements.slots
    # It is looked at here and there: an array is a quarter of what a list of integers is.
    following = array("l", range(never + 1))
    for number, element in enumerate(ascending):
        if number & UNTIL_LOOK == UNTIL_LOOK:
            meter.look()
        outside = until[element]
        if element in peeked:
            for peek in elements.peeks_of(element):
                low = free = max(begin[peek], first[element])
                while (above := following[free]) != free:
                    following[free] = free = following[above]
                if free > end[peek]:
                    return _refute(elements, until, ascending[:number], low, end[peek], element)
        if following[outside] != outside:  # If it is free, it will do: no poll ended before it.
            slot = outside
            while (above := following[slot]) != slot:
                following[slot] = slot = following[above]
            if slot > gone[element]:
                return _refute(elements, until, ascending[:number], outside, gone[element], element)
        slot = settled[element] + 1
        while slot < outside:
            if (above := following[slot]) == slot:
                following[slot] = outside
                slot += 1
            else:
                following[slot] = slot = following[above]
    for position in elements.empties:
        slot = begin[position]
        while (above := following[slot]) != slot:
            following[slot] = slot = following[above]
        if slot > end[position]:
            refuted = _refute(elements, until, ascending, begin[position], end[position])
            return refuted._replace(empties=[position])
    return None


def _refute(
    elements: Elements,
    until: list[int],
    lesser: list[int],
    low: int,
    high: int,
    element: int | None = None,
) -> Refuted:
    """The lesser elements that leave no slot from ``low`` to ``high``, and who needs one."""
    settled = elements.settled
    members = [each for each in lesser if until[each] - settled[each] > 1]
    members.sort(key=settled.__getitem__)
    chain = covering(members, settled, until, low, high)
    return Refuted(chain if element is None else [*chain, element], [])


def _order(
    elements: Elements, until: list[int], takers: Takers, ascending: list[int], meter: Meter
) -> list[int]:
    """All operations by slot, and in each slot from what ends there to what begins.

    The slots are chosen anew, each element as short inside as can be: an operation on a greater one
    then finds it outside. Let that be in a slot P. It is free for the lesser as well, so where
    these take the first free slot after their critical interval (polls, and peeks that can), this
    is not after P, if P is; and where they take the last one before it, that is not before P.

    Within a slot: what is polled there, in ascending order; peeks at what stays, and what comes and
    goes at once; observations of empty; what is inserted there, in descending order. All of one
    slot are concurrent.
    """
    begin, end, insertion = elements.begin, elements.end, elements.insertion
    settled, never = elements.settled, elements.slots
    free = _Free(never)
    keyed: list[tuple[int, int, int, int, int]] = []
    for rank, element in enumerate(ascending):
        if rank & UNTIL_LOOK == UNTIL_LOOK:
            meter.look()
        if element in elements.unseen:
            continue
        middle = min(settled[element], until[element])
        seen = []
        own_peeks = elements.peeks_of(element)
        for peek in own_peeks:
            slot = free.following(max(begin[peek], middle))
            seen.append(slot if slot <= end[peek] else free.preceding(middle))
        stop = never
        if until[element] < never:
            stop = free.following(max([until[element], *seen]))
        start = min([settled[element], stop, *seen])
        taken = elements.removal[element]
        if taken < 0:
            taken = takers.get(element, -1)
        peeks = zip(seen, own_peeks, strict=True)
        if start == stop:
            keyed.append((start, 1, rank, 0, insertion[element]))
            keyed.extend((slot, 1, rank, 1, peek) for slot, peek in peeks)
            keyed.append((stop, 1, rank, 2, taken))
            continue
        keyed.append((start, 3, -rank, 0, insertion[element]))
        for slot, peek in peeks:
            if slot == start:
                keyed.append((slot, 3, -rank, 1, peek))
            else:
                keyed.append((slot, *((0, rank) if slot == stop else (1, rank)), 0, peek))
        if stop < never:
            keyed.append((stop, 0, rank, 1, taken))
        free.fill(settled[element] + 1, until[element])
    for position in elements.empties:
        keyed.append((free.following(begin[position]), 2, 0, 0, position))
    meter.look(elements.slots)
    keyed.sort()
    meter.look(elements.slots)
    return [key[4] for key in keyed]


class _Free:
    """The free slots, to be found in both directions."""

    __slots__ = ("_following", "_preceding")

    def __init__(self, never: int) -> None:
        self._following = list(range(never + 1))
        self._preceding = list(range(never + 1))

    def following(self, slot: int) -> int:
        """The first free slot from this one on; the one after the last is always free."""
        pointers = self._following
        while (above := pointers[slot]) != slot:
            pointers[slot] = slot = pointers[above]
        return slot

    def preceding(self, slot: int) -> int:
        """The last free slot up to this one; the first of all is always free."""
        pointers = self._preceding
        while (below := pointers[slot]) != slot:
            pointers[slot] = slot = pointers[below]
        return slot

    def fill(self, low: int, high: int) -> None:
        """The slots from ``low`` to before ``high`` are free no more."""
        slot = low
        while (slot := self.following(slot)) < high:
            self._following[slot] = high
            self._preceding[slot] = low - 1
            slot += 1


def _value(elements: Elements, element: int) -> Any:
    return elements.values[element]


PRIORITY_QUEUE = Discipline(Names("insert", "poll"), _element_of, _value, _solve)
