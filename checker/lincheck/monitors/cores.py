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

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from checker.history import Operation
from checker.lincheck.monitors.clusters import Words, parse

IsPossible = Callable[[Sequence[Operation]], bool]


def core_of(
    operations: Sequence[Operation], ranks: Collection[int], words: Words, is_possible: IsPossible
) -> tuple[int, ...]:
    """The positions of a small core of the contradiction between operations of these ranks."""
    calls = parse(operations, words)
    blamed = [
        at
        for at, operation in enumerate(operations)
        if operation.invoked in ranks or operation.completed in ranks
    ]
    first_swap = calls.writes
    swaps = list(zip(calls.expected, calls.written[first_swap:], strict=True))
    group = _groups(swaps)
    value_of = dict(zip(calls.writers, calls.written, strict=True))
    value_of.update(zip(calls.reads, calls.results, strict=True))
    touched = {group(value_of[at]) for at in blamed if at in value_of}
    writers = [
        at
        for at, value in zip(calls.writers, calls.written, strict=True)
        if group(value) in touched
    ]
    reads = {at for at in blamed if at not in writers}
    crashed = {value_of[at] for at in writers if operations[at].completed is None}
    if crashed:
        shown: dict[Any, int] = {}
        for at, value in zip(calls.reads, calls.results, strict=True):
            if value in crashed and (
                value not in shown or _end(operations[at]) < _end(operations[shown[value]])
            ):
                shown[value] = at
        reads.update(shown.values())
    kept = _needed(operations, writers, sorted(reads), is_possible)
    return tuple(sorted((*writers, *kept)))


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


def _needed(
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


def _end(operation: Operation) -> int:
    assert operation.completed is not None
    return operation.completed


def _groups(swaps: Iterable[tuple[Any, Any]]) -> Callable[[Any], Any]:
    """A name for the values that compare-and-sets tie to a value, the same for all of them."""
    above: dict[Any, Any] = {}

    def name(value: Any) -> Any:
        while (next_ := above.get(value, value)) != value:
            above[value] = value = above.get(next_, next_)
        return value

    for expected, new in swaps:
        above[name(expected)] = name(new)
    return name
