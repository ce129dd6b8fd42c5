"""Histories made to blow up: nearly all orders of many overlapping calls differ, none fits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Any, NamedTuple

from checker.history import MISMATCH, Operation


class Hard(NamedTuple):
    """The name of a model, and a history of it that takes for ever."""

    model: str
    operations: list[Operation]


Asked = tuple[str, Any, Any, str]
"""f, argument, result, outcome."""


def overlapping(calls: Sequence[Asked], last: Sequence[Asked]) -> list[Operation]:
    """All calls at the same time, then the last ones one by one."""
    count = len(calls)
    found = [
        _operation(at, asked, at, count + at, key="x") for at, asked in enumerate(calls, start=0)
    ]
    for number, asked in enumerate(last):
        rank = 2 * (count + number)
        found.append(_operation(count + number, asked, rank, rank + 1, key="x"))
    return found


def _operation(process: int, asked: Asked, invoked: int, completed: int, key: Any) -> Operation:
    f, argument, result, outcome = asked
    crashed = outcome == "info"
    return Operation(
        process,
        f,
        None if f == "txn" else key,
        argument,
        None if crashed else result,
        outcome,
        invoked,
        None if crashed else completed,
        MISMATCH if outcome == "fail" else None,
        invoked,
        completed,
    )


def swaps(outcome: str = "ok", values: int = 5) -> Hard:
    """Compare-and-sets between all pairs of values: walks through a complete graph."""
    pairs = [[a, b] for a in range(values) for b in range(values) if a != b]
    first = [("write", 0, 0, "ok")]
    calls: list[Asked] = [*first, *(("cas", pair, pair, outcome) for pair in pairs)]
    seen: list[Asked] = [("read", None, at % values, "ok") for at in (3, 1, 4, 2, 0)]
    return Hard("cas-register", overlapping(calls, [*seen, ("read", None, 99, "ok")]))


def crashes() -> Hard:
    """Everything but one write is pending for ever."""
    return swaps("info", 7)


def clients(count: int = 1_000, concurrency: int = 50, crash_rate: float = 0.3) -> Hard:
    """Many clients over five values, many of which crash; then a read of what nobody wrote."""
    random = Random(1)
    operations: list[Operation] = []
    pending: list[tuple[int, int, Any]] = []
    processes, idle = list(range(concurrency)), list(range(concurrency))
    state: Any = None
    rank = 0
    while len(operations) < count or pending:
        if len(operations) < count and idle and len(pending) < concurrency - random.randrange(9):
            client = idle.pop(random.randrange(len(idle)))
            f = random.choice(("read", "write", "cas"))
            argument = {"read": None, "write": random.randrange(5)}.get(
                f, [random.randrange(5), random.randrange(5)]
            )
            pending.append((len(operations), client, (f, argument)))
            asked = (f, argument, None, "info")
            operations.append(_operation(processes[client], asked, rank, 0, "x"))
            rank += 1
            continue
        number, client, (f, argument) = pending.pop(random.randrange(len(pending)))
        idle.append(client)
        if f != "read" and random.random() < crash_rate:
            processes[client] += concurrency
            continue
        outcome, result = "ok", argument
        if f == "read":
            result = state
        elif f == "write":
            state = argument
        elif state == argument[0]:
            state = argument[1]
        else:
            outcome = "fail"
        invoked = operations[number].invoked
        told = (f, argument, result, outcome)
        operations[number] = _operation(processes[client], told, invoked, rank, "x")
        rank += 1
    operations.append(_operation(-1, ("read", None, 77, "ok"), rank, rank + 1, "x"))
    return Hard("cas-register", operations)


def appends(count: int = 36) -> Hard:
    """Appends of equal texts, half of which crashed."""
    calls: list[Asked] = [
        ("append", ("a", "b", "ab")[at % 3] * (1 + at % 4), None, "info" if at % 2 else "ok")
        for at in range(count)
    ]
    last = "".join(Random(5).choice("ab") for _ in range(count))
    gets: list[Asked] = [("get", None, last[:at], "ok") for at in range(2, 40, 7)]
    return Hard("kv", overlapping(calls, gets))


def queue(count: int = 24) -> Hard:
    """Values that are enqueued more than once, by many clients."""
    calls: list[Asked] = [("enqueue", at % 4, None, "ok") for at in range(count)]
    calls += [("dequeue", None, at % 4, "ok" if at % 2 else "info") for at in range(count // 2)]
    return Hard("fifo-queue", overlapping(calls, [("dequeue", None, 99, "ok")]))


def semaphore(count: int = 40) -> Hard:
    """Permits of different sizes, taken and given back at once."""
    calls: list[Asked] = [
        (("acquire", "release")[at % 2], at % 5 + 1, None, "ok" if at % 3 else "info")
        for at in range(count)
    ]
    return Hard("semaphore:9", overlapping(calls, [("acquire", 9, None, "ok")] * 2))


def counter(count: int = 24) -> Hard:
    """Sums of all subsets."""
    calls: list[Asked] = [("add", 1 << at, None, "ok") for at in range(count)]
    return Hard("counter", overlapping(calls, [("read", None, -1, "ok")]))


def lists(count: int = 28, keys: int = 6) -> Hard:
    """Transactions that append to two lists each."""
    calls: list[Asked] = []
    for at in range(count):
        smalls = [["append", f"k{at % keys}", at], ["append", f"k{(at * 5 + 1) % keys}", -at]]
        calls.append(("txn", smalls, smalls, "ok" if at % 4 else "info"))
    read = [["r", "k0", None], ["r", "k1", None]]
    last: Asked = ("txn", read, [["r", "k0", [6, 0]], ["r", "k1", [99]]], "ok")
    return Hard("list-append", overlapping(calls, [last]))


def registers(count: int = 30, keys: int = 6) -> Hard:
    """Transactions that write two registers each."""
    calls: list[Asked] = []
    for at in range(count):
        smalls = [["w", f"k{at % keys}", at % 3], ["w", f"k{(at * 5 + 1) % keys}", at % 2]]
        calls.append(("txn", smalls, smalls, "ok" if at % 4 else "info"))
    ask = [["r", f"k{at}", None] for at in range(keys)]
    last: Asked = ("txn", ask, [["r", f"k{at}", 7] for at in range(keys)], "ok")
    see: Asked = ("txn", ask, [["r", f"k{at}", at % 2] for at in range(keys)], "ok")
    return Hard("multi-register", overlapping(calls, [see, last]))


CASES: dict[str, Callable[[], Hard]] = {
    "overlapping cas": swaps,
    "50 clients": clients,
    "appends": appends,
    "queue": queue,
    "all pending": crashes,
    "semaphore": semaphore,
    "counter": counter,
    "lists": lists,
    "registers": registers,
}
