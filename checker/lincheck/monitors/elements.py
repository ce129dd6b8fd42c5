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
from operator import gt, lt
from typing import Any, NamedTuple

from checker.history import Operation
from checker.lincheck.budget import Meter
from checker.lincheck.engine import NotApplicable
from checker.lincheck.monitors.columns import Block, blocks
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
    operations: Sequence[Operation], names: Names, element_of: Callable[[Any], Any], meter: Meter
) -> Elements:
    """The elements of one key. ``element_of`` makes a value hashable, or raises CallError.

    Raises NotApplicable if a value was inserted twice or the model would refuse an operation,
    Contradiction if a value's operations are impossible by themselves, BudgetExhausted.
    """
    told = _told(operations, names, meter)
    values = _elements(told.arguments, element_of)
    _elements(told.refused, element_of)
    meter.look(len(operations))
    index = dict(zip(values, range(len(values)), strict=True))
    if len(index) < len(values):
        raise NotApplicable("a value was inserted twice")
    if None in index:
        raise NotApplicable("nil was inserted")
    meter.look(len(operations))
    begin, end, slots = _slots(told.invoked, told.completed)
    meter.spend(meter.explored, BYTES_AN_OPERATION * len(operations))
    first = list(map(begin.__getitem__, told.insertion))
    elements = Elements(
        slots=slots,
        begin=begin,
        end=end,
        values=values,
        insertion=told.insertion,
        removal=[-1] * len(values),
        first=first,
        settled=list(map(end.__getitem__, told.insertion)),
        until=first.copy(),
        gone=[slots] * len(values),
        peeked={},
        peeked_before={},
        empties=told.empties,
        crashed=told.crashed,
        lost=[],
        unseen=set(),
    )
    meter.look(len(operations))
    takes, peeks = _elements(told.takes, element_of), _elements(told.peeks, element_of)
    _add_removals(elements, told.taken, map(index.get, takes))
    _add_peeks(elements, told.peeked, map(index.get, peeks))
    meter.spend(meter.explored, BYTES_AN_OPERATION * len(operations))
    _find_lost(elements, operations)
    meter.look(len(operations))
    _find_disorder(elements)
    meter.look(len(operations))
    return elements


class _Told(NamedTuple):
    """Columns: ranks of all operations; positions and values of each kind of them."""

    invoked: list[int]
    completed: list[int | None]
    insertion: list[int]
    arguments: list[Any]
    taken: list[int]
    takes: list[Any]
    peeked: list[int]
    peeks: list[Any]
    empties: list[int]
    crashed: list[int]
    refused: list[Any]


def _told(operations: Sequence[Operation], names: Names, meter: Meter) -> _Told:
    told = _Told([], [], [], [], [], [], [], [], [], [], [])
    all_invoked, all_completed, insertion, arguments, taken, takes, *_ = told
    to_insertion, to_arguments = insertion.append, arguments.append
    to_taken, to_takes = taken.append, takes.append
    insert, remove = names
    for start, block in blocks(operations, meter):
        _, fs, _, given, results, outcomes, invoked, completed, *_ = block
        all_invoked += invoked
        all_completed += completed
        if outcomes.count("ok") < len(outcomes):
            _tell_each(told, names, start, block)
            continue
        positions = range(start, start + len(fs))
        for at, f, argument, result in zip(positions, fs, given, results, strict=True):
            if f == insert:
                to_insertion(at)
                to_arguments(argument)
            elif f == remove:
                if result is None:
                    told.empties.append(at)
                else:
                    to_taken(at)
                    to_takes(result)
            elif f != "peek":
                raise NotApplicable(f"{f!r} is none of {insert}, {remove} and peek")
            elif result is None:
                told.empties.append(at)
            else:
                told.peeked.append(at)
                told.peeks.append(result)
    return told


def _tell_each(told: _Told, names: Names, start: int, block: Block) -> None:
    """A block of which some operations failed, or crashed."""
    insert, remove = names
    _, fs, _, arguments, results, outcomes, *_ = block
    rows = zip(fs, arguments, results, outcomes, strict=True)
    for at, (f, argument, result, outcome) in enumerate(rows, start):
        if f == insert:
            if outcome == "fail":
                told.refused.append(argument)
            else:
                told.insertion.append(at)
                told.arguments.append(argument)
        elif f != remove and f != "peek":
            raise NotApplicable(f"{f!r} is none of {insert}, {remove} and peek")
        elif outcome == "ok":
            if result is None:
                told.empties.append(at)
            elif f == remove:
                told.taken.append(at)
                told.takes.append(result)
            else:
                told.peeked.append(at)
                told.peeks.append(result)
        elif outcome == "info" and f == remove:
            told.crashed.append(at)


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


def _slots(invoked: list[int], completed: list[int | None]) -> tuple[list[int], list[int], int]:
    """For each operation the first and last slot in which it may happen; the number of slots."""
    crashes = None in completed
    ended: Any = [rank for rank in completed if rank is not None] if crashes else completed
    # A rank of nobody counts as an invocation: it can only make slots that nobody needs.
    running = bytearray(b"\x01") * (_SPARSE * (len(invoked) + 16))
    if invoked and not 0 <= invoked[0] <= invoked[-1] < len(running):
        return _slots(*_renumbered(invoked, completed))
    try:
        for rank in ended:
            running[rank] = 0
    except IndexError:
        return _slots(*_renumbered(invoked, completed))
    del running[max(running.rfind(0), *invoked[-1:], 0) + 1 :]
    # A slot begins where a one follows a zero. All at once, as bytes of one large number.
    bits = int.from_bytes(running, "little")
    starts = (bits & ~(bits << 8 | 1)).to_bytes(len(running), "little")
    # One object for each slot, for all columns to share: that is less to hold and to fetch.
    slots = starts.count(1) + 1
    slot = list(map(list(range(slots)).__getitem__, accumulate(starts)))
    begin = list(map(slot.__getitem__, invoked))
    if crashes:
        return begin, [slots if rank is None else slot[rank] for rank in completed], slots
    return begin, list(map(slot.__getitem__, ended)), slots


def _renumbered(
    invoked: list[int], completed: list[int | None]
) -> tuple[list[int], list[int | None]]:
    """Ranks in the same order, without gaps."""
    ended = [rank for rank in completed if rank is not None]
    number = {rank: at for at, rank in enumerate(sorted({*invoked, *ended}))}
    return (
        [number[rank] for rank in invoked],
        [None if rank is None else number[rank] for rank in completed],
    )


def _add_removals(elements: Elements, positions: list[int], rows: Iterable[int | None]) -> None:
    removal, settled, until, gone = (
        elements.removal,
        elements.settled,
        elements.until,
        elements.gone,
    )
    begins = map(elements.begin.__getitem__, positions)
    ends = map(elements.end.__getitem__, positions)
    for position, element, begin, end in zip(positions, rows, begins, ends, strict=True):
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


def _add_peeks(elements: Elements, positions: list[int], rows: Iterable[int | None]) -> None:
    peeked, before = elements.peeked, elements.peeked_before
    settled, until = elements.settled, elements.until
    begins = map(elements.begin.__getitem__, positions)
    ends = map(elements.end.__getitem__, positions)
    for position, element, begin, end in zip(positions, rows, begins, ends, strict=True):
        if element is None:
            raise Contradiction(position)
        if element in peeked:
            before[position] = peeked[element]
        peeked[element] = position
        if begin > until[element]:
            until[element] = begin
        if end < settled[element]:
            settled[element] = end


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
