"""What the operations of a queue tell of each element, as columns; see ``fifo_queue``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from checker.history import Operation
from checker.lincheck.budget import Meter
from checker.lincheck.engine import NotApplicable
from checker.lincheck.monitors.columns import Look, blocks, stretches
from checker.models.model import CallError, distinct

BYTES = 180
"""What this holds for each operation: a place in a table, and in up to eight columns."""

NEVER = 1 << 62
"""Later than any rank."""


class Contradiction(Exception):
    """Operations at these positions are impossible by themselves."""

    def __init__(self, positions: Iterable[int]) -> None:
        super().__init__()
        self.positions = set(positions)


class Told(NamedTuple):
    """Positions of the operations: by element, and of those that name none; ranks of all."""

    insertions: dict[Any, int]
    removals: dict[Any, int]
    peeks: dict[Any, list[int]]
    empties: list[int]
    crashed: list[int]
    invoked: list[int]
    completed: list[int | None]


def read(operations: Sequence[Operation], meter: Meter) -> Told:
    told = Told({}, {}, {}, [], [], [], [])
    insertions, removals, peeks, empties, crashed, all_invoked, all_completed = told
    again: dict[Any, list[int]] = {}
    for start, block in blocks(operations, meter, BYTES):
        _, fs, _, arguments, results, outcomes, invoked, completed, *_ = block
        all_invoked += invoked
        all_completed += completed
        columns = zip(fs, arguments, results, outcomes, strict=True)
        for at, entry in enumerate(columns, start):
            f, argument, result, outcome = entry
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
                again.setdefault(result, []).append(at)
            else:
                removals[result] = at
    # Only now is it known that no element is inserted twice.
    for element, others in again.items():
        raise Contradiction({insertions.get(element, others[0]), removals[element], *others})
    for seen in (removals, peeks):
        if not seen.keys() <= insertions.keys():
            element = next(element for element in seen if element not in insertions)
            last = [removals[element]] if element in removals else peeks[element][:1]
            raise Contradiction(last)
    return told


def _element(value: Any) -> Any:
    if value is None:
        raise NotApplicable("nil is enqueued")
    try:
        return distinct(value)
    except (CallError, RecursionError) as error:
        raise NotApplicable(str(error)) from None


class Elements(NamedTuple):
    """Columns, one row an element, in order of the insertion's invocation; and some rows.

    ``left``: elements that nobody got, nor peeked at, in order of the insertion's completion;
    ``heads``: those that nobody got, and somebody peeked at, with the ``low`` of their peeks.
    """

    operations: Sequence[Operation]
    told: Told
    names: list[Any]
    begins: list[int]
    ends: list[int]
    lows: list[int]
    highs: list[int]
    left: list[int]
    heads: dict[int, int]


def gather(operations: Sequence[Operation], told: Told, look: Look) -> Elements:
    insertions, removals, peeks, _, _, invoked, completed = told
    names: list[Any] = []
    begins: list[int] = []
    ends: list[int] = []
    lows: list[int] = []
    highs: list[int] = []
    left: list[int] = []
    heads: dict[int, int] = {}
    for some in stretches(insertions.items(), look):
        for name, at in some:
            begin, end = invoked[at], completed[at]
            removal = removals.get(name)
            if removal is not None:
                low, high = invoked[removal], completed[removal]
                assert high is not None, "a removal that answered has completed"
                if low < begin:
                    low = begin
            else:
                low, high = NEVER, NEVER + 1
            if peeks and name in peeks:
                peeked = [operations[peek] for peek in peeks[name]]
                latest = max(peek.invoked for peek in peeked)
                if high < latest:
                    raise _alone(operations, told, name)
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
                raise _alone(operations, told, name)
            names.append(name)
            begins.append(begin)
            ends.append(NEVER if end is None else end)
            lows.append(low)
            highs.append(high)
    look()
    left.sort(key=ends.__getitem__)
    return Elements(operations, told, names, begins, ends, lows, highs, left, heads)


def _alone(operations: Sequence[Operation], told: Told, name: Any) -> Contradiction:
    """The contradiction of an element with itself."""
    positions = positions_of(operations, told, name)
    if name not in told.removals:
        positions.update(crashed_before_the_end_of(positions, operations, told))
    return Contradiction(positions)


def crashed_before_the_end_of(
    positions: Iterable[int], operations: Sequence[Operation], told: Told
) -> list[int]:
    """The crashed removals that can have removed something before these had all completed."""
    completed = (operations[at].completed for at in positions)
    last = max((end for end in completed if end is not None), default=-1)
    return [at for at in told.crashed if operations[at].invoked < last]


def positions_of(operations: Sequence[Operation], told: Told, name: Any) -> set[int]:
    """What the core needs of an element: its insertion, its removal, its outermost peeks."""
    positions = {told.insertions[name]}
    if name in told.removals:
        positions.add(told.removals[name])
    if peeks := told.peeks.get(name):
        positions.add(max(peeks, key=lambda at: operations[at].invoked))
        positions.add(min(peeks, key=lambda at: operations[at].completed or 0))
    return positions
