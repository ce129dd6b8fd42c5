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
and all behind it that are lower, until nothing is left to do. The ``x`` found is the smallest
solution for this line. Where ``start >= high[k]`` there is none: something else must begin right
behind ``k``, so a block near by that real time allows there is moved, and all starts anew.

No proof is lost by the moves, for ``low < high`` is asked of the line that comes out. If none does,
another line might do: there is no verdict. And mismatches are not needed to find a history
impossible: without them a possible history is possible.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate, islice, pairwise
from operator import ge
from typing import NamedTuple

from checker.lincheck.monitors.clusters import Clusters, Column
from checker.lincheck.monitors.columns import Look
from checker.lincheck.monitors.zones import BEFORE, NEVER

_ROUNDS = 12
"""How often times are raised, or blocks moved, before the history is left to others."""

_CHOICES = 3
"""Among how many blocks near by the one to move is chosen, by turns."""

_NEAR = 200
"""How far away in the line a block is looked for that may be moved."""


class _Misfit(NamedTuple):
    """A mismatch without a place: that of its cluster in the line, and when it was open."""

    place: int
    start: int
    stop: int


def place(clusters: Clusters, line: list[int], mismatches: Column, look: Look) -> list[int] | None:
    """For each mismatch, the place in the line of the cluster among whose reads it stands.

    Blocks of the line are moved where that is needed. None if no place was found for one. Calls
    ``look``, which may end it all, every round.
    """
    for attempt in range(_ROUNDS):
        look()
        places = [-1] * len(clusters.invoked)
        for at, number in enumerate(line):
            places[number] = at
        # Of a value that nobody wrote, or that need not have been written, anything is a mismatch.
        mentioned = [places[number] if number >= 0 else -1 for number in clusters.of_mismatch]
        misfits: list[_Misfit] = []
        look()
        begins = _begin(clusters, line, mentioned, mismatches, misfits, look)
        look()
        if begins is None:
            return None
        if not misfits:
            found = []
            for start, k in zip(mismatches.start, mentioned, strict=True):
                at = bisect_left(begins, start) - 1
                found.append(at + 1 if at == k else at)
            return found
        # From the back, and none whose place a move has changed. Two that drive each other out need
        # a third to come between: so not always the nearest.
        front = len(line)
        choices = 1 + attempt // 2 % _CHOICES
        for misfit in sorted(misfits, reverse=True):
            if misfit.place < front:
                for first, block in list(islice(_moves(clusters, line, misfit), choices))[-1:]:
                    line[first : first + len(block)] = block
                    front = min(first, misfit.place)
        if front == len(line):
            return None
    return None


def _begin(
    clusters: Clusters,
    line: Sequence[int],
    mentioned: Sequence[int],
    mismatches: Column,
    misfits: list[_Misfit],
    look: Look,
) -> list[int] | None:
    """When each cluster begins, and NEVER behind the last; None if real time does not allow it.

    Mismatches that find no place go to ``misfits``.
    """
    invoked, latest = clusters.invoked, clusters.latest
    lows = (max(invoked[number], latest[before]) for before, number in pairwise(line))
    begins = list(accumulate(lows, max, initial=BEFORE))
    look()
    highs = list(accumulate((clusters.earliest[number] for number in reversed(line[1:])), min))
    highs.append(NEVER)  # The first is the initial value, which began before everything.
    highs.reverse()
    look()
    begins.append(NEVER)
    spans = list(zip(mentioned, mismatches.start, mismatches.stop, strict=True))
    for _ in range(_ROUNDS):
        look()
        if any(map(ge, begins, highs)):
            return None
        homeless = [
            (k, start, stop)
            for k, start, stop in spans
            if k >= 0 and begins[k] < start and stop < begins[k + 1]
        ]
        look()
        misfits.extend(
            _Misfit(*span) for span in homeless if span[0] == 0 or span[1] >= highs[span[0]]
        )
        if misfits or not homeless:
            return begins
        for k, start, _ in homeless:
            begins[k] = max(begins[k], start)
        begins = list(accumulate(begins, max))
    return None


def _moves(clusters: Clusters, line: list[int], misfit: _Misfit) -> Iterator[tuple[int, list[int]]]:
    """Ways to let another block begin right behind the cluster of the misfit, while that is open.

    Whole blocks move, and none that must precede or follow what it passes; those near by come
    first. A place in the line, and what stands from there on then.
    """
    at, _, stop = misfit
    first_swap, earliest, latest = clusters.first_swap, clusters.earliest, clusters.latest
    if at + 1 < len(line) and line[at + 1] >= first_swap:
        return  # What follows is tied to it.
    passed = BEFORE
    high = at
    for low in range(at, max(at - _NEAR, 0), -1):
        if line[low] >= first_swap:
            continue
        block = line[low : high + 1]
        if high < at and min(map(earliest.__getitem__, block)) > passed:
            yield low, [*line[high + 1 : at + 1], *block]
        passed = max(passed, *map(latest.__getitem__, block))
        if passed > stop:
            return  # Nothing behind it can begin in time.
        high = low - 1
    ended = NEVER
    low = at + 1
    for high in range(at + 1, min(at + _NEAR, len(line))):
        if high + 1 < len(line) and line[high + 1] >= first_swap:
            continue
        block = line[low : high + 1]
        if clusters.invoked[block[0]] < stop and max(map(latest.__getitem__, block)) < ended:
            yield at + 1, [*block, *line[at + 1 : low]]
        ended = min(ended, *map(earliest.__getitem__, block))
        low = high + 1
