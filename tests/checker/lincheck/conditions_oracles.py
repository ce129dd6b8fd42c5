"""Oracles of weaker conditions, which try everything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from graphlib import CycleError, TopologicalSorter
from itertools import combinations, permutations, product
from typing import Any

from checker.history import Operation
from checker.lincheck.conditions import (
    MONOTONIC_READS,
    MONOTONIC_WRITES,
    READ_YOUR_WRITES,
    WRITES_FOLLOW_READS,
)
from checker.models import get_model
from tests.checker.brute_force import _specification


def interleaved(operations: Sequence[Operation], name: str) -> bool:
    """The oracle: is some interleaving of the processes legal? It tries them all."""
    model = get_model(name)
    items = [(each, call) for each in operations if (call := model.parse(each)) is not None]
    advance, initial = _specification(items, model)
    queues: dict[Any, list[Any]] = {}
    for operation, call in items:
        queues.setdefault(operation.process, []).append((operation, call))

    def explore(left: list[list[Any]], state: Any) -> bool:
        if all(operation.completed is None for queue in left for operation, _ in queue):
            return True
        for at, queue in enumerate(left):
            if queue:
                allowed, after = advance(state, queue[0][1])
                if allowed and explore([*left[:at], queue[1:], *left[at + 1 :]], after):
                    return True
        return False

    return explore(list(queues.values()), initial)


def explained(operations: Sequence[Operation], guarantees: Sequence[str]) -> bool:
    """The oracle, from the definition: it tries every arbitration and everything reads may see."""
    calls = [(each, get_model("cas-register").parse(each)) for each in operations]
    crashed = [each for each, _ in calls if each.completed is None]
    for count in range(len(crashed) + 1):
        for gone in combinations(crashed, count):
            kept = [(each, call) for each, call in calls if each not in gone]
            if explained_by_all(kept, guarantees):
                return True
    return False


def explained_by_all(calls: Sequence[Any], guarantees: Sequence[str]) -> bool:
    writes = [
        at
        for at, (_, call) in enumerate(calls)
        if call.f == "write" or (call.f == "cas" and call.result)
    ]
    reads = [at for at, (_, call) in enumerate(calls) if call.f != "write"]
    value = {
        at: calls[at][1].argument if calls[at][1].f == "write" else calls[at][1].argument[1]
        for at in writes
    }
    for order in permutations(writes):
        before = {(a, b) for i, a in enumerate(order) for b in order[i + 1 :]}
        options = [list(sights(calls, read, order, value)) for read in reads]
        for sight in product(*options):
            if keeps(calls, dict(zip(reads, sight, strict=True)), writes, before, guarantees):
                return True
    return False


def sights(calls: Sequence[Any], read: int, order: Sequence[int], value: Any) -> Iterator[set[int]]:
    _, (f, key, argument, result, _effect) = calls[read]
    for size in range(len(order) + 1):
        for seen in combinations(order, size):
            last = None
            for write in seen:
                if calls[write][1].key == key:
                    last = write
            got = None if last is None else value[last]
            if f == "read":
                legal = got == result
            elif result:
                legal = got == argument[0] and read not in seen
                # It replaces what it read.
                legal = legal and (last is None or order.index(last) < order.index(read))
            else:
                legal = got != argument[0]
            if legal:
                yield set(seen)


def keeps(
    calls: Sequence[Any],
    sight: dict[int, set[int]],
    writes: Sequence[int],
    before: Any,
    guarantees: Sequence[str],
) -> bool:
    def same(a: int, b: int) -> bool:
        """Whether the first belongs to the same process, and is earlier."""
        return calls[a][0].process == calls[b][0].process and a < b

    for read, seen in sight.items():
        if READ_YOUR_WRITES in guarantees and any(same(w, read) and w not in seen for w in writes):
            return False
        if MONOTONIC_READS in guarantees:
            for other, more in sight.items():
                if same(read, other) and not seen <= more:
                    return False
        for w in writes:
            for earlier in writes:
                unseen = (earlier, w) not in before or (w in seen and earlier not in seen)
                if MONOTONIC_WRITES in guarantees and same(earlier, w) and unseen:
                    return False
        if WRITES_FOLLOW_READS in guarantees:
            for w in writes:
                # A compare-and-set is a read followed by a write.
                if same(read, w) or read == w:
                    if any((v, w) not in before for v in seen):
                        return False
                    if any(w in others and not seen <= others for others in sight.values()):
                        return False
    if MONOTONIC_WRITES in guarantees:
        return all((a, b) in before for a in writes for b in writes if same(a, b))
    return True


def explained_by_sets(operations: Sequence[Operation], guarantees: Sequence[str]) -> bool:
    """The theory, spelled out for unique values: least sets of what is seen, and all constraints."""
    numbers = range(len(operations))
    writer = {(o.key, at): at for at, o in enumerate(operations) if o.f != "read"}
    source: dict[int, int | None] = {}
    for at, o in enumerate(operations):
        if o.f != "write":
            value = o.result if o.f == "read" else o.argument[0]
            source[at] = None if value is None else writer[o.key, value]
    own = [
        (a, b)
        for a in numbers
        for b in numbers
        if a < b and operations[a].process == operations[b].process
    ]
    writes = set(writer.values())
    sees: dict[int, set[int]] = {read: set() if w is None else {w} for read, w in source.items()}
    before = {(w, read) for read, w in source.items() if w is not None and read in writes}
    while True:
        size = len(before) + sum(map(len, sees.values()))
        for a, b in own:
            if READ_YOUR_WRITES in guarantees and a in writes and b in sees:
                sees[b].add(a)
            if MONOTONIC_READS in guarantees and a in sees and b in sees:
                sees[b] |= sees[a]
            if MONOTONIC_WRITES in guarantees and a in writes and b in writes:
                before.add((a, b))
                for seen in sees.values():
                    if b in seen:
                        seen.add(a)
        if WRITES_FOLLOW_READS in guarantees:
            for a, b in [*own, *((u, u) for u in source if u in writes)]:
                if a in sees and b in writes:
                    before |= {(w, b) for w in sees[a]}
                    for seen in sees.values():
                        if b in seen:
                            seen.update(sees[a])
        for read, w in source.items():
            same_key = {v for v in sees[read] if operations[v].key == operations[read].key}
            if w is None and same_key:
                return False
            before |= {(v, w) for v in same_key if v != w and w is not None}
        if size == len(before) + sum(map(len, sees.values())):
            break
    sorter = TopologicalSorter({w: [v for v, other in before if other == w] for w in writes})
    try:
        sorter.prepare()
    except CycleError:
        return False
    return True


def earlier_reads(
    operations: Sequence[Operation], name: str, times: Any, delta: int
) -> list[Operation]:
    """Ranks that are twice the times, so that equal ones are concurrent."""
    moved = []
    for each in operations:
        call = get_model(name).parse(each)
        observes = call is not None and call.effect == "observes"
        begin = times[each.invocation] - (delta if observes else 0)
        end = None if each.completed is None else 2 * times[each.completion] + 1
        moved.append(each._replace(invoked=2 * begin, completed=end))
    return moved


def fresh_enough(operations: Sequence[Operation], versions: int) -> bool:
    """The oracle for k-atomicity of one register, with compare-and-set: it tries all orders."""
    parse = get_model("cas-register").parse
    items = [(each, call) for each in operations if (call := parse(each)) is not None]

    def explore(left: list[Any], values: list[Any]) -> bool:
        ends = [each.completed for each, _ in left if each.completed is not None]
        if not ends:
            return True
        for at, (operation, (f, _key, argument, result, _effect)) in enumerate(left):
            if operation.invoked > min(ends):
                continue
            latest = values[-versions:]
            rest = left[:at] + left[at + 1 :]
            if f == "write":
                if explore(rest, [*values, argument]):
                    return True
            elif f == "read":
                if result in latest and explore(rest, values):
                    return True
            elif result:
                if argument[0] in latest and explore(rest, [*values, argument[1]]):
                    return True
            elif any(value != argument[0] for value in latest) and explore(rest, values):
                return True
        return False

    return explore(items, [None])


def check_order(order: Sequence[Operation], operations: Sequence[Operation], name: str) -> None:
    """All that completed and told something, in the order of each process, and legal."""
    model = get_model(name)
    items = [(each, call) for each in order if (call := model.parse(each)) is not None]
    assert len(items) == len(order)
    assert len({each.invoked for each in order}) == len(order)
    for operation in operations:
        if operation.completed is not None and model.parse(operation) is not None:
            assert operation in order
    last: dict[Any, int] = {}
    advance, state = _specification(items, model)
    for operation, call in items:
        assert operation.invoked > last.get(operation.process, -1)
        last[operation.process] = operation.invoked
        allowed, state = advance(state, call)
        assert allowed
