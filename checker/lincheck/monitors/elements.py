"""Elements: what the operations on a stack or a priority queue tell of each value, in columns.

**Slots.** In real time the events of a history are runs: some invocations, then some completions,
then invocations again. All that matters can happen in the middle of a run, between its last
invocation and its first completion, its *slot*: a moment among the invocations may be moved
forward to it, one among the completions back. The order of any two moments stays, every operation
stays between its events. So time is the slots 0, 1, 2, ..., ``slots`` of them, at most one an
operation, and what happens in one slot is concurrent. An operation invoked in run ``b`` and
completed in run ``e`` may happen in the slots from ``b`` to ``e``. What never ends, ends in the
slot ``slots``, which stands for ever after.

**The critical interval** of an element (Lee and Mathur, "Efficient Decrease-and-Conquer
Linearizability Monitoring", OOPSLA 2025): an operation on it has completed, another is not yet
invoked. In these slots, those after ``settled`` and before ``until``, it is inside in any order
that explains the history. Its insertion falls into the slots ``first`` to ``settled``, its removal
into ``until`` to ``gone``. An element whose critical interval is empty is *short*.

**The projection.** Take an order that explains a history and leave out all operations on an
element: the rest still stands, since in both kinds of queues what is on top among many is on top
among some. **The cut.** A slot that is in nobody's critical interval can be one at which nothing is
inside: each element has all its operations invoked by then, or all completed after. Take an order
that explains the history, first its operations on elements of the one sort, then those of the
other: by the projection either half stands, and no operation was put before one that had ended.

**Crashed operations.** An insertion of what nobody saw is left out: by the projection the history
is possible without it if it is with it. One of what was seen happened, and never ends. A crashed
removal may have taken any element that nobody else took, or nothing; see ``guesses``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from operator import gt, itemgetter, lt
from typing import Any, NamedTuple

from checker.history import Operation
from checker.lincheck.engine import NotApplicable
from checker.models.model import CallError, distinct

BYTES_AN_OPERATION = 250
"""What a monitor of this package holds for each operation, at most."""

_SPARSE = 4
"""More ranks than that an operation, and they are renumbered before they become a column."""


class Names(NamedTuple):
    """What a model calls its operations besides ``peek``."""

    insert: str
    remove: str


class Contradiction(Exception):
    """Operations that are impossible whatever else happened; ``core`` has their positions."""

    def __init__(self, *core: int) -> None:
        super().__init__(core)
        self.core = tuple(sorted(core))


@dataclass(slots=True)
class Elements:
    """Columns over elements, in order of the invocation of their insertion, and over operations.

    ``removal`` is -1 for what nobody was told to have removed, which then has ``gone == slots``;
    ``until`` is the slot of the last invocation of its operations. ``peeked`` has an element's last
    peek, ``peeked_before`` the one before a peek. ``begin`` and ``end`` are
    indexed by position. ``lost`` has the elements that were inserted and never removed.
    """

    slots: int
    begin: list[int]
    end: list[int]
    values: list[Any]
    insertion: list[int]
    removal: list[int]
    first: list[int]
    settled: list[int]
    until: list[int]
    gone: list[int]
    peeked: dict[int, int]
    peeked_before: dict[int, int]
    empties: list[int]
    crashed: list[int]
    lost: list[int]
    unseen: set[int]

    def until_by(self, removed_from: Callable[[int], int]) -> list[int]:
        """``until``, if a lost element can be taken from the slot ``removed_from(element)`` on."""
        until = self.until.copy()
        for element in self.lost:
            until[element] = max(until[element], removed_from(element))
        return until

    def peeks_of(self, element: int) -> list[int]:
        """The positions of the peeks at an element, the last first."""
        peeks = []
        peek = self.peeked.get(element)
        while peek is not None:
            peeks.append(peek)
            peek = self.peeked_before.get(peek)
        return peeks

    def groups(self, elements: Iterable[int]) -> list[list[int]]:
        """For each of these elements the positions of all operations on it."""
        found = []
        for element in elements:
            own = [self.insertion[element], *self.peeks_of(element)]
            if self.removal[element] >= 0:
                own.append(self.removal[element])
            found.append(own)
        return found


def read(
    operations: Sequence[Operation], names: Names, element_of: Callable[[Any], Any]
) -> Elements:
    """The elements of one key. ``element_of`` makes a value hashable, or raises CallError.

    Raises NotApplicable if a value was inserted twice or the model would refuse an operation,
    Contradiction if a value's operations are impossible by themselves.
    """
    insert, remove = names
    insertion: list[int] = []
    arguments: list[Any] = []
    taken: list[int] = []
    takes: list[Any] = []
    peeked: list[int] = []
    peeks: list[Any] = []
    empties: list[int] = []
    crashed: list[int] = []
    refused: list[Any] = []
    for position, operation in enumerate(operations):
        f = operation[1]  # By index, which costs a third of what a name does.
        if f == insert:
            if operation[5] == "fail":
                refused.append(operation[3])
            else:
                insertion.append(position)
                arguments.append(operation[3])
        elif f == remove:
            if operation[5] == "ok":
                if operation[4] is None:
                    empties.append(position)
                else:
                    taken.append(position)
                    takes.append(operation[4])
            elif operation[5] == "info":
                crashed.append(position)
        elif f != "peek":
            raise NotApplicable(f"{f!r} is none of {insert}, {remove} and peek")
        elif operation[5] == "ok":
            if operation[4] is None:
                empties.append(position)
            else:
                peeked.append(position)
                peeks.append(operation[4])
    values = _elements(arguments, element_of)
    _elements(refused, element_of)
    index = dict(zip(values, range(len(values)), strict=True))
    if len(index) < len(values):
        raise NotApplicable("a value was inserted twice")
    if None in index:
        raise NotApplicable("nil was inserted")
    begin, end, slots = _slots(operations)
    elements = Elements(
        slots=slots,
        begin=begin,
        end=end,
        values=values,
        insertion=insertion,
        removal=[-1] * len(values),
        first=[begin[position] for position in insertion],
        settled=[end[position] for position in insertion],
        until=[begin[position] for position in insertion],
        gone=[slots] * len(values),
        peeked={},
        peeked_before={},
        empties=empties,
        crashed=crashed,
        lost=[],
        unseen=set(),
    )
    _add_removals(elements, taken, _elements(takes, element_of), index)
    _add_peeks(elements, peeked, _elements(peeks, element_of), index)
    _find_lost(elements, operations)
    _find_disorder(elements)
    return elements


def _elements(values: list[Any], element_of: Callable[[Any], Any]) -> list[Any]:
    """The values as elements; texts and integers are elements already."""
    if set(map(type, values)) <= {int, str}:
        return values
    try:
        return [element_of(value) for value in values]
    except CallError as error:
        raise NotApplicable(str(error)) from None


def hashable(value: Any) -> Any:
    """The element that a value stands for where elements need no order."""
    return distinct(value)


def _slots(operations: Sequence[Operation]) -> tuple[list[int], list[int], int]:
    """For each operation the first and last slot in which it may happen; the number of slots."""
    invoked: list[int] = list(map(itemgetter(6), operations))
    completed: list[int | None] = list(map(itemgetter(7), operations))
    ended = [rank for rank in completed if rank is not None]
    last = max(max(ended, default=0), invoked[-1] if invoked else 0)
    if min(ended, default=0) < 0 or last > _SPARSE * (len(operations) + 16) or invoked[:1] < [0]:
        number = {rank: at for at, rank in enumerate(sorted({*invoked, *ended}))}
        invoked = [number[rank] for rank in invoked]
        completed = [None if rank is None else number[rank] for rank in completed]
        ended = [rank for rank in completed if rank is not None]
        last = len(number)
    # A rank of nobody counts as an invocation: it can only make slots that nobody needs.
    running = bytearray(b"\x01") * (last + 1)
    for rank in ended:
        running[rank] = 0
    slot = list(accumulate(map(lt, running, memoryview(running)[1:]), initial=0))
    slots = slot[-1] + 1
    begin = list(map(slot.__getitem__, invoked))
    if len(ended) == len(completed):
        return begin, list(map(slot.__getitem__, ended)), slots
    return begin, [slots if rank is None else slot[rank] for rank in completed], slots


def _add_removals(
    elements: Elements, positions: list[int], values: list[Any], index: dict[Any, int]
) -> None:
    removal, settled, until, gone = (
        elements.removal,
        elements.settled,
        elements.until,
        elements.gone,
    )
    begins = map(elements.begin.__getitem__, positions)
    ends = map(elements.end.__getitem__, positions)
    for position, element, begin, end in zip(
        positions, map(index.get, values), begins, ends, strict=True
    ):
        if element is None:
            raise Contradiction(position)
        if removal[element] >= 0:
            raise Contradiction(elements.insertion[element], removal[element], position)
        removal[element] = position
        gone[element] = end
        if begin > until[element]:
            until[element] = begin
        if end < settled[element]:
            settled[element] = end


def _add_peeks(
    elements: Elements, positions: list[int], values: list[Any], index: dict[Any, int]
) -> None:
    begin, end = elements.begin, elements.end
    peeked, before = elements.peeked, elements.peeked_before
    settled, until = elements.settled, elements.until
    for position, value in zip(positions, values, strict=True):
        element = index.get(value)
        if element is None:
            raise Contradiction(position)
        if element in peeked:
            before[position] = peeked[element]
        peeked[element] = position
        if begin[position] > until[element]:
            until[element] = begin[position]
        if end[position] < settled[element]:
            settled[element] = end[position]


def _find_lost(elements: Elements, operations: Sequence[Operation]) -> None:
    """What was inserted and never removed; but what crashed unseen is as if it never was."""
    removal, insertion, peeked = elements.removal, elements.insertion, elements.peeked
    for element in [element for element, taken in enumerate(removal) if taken < 0]:
        if element not in peeked and operations[insertion[element]].outcome == "info":
            elements.unseen.add(element)
        else:
            elements.lost.append(element)


def _find_disorder(elements: Elements) -> None:
    """Raise Contradiction if a value was seen before its insertion, or after its removal."""
    end, begin, insertion = elements.end, elements.begin, elements.insertion
    if any(map(lt, elements.settled, elements.first)):
        element = list(map(lt, elements.settled, elements.first)).index(True)
        for position in elements.groups([element])[0]:
            if end[position] < elements.first[element]:
                taken = elements.removal[element]
                raise Contradiction(*{insertion[element], position, max(taken, position)})
    if any(map(gt, elements.until, elements.gone)):
        element = list(map(gt, elements.until, elements.gone)).index(True)
        for position in elements.groups([element])[0]:
            if begin[position] > elements.gone[element]:
                raise Contradiction(insertion[element], position, elements.removal[element])


def covering(
    members: Sequence[int], settled: Sequence[int], until: Sequence[int], low: int, high: int
) -> list[int]:
    """Few of the members, whose critical intervals together cover the slots ``low`` to ``high``.

    The members are sorted by ``settled``. Always takes, of those that cover the next slot, the one
    that reaches furthest, which needs as few as can be.
    """
    chain: list[int] = []
    at, need, furthest = 0, low, -1
    while need <= high:
        while at < len(members) and settled[members[at]] < need:
            member = members[at]
            if furthest < 0 or until[member] > until[furthest]:
                furthest = member
            at += 1
        if furthest < 0 or until[furthest] <= need:
            raise AssertionError(f"slot {need} is in no critical interval")
        chain.append(furthest)
        need = until[furthest]
    return chain
