"""How long keys take whose texts are appended to, with unique texts, and what is held meanwhile.

    python bench/lincheck_appends.py [OPERATIONS]

Histories of ``kv-empty`` (10^5 operations unless told otherwise) by 10 clients that are always
busy, linearizable by construction: a seeded scheduler picks which client goes on next, to invoke,
to take effect or to complete. On 100 keys half of the operations are gets, and 1 % are puts, which
begin a new text; on one key few are gets, for the text becomes as long as all that was appended.
``violation``: a get near the end misses an append that had completed before it began.

Times are processor time of ``check``, in ms, from operations in memory: the best of three without
certificate, and once with one, for which there are 10 seconds; that of a violation is a conflict,
minimal if there was time. ``read``: the characters of
all answers. ``held``: the most that ``check`` held at a time beside the history, in MiB.
"""

from __future__ import annotations

import gc
import sys
import tracemalloc
from collections.abc import Sequence
from random import Random
from time import process_time
from typing import Any, NamedTuple

from checker.history import Operation
from checker.lincheck import Budget, check
from checker.lincheck.conflict import Conflict
from checker.models import get_model

ROUNDS = 3


class Row(NamedTuple):
    """One history: how many keys, and what share of the operations are gets and puts."""

    name: str
    keys: int
    gets: float
    puts: float
    violation: bool = False


ROWS = (
    Row("100 keys", 100, 0.5, 0.01),
    Row("100 keys, violation", 100, 0.5, 0.01, True),
    Row("one key, long texts", 1, 0.002, 0.0),
    Row("one key, long texts, violation", 1, 0.002, 0.0, True),
    Row("one key, many puts", 1, 0.4, 0.1),
)


def made(row: Row, count: int, clients: int = 10) -> list[Operation]:
    """``count`` operations in order of invocation; each text is new."""
    random = Random(row.name)
    operations: list[Any] = [None] * count
    texts: dict[str, str] = {}
    idle, invoked, done = 0, 1, 2
    phases = [idle] * clients
    open_: list[Any] = [None] * clients
    rank = started = finished = 0
    while finished < count:
        client = random.randrange(clients)
        if phases[client] == idle:
            if started == count:
                continue
            kind = random.random()
            f = "get" if kind < row.gets else "put" if kind < row.gets + row.puts else "append"
            argument = None if f == "get" else f"{started};"
            open_[client] = [started, f, str(random.randrange(row.keys)), argument, rank, None]
            started += 1
            rank += 1
        elif phases[client] == invoked:
            _, f, key, argument, _, _ = open_[client]
            if f == "get":
                open_[client][5] = texts.get(key, "")
            else:
                texts[key] = argument if f == "put" else texts.get(key, "") + argument
        else:
            at, f, key, argument, began, result = open_[client]
            operations[at] = Operation(
                client, f, key, argument, result, "ok", began, rank, None, began, rank
            )
            finished += 1
            rank += 1
        phases[client] = (phases[client] + 1) % (done + 1)
    if row.violation:
        _forget(operations)
    return operations


def _forget(operations: list[Operation]) -> None:
    """Let a late get miss the last append in its answer, which had completed before it began."""
    ends = {o.argument: o.completed for o in operations if o.f == "append"}
    for at, operation in reversed(list(enumerate(operations))):
        if operation.f == "get" and operation.result.count(";") > 2:
            length = operation.result[:-1].rindex(";") + 1
            end = ends.get(operation.result[length:])
            if end is not None and end < operation.invoked:
                operations[at] = operation._replace(result=operation.result[:length])
                return


def measure(row: Row, count: int) -> str:
    model, budget = get_model("kv-empty"), Budget(seconds=10)
    operations = made(row, count)
    took = []
    for certificate in (False, True):
        best = float("inf")
        for _ in range(1 if certificate else ROUNDS):
            gc.collect()
            started = process_time()
            verdict = check(operations, model, budget=budget, certificate=certificate)
            best = min(best, process_time() - started)
        took.append(best * 1e3)
    tracemalloc.start()
    check(operations, model, budget=budget, certificate=False)
    held = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    read = sum(len(operation.result or "") for operation in operations)
    conflict = (
        "" if verdict.conflict is None else f", {len(verdict.conflict.operations)} in conflict"
    )
    return (
        f"{took[0]:.0f} ms, certified {took[1]:.0f} ms, read {read:,}, held {held:.0f} MiB, "
        f"{verdict.validity}{conflict}"
    )


def _words(conflict: Conflict) -> str:
    minimal = "a minimal conflict" if conflict.is_minimal else "a conflict, not minimal,"
    return f"{minimal} of {len(conflict.operations)} operations"


def main(arguments: Sequence[str]) -> None:
    count = int(arguments[0]) if arguments else 100_000
    print(f"{count:,} operations")
    for row in ROWS:
        print(f"{row.name}: {measure(row, count)}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
