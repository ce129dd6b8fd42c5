"""How long the monitors of containers take: seconds of the processor, and peak memory.

    python bench/lincheck_containers.py [OPERATIONS ...] [--order]

Histories of 10 clients with unique values, 100,000 and 1,000,000 operations unless told otherwise,
valid and with one violation; made here, linearizable by construction: a seeded scheduler picks
which client goes on, to invoke, to take effect or to complete. Each row is measured in a process of
its own, the best of three; "held" is what the history itself takes.
"""

from __future__ import annotations

import gc
import resource
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator
from random import Random
from time import process_time
from typing import Any

from checker.history import Operation
from checker.lincheck.budget import Budget, Meter
from checker.lincheck.engine import Monitor
from checker.lincheck.monitors import counter, fifo_queue, list_append, sets, unique_ids

CLIENTS = 10
ROUNDS = 3

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


ROWS: dict[str, tuple[Monitor, Callable[[], Source]]] = {
    "fifo-queue": (fifo_queue.monitor, queue),
    "set": (sets.full_set, full_set),
    "g-set": (sets.grow_only_set, lambda: growing("add")),
    "list-append": (list_append.monitor, lambda: growing("append")),
    "unique-ids": (unique_ids.monitor, ids),
    "counter": (counter.monitor, steps),
}


def peak() -> float:
    """The peak of the resident set, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(name: str, count: int, valid: bool, order: bool) -> str:
    monitor, source = ROWS[name]
    operations = made(count, source())
    if not valid:
        operations = with_violation(operations)
    gc.collect()
    held = peak()
    took = []
    for _ in range(ROUNDS):
        started = process_time()
        outcome = monitor(operations, Meter(Budget()), order)
        took.append(process_time() - started)
    core = getattr(outcome, "core", None)
    verdict = type(outcome).__name__ + (f", core of {len(core)}" if core else "")
    return (
        f"{name:12} {count:9,} {min(took):7.2f} s, peak {peak():6.0f} MiB "
        f"(held {held:.0f}): {verdict}"
    )


def rows(counts: list[int]) -> Iterator[tuple[str, int, bool]]:
    for name in ROWS:
        for count in counts:
            for valid in (True, False):
                yield name, count, valid


def main() -> None:
    arguments = [each for each in sys.argv[1:] if each != "--order"]
    order = "--order" in sys.argv
    if arguments and arguments[0] in ROWS:
        name, count, valid = arguments
        print(measure(name, int(count), valid == "valid", order), flush=True)
        return
    for name, count, valid in rows([int(each) for each in arguments] or [100_000, 1_000_000]):
        row = [name, str(count), "valid" if valid else "invalid", *(["--order"] if order else [])]
        subprocess.run([sys.executable, __file__, *row], check=True)


if __name__ == "__main__":
    main()
