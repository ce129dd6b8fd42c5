"""The arbitration of writes that session guarantees ask for, when each read names its source.

``sessions.py`` tells the theory. A graph has two nodes for each access, one that reads and one that
writes, and helping nodes that stand for "all writes (reads) of this process so far", so that the
number of edges is linear.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from checker.history import Operation
from checker.lincheck.budget import Meter
from checker.lincheck.conditions.accesses import INITIAL, Accesses
from checker.models.model import Key

READ_YOUR_WRITES = "read-your-writes"
MONOTONIC_READS = "monotonic-reads"
MONOTONIC_WRITES = "monotonic-writes"
WRITES_FOLLOW_READS = "writes-follow-reads"

GUARANTEES = (READ_YOUR_WRITES, MONOTONIC_READS, MONOTONIC_WRITES, WRITES_FOLLOW_READS)

Choice = Mapping[int, int]
"""The source of each reader, INITIAL for none; a reader that is missing is not judged."""


class Kept(NamedTuple):
    """The guarantees hold: the writes in arbitration."""

    order: tuple[Operation, ...]


class Broken(NamedTuple):
    """These operations cannot be explained."""

    operations: tuple[Operation, ...]
    reason: str


class Undecided(NamedTuple):
    """All other answers are explained, but this reader, which has no source yet, must have one: the
    least solution gives it the value that it did not see."""

    reader: int


Answer = Kept | Broken | Undecided


def arbitrate(
    accesses: Accesses, guarantees: frozenset[str], choice: Choice, meter: Meter
) -> Answer:
    """Whether there is an arbitration that keeps the guarantees, if reads have these sources.

    Raises BudgetExhausted.
    """
    # Without the rules that carry sights from write to write, keys have nothing to do with each
    # other.
    local = guarantees <= {READ_YOUR_WRITES, MONOTONIC_READS}
    order: list[Operation] = []
    undecided = None
    for part in accesses.by_key() if local else (accesses,):
        answer = _Graph(part, guarantees, choice, meter).judge()
        if isinstance(answer, Broken):
            return answer
        if isinstance(answer, Undecided):
            undecided = answer
        else:
            order.extend(answer.order)
    return undecided or Kept(tuple(order))


class _Graph:
    """Node 2 i reads for access i, node 2 i + 1 writes for it; helping nodes come after."""

    def __init__(
        self, accesses: Accesses, guarantees: frozenset[str], choice: Choice, meter: Meter
    ) -> None:
        self._accesses = accesses.accesses
        self._sessions = accesses.sessions
        self._initial = accesses.initial
        self._choice = choice
        self._meter = meter
        self._guarantees = guarantees
        # Edges by node. What is seen travels along these; the arbitration must hold the others too.
        self._after: dict[int, list[int]] = {}
        self._more: dict[int, list[int]] = {}
        # For an edge that a read asks for: that read.
        self._because: dict[tuple[int, int], int] = {}
        self._nodes = 2 * len(self._accesses)
        # For a read: the helping node of its process's writes. For a crashed access that happened:
        # who saw it.
        self._own: dict[int, int] = {}
        self._proof: dict[int, int] = {}
        self._connect()

    def judge(self) -> Answer:
        """Whether the arbitration exists, and which it is."""
        order = self._sort(self._after)
        if len(order) < len(self._after):
            return self._circle(order)
        broken = self._see(order)
        if broken is not None:
            return broken
        order = self._sort(self._after, self._more)
        if len(order) < len(self._after):
            return self._circle(order)
        return self._check_mismatches(order)

    # The graph

    def _connect(self) -> None:
        read_your_writes = READ_YOUR_WRITES in self._guarantees
        monotonic_reads = MONOTONIC_READS in self._guarantees
        monotonic_writes = MONOTONIC_WRITES in self._guarantees
        writes_follow_reads = WRITES_FOLLOW_READS in self._guarantees
        happened = self._happened()
        for session in self._sessions:
            last_read = last_write = writes_so_far = reads_so_far = None
            for at in session:
                access = self._accesses[at]
                if at not in happened:
                    continue
                if access.reads:
                    read = self._node(2 * at)
                    source = self._choice.get(at, INITIAL)
                    if source != INITIAL:
                        self._edge(2 * source + 1, read)
                    if monotonic_reads and last_read is not None:
                        self._edge(last_read, read)
                    if writes_so_far is not None:
                        self._edge(writes_so_far, read)
                        self._own[read] = writes_so_far
                    last_read = read
                    if writes_follow_reads:
                        reads_so_far = self._helper(reads_so_far, read)
                if access.writes:
                    write = self._node(2 * at + 1)
                    if monotonic_writes and last_write is not None:
                        self._edge(last_write, write)
                    if reads_so_far is not None:
                        self._edge(reads_so_far, write)
                    if access.reads and self._choice.get(at, INITIAL) != INITIAL:
                        self._more.setdefault(2 * self._choice[at] + 1, []).append(write)
                        self._because[2 * self._choice[at] + 1, write] = 2 * at
                    last_write = write
                    if read_your_writes:
                        writes_so_far = self._helper(writes_so_far, write)

    def _happened(self) -> set[int]:
        """What completed, and what crashed but was seen."""
        choice = self._choice
        waiting = [at for session in self._sessions for at in session if self._accesses[at].sure]
        happened = set(waiting)
        while waiting:
            reader = waiting.pop()
            source = choice.get(reader, INITIAL)
            if source != INITIAL and source not in happened:
                happened.add(source)
                self._proof[source] = reader
                waiting.append(source)
        return happened

    def _node(self, node: int) -> int:
        self._after.setdefault(node, [])
        return node

    def _helper(self, before: int | None, node: int) -> int:
        """A node that stands for another helper's and one more."""
        helper = self._node(self._nodes)
        self._nodes += 1
        if before is not None:
            self._edge(before, helper)
        self._edge(node, helper)
        return helper

    def _edge(self, before: int, after: int) -> None:
        self._after.setdefault(before, []).append(after)

    def _is_write(self, node: int) -> bool:
        return node < 2 * len(self._accesses) and node % 2 == 1

    def _sort(self, *edges: dict[int, list[int]]) -> list[int]:
        """The nodes in topological order, the earliest invoked first; without those on circles and
        behind them."""
        missing = dict.fromkeys(self._after, 0)
        for each in edges:
            for successors in each.values():
                for node in successors:
                    missing[node] += 1
        ready = [self._rank(node) for node in missing if not missing[node]]
        heapq.heapify(ready)
        order = []
        while ready:
            _, node = heapq.heappop(ready)
            order.append(node)
            for each in edges:
                for after in each.get(node, ()):
                    missing[after] -= 1
                    if not missing[after]:
                        heapq.heappush(ready, self._rank(after))
        return order

    def _rank(self, node: int) -> tuple[int, int]:
        """In order of invocation; helping nodes as soon as may be."""
        return (node // 2 if node < 2 * len(self._accesses) else -1, node)

    # What is seen

    def _see(self, order: Sequence[int]) -> Broken | None:
        """Add what each read asks of the arbitration; Broken if one saw a write it cannot have."""
        accesses, choice = self._accesses, self._choice
        explored = self._meter.explored
        report_at = explored
        bits: dict[int, int] = {}
        writes: list[int] = []
        of_key: dict[Key, int] = {}
        # The writes that are seen at each node that is still to come, and, of those that are
        # behind, the writes known to be arbitrated before them.
        seen = dict.fromkeys(order, 0)
        self._earlier: dict[int, int] = {}
        self._seen_by_mismatch: dict[int, int] = {}
        earlier = self._earlier
        held = 0
        for node in order:
            explored += 1
            mask = seen.pop(node)
            if self._is_write(node):
                bits[node] = 1 << len(writes)
                writes.append(node)
                key = accesses[node // 2].key
                of_key[key] = of_key.get(key, 0) | bits[node]
                earlier[node] = mask
                held += len(writes) >> 2
                mask |= bits[node]
            elif node < 2 * len(accesses):
                at = node // 2
                same_key = mask & of_key.get(accesses[at].key, 0)
                if at not in choice:
                    if accesses[at].mismatched:
                        self._seen_by_mismatch[at] = same_key
                else:
                    source = choice[at]
                    if source == INITIAL:
                        if same_key:
                            return self._saw_nothing(node, writes[same_key.bit_length() - 1])
                    else:
                        target = 2 * source + 1
                        left = same_key & ~earlier[target] & ~bits[target]
                        if left:
                            explored += self._order_before(node, target, left, mask, bits, writes)
            elif self._own:
                earlier[node] = mask
                held += len(writes) >> 3
            for after in self._after[node]:
                seen[after] |= mask
            if explored >= report_at:
                report_at = self._meter.spend(explored, held + 200 * len(self._after))
        self._meter.spend(explored, held + 200 * len(self._after))
        self._writes = writes
        return None

    def _order_before(
        self,
        read: int,
        target: int,
        left: int,
        seen: int,
        bits: dict[int, int],
        writes: list[int],
    ) -> int:
        """Edges such that all writes in ``left`` come before the target; how many they are."""
        earlier = self._earlier
        count = 0
        own = self._own.get(read)
        if own is not None and left.bit_count() > 2:
            mine = earlier[own]
            # One edge for all own writes, if the target and other keys are not among them.
            if not mine & bits[target] and not mine & ~left & ~earlier[target]:
                self._ask(own, target, read)
                earlier[target] |= mine
                left &= ~mine
                count += 1
        while left:
            at = left.bit_length() - 1
            write = writes[at]
            self._ask(write, target, read)
            earlier[target] |= earlier[write] | bits[write]
            left &= ~(earlier[write] | bits[write])
            count += 1
        return count

    def _ask(self, before: int, after: int, read: int) -> None:
        self._more.setdefault(before, []).append(after)
        self._because.setdefault((before, after), read)

    # Evidence

    def _saw_nothing(self, read: int, write: int) -> Broken:
        path = self._path(write, read)
        assert path is not None, "what is seen is seen along a path"
        reader = self._operation(read)
        return Broken(
            self._operations(path),
            f"{reader}: the value before any write, after {self._operation(write)} was in sight",
        )

    def _circle(self, sorted_: Sequence[int]) -> Broken:
        """The shortest circle among the nodes that could not be sorted."""
        within = set(self._after).difference(sorted_)
        best = self._some_circle(within)
        starts = [node for node in best if self._is_write(node)]
        for start in starts[:_STARTS_MAX]:
            best = self._path(start, start, within, len(best)) or best
        # It begins, and ends, with a write.
        at = next(at for at, node in enumerate(best) if self._is_write(node))
        best = [*best[at:-1], *best[: at + 1]]
        shown: list[int] = []
        words: list[str] = []
        last_write = best[0]
        for before, node in pairwise(best):
            read = self._because.get((before, node))
            if read is not None:
                path = self._path(last_write, read)
                assert path is not None
                shown.extend(path)
            if self._is_write(node):
                words.append(self._why(last_write, node, read))
                last_write = node
        shown.extend(best)
        return Broken(
            self._operations(shown), f"no order of the writes will do: {'; '.join(words)}"
        )

    def _some_circle(self, rest: set[int]) -> list[int]:
        """A circle among nodes each of which has one before it; its first node is also its last."""
        before: dict[int, int] = {}
        for node in sorted(rest):
            for after in (*self._after[node], *self._more.get(node, ())):
                if after in rest:
                    before[after] = node
        node = min(rest)
        way: dict[int, int] = {}
        while node not in way:
            way[node] = len(way)
            node = before[node]
        circle = list(way)[way[node] :]
        return [node, *reversed(circle)]

    def _why(self, before: int, after: int, read: int | None) -> str:
        first, second = self._operation(before), self._operation(after)
        if read is None:
            return f"({first}) is before ({second}), as processes saw them"
        if read + 1 == after:
            return f"({first}) is before ({second}), which replaced its value"
        return f"({first}) is before ({second}), for it was in sight of ({self._operation(read)})"

    def _path(
        self, start: int, end: int, within: set[int] | None = None, shorter: int | None = None
    ) -> list[int] | None:
        """The shortest way; only what is seen counts, unless nodes to stay within are given."""
        came: dict[int, int] = {}
        waiting = deque([(start, 1)])
        while waiting:
            node, length = waiting.popleft()
            if shorter is not None and length >= shorter:
                return None
            successors: Iterable[int] = self._after[node]
            if within is not None:
                successors = [
                    after for after in (*successors, *self._more.get(node, ())) if after in within
                ]
            for after in successors:
                if after not in came:
                    came[after] = node
                    if after == end:
                        path = [end, came[end]]
                        while path[-1] != start:
                            path.append(came[path[-1]])
                        return path[::-1]
                    waiting.append((after, length + 1))
        return None

    def _operation(self, node: int) -> Operation:
        return self._accesses[node // 2].operation

    def _operations(self, nodes: Iterable[int]) -> tuple[Operation, ...]:
        limit = 2 * len(self._accesses)
        places = {node // 2 for node in nodes if node < limit}
        waiting = [place for place in places if place in self._proof]
        while waiting:
            seen_by = self._proof[waiting.pop()]
            places.add(seen_by)
            if seen_by in self._proof:
                waiting.append(seen_by)
        return tuple(self._accesses[place].operation for place in sorted(places))

    def _check_mismatches(self, order: Sequence[int]) -> Answer:
        writes = [node for node in order if self._is_write(node)]
        place = {node: at for at, node in enumerate(writes)}
        for reader, mask in self._seen_by_mismatch.items():
            last = max(
                (node for at, node in enumerate(self._writes) if mask >> at & 1),
                key=place.__getitem__,
                default=None,
            )
            value = self._initial if last is None else self._accesses[last // 2].value_written
            if value == self._accesses[reader].value_read:
                return Undecided(reader)
        return Kept(tuple(self._operation(node) for node in writes))


_STARTS_MAX = 64
"""Writes from which a shortest circle is looked for."""
