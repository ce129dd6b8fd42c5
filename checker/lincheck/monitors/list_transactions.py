"""Transactions that append to lists and read them whole, whose elements are unique: near-linear in
what the reads answered.

Theory of operation
-------------------
Adya's graph of dependencies ("Weak consistency", 1999), as Elle infers it from lists (Kingsbury and
Alvaro 2020). A transaction's appends to a key are a *block*: they happen at once, so nothing stands
between them. The longest answer of a key tells the order of all blocks that anybody read; every
other answer must be a beginning of it that ends where a block ends, save what a transaction reads
of its own. Then, with the blocks W1, ..., Wp of a key and its unread ones U:

- Wi comes before Wi+1;
- who read the first j blocks comes after Wj and before Wj+1;
- each of U comes after Wp and after whoever read all blocks; one of U that read them itself comes
  before the others of U, and there can be no two of that kind;
- who had completed comes before whoever was invoked afterwards.

All of this is so in any legal order. If these demands make no circle any order that keeps to them
is legal: blocks stand in the order in which they were read, and each read behind those that it
answers. So the transactions are possible if and only if there is no circle. One that crashed is in
no order unless somebody read what it appended.

Where elements are appended twice, the rest is judged as if these were not there. What is then
impossible was impossible before (Projection.onto); what is possible is not known to be.

The last demand would be quadratic. A chain of moments, one a completion, stands for it: each
operation comes before its own completion, and after the last completion before its invocation.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Iterable, Sequence, Set
from itertools import pairwise
from typing import Any

from checker.lincheck.budget import Meter
from checker.lincheck.engine import Impossible, NotApplicable, Outcome, Possible
from checker.lincheck.parts import Entry, Part
from checker.models.model import UNKNOWN

_BYTES = 800
"""What this holds for each operation: its keys, its places in tables, its demands."""

_BETWEEN_LOOKS = (1 << 8) - 1
"""Operations between two looks at the budget: a read may be long."""

Answer = tuple[Any, ...]


class _Contradiction(Exception):
    """The transactions at these positions cannot be."""

    def __init__(self, *positions: int) -> None:
        super().__init__()
        self.positions = positions


def monitor(part: Part, meter: Meter, order: bool) -> Outcome:
    """Judge transactions over lists; raises NotApplicable, BudgetExhausted."""
    entries = part.entries
    meter.spend(meter.explored, len(entries) * _BYTES)
    twice = _twice(entries)
    try:
        lists = _read(entries, twice, meter)
        demands = _Demands(entries)
        for each in lists.values():
            each.order_blocks()
        seen = {at for each in lists.values() for at in each.blocks}
        for each in lists.values():
            each.demand(demands, seen)
        order_found = demands.in_order(seen, meter)
    except _Contradiction as found:
        return Impossible(core=tuple(sorted(set(found.positions))))
    if twice:
        raise NotApplicable("elements are appended twice")
    return Possible(order_found if order else None)


def _twice(entries: Sequence[Entry]) -> set[tuple[Any, Any]]:
    """The elements that are appended more than once, each with its key."""
    appended = Counter(
        (key, value) for e in entries for small, key, value in e.call.argument if small != "r"
    )
    return {each for each, count in appended.items() if count > 1}


def _read(entries: Sequence[Entry], twice: set[tuple[Any, Any]], meter: Meter) -> dict[Any, _List]:
    """What the transactions say of each list."""
    lists: dict[Any, _List] = {}
    for at, entry in enumerate(entries):
        if at & _BETWEEN_LOOKS == _BETWEEN_LOOKS:
            meter.look()
        for small, key, value in entry.call.argument:
            of_key = lists.get(key)
            if of_key is None:
                of_key = lists[key] = _List()
            if small != "r":
                if (key, value) not in twice:
                    of_key.append(at, value)
            elif value is not UNKNOWN:
                answer = value
                if twice:
                    answer = tuple(each for each in value if (key, each) not in twice)
                of_key.read(at, answer)
    return lists


class _List:
    """One key: the block of each transaction, and what it read before its block."""

    __slots__ = ("_bases", "_before", "_longest", "_own", "_reader", "_writers", "blocks")

    def __init__(self) -> None:
        self._own: dict[int, list[Any]] = {}
        self._writers: dict[Any, int] = {}
        self._bases: dict[int, Answer] = {}
        self._longest: Answer = ()
        self._reader = -1
        # The transactions whose blocks were read, in order, and how many elements stand before.
        self.blocks: list[int] = []
        self._before: list[int] = [0]

    def append(self, at: int, element: Any) -> None:
        self._own.setdefault(at, []).append(element)
        self._writers[element] = at

    def read(self, at: int, answer: Answer) -> None:
        if len(answer) > len(self._longest):
            self._longest, self._reader = answer, at
        own = self._own.get(at)
        if own is not None:
            length = len(answer) - len(own)
            if length < 0 or answer[length:] != tuple(own):
                raise _Contradiction(at)
            answer = answer[:length]
        if self._bases.setdefault(at, answer) != answer:
            raise _Contradiction(at)

    def order_blocks(self) -> None:
        """The order of the blocks, by the longest answer."""
        longest, reader = self._longest, self._reader
        placed: set[int] = set()
        at = 0
        while at < len(longest):
            writer = self._writers.get(longest[at])
            if writer is None or writer in placed:
                raise _Contradiction(reader)
            own = self._own[writer]
            shown = longest[at : at + len(own)]
            if shown != tuple(own[: len(shown)]):
                raise _Contradiction(reader, writer)
            placed.add(writer)
            self.blocks.append(writer)
            at += len(own)
            self._before.append(at)

    def demand(self, demands: _Demands, seen: Set[int]) -> None:
        """What must stand before what; ``seen``: whose appends were read, of whatever list."""
        blocks, longest = self.blocks, self._longest
        place = {writer: number for number, writer in enumerate(blocks)}
        unread = [
            at for at in self._own if at not in place and (at in seen or not demands.crashed(at))
        ]
        for first, second in pairwise(blocks):
            demands.before(first, second)
        readers: list[int] = []
        first_unread: int | None = None
        for at, base in self._bases.items():
            if longest[: len(base)] != base:
                raise _Contradiction(at, self._reader)
            number = bisect_left(self._before, len(base))
            if self._before[number] != len(base):
                raise _Contradiction(at, blocks[number - 1])
            if number:
                if place.get(at, number) < number:
                    raise _Contradiction(at)
                demands.before(blocks[number - 1], at)
            if number < len(blocks):
                if blocks[number] != at:
                    demands.before(at, blocks[number])
            elif at not in self._own:
                readers.append(at)
            elif first_unread is not None:
                raise _Contradiction(at, first_unread)
            else:
                first_unread = at
        firsts = [*blocks[-1:], *readers]
        if first_unread is not None:
            for at in firsts:
                demands.before(at, first_unread)
            firsts.append(first_unread)
        demands.all_before(firsts, [at for at in unread if at != first_unread])


class _Demands:
    """Which must stand before which: a graph of operations, and of moments between them."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = entries
        self._after: list[list[int]] = [[] for _ in entries]

    def crashed(self, at: int) -> bool:
        return self._entries[at].completed is None

    def before(self, first: int, second: int) -> None:
        self._after[first].append(second)

    def all_before(self, firsts: Iterable[int], seconds: Sequence[int]) -> None:
        """All of the one before all of the other."""
        if seconds:
            moment = len(self._after)
            self._after.append(list(seconds))
            for at in firsts:
                self._after[at].append(moment)

    def in_order(self, seen: Set[int], meter: Meter) -> list[int]:
        """The operations in an order that keeps to all demands; ``seen``: those whose appends were
        read. Raises _Contradiction if there is none."""
        after, count = self._after, len(self._entries)
        gone = {at for at in range(count) if self.crashed(at) and at not in seen}
        self._demand_real_time()
        missing = [0] * len(after)
        for nexts in after:
            for each in nexts:
                missing[each] += 1
        meter.look(len(after))
        ready = deque(node for node, left in enumerate(missing) if not left)
        order: list[int] = []
        placed = 0
        while ready:
            node = ready.popleft()
            placed += 1
            if node < count and node not in gone:
                order.append(node)
            for each in after[node]:
                missing[each] -= 1
                if not missing[each]:
                    ready.append(each)
            if placed & _BETWEEN_LOOKS == _BETWEEN_LOOKS:
                meter.look()
        if placed < len(after):
            raise _Contradiction(*self._circle([bool(left) for left in missing]))
        return order

    def _demand_real_time(self) -> None:
        after = self._after
        ended = [(e.completed, at) for at, e in enumerate(self._entries) if e.completed is not None]
        ended.sort()
        first = len(after)
        after.extend([first + number + 1] for number in range(len(ended)))
        if ended:
            after[-1].clear()
        for number, (_, at) in enumerate(ended):
            after[at].append(first + number)
        ends = [end for end, _ in ended]
        for at, entry in enumerate(self._entries):
            number = bisect_left(ends, entry.invoked)
            if number:
                after[first + number - 1].append(at)

    def _circle(self, left: Sequence[bool]) -> list[int]:
        """The operations of a short circle among the nodes that are left, each of which has one
        that is left before it."""
        before: dict[int, int] = {}
        for node, nexts in enumerate(self._after):
            if left[node]:
                before.update((each, node) for each in nexts if left[each])
        start = left.index(True)
        for _ in range(len(left)):
            start = before[start]
        # It is on a circle now; the way back to it that is shortest is found in breadth.
        came: dict[int, int] = {}
        waiting = deque([start])
        while start not in came:
            node = waiting.popleft()
            for each in self._after[node]:
                if left[each] and each not in came:
                    came[each] = node
                    waiting.append(each)
        circle, node = [start], came[start]
        while node != start:
            circle.append(node)
            node = came[node]
        return [node for node in circle if node < len(self._entries)]
