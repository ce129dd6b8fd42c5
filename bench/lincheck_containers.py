"""How long checking queues, sets, lists, unique ids and counters takes.

    python -m bench.lincheck_containers [OPERATIONS ...] [words of a row's name]

Histories of ten clients with unique values, valid and with one violation; made here, linearizable
by construction: a seeded scheduler picks which client goes on, to invoke, to take effect or to
complete. What is measured, and how, says lincheck_rows.py.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from random import Random
from typing import Any

from bench.lincheck_rows import CLIENTS, Names, main
from checker.history import Operation

Call = tuple[str, Any, Any]
Source = Callable[[Random, int], Call]
"""source(random, number) -> (f, argument, result) of a call that takes effect now."""


def made(count: int, source: Source, seed: int = 1) -> list[Operation]:
    """A history in order of invocation."""
    random = Random(seed).random
    choice = Random(seed + 1)
    stage = [0] * CLIENTS
    invoked = [0] * CLIENTS
    calls: list[Any] = [None] * CLIENTS
    places = [0] * CLIENTS
    operations: list[Any] = []
    clock = finished = number = 0
    while finished < count:
        client = int(random() * CLIENTS)
        if stage[client] == 0:
            if len(operations) == count:
                continue
            invoked[client] = clock
            places[client] = len(operations)
            operations.append(None)
            clock += 1
            stage[client] = 1
        elif stage[client] == 1:
            calls[client] = source(choice, number)
            number += 1
            stage[client] = 2
        else:
            f, argument, result = calls[client]
            operations[places[client]] = Operation(
                client, f, None, argument, result, "ok", invoked[client], clock
            )
            clock += 1
            finished += 1
            stage[client] = 0
    return operations


def queue() -> Source:
    elements: deque[int] = deque()

    def call(random: Random, number: int) -> Call:
        if random.random() < 0.5:
            elements.append(number)
            return "enqueue", number, None
        if random.random() < 0.1:
            return "peek", None, elements[0] if elements else None
        return "dequeue", None, elements.popleft() if elements else None

    return call


def full_set() -> Source:
    """An element is added, asked for, removed, and asked for again."""
    present: deque[int] = deque()
    gone: deque[int] = deque([-1], maxlen=20)

    def call(random: Random, number: int) -> Call:
        kind = random.random()
        if kind < 0.35 or not present:
            present.append(number)
            return "add", number, None
        if kind < 0.5:
            return "contains", present[int(random.random() * min(len(present), 20))], True
        if kind < 0.65:
            return "contains", gone[int(random.random() * len(gone))], False
        gone.append(present.popleft())
        return "remove", gone[-1], None

    return call


def growing(add: str) -> Source:
    """Reads get rarer as their answers get longer: as many elements read as ten times the adds."""
    elements: list[int] = []

    def call(random: Random, number: int) -> Call:
        if random.random() * max(len(elements), 20) < 10:
            return "read", None, list(elements)
        elements.append(number)
        return add, number, None

    return call


def ids() -> Source:
    return lambda _, number: ("generate", None, number)


def steps() -> Source:
    total = 0

    def call(random: Random, number: int) -> Call:
        nonlocal total
        if random.random() < 0.5:
            return "read", None, total
        total += 1
        return "add", 1, None

    return call


def with_violation(operations: list[Operation]) -> list[Operation]:
    """The answers of two operations near the end are exchanged, or one is spoilt."""
    last = len(operations) * 9 // 10
    f = {"add": "contains", "enqueue": "dequeue", "dequeue": "dequeue", "append": "read"}
    kinds = {operation.f for operation in operations}
    asked = next((f[kind] for kind in sorted(kinds) if f.get(kind) in kinds), "read")
    if "generate" in kinds:
        asked = "generate"
    told = [at for at, o in enumerate(operations) if o.f == asked and o.result is not None]
    at = next((at for at in told if at >= last), told[-1])
    operation = operations[at]
    result = operation.result
    if asked == "contains":
        result = not result
    elif isinstance(result, list):
        result = [*result[:10], *result[11:]]
    elif asked == "dequeue":
        other = next(other for other in told if operations[other].invoked > operation.completed)
        operations[other], result = (
            operations[other]._replace(result=result),
            operations[other].result,
        )
    else:
        result = operations[told[0]].result
    operations[at] = operation._replace(result=result)
    return operations


ROWS: dict[str, Callable[[], Source]] = {
    "fifo-queue": queue,
    "set": full_set,
    "g-set": lambda: growing("add"),
    "list-append": lambda: growing("append"),
    "unique-ids": ids,
    "counter": steps,
}


def history(names: Names, count: int, valid: bool) -> list[Operation]:
    operations = made(count, ROWS[names[0]]())
    return operations if valid else with_violation(operations)


if __name__ == "__main__":
    main(history, [(name,) for name in ROWS], "bench.lincheck_containers")
