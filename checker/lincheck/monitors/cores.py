"""Cores: from the ranks of a contradiction to a few operations that are impossible by themselves.

Theory of operation
-------------------
A contradiction rests on two to four operations, but the others of their clusters may not just be
left out: a read whose write is missing is impossible for the wrong reason. What may be left out is
whole clusters (clusters that compare-and-sets tie together count as one) and then observations; see
``clusters`` in ``checker.models.single_value``. So first everything goes but the clusters that are
involved, mostly two with a handful of operations. Of these the earliest contradiction is sought, by
bisection over what was known when. The core is made of

- the operations that this contradiction rests on,
- all writers of the clusters,
- of each crashed one among those, a read that shows that it happened;

and of its reads those go again without which the rest is still impossible: halves of them are tried
first, then smaller pieces, which takes few looks at few operations.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from checker.history import Operation
from checker.lincheck.engine import Impossible
from checker.lincheck.monitors.clusters import Calls
from checker.lincheck.monitors.zones import NEVER

Ranks = tuple[int, ...]

Contradict = Callable[[Sequence[Operation]], Ranks | None]
"""The ranks of a contradiction between operations, None if there is none."""

_BISECTED = 10_000
"""Of more operations than these, any contradiction will do."""


def explain(
    operations: Sequence[Operation],
    calls: Calls,
    ranks: Ranks,
    parse: Callable[[Sequence[Operation]], Calls],
    contradict: Contradict,
) -> Impossible:
    """The core of the contradiction of these ranks, or of one between the same clusters."""
    blamed = parse([operations[at] for at in _with_ranks(operations, ranks)])
    touched = _tied_to({*blamed.reads.value, *blamed.writers.value}, calls)
    members = sorted(
        at
        for column in (calls.reads, calls.writers)
        for at, value in zip(column.at, column.value, strict=True)
        if value in touched
    )
    involved = [operations[at] for at in members]
    if len(involved) <= _BISECTED:
        end, _ = _shows_at(involved, contradict)
        ranks = contradict(_until(involved, end)) or ranks
    core = _core_of(involved, parse(involved), ranks, contradict)
    _, last = _shows_at([involved[at] for at in core], contradict)
    return Impossible(members[core[last]], tuple(members[at] for at in core))


def _core_of(
    operations: Sequence[Operation], calls: Calls, ranks: Ranks, contradict: Contradict
) -> list[int]:
    """The positions of a small core among the operations of the clusters that are involved."""
    reads, writers = calls.reads, calls.writers
    blamed = _with_ranks(operations, ranks).intersection(reads.at)
    crashed = {
        value for value, stop in zip(writers.value, writers.stop, strict=True) if stop == NEVER
    }
    first: dict[Any, tuple[int, int]] = {}
    for at, value, stop in zip(reads.at, reads.value, reads.stop, strict=True):
        if value in crashed:
            first[value] = min(first.get(value, (stop, at)), (stop, at))
    blamed.update(at for _, at in first.values())
    return _without_needless(operations, writers.at, sorted(blamed), contradict)


def _without_needless(
    operations: Sequence[Operation], needed: list[int], reads: list[int], contradict: Contradict
) -> list[int]:
    """What is needed, and of the reads some none of which can be left out."""
    size = len(reads)
    while size:
        at = 0
        while at < len(reads):
            rest = reads[:at] + reads[at + size :]
            if contradict([operations[each] for each in sorted((*needed, *rest))]) is None:
                at += size
            else:
                reads = rest
        size //= 2
    return sorted((*needed, *reads))


def _shows_at(operations: Sequence[Operation], contradict: Contradict) -> tuple[int, int]:
    """With which completion they became impossible: its rank, and the position of its operation."""
    ends = sorted(
        (operation.completed, at)
        for at, operation in enumerate(operations)
        if operation.completed is not None
    )
    low, high = 0, len(ends) - 1
    while low < high:
        middle = (low + high) // 2
        if contradict(_until(operations, ends[middle][0])) is None:
            low = middle + 1
        else:
            high = middle
    return ends[high]


def _until(operations: Iterable[Operation], rank: int) -> list[Operation]:
    """What was known at this rank: nobody knew how operations end that were open then."""
    return [
        operation
        if operation.completed is None or operation.completed <= rank
        else operation._replace(outcome="info", result=None, completed=None, error=None)
        for operation in operations
        if operation.invoked <= rank
    ]


def _with_ranks(operations: Sequence[Operation], ranks: Ranks) -> set[int]:
    """The positions of the operations that began or ended at one of these ranks."""
    found = set()
    for rank in ranks:
        at = bisect_right(operations, rank, key=lambda operation: operation.invoked) - 1
        if at >= 0 and operations[at].invoked != rank:
            # What ended then was open then: it is near, unless it was open for long.
            while at >= 0 and operations[at].completed != rank:
                at -= 1
        if at >= 0:  # The initial value has no operation.
            found.add(at)
    return found


def _tied_to(values: Collection[Any], calls: Calls) -> set[Any]:
    """These values, and all that compare-and-sets tie to them, directly or not."""
    expected, new = calls.expected, calls.writers.value[calls.writes :]
    after, before = dict(zip(expected, new, strict=True)), dict(zip(new, expected, strict=True))
    # Values that several consumed, or several wrote, have more neighbours than that.
    more: dict[Any, list[Any]] = {}
    if min(len(after), len(before)) < len(expected):
        for old, value in zip(expected, new, strict=True):
            if after[old] != value or before[value] != old:
                more.setdefault(old, []).append(value)
                more.setdefault(value, []).append(old)
    found = set(values)
    left = list(found)
    while left:
        value = left.pop()
        neighbours = [side[value] for side in (after, before) if value in side]
        for neighbour in (*neighbours, *more.get(value, ())):
            if neighbour not in found:
                found.add(neighbour)
                left.append(neighbour)
    return found
