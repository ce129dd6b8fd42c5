"""FIFO queue whose elements are unique, in O(n log n).

Theory of operation
-------------------
The claim: a history is linearizable if and only if it has none of a few bad patterns (Bouajjani,
Emmi, Enea, Hamza, "On Reducing Linearizability to State Reachability", 2015; without peeks and
crashes there are four of them). Each element has an insertion and *outputs*: its peeks, its
removal. In a legal sequence elements are inserted in some order, and all outputs of one come before
all outputs of the next.

Let an element have its insertion within [begin, end], ``high`` the earliest completion of its
outputs, ``low`` the latest invocation of them and of the insertion (never, if it is not removed).

1. An output without an insertion, two removals, an output that completed before the insertion was
   invoked, a peek that was invoked after the removal had completed: impossible.
2. high < low: a *forward zone* [high, low], in which the element is at the head all the time. Two
   of them may not overlap. Otherwise all outputs can happen at one point of [low, high], which may
   not be in a forward zone: so ``low`` moves to the zone's end, ``high`` to its start, and [low,
   high] inside a zone is impossible. (Zones: Gibbons and Korach, "Testing Shared Memories", 1997.)
3. The insertion must happen before min(end, high); call that ``end`` from now on. Elements are now
   ordered by two interval orders, that of the insertions and that of the outputs. In an interval
   order w < x and y < z imply w < z or y < x. So a cycle in their union with two edges of one order
   can be cut short, and a shortest one has two elements: a is inserted before b, and b is out
   before a. No such pair: some order of the elements extends both, and putting everything as early
   as that order allows puts nothing too late.
4. An element is surely inside from ``end`` to ``low``. Whoever found the queue empty must have had
   a moment when nothing was. If each has one, elements go whole between those moments, each into
   the gap where its ``low`` is: what must be before another is there too, or in an earlier one.

Crashes. An insertion that crashed and of which nobody heard is dropped; one that was seen ends at
``high``. A removal that crashed may have taken any element that nobody else got. Such elements are
taken in the order in which their insertions completed, the j-th by the j-th crashed removal (by
invocation), as far as there are any. That is the best choice: an element inserted later has a later
deadline (rule 3: the first ``high`` of an element inserted after it), and all deadlines only ask
that a removal had been invoked by then; a moment at which the queue is empty asks that as many
crashed removals had been invoked as such elements had been inserted. So both ask for prefixes.
That argument fails for an element that was peeked at and never got, since its removal ends a zone.
There the history is judged twice: without crashed removals (if that is possible, so is the whole),
and with one for each such element for free (if that is not, neither is the whole); if the answers
differ, the monitor does not apply.

The core of a contradiction. From a legal sequence all operations of an element may be left out:
the others stay at the head when they were, and an empty queue stays empty. (A crashed removal that
took it is left out with it, as it need not have happened.) Peeks and removals that answered "empty"
change nothing, so they may be left out one by one. A crashed removal may be left out only if all
elements of the core are removed by others, or if it was invoked after all of the core had
completed.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from checker.history import Operation
from checker.lincheck.budget import Meter
from checker.lincheck.engine import Impossible, NotApplicable, Outcome, Possible
from checker.lincheck.monitors.fifo_order import Placed, order_of
from checker.models.model import CallError, distinct

_CHUNK = 1 << 16
"""Operations read between two looks at the budget."""

_BYTES = 180
"""What this holds for each operation: a place in a table, and in up to eight columns."""

NEVER = 1 << 62
"""Later than any rank."""


def monitor(operations: Sequence[Operation], meter: Meter, order: bool) -> Outcome:
    """Judge the operations of one queue; raises NotApplicable, BudgetExhausted."""
    try:
        told = _read(operations, meter)
        elements = _elements(operations, told)
        crashed = [operations[at].invoked for at in told.crashed]
        if not crashed or not elements.heads:
            return _possible(operations, told, elements, _judge(elements, crashed, meter), order)
    except _Contradiction as found:
        return Impossible(core=tuple(sorted(found.positions)))
    try:
        return _possible(operations, told, elements, _judge(elements, [], meter), order)
    except _Contradiction:
        pass
    try:
        _judge(elements, crashed, meter)
    except _Contradiction as found:
        return Impossible(core=tuple(sorted(found.positions)))
    raise NotApplicable(
        "it depends on a crashed removal whether an element that was peeked at was removed"
    )


class _Contradiction(Exception):
    """Operations at these positions are impossible by themselves."""

    def __init__(self, positions: Iterable[int]) -> None:
        super().__init__()
        self.positions = set(positions)


class _Told(NamedTuple):
    """Positions of the operations: by element, and of those that name none."""

    insertions: dict[Any, int]
    removals: dict[Any, int]
    peeks: dict[Any, list[int]]
    empties: list[int]
    crashed: list[int]


def _read(operations: Sequence[Operation], meter: Meter) -> _Told:
    told = _Told({}, {}, {}, [], [])
    insertions, removals, peeks, empties, crashed = told
    twice: tuple[Any, int] | None = None
    for start in range(0, len(operations), _CHUNK):
        meter.spend(meter.explored, start * _BYTES)
        for at, operation in enumerate(operations[start : start + _CHUNK], start):
            _, f, _, argument, result, outcome, _, _, _, _, _ = operation
            if f == "enqueue":
                if type(argument) is not int and type(argument) is not str:
                    argument = _element(argument)
                if outcome == "fail":
                    continue
                if argument in insertions:
                    raise NotApplicable(f"the element {argument!r} is enqueued twice")
                insertions[argument] = at
                continue
            if f != "dequeue" and f != "peek":
                raise NotApplicable(f"a queue has no operation {f!r}")
            if outcome != "ok":
                if outcome == "info" and f == "dequeue":
                    crashed.append(at)
                continue
            if result is None:
                empties.append(at)
                continue
            if type(result) is not int and type(result) is not str:
                result = _element(result)
            if f == "peek":
                peeks.setdefault(result, []).append(at)
            elif result in removals:
                twice = (result, at)
            else:
                removals[result] = at
    if twice is not None:
        # Only now is it known that the element is inserted once.
        element, at = twice
        raise _Contradiction({insertions.get(element, at), removals[element], at})
    for seen in (removals, peeks):
        if not seen.keys() <= insertions.keys():
            element = next(element for element in seen if element not in insertions)
            last = [removals[element]] if element in removals else peeks[element][:1]
            raise _Contradiction(last)
    return told


def _element(value: Any) -> Any:
    if value is None:
        raise NotApplicable("nil is enqueued")
    try:
        return distinct(value)
    except (CallError, RecursionError) as error:
        raise NotApplicable(str(error)) from None


class _Elements(NamedTuple):
    """Columns, one row an element, in order of the insertion's invocation; and some rows.

    ``left``: elements that nobody got, nor peeked at, in order of the insertion's completion;
    ``heads``: those that nobody got, and somebody peeked at, with the ``low`` of their peeks.
    """

    operations: Sequence[Operation]
    told: _Told
    names: list[Any]
    begins: list[int]
    ends: list[int]
    lows: list[int]
    highs: list[int]
    left: list[int]
    heads: dict[int, int]


def _elements(operations: Sequence[Operation], told: _Told) -> _Elements:
    insertions, removals, peeks, _, _ = told
    names: list[Any] = []
    begins: list[int] = []
    ends: list[int] = []
    lows: list[int] = []
    highs: list[int] = []
    left: list[int] = []
    heads: dict[int, int] = {}
    for name, at in insertions.items():
        insertion = operations[at]
        begin, end = insertion[6], insertion[7]
        removal = removals.get(name)
        if removal is not None:
            low, high = operations[removal][6:8]
            assert high is not None, "a removal that answered has completed"
            if low < begin:
                low = begin
        else:
            low, high = NEVER, NEVER + 1
        if peeks and name in peeks:
            peeked = [operations[peek] for peek in peeks[name]]
            latest = max(peek.invoked for peek in peeked)
            if high < latest:
                raise _Contradiction(_positions_of(operations, told, name))
            high = min(high, *(peek.completed or NEVER for peek in peeked))
            if removal is None:
                heads[len(names)] = max(begin, latest)
            else:
                low = max(low, latest)
        elif removal is None:
            if end is None:
                continue
            left.append(len(names))
        if high < begin:
            raise _Contradiction(_positions_of(operations, told, name))
        names.append(name)
        begins.append(begin)
        ends.append(NEVER if end is None else end)
        lows.append(low)
        highs.append(high)
    left.sort(key=ends.__getitem__)
    return _Elements(operations, told, names, begins, ends, lows, highs, left, heads)


def _positions_of(operations: Sequence[Operation], told: _Told, name: Any) -> set[int]:
    """What the core needs of an element: its insertion, its removal, its outermost peeks."""
    positions = {told.insertions[name]}
    if name in told.removals:
        positions.add(told.removals[name])
    if peeks := told.peeks.get(name):
        positions.add(max(peeks, key=lambda at: operations[at].invoked))
        positions.add(min(peeks, key=lambda at: operations[at].completed or 0))
    return positions


class _Judged(NamedTuple):
    """Where each element may be, once everything is known to fit.

    The columns of _Elements after rules 2 and 3; ``taken``: which of the crashed removals took an
    element; ``moments``: the rank just after which the queue was empty, for each that found it so.
    """

    ends: list[int]
    lows: list[int]
    highs: list[int]
    taken: dict[int, int]
    moments: list[int]


def _judge(elements: _Elements, crashed: Sequence[int], meter: Meter) -> _Judged:
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
    zoned = bool(elements.told.peeks) and _keep_out_of_zones(lows, highs, evidence)
    meter.spend(meter.explored, len(elements.operations) * _BYTES)
    ends = list(map(min, elements.ends, highs))
    by_end = sorted(range(len(ends)), key=ends.__getitem__)
    starts = list(map(min, lows, highs)) if zoned else lows
    stops = list(map(max, lows, highs)) if zoned else highs
    meter.spend(meter.explored, len(elements.operations) * _BYTES)
    _keep_order(elements.begins, ends, by_end, starts, stops, evidence)
    moments = _moments_of_emptiness(ends, by_end, lows, evidence)
    return _Judged(ends, lows, highs, taken, moments)


class _Evidence(NamedTuple):
    """What a contradiction needs to know to name its core; ``zones``: which ones moved a row."""

    elements: _Elements
    crashed: Sequence[int]
    zones: dict[int, set[int]]

    def against(self, rows: Iterable[int], others: Iterable[int] = ()) -> _Contradiction:
        """The contradiction between these elements and the operations at other positions."""
        elements = self.elements
        operations, told, names = elements.operations, elements.told, elements.names
        involved: dict[int, None] = {}
        for row in rows:
            involved.update(dict.fromkeys((row, *sorted(self.zones.get(row, ())))))
        positions = set(others)
        for row in involved:
            positions |= _positions_of(operations, told, names[row])
        if not self.crashed or all(names[row] in told.removals for row in involved):
            return _Contradiction(positions)
        completed = (operations[at].completed for at in positions)
        limit = max(end for end in completed if end is not None)
        count = bisect_left(self.crashed, limit)
        positions.update(told.crashed[:count])
        place = {row: at for at, row in enumerate(elements.left)}
        for row in involved:
            if row in place:
                # One more than could have been taken.
                window = elements.left[max(0, place[row] - count) : place[row]]
                positions.update(told.insertions[names[other]] for other in window)
        return _Contradiction(positions)


def _keep_out_of_zones(lows: list[int], highs: list[int], evidence: _Evidence) -> bool:
    """Rule 2; changes the columns. Whether there are forward zones."""
    rows = enumerate(zip(lows, highs, strict=True))
    zones = sorted((high, low, row) for row, (low, high) in rows if high < low)
    if not zones:
        return False
    for (_, low, row), (high, _, other) in pairwise(zones):
        if high < low:
            raise evidence.against((row, other))
    opens = [high for high, _, _ in zones]
    for row, (low, high) in enumerate(zip(lows, highs, strict=True)):
        if high < low:
            continue
        at = bisect_left(opens, low) - 1
        if at >= 0 and zones[at][1] > low:
            _, lows[row], zone = zones[at]
            if lows[row] > high:
                raise evidence.against((row, zone))
            evidence.zones.setdefault(row, set()).add(zone)
        at = bisect_left(opens, high) - 1
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
) -> None:
    """Rule 3: nobody is inserted before another and out after it; [start, stop] is when it is out.

    Goes through the elements by ``begin``, with the latest start of those that had ended before.
    """
    latest = last = -1
    at = 0
    ended = by_end[0] if by_end else -1
    for row, (begin, stop) in enumerate(zip(begins, stops, strict=True)):
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


def _possible(
    operations: Sequence[Operation],
    told: _Told,
    elements: _Elements,
    judged: _Judged,
    order: bool,
) -> Possible:
    if not order:
        return Possible()
    placed = []
    for row, name in enumerate(elements.names):
        outputs = sorted(told.peeks.get(name, ()), key=lambda at: operations[at].invoked)
        if name in told.removals:
            outputs.append(told.removals[name])
        elif row in judged.taken:
            outputs.append(told.crashed[judged.taken[row]])
        placed.append(
            Placed(
                told.insertions[name],
                outputs,
                elements.begins[row],
                judged.ends[row],
                judged.lows[row],
                judged.highs[row],
            )
        )
    empties = list(zip(judged.moments, told.empties, strict=True))
    return Possible(order_of(operations, placed, empties))
