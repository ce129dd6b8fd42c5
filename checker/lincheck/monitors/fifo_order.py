"""An order for a FIFO queue that is known to be possible, in O(n log n).

Theory of operation
-------------------
``fifo_queue`` proves that the elements have an order which extends two interval orders, that of
the insertions and that of the outputs, gap by gap between the moments at which the queue was empty.
Here it is built: the next element is one before which no other must come. Of those whose insertion
may be next, the one whose outputs may start first will do: if its outputs had to wait for another
element, so would those of all that may be inserted next, and there would be no order at all.

Then each operation gets a point, as early as the order allows: an insertion no sooner than its
invocation and the insertion before it; the outputs of an element no sooner than their invocations,
its insertion, and the outputs before them. Sorted by points, insertions first where two are equal
(they change the tail, outputs look at the head), that is a legal sequence; and points within the
operations' intervals respect real time.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from heapq import heappop, heappush
from typing import NamedTuple

from checker.history import Operation


class Placed(NamedTuple):
    """An element: positions of its insertion and outputs (peeks by invocation, then the removal).

    The insertion lies in [begin, end]; the outputs are all at a point of [low, high], or, if high <
    low, the first is before ``high`` and the last after ``low``.
    """

    insertion: int
    outputs: list[int]
    begin: int
    end: int
    low: int
    high: int


def order_of(
    operations: Sequence[Operation], elements: Sequence[Placed], empties: list[tuple[int, int]]
) -> list[int]:
    """Positions in a legal order; ``empties``: (rank just after which it was empty, position)."""
    moments = sorted({moment for moment, _ in empties})
    gaps: list[list[Placed]] = [[] for _ in range(len(moments) + 1)]
    for element in elements:
        # Such a moment is just after its rank: an element whose low is that rank is out by then.
        gaps[bisect_left(moments, element.low)].append(element)
    # Points are ranks, doubled so that there is one between two ranks.
    points: list[tuple[int, int]] = [(2 * moment + 1, at) for moment, at in sorted(empties)]
    inserted: list[tuple[int, int]] = []
    removed: list[tuple[int, int]] = []
    entry = out = 0
    for gap, members in enumerate(gaps):
        if gap:
            entry = out = max(entry, out, 2 * moments[gap - 1] + 1)
        for element in _extension(members):
            entry = max(entry, 2 * element.begin)
            inserted.append((entry, element.insertion))
            out = max(out, entry)
            for at in element.outputs:
                out = max(out, 2 * operations[at].invoked)
                removed.append((out, at))
    points += inserted
    points += removed
    points.sort(key=lambda point: point[0])
    return [at for _, at in points]


def _extension(members: list[Placed]) -> list[Placed]:
    """Members in an order that extends both interval orders; they come by ``begin``."""
    ends = [element.end for element in members]
    starts = [min(element.low, element.high) for element in members]
    stops = [max(element.low, element.high) for element in members]
    by_end = iter(sorted(range(len(members)), key=ends.__getitem__))
    by_stop = iter(sorted(range(len(members)), key=stops.__getitem__))
    gone = [False] * len(members)
    order: list[Placed] = []
    ready: list[tuple[int, int]] = []
    following = 0
    ends_next, stops_next = next(by_end, -1), next(by_stop, -1)
    while len(order) < len(members):
        while gone[ends_next]:
            ends_next = next(by_end)
        while gone[stops_next]:
            stops_next = next(by_stop)
        while following < len(members) and members[following].begin < ends[ends_next]:
            heappush(ready, (starts[following], following))
            following += 1
        start, row = heappop(ready)
        assert start < stops[stops_next], "the two orders have no cycle"
        gone[row] = True
        order.append(members[row])
    return order
