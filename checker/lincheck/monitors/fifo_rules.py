"""The rules that decide whether a queue's history is possible; they stand in ``fifo_queue``."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise, repeat
from typing import NamedTuple

from checker.lincheck.monitors.columns import UNTIL_LOOK, Look
from checker.lincheck.monitors.fifo_elements import (
    NEVER,
    Contradiction,
    Elements,
    crashed_before_the_end_of,
    positions_of,
)


class Judged(NamedTuple):
    """Where each element may be, once everything is known to fit.

    The columns of Elements after rules 2 and 3; ``taken``: which of the crashed removals took an
    element; ``moments``: the rank just after which the queue was empty, for each that found it so.
    """

    ends: list[int]
    lows: list[int]
    highs: list[int]
    taken: dict[int, int]
    moments: list[int]


def judge(elements: Elements, crashed: Sequence[int], look: Look) -> Judged:
    """Rules 2 to 4, with crashed removals that were invoked at these ranks."""
    lows, highs = list(elements.lows), list(elements.highs)
    taken: dict[int, int] = {}
    for number, (row, invoked) in enumerate(zip(elements.left, crashed, strict=False)):
        lows[row] = max(elements.begins[row], invoked)
        highs[row] = NEVER
        taken[row] = number
    if crashed:
        for row, latest in elements.heads.items():
            lows[row] = max(latest, crashed[0])
    evidence = _Evidence(elements, crashed, {})
    zoned = bool(elements.told.peeks) and _keep_out_of_zones(lows, highs, evidence, look)
    look()
    ends = list(map(min, elements.ends, highs))
    look()
    by_end = sorted(range(len(ends)), key=ends.__getitem__)
    look()
    starts = list(map(min, lows, highs)) if zoned else lows
    stops = list(map(max, lows, highs)) if zoned else highs
    look()
    _keep_order(elements.begins, ends, by_end, starts, stops, evidence, look)
    look()
    moments = _moments_of_emptiness(ends, by_end, lows, evidence)
    return Judged(ends, lows, highs, taken, moments)


class _Evidence(NamedTuple):
    """What a contradiction needs to know to name its core; ``zones``: which ones moved a row."""

    elements: Elements
    crashed: Sequence[int]
    zones: dict[int, set[int]]

    def against(self, rows: Iterable[int], others: Iterable[int] = ()) -> Contradiction:
        """The contradiction between these elements and the operations at other positions."""
        elements = self.elements
        operations, told, names = elements.operations, elements.told, elements.names
        involved: dict[int, None] = {}
        for row in rows:
            involved.update(dict.fromkeys((row, *sorted(self.zones.get(row, ())))))
        positions = set(others)
        for row in involved:
            positions |= positions_of(operations, told, names[row])
        if not self.crashed or all(names[row] in told.removals for row in involved):
            return Contradiction(positions)
        crashed = crashed_before_the_end_of(positions, operations, told)
        positions.update(crashed)
        count = len(crashed)
        place = {row: at for at, row in enumerate(elements.left)}
        for row in involved:
            if row in place:
                # One more than could have been taken.
                window = elements.left[max(0, place[row] - count) : place[row]]
                positions.update(told.insertions[names[other]] for other in window)
        return Contradiction(positions)


def _keep_out_of_zones(lows: list[int], highs: list[int], evidence: _Evidence, look: Look) -> bool:
    """Rule 2; changes the columns. Whether there are forward zones."""
    rows = enumerate(zip(lows, highs, strict=True))
    zones = sorted((high, low, row) for row, (low, high) in rows if high < low)
    look()
    if not zones:
        return False
    for (_, low, row), (high, _, other) in pairwise(zones):
        if high < low:
            raise evidence.against((row, other))
    look()
    opens = [high for high, _, _ in zones]
    # Where each low and high lies among the zones, before any of them moves.
    places = []
    for column in (lows, highs):
        places.append(list(map(bisect_left, repeat(opens), column)))
        look()
    for row, (low, high, above_low, above_high) in enumerate(
        zip(lows, highs, *places, strict=True)
    ):
        if row & UNTIL_LOOK == UNTIL_LOOK:
            look()
        if high < low:
            continue
        at = above_low - 1
        if at >= 0 and zones[at][1] > low:
            _, lows[row], zone = zones[at]
            if lows[row] > high:
                raise evidence.against((row, zone))
            evidence.zones.setdefault(row, set()).add(zone)
        at = above_high - 1
        if at >= 0 and zones[at][1] > high:
            highs[row], _, zone = zones[at]
            evidence.zones.setdefault(row, set()).add(zone)
    return True


def _keep_order(
    begins: list[int],
    ends: list[int],
    by_end: list[int],
    starts: list[int],
    stops: list[int],
    evidence: _Evidence,
    look: Look,
) -> None:
    """Rule 3: nobody is inserted before another and out after it; [start, stop] is when it is out.

    Goes through the elements by ``begin``, with the latest start of those that had ended before.
    """
    latest = last = -1
    at = 0
    ended = by_end[0] if by_end else -1
    for row, (begin, stop) in enumerate(zip(begins, stops, strict=True)):
        if row & UNTIL_LOOK == UNTIL_LOOK:
            look()
        # This ends, as the row itself has not ended when it begins.
        while ends[ended] < begin:
            if starts[ended] > latest:
                latest, last = starts[ended], ended
            at += 1
            ended = by_end[at]
        if stop <= latest:
            raise evidence.against((last, row))


def _moments_of_emptiness(
    ends: list[int], by_end: list[int], lows: list[int], evidence: _Evidence
) -> list[int]:
    """Rule 4: for each empty answer the first rank just after which nothing is surely inside."""
    told, operations = evidence.elements.told, evidence.elements.operations
    if not told.empties:
        return []
    opens: list[int] = []
    closes: list[int] = []
    closed = -1
    for row in by_end:
        if lows[row] <= ends[row]:
            continue
        if ends[row] > closed:
            if opens:
                closes.append(closed)
            opens.append(ends[row])
            closed = lows[row]
        elif lows[row] > closed:
            closed = lows[row]
    if opens:
        closes.append(closed)
    moments = []
    for at in told.empties:
        moment, completed = operations[at][6:8]
        assert completed is not None, "an answer has completed"
        span = bisect_right(opens, moment) - 1
        if span >= 0 and closes[span] > moment:
            moment = closes[span]
            if moment > completed:
                covering = _chain(ends, by_end, lows, operations[at].invoked, completed)
                raise evidence.against(covering, [at])
        moments.append(moment)
    return moments


def _chain(ends: list[int], by_end: list[int], lows: list[int], start: int, stop: int) -> list[int]:
    """Few elements that together are surely inside from ``start`` to ``stop``."""
    chain: list[int] = []
    reached, best = start, -1
    for row in by_end:
        if ends[row] > reached:
            chain.append(best)
            reached = lows[best]
            if reached > stop:
                return chain
        if best < 0 or lows[row] > lows[best]:
            best = row
    return [*chain, best]
