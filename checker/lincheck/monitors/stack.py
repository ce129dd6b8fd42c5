"""Stacks of unique values: elements nest, and the outermost can be found from outside.

Slots, critical intervals, the projection and the cut are those of ``elements.py``. That an element
can be taken out of the history without changing the answer ("linearizability-preserving values")
is the idea of Lee and Mathur, "Efficient Decrease-and-Conquer Linearizability Monitoring"
(OOPSLA 2025); compare Abdulla and others, "Efficient Linearizability Monitoring" (PLDI 2025).
What follows takes no tree of segments: it works level by level.

**An element that can be the bottom.** Let each operation on ``x`` have a slot that is in no other
element's critical interval, the insertion's not after those of the peeks, and the removal's not
before. Then the history is possible if and only if it is without ``x``. Without it, cut at those
slots: nothing else is inside there, so ``x`` can be pushed, peeked at and popped, and between that
it lies below all others, where nobody notices. And if a history is possible, there is such an
element: whichever is pushed first onto the empty stack in an order that explains it, since until
it is popped nothing can be below it; and when it is pushed, peeked at and popped, it is alone. So
elements are taken out as they come, in any order, and if none can be, the history is impossible.

A *short* element can be pushed, peeked at and popped at once, on whatever there is: out it goes.
An observation that the stack is empty needs a slot that is in no critical interval at all.

**Levels.** The slots in critical intervals form runs, from a slot A to a slot B. Outside of its
critical interval ``x`` needs uncovered slots, and those next to it are A - 1 and B + 1: it must
have been pushable by A - 1 and poppable still at B + 1, and each peek that touches neither needs a
slot that only ``x`` covers. Take one such element out of each run: that is one level. What it
alone covered opens, runs split and shrink; for each that is left the next level takes one out.

After d levels, each slot of a run has d elements taken out around it, one a level. Let its *depth*
be the number of critical intervals that it lies in, of elements taken out or not, plus the number
of those taken out around it in whose critical interval it does not lie, since they are still
being pushed or already being popped. Then depth - d of those that are left cover it, and it opens
when its depth is d. The first number never changes; the second grows only when an element is taken
out of its run in whose windows it lies. So each slot waits in the list of its depth, and is moved
on if that has grown. A level costs what its list and its runs are long, and each run loses an
element.

**Cost** for n operations, of which at most c are open at a time: a slot is moved at most c times; a
run looks for its element among the pushes that are open at its left end or began lately
(``windows.py``), of which each may have a peek that fails, found by bisection: O(n c log n) with
peeks, O(n (c + log n)) without. With few clients that is a few steps an operation.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate, pairwise

from checker.history import Operation
from checker.lincheck.budget import Meter
from checker.lincheck.engine import Outcome
from checker.lincheck.monitors.columns import UNTIL_LOOK
from checker.lincheck.monitors.crashes import Discipline, Refuted, Takers, judge
from checker.lincheck.monitors.elements import Elements, Names, covering, hashable
from checker.lincheck.monitors.windows import Windows


def monitor(operations: Sequence[Operation], meter: Meter, order: bool) -> Outcome:
    """Whether these operations on one stack, of unique values, are possible.

    Raises NotApplicable if a value was pushed twice, and where it depends on crashed pops in a way
    that this monitor cannot decide.
    """
    return judge(STACK, operations, meter, order)


Run = tuple[int, int]
"""The first and the last of some slots in a row."""


def _solve(
    elements: Elements, until: list[int], takers: Takers, meter: Meter, order: bool
) -> list[int] | Refuted:
    nesting = _Nesting(elements, until, meter)
    meter.look(elements.slots)
    refuted = nesting.refute_empties() or nesting.take_out_all(meter)
    if refuted is not None:
        return refuted
    return _order(nesting, takers, meter) if order else []


class _Nesting:
    """Where each long element lies: pushed in slot ``start``, popped in ``stop``, at a level.

    Levels count from 1, the outermost of a run; those not yet taken out, and short ones, have 0.
    ``bare`` has the slots in no critical interval, and that after the last; ``seen`` a slot for
    each peek that falls into neither ``start`` nor ``stop``.
    """

    def __init__(self, elements: Elements, until: list[int], meter: Meter) -> None:
        settled = elements.settled
        self.elements = elements
        self.until = until
        self.long = [e for e, (a, b) in enumerate(zip(settled, until, strict=True)) if b - a > 1]
        self.level = [0] * len(settled)
        self.start = [0] * len(settled)
        self.stop = [0] * len(settled)
        self.seen: dict[int, int] = {}
        meter.look(elements.slots)
        self._depth = _cover(self.long, settled, until, elements.slots)
        self.bare = [slot for slot, covers in enumerate(self._depth) if not covers]
        self.bare.append(elements.slots)
        meter.look(elements.slots)
        self._windows = Windows(self.long, elements.first, settled, elements.slots)
        self._following = [-1] * elements.slots
        self._unseen: dict[int, int] = {}

    def refute_empties(self) -> Refuted | None:
        """Why an observation of empty cannot be, if one cannot."""
        elements = self.elements
        for position in elements.empties:
            low, high = elements.begin[position], elements.end[position]
            if self.bare[bisect_left(self.bare, low)] > high:
                members = sorted(self.long, key=elements.settled.__getitem__)
                chain = covering(members, elements.settled, self.until, low, high)
                return Refuted(chain, [position])
        return None

    def take_out_all(self, meter: Meter) -> Refuted | None:
        """Take out all long elements, or say why that cannot be done."""
        for number, (before, after) in enumerate(pairwise(self.bare)):
            if number % 4096 == 0:
                meter.spend(meter.explored, meter.held)
            if after - before > 1:
                stuck = self._take_out((before + 1, after - 1), meter)
                if stuck is not None:
                    return self._refute(*stuck)
        return None

    def _take_out(self, run: Run, meter: Meter) -> Run | None:
        """Take out the elements of a run, level by level; the run of which none can be, if any."""
        elements, until, depth = self.elements, self.until, self._depth
        settled, gone, peeked = elements.settled, elements.gone, elements.peeked
        level_of, starts, stops, around = self.level, self.start, self.stop, self._windows.around
        # The slots that wait for a level, linked: a list a level would be as many as elements.
        head: dict[int, int] = {}
        self._wait(head, range(run[0], run[1] + 1))
        runs = [run]
        level = 0
        while runs:
            level += 1
            if level % 1024 == 0:
                meter.spend(meter.explored, meter.held)
            opened: list[int] | None = None
            for low, high in runs:
                left, right = low - 1, high + 1
                for element in around(left):
                    if (
                        until[element] <= right <= gone[element]
                        and settled[element] >= left
                        and not level_of[element]
                    ):
                        if element not in peeked:
                            break
                        if opened is None:
                            opened = self._opening(head, level)
                            self._wait(head, opened)
                        if self._sees(element, left, right, opened):
                            break
                else:
                    return low, high
                level_of[element] = level
                starts[element] = left
                stops[element] = right
                for slot in range(low, settled[element] + 1):
                    depth[slot] += 1
                for slot in range(until[element], right):
                    depth[slot] += 1
            opened = self._opening(head, level)
            if len(runs) > 1:
                runs = _split(runs, opened)
                continue
            # One run, as there mostly is: without what opened, which is mostly at its ends.
            runs = []
            for slot in opened:
                if slot > low:
                    runs.append((low, slot - 1))
                low = slot + 1
            if low <= high:
                runs.append((low, high))
        return None

    def _wait(self, head: dict[int, int], slots: Sequence[int]) -> None:
        """Let the slots wait for the level that is their depth."""
        depth, following = self._depth, self._following
        for slot in reversed(slots):
            following[slot] = head.get(depth[slot], -1)
            head[depth[slot]] = slot

    def _opening(self, head: dict[int, int], level: int) -> list[int]:
        """What waits for this level and is of this depth, in order; what is deeper is sent on."""
        depth, following = self._depth, self._following
        opening = []
        slot = head.pop(level, -1)
        while slot >= 0:
            after = following[slot]
            covers = depth[slot]
            if covers == level:
                opening.append(slot)
            else:
                following[slot] = head.get(covers, -1)
                head[covers] = slot
            slot = after
        opening.sort()
        return opening

    def _sees(self, element: int, left: int, right: int, opening: list[int]) -> bool:
        """Whether each peek at the element has a slot, if it is pushed in ``left`` and so on.

        ``opening``: the slots that one element alone covers, in order. What one peek has, it keeps.
        """
        elements = self.elements
        begin, end, before = elements.begin, elements.end, elements.peeked_before
        peek = self._unseen.get(element, elements.peeked[element])
        while peek >= 0:
            if begin[peek] > left and end[peek] < right:
                found = bisect_left(opening, max(begin[peek], elements.settled[element] + 1))
                last = min(end[peek], self.until[element] - 1)
                if found == len(opening) or opening[found] > last:
                    self._unseen[element] = peek
                    return False
                self.seen[peek] = opening[found]
            peek = before.get(peek, -1)
        return True

    def _refute(self, low: int, high: int) -> Refuted:
        """Elements that are impossible by themselves, given a run from which none can be taken out.

        A chain of critical intervals that covers the run; and for each of its elements that could
        be the outermost but for a peek, a chain that covers the slots of that peek; and so on.
        """
        elements, until, settled = self.elements, self.until, self.elements.settled
        members = [
            e
            for e in self.long
            if not self.level[e] and settled[e] >= low - 1 and until[e] <= high + 1
        ]
        members.sort(key=settled.__getitem__)
        core = dict.fromkeys(covering(members, settled, until, low, high))
        queue = list(core)
        while queue:
            element = queue.pop()
            if elements.first[element] < low and elements.gone[element] > high:
                peek = self._unseen[element]
                others = [member for member in members if member != element]
                first, last = elements.begin[peek], elements.end[peek]
                chain = covering(others, settled, until, first, last)
                queue += [other for other in chain if other not in core]
                core.update(dict.fromkeys(chain))
        return Refuted(list(core), [])


def _cover(long: list[int], settled: list[int], until: list[int], slots: int) -> list[int]:
    """For each slot, in how many critical intervals it lies."""
    change = [0] * (slots + 2)
    for element in long:
        change[settled[element] + 1] += 1
        change[until[element]] -= 1
    return list(accumulate(change[:slots]))


def _split(runs: list[tuple[int, int]], opened: list[int]) -> list[tuple[int, int]]:
    """What is left of the runs without the slots that opened; both are in order."""
    left = []
    at, count = 0, len(opened)
    for low, high in runs:
        start = low
        while at < count and opened[at] <= high:
            slot = opened[at]
            if slot > start:
                left.append((start, slot - 1))
            start = slot + 1
            at += 1
        if start <= high:
            left.append((start, high))
    return left


def _order(nesting: _Nesting, takers: Takers, meter: Meter) -> list[int]:
    """All operations by slot, and in each slot from what ends there to what begins.

    Within a slot: what is popped there, the deepest first; peeks at what stays; observations of
    empty; what is pushed there, the lowest first; and short elements at the very end, those that
    are popped in the next slot inside each other. All of one slot are concurrent.
    """
    elements, until = nesting.elements, nesting.until
    begin, end, insertion = elements.begin, elements.end, elements.insertion
    keyed: list[tuple[int, int, int, int, int]] = []
    for element, level in enumerate(nesting.level):
        if element & UNTIL_LOOK == UNTIL_LOOK:
            meter.look()
        if element in elements.unseen:
            continue
        taken = elements.removal[element]
        if taken < 0:
            taken = takers.get(element, -1)
        peeks = elements.peeks_of(element)
        if level:
            start, stop = nesting.start[element], nesting.stop[element]
            keyed.append((start, 3, level, 0, insertion[element]))
            for peek in peeks:
                if begin[peek] <= start:
                    keyed.append((start, 3, level, 1, peek))
                elif end[peek] >= stop:
                    keyed.append((stop, 0, -level, 0, peek))
                else:
                    keyed.append((nesting.seen[peek], 1, 0, 0, peek))
            if stop < elements.slots:
                keyed.append((stop, 0, -level, 1, taken))
            continue
        start, stop = elements.settled[element], until[element]
        if stop <= start:
            keyed.append((stop, 4, element, 0, insertion[element]))
            keyed.extend((stop, 4, element, 1, peek) for peek in peeks)
            keyed.append((stop, 4, element, 2, taken))
            continue
        keyed.append((start, 5, element, 0, insertion[element]))
        for peek in peeks:
            if begin[peek] <= start:
                keyed.append((start, 5, element, 1, peek))
            else:
                keyed.append((stop, -1, -element, 0, peek))
        if stop < elements.slots:
            keyed.append((stop, -1, -element, 1, taken))
    for position in elements.empties:
        slot = nesting.bare[bisect_left(nesting.bare, begin[position])]
        keyed.append((slot, 2, 0, 0, position))
    meter.look(elements.slots)
    keyed.sort()
    meter.look(elements.slots)
    return [key[4] for key in keyed]


def _newest(_: Elements, element: int) -> int:
    return -element


STACK = Discipline(Names("push", "pop"), hashable, _newest, _solve)
