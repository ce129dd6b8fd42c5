"""How long the monitors of stacks and priority queues take, each row in a process of its own.

    python bench/lincheck_stack.py [OPERATIONS ...]

Histories of unique values and ten clients, linearizable by construction: whatever a random client
does next, begin an operation, let it take effect, end it, is done to one queue. ``mixed``: inserts
and removals by chance, one in ten a peek; ``deep``: all insertions first, then all removals;
``waves``: the same a thousand operations at a time. ``bad``: two results far from each other are
exchanged, at two thirds of the history. Seconds are of the processor, the best of three, without
the making; the memory is that of the whole process, with the history.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from heapq import heappop, heappush
from random import Random
from time import process_time

from checker.history import Operation
from checker.lincheck.budget import Budget, Meter
from checker.lincheck.engine import Impossible, Monitor
from checker.lincheck.monitors import priority_queue, stack

MONITORS: dict[str, Monitor] = {"stack": stack.monitor, "priority-queue": priority_queue.monitor}
SHAPES = ("mixed", "deep", "waves")
CLIENTS = 10
ROUNDS = 3


def made(kind: str, shape: str, operations: int, seed: int = 1) -> list[Operation]:
    """A linearizable history of one key, in order of invocation."""
    random = Random(seed)
    chance, pick = random.random, random.randrange
    insert, remove = ("push", "pop") if kind == "stack" else ("insert", "poll")
    values = random.sample(range(2 * operations), operations)
    queue: list[int] = []
    calls: list[str] = []
    results: list[int | None] = []
    invoked: list[int] = []
    completed = [0] * operations
    doing: list[int | None] = [None] * CLIENTS
    done = [False] * CLIENTS
    rank = ended = 0
    wave = operations if shape == "deep" else 1000
    while ended < operations:
        client = pick(CLIENTS)
        at = doing[client]
        if at is None:
            at = len(calls)
            if at == operations:
                continue
            if shape == "mixed":
                drawn = chance()
                calls.append("peek" if drawn < 0.1 else insert if drawn < 0.55 else remove)
            else:
                calls.append(insert if at % wave < wave // 2 else remove)
            results.append(None)
            invoked.append(rank)
            rank += 1
            doing[client], done[client] = at, False
        elif done[client]:
            completed[at] = rank
            rank += 1
            ended += 1
            doing[client] = None
        else:
            done[client] = True
            if calls[at] == insert:
                if kind == "stack":
                    queue.append(values[at])
                else:
                    heappush(queue, values[at])
            elif queue:
                results[at] = queue[-1] if kind == "stack" else queue[0]
                if calls[at] == remove:
                    queue.pop() if kind == "stack" else heappop(queue)
    return [
        Operation(
            at % CLIENTS,
            f,
            None,
            values[at] if f == insert else None,
            results[at],
            "ok",
            invoked[at],
            completed[at],
        )
        for at, f in enumerate(calls)
    ]


def spoil(operations: list[Operation]) -> None:
    """Exchange two results, fifty removals apart."""
    removals = [
        at
        for at in range(len(operations) * 2 // 3, len(operations))
        if operations[at].f in ("pop", "poll") and operations[at].result is not None
    ]
    one, other = removals[0], removals[50]
    first, second = operations[one], operations[other]
    operations[one] = first._replace(result=second.result)
    operations[other] = second._replace(result=first.result)


def row(kind: str, shape: str, operations: int, bad: bool) -> str:
    history = made(kind, shape, operations)
    if bad:
        spoil(history)
    seconds = []
    for _ in range(ROUNDS):
        started = process_time()
        outcome = MONITORS[kind](history, Meter(Budget(seconds=None, memory=None)), False)
        seconds.append(process_time() - started)
    verdict = "possible"
    if isinstance(outcome, Impossible):
        verdict = f"impossible, core {None if outcome.core is None else len(outcome.core)}"
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return (
        f"{kind:15}{shape:7}{'bad' if bad else 'good':5}{operations:>9,}"
        f"{min(seconds):8.2f} s{peak:>7,} MiB  {verdict}"
    )


def main() -> None:
    arguments = sys.argv[1:]
    if arguments[:1] == ["row"]:
        kind, shape, operations, quality = arguments[1:]
        print(row(kind, shape, int(operations), quality == "bad"))
        return
    for operations in arguments or ("100000", "1000000"):
        for kind in MONITORS:
            for shape in SHAPES:
                for quality in ("good", "bad"):
                    command = [sys.executable, __file__, "row", kind, shape, operations, quality]
                    subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
