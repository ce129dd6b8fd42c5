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
from collections.abc import Iterator, Sequence
from heapq import heappop, heappush
from typing import NamedTuple

from checker.history import Operation
from checker.lincheck.monitors.columns import UNTIL_LOOK, Look


class Placed(NamedTuple):
    """Columns, one row an element, in order of the insertions' invocations.

    Positions of its insertion, of its removal (-1: none), and, by row, of its peeks in order of
    invocation. The insertion lies in [begin, end]; the outputs are all at a point of [low, high],
    or, if high < low, the first is before ``high`` and the last after ``low``.
    """

    insertions: list[int]
    removals: list[int]
    peeks: dict[int, list[int]]
    begins: list[int]
    ends: list[int]
    lows: list[int]
    highs: list[int]


def order_of(
    operations: Sequence[Operation], placed: Placed, empties: list[tuple[int, int]], look: Look
) -> list[int]:
    """Positions in a legal order; ``empties``: (rank just after which it was empty, position)."""
    insertions, removals, peeks, begins, ends, lows, highs = placed
    starts = list(map(min, lows, highs)) if peeks else lows
    stops = list(map(max, lows, highs)) if peeks else highs
    moments = sorted({moment for moment, _ in empties})
    # Points are ranks, doubled so that there is one between two ranks.
    points = [2 * moment + 1 for moment, _ in sorted(empties)]
    order = [at for _, at in sorted(empties)]
    entries: list[int] = []
    entered: list[int] = []
    outs: list[int] = []
    out_of: list[int] = []
    entry = out = 0
    for gap, rows in enumerate(_gaps(moments, lows)):
        if gap:
            entry = out = max(entry, out, 2 * moments[gap - 1] + 1)
        for number, row in enumerate(_extension(rows, begins, ends, starts, stops, look)):
            if number & UNTIL_LOOK == UNTIL_LOOK:
                look()
            begin = 2 * begins[row]
            if begin > entry:
                entry = begin
            entries.append(entry)
            entered.append(insertions[row])
            if entry > out:
                out = entry
            removal = removals[row]
            outputs = peeks.get(row, ())
            for at in (*outputs, removal) if removal >= 0 else outputs:
                invoked = 2 * operations[at][6]
                if invoked > out:
                    out = invoked
                outs.append(out)
                out_of.append(at)
    points += entries
    points += outs
    order += entered
    order += out_of
    look()
    # Three sorted runs, merged; what comes first of equal points stays first.
    by_point = sorted(range(len(order)), key=points.__getitem__)
    look()
    return [order[at] for at in by_point]


def _gaps(moments: list[int], lows: list[int]) -> list[Sequence[int]]:
    """The rows between the moments at which the queue was empty."""
    if not moments:
        return [range(len(lows))]
    gaps: list[list[int]] = [[] for _ in range(len(moments) + 1)]
    for row, low in enumerate(lows):
        # Such a moment is just after its rank: an element whose low is that rank is out by then.
        gaps[bisect_left(moments, low)].append(row)
    return list(gaps)


def _extension(
    rows: Sequence[int],
    begins: list[int],
    ends: list[int],
    starts: list[int],
    stops: list[int],
    look: Look,
) -> Iterator[int]:
    """Rows in an order that extends both interval orders."""
    by_end = iter(sorted(rows, key=ends.__getitem__))
    look()
    by_stop = iter(sorted(rows, key=stops.__getitem__))
    gone: set[int] = set()
    ready: list[tuple[int, int]] = []
    waiting = iter(rows)
    following = next(waiting, -1)
    ending, stopping = next(by_end, -1), next(by_stop, -1)
    for _ in range(len(rows)):
        while ending in gone:
            ending = next(by_end)
        while stopping in gone:
            stopping = next(by_stop)
        end = ends[ending]
        while following >= 0 and begins[following] < end:
            heappush(ready, (starts[following], following))
            following = next(waiting, -1)
        start, row = heappop(ready)
        assert start < stops[stopping], "the two orders have no cycle"
        gone.add(row)
        yield row
