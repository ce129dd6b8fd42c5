"""How long the monitors of registers take, and the most memory that the process held.

    python bench/lincheck_registers.py [OPERATIONS]

Histories of unique values (10^6 operations unless told otherwise) by 10 and 50 clients that are
always busy, made here, linearizable by construction: a seeded scheduler picks which client goes on
next, to invoke, to take effect or to complete. ``violation``: one read in the middle answers a
value that was overwritten long before. ``cas-register`` is one third reads, writes and
compare-and-sets each; ``refused``: the compare-and-sets expect what the register held when they
were invoked, so under contention most of them fail, each of them an observation of its own.

Each row runs in a process of its own. ``operations`` is what it held when the history was there,
``peak`` the most it ever held, both in MiB; times are processor time, the best of three, in
seconds, from operations in memory. The streaming rows judge events one by one.
"""

from __future__ import annotations

import gc
import resource
import subprocess
import sys
from collections.abc import Iterator
from random import Random
from time import process_time
from typing import Any

from checker.history import MISMATCH, Operation
from checker.lincheck.budget import Budget, Meter
from checker.lincheck.engine import Impossible, NotApplicable
from checker.lincheck.monitors import MONITORS
from checker.lincheck.monitors.streaming import RegisterStream

ROWS = (
    *(
        (name, clients, case)
        for name in ("register", "cas-register")
        for clients in (10, 50)
        for case in ("valid", "violation")
    ),
    ("cas-register", 10, "refused"),
    ("cas-register", 50, "refused"),
)
STREAMS = (("stream", 10, "valid"), ("stream", 50, "valid"))
ROUNDS = 3


def made(seed: int, count: int, clients: int, names: tuple[str, ...], case: str) -> list[Operation]:
    """``count`` operations in order of invocation, each written value new."""
    draw = Random(seed).random
    operations: list[Any] = [None] * count
    idle, invoked, done = 0, 1, 2
    phases = [idle] * clients
    open_: list[Any] = [None] * clients
    state: Any = None
    rank = started = finished = 0
    kinds = len(names)
    while finished < count:
        client = int(draw() * clients)
        phase = phases[client]
        if phase == idle:
            if started == count:
                continue
            f = names[int(draw() * kinds)]
            argument: Any = started if f == "write" else None
            if f == "cas":
                argument = [state, started]
            open_[client] = [started, f, argument, rank, None, "ok"]
            phases[client] = invoked
            started += 1
            rank += 1
        elif phase == invoked:
            entry = open_[client]
            f = entry[1]
            if f == "read":
                entry[4] = state
            elif f == "write":
                state = entry[4] = entry[2]
            else:
                if case != "refused":
                    entry[2][0] = state
                if entry[2][0] == state:
                    entry[4] = entry[2]
                    state = entry[2][1]
                else:
                    entry[5] = "fail"
            phases[client] = done
        else:
            at, f, argument, began, result, outcome = open_[client]
            error = MISMATCH if outcome == "fail" else None
            operations[at] = Operation(
                client, f, None, argument, result, outcome, began, rank, error, began, rank
            )
            phases[client] = idle
            finished += 1
            rank += 1
    if case == "violation":
        _make_stale(operations)
    return operations


def _make_stale(operations: list[Operation]) -> None:
    """Let a read in the middle answer what was written a thousand operations before."""
    at = len(operations) // 2
    while operations[at].f != "read":
        at += 1
    before = max(at - 1000, 0)
    while operations[before].f != "write":
        before += 1
    operations[at] = operations[at]._replace(result=operations[before].argument)


def events_of(operations: list[Operation]) -> Iterator[tuple[bool, Any, str, Any]]:
    """(is invocation, process, f or type, value) in the order of the ranks."""
    events: list[Any] = [None] * (2 * len(operations))
    for operation in operations:
        assert operation.completed is not None
        process, f = operation.process, operation.f
        events[operation.invoked] = (True, process, f, operation.argument)
        events[operation.completed] = (False, process, operation.outcome, operation.result)
    return iter(events)


def resident() -> int:
    """The most that this process has held until now, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def row(name: str, clients: int, case: str, count: int) -> str:
    names = ("read", "write", "cas") if name == "cas-register" else ("read", "write")
    operations = made(1, count, clients, names, case)
    if name == "stream":
        return _stream_row(operations)
    before = resident()
    took = {}
    peaks = {}
    answer = ""
    for order in (False, True):
        best = float("inf")
        for _ in range(ROUNDS):
            gc.collect()
            started = process_time()
            try:
                outcome = MONITORS[name](operations, Meter(Budget(seconds=None)), order)
            except NotApplicable as reason:
                return f"not judged: {reason}"
            best = min(best, process_time() - started)
        took[order], peaks[order] = best, resident()
        answer = type(outcome).__name__
        if isinstance(outcome, Impossible):
            answer += f", core {outcome.core}"[:60]
    return (
        f"{took[False]:5.2f} s, with order {took[True]:5.2f} s; operations {before} MiB, peak "
        f"{peaks[False]} MiB, with order {peaks[True]} MiB; {answer}"
    )


def _stream_row(operations: list[Operation]) -> str:
    events = list(events_of(operations))
    best, most = float("inf"), 0
    for _ in range(ROUNDS):
        stream = RegisterStream()
        invoke, complete = stream.invoke, stream.complete
        started = process_time()
        for is_invocation, process, word, value in events:
            if is_invocation:
                invoke(process, word, value)
            else:
                complete(process, word, value)
        best = min(best, process_time() - started)
        assert stream.is_possible
    stream = RegisterStream()
    for is_invocation, process, word, value in events:
        (stream.invoke if is_invocation else stream.complete)(process, word, value)
        most = max(most, stream.held)
    return f"{len(events) / best:,.0f} events/s; at most {most} values held"


def main(arguments: list[str]) -> None:
    if arguments[:1] == ["--row"]:
        name, clients, case, count = arguments[1:]
        print(row(name, int(clients), case, int(count)))
        return
    count = arguments[0] if arguments else "1000000"
    print(f"{count} operations, unique values")
    for name, clients, case in (*ROWS, *STREAMS):
        command = [sys.executable, __file__, "--row", name, str(clients), case, count]
        answer = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        print(f"{name}, {clients} clients, {case}: {answer.strip()}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
