"""Elements that are added and never removed: of sets, and of lists that only grow.

An element is known from when its addition was acknowledged, or a read that has it ended. Every read
that begins later must have it. Of those that do not (as in Jepsen's set-full):

    lost         the last reads do not have it
    stale        a later read has it again
    never-read   no read began after it was known, and none has it: nothing is known of it
    recovered    its addition was never acknowledged, and it was read
    unexpected   it was read, and nobody added it, or only additions that failed did
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from checker.accounting.account import Account, Found, by_key, failure, verdict_of
from checker.history import Operation
from checker.models.model import distinct
from checker.verdict import Failure


class Fates(NamedTuple):
    """What became of the elements."""

    attempted: list[Found]
    acknowledged: list[Found]
    lost: list[Found]
    stale: list[Found]
    recovered: list[Found]
    never_read: list[Found]
    unexpected: list[Found]
    # Reads that answered at least one element.
    telling: int

    @property
    def counts(self) -> dict[str, int]:
        """How many met each fate."""
        return {
            "attempted": len(self.attempted),
            "acknowledged": len(self.acknowledged),
            "lost": len(self.lost),
            "stale": len(self.stale),
            "recovered": len(self.recovered),
            "never-read": len(self.never_read),
            "unexpected": len(self.unexpected),
        }

    @property
    def failures(self) -> list[Failure]:
        """What none of them may meet."""
        told = (
            ("lost-element", "known elements are missing from the last reads", self.lost),
            ("stale-element", "known elements were missing from reads for a while", self.stale),
            ("unexpected-element", "elements were read that nobody added", self.unexpected),
        )
        return [failure(kind, what, found) for kind, what, found in told if found]


def account_of_elements(operations: Iterable[Operation], add: str, read: str) -> Account:
    """The account of operations that ``add`` an element and ``read`` all."""
    fates = fates_of(operations, add, read)
    missing = [] if fates.telling else ["no read told of any element"]
    return Account(fates.counts, verdict_of(fates.failures, missing))


def fates_of(operations: Iterable[Operation], add: str, read: str) -> Fates:
    """What became of the elements of each key."""
    fates = Fates([], [], [], [], [], [], [], 0)
    for key, mine in by_key(operations).items():
        reads = _reads(mine, read)
        fates = fates._replace(telling=fates.telling + sum(bool(each.elements) for each in reads))
        adds: dict[Any, list[Operation]] = {}
        for operation in mine:
            if operation.f == add:
                adds.setdefault(distinct(operation.argument), []).append(operation)
        for additions in adds.values():
            _judge(Found(key, additions[0].argument), additions, reads, fates)
        fates.unexpected.extend(Found(key, each) for each in _unexpected(adds, reads))
    return fates


class _Read(NamedTuple):
    invoked: int
    completed: int
    # By what makes them distinct, as they were answered.
    elements: dict[Any, Any]


def _reads(operations: Iterable[Operation], read: str) -> list[_Read]:
    """An answer that is no list is left to the model."""
    return [
        _Read(each.invoked, each.completed, {distinct(one): one for one in each.result or ()})
        for each in operations
        if each.f == read
        and each.outcome == "ok"
        and each.completed is not None
        and isinstance(each.result, list | tuple | None)
    ]


def _judge(
    element: Found, additions: Sequence[Operation], reads: Sequence[_Read], fates: Fates
) -> None:
    name = distinct(element.element)
    if all(each.outcome == "fail" for each in additions):
        return
    fates.attempted.append(element)
    acknowledged = [
        each.completed for each in additions if each.outcome == "ok" and each.completed is not None
    ]
    present = [read for read in reads if name in read.elements]
    if acknowledged:
        fates.acknowledged.append(element)
    elif present:
        fates.recovered.append(element)
    known = min([*acknowledged, *(read.completed for read in present)], default=None)
    if known is None:
        return
    later = [read for read in reads if read.invoked > known]
    last_absent = max((read.invoked for read in later if name not in read.elements), default=None)
    if last_absent is None:
        if not present and not later:
            fates.never_read.append(element)
    elif any(read.completed > last_absent for read in present):
        fates.stale.append(element)
    else:
        fates.lost.append(element)


def _unexpected(adds: dict[Any, list[Operation]], reads: Iterable[_Read]) -> Iterator[Any]:
    added = {
        name
        for name, additions in adds.items()
        if any(each.outcome != "fail" for each in additions)
    }
    seen: set[Any] = set()
    for read in reads:
        for name, element in read.elements.items():
            if name not in added and name not in seen:
                seen.add(name)
                yield element
