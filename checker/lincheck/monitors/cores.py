"""Cores: from the ranks of a contradiction to a few operations that are impossible by themselves.

Theory of operation
-------------------
A contradiction rests on two to four operations, but the others of their clusters may not just be
left out: a read whose write is missing is impossible for the wrong reason. What may be left out is
whole clusters (clusters that compare-and-sets tie together count as one) and then observations; see
``clusters`` in ``checker.models.single_value``. So the core is made of

- the operations with these ranks,
- all writers of the clusters that these mention,
- of each crashed one among those, a read that shows that it happened;

and of its reads those go again without which the rest is still impossible: halves of them are tried
first, then smaller pieces, which takes few looks at few operations.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from checker.history import Operation
from checker.lincheck.monitors.clusters import Calls, Column
from checker.lincheck.monitors.zones import NEVER

IsPossible = Callable[[Sequence[Operation]], bool]


def core_of(
    operations: Sequence[Operation], calls: Calls, ranks: tuple[int, ...], is_possible: IsPossible
) -> tuple[int, ...]:
    """The positions of a small core of the contradiction between operations of these ranks."""
    reads, writers = calls.reads, calls.writers
    shown = dict(_blamed(reads, ranks))
    blamed = {*shown.values(), *dict(_blamed(writers, ranks)).values()}
    swaps = zip(calls.expected, islice(writers.value, calls.writes, None), strict=True)
    touched = _tied_to(blamed, swaps)
    needed = []
    crashed: dict[Any, int] = {}
    for at, value, stop in zip(writers.at, writers.value, writers.stop, strict=True):
        if value in touched:
            needed.append(at)
            if stop == NEVER:
                crashed[value] = NEVER
    if crashed:
        first: dict[Any, tuple[int, int]] = {}
        for at, value, stop in zip(reads.at, reads.value, reads.stop, strict=True):
            if value in crashed:
                first[value] = min(first.get(value, (stop, at)), (stop, at))
        shown.update((at, value) for value, (_, at) in first.items())
    kept = _without_needless(operations, needed, sorted(shown), is_possible)
    return tuple(sorted((*needed, *kept)))


def _blamed(column: Column, ranks: tuple[int, ...]) -> Iterator[tuple[int, Any]]:
    """Position and value of the calls with one of these ranks."""
    for rank in ranks:
        for known in (column.start, column.stop):
            if rank in known:
                place = known.index(rank)
                yield column.at[place], column.value[place]


def shows_at(operations: Sequence[Operation], core: Sequence[int], is_possible: IsPossible) -> int:
    """The position of the operation of the core with whose completion the core is impossible."""
    ends = sorted((end, at) for at in core if (end := operations[at].completed) is not None)
    chosen = [operations[at] for at in core]
    low, high = 0, len(ends) - 1
    while low < high:
        middle = (low + high) // 2
        if is_possible(until(chosen, ends[middle][0])):
            low = middle + 1
        else:
            high = middle
    return ends[high][1]


def until(operations: Iterable[Operation], rank: int) -> list[Operation]:
    """What was known at this rank: nobody knows how operations end that were open then."""
    return [
        operation
        if operation.completed is None or operation.completed <= rank
        else operation._replace(outcome="info", result=None, completed=None, error=None)
        for operation in operations
        if operation.invoked <= rank
    ]


def _without_needless(
    operations: Sequence[Operation],
    writers: Sequence[int],
    reads: list[int],
    is_possible: IsPossible,
) -> list[int]:
    """Of these reads, some without none of which the writers are impossible."""
    size = len(reads)
    while size:
        at = 0
        while at < len(reads):
            rest = reads[:at] + reads[at + size :]
            if is_possible([operations[each] for each in sorted((*writers, *rest))]):
                at += size
            else:
                reads = rest
        size //= 2
    return reads


def _tied_to(values: Collection[Any], swaps: Iterable[tuple[Any, Any]]) -> set[Any]:
    """These values, and all that compare-and-sets tie to them, directly or not."""
    above: dict[Any, Any] = {}

    def name(value: Any) -> Any:
        """The same for all values that are tied together."""
        while (next_ := above.get(value, value)) != value:
            above[value] = value = above.get(next_, next_)
        return value

    for expected, new in swaps:
        above[name(expected)] = name(new)
    names = {name(value) for value in values}
    return names.union(values, [value for value in above if name(value) in names])
