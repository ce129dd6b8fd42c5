"""How long checking stacks and priority queues takes.

    python -m bench.lincheck_stack [OPERATIONS ...] [words of a row's name]

Histories of unique values and ten clients, linearizable by construction: whatever a random client
does next, begin an operation, let it take effect, end it, is done to one queue. ``mixed``: inserts
and removals by chance, one in ten a peek; ``deep``: all insertions first, then all removals;
``waves``: the same a thousand operations at a time. Invalid: two results far from each other are
exchanged, at two thirds of the history. What is measured, and how, says lincheck_rows.py.
"""

from __future__ import annotations

from heapq import heappop, heappush
from random import Random

from bench.lincheck_rows import CLIENTS, Names, main
from checker.history import Operation

KINDS = ("stack", "priority-queue")
SHAPES = ("mixed", "deep", "waves")


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


def history(names: Names, count: int, valid: bool) -> list[Operation]:
    operations = made(*names, count)
    if not valid:
        spoil(operations)
    return operations


if __name__ == "__main__":
    main(history, [(kind, shape) for kind in KINDS for shape in SHAPES], "bench.lincheck_stack")
