"""Compare-and-sets that saw another value: finding a place for each in a line of clusters.

Theory of operation
-------------------
"The value was not a" fits into no cluster. But a line of clusters that explains everything else is
known when these are asked for, and whether *this* line has a place for each of them can be decided.
Give each cluster ``k`` of the line (from 0) a time ``x[k]`` at which it begins; these do not
decrease, and

    low[k] <= x[k] < high[k]     low: latest invocation of what is in front, and of its writer
                                 high: earliest completion of what is in it, or behind it

is what real time asks: then each operation can stand at the later of its invocation and ``x`` of
its cluster. A mismatch of the value of ``k``, open from ``start`` to ``stop``, finds a place unless
``x[k] < start`` and ``stop < x[k+1]``: it stands at its start, or, if ``k`` is there then, right
after ``k+1`` has begun. Begin with ``x = low``, the smallest there is. For a mismatch without a
place the only remedy is a later ``x[k]``, after its start (``x[k+1]`` can only grow); so raise it,
and all behind it that are lower, until nothing is left to do or ``x[k] >= high[k]``. The ``x``
found is the smallest solution for this line, if it has any.

Another line might do where this one does not: then there is no verdict. And none of it is needed to
find a history impossible: without its mismatches a possible history is possible.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate, pairwise
from operator import ge

from checker.lincheck.monitors.clusters import Clusters
from checker.lincheck.monitors.zones import NEVER

_ROUNDS = 50
"""How often the times are raised before the monitor leaves the history to others."""


def place(
    clusters: Clusters, line: Sequence[int], starts: Sequence[int], stops: Sequence[int]
) -> list[int] | None:
    """For each mismatch, the place in the line of the cluster among whose reads it stands.

    ``starts`` and ``stops`` are when the mismatches were invoked and completed. None if the line
    has no place for one of them, or it is not found in a reasonable time.
    """
    places = {number: at for at, number in enumerate(line)}
    mentioned = [places.get(number, -1) for number in clusters.of_mismatch]
    begins = list(
        accumulate(
            (
                max(clusters.invoked[number], clusters.latest[before])
                for before, number in pairwise(line)
            ),
            max,
            initial=clusters.invoked[line[0]],
        )
    )
    limits = list(accumulate((clusters.earliest[number] for number in reversed(line[1:])), min))
    limits.append(NEVER)  # The first is the initial value, which began before everything.
    limits.reverse()
    begins.append(NEVER)
    watched = [at for at, k in enumerate(mentioned) if k >= 0]
    for _ in range(_ROUNDS):
        homeless = [
            at
            for at in watched
            if begins[mentioned[at]] < starts[at] and stops[at] < begins[mentioned[at] + 1]
        ]
        if not homeless:
            break
        for at in homeless:
            if mentioned[at] == 0:
                return None
            begins[mentioned[at]] = max(begins[mentioned[at]], starts[at])
        begins = list(accumulate(begins, max))
        if any(map(ge, begins, limits)):
            return None
    else:
        return None
    found = []
    for at, start in enumerate(starts):
        k = bisect_left(begins, start) - 1
        found.append(k + 1 if k == mentioned[at] else k)
    return found
