"""How long the isolation checker takes, in s of processor time, the best of three.

    python bench/isolation.py

The histories are made here: strictly serializable by construction, from a seeded scheduler; 10
clients, 3 or 4 small operations a transaction, half of them reads, a key retired after its 100th
write. Pairing the events (``History.operations``) is timed by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from time import process_time
from typing import Any

from checker.history import Event, History
from checker.isolation import check

CLIENTS = 10
ROUNDS = 3
SIZES = (10_000, 30_000, 100_000)
KEYS_AT_A_TIME = 10
WRITES_PER_KEY = 100


def made(seed: int, transactions: int, workload: str) -> list[Event]:
    """Events of a strictly serializable history."""
    random = Random(seed)
    lists = workload == "list-append"
    write = "append" if lists else "w"
    store: list[list[int]] = [[] for _ in range(KEYS_AT_A_TIME)]
    active = list(range(KEYS_AT_A_TIME))
    asked_times = [0] * KEYS_AT_A_TIME

    def ask() -> list[Any]:
        smalls: list[Any] = []
        for _ in range(random.choice((3, 4))):
            slot = random.randrange(KEYS_AT_A_TIME)
            key = active[slot]
            if random.random() < 0.5:
                smalls.append(["r", key, None])
                continue
            asked_times[key] += 1
            smalls.append([write, key, asked_times[key]])
            if asked_times[key] == WRITES_PER_KEY:
                active[slot] = len(store)
                store.append([])
                asked_times.append(0)
        return smalls

    def run(smalls: list[Any]) -> list[Any]:
        done: list[Any] = []
        for f, key, value in smalls:
            values = store[key]
            if f != "r":
                values.append(value)
                done.append([f, key, value])
            elif lists:
                done.append([f, key, values[:]])
            else:
                done.append([f, key, values[-1] if values else None])
        return done

    events: list[Event] = []
    waiting: dict[int, list[Any]] = {}
    answered: dict[int, list[Any]] = {}
    started = 0
    while started < transactions or waiting or answered:
        client = random.randrange(CLIENTS)
        if client in answered:
            value = answered.pop(client)
            events.append(Event(len(events), client, "ok", "txn", None, value))
        elif client in waiting:
            answered[client] = run(waiting.pop(client))
        elif started < transactions:
            waiting[client] = ask()
            events.append(Event(len(events), client, "invoke", "txn", None, waiting[client]))
            started += 1
    return events


def stale(events: list[Event]) -> list[Event]:
    """The same with one read, late in the history, as it was at the start of its key."""
    for at in range(len(events) * 9 // 10, len(events)):
        for number, (f, key, value) in enumerate(events[at].value):
            if events[at].type == "ok" and f == "r" and isinstance(value, list) and len(value) > 50:
                smalls = list(events[at].value)
                smalls[number] = [f, key, value[:1]]
                return [*events[:at], events[at]._replace(value=smalls), *events[at + 1 :]]
    return events


def best(work: Callable[[], Any]) -> tuple[float, Any]:
    """The best time of some rounds, and the last result."""
    took = []
    result = None
    for _ in range(ROUNDS):
        started = process_time()
        result = work()
        took.append(process_time() - started)
    return min(took), result


def report(name: str, events: list[Event], workload: Any, **options: Any) -> None:
    """Time a check, print a line."""
    history = History(events)
    started = process_time()
    history.operations()
    paired = process_time() - started
    took, result = best(lambda: check(history, workload, **options))
    found = ", ".join(result.counts) or "no anomaly"
    print(
        f"{name}: {took:.2f} s (and {paired:.2f} s to pair the events), "
        f"{result.dependencies} dependencies, {result.verdict.validity}, {found}"
    )


def main() -> None:
    for transactions in SIZES:
        events = made(1, transactions, "list-append")
        report(f"list-append, {transactions} transactions", events, "list-append")
        if transactions == 100_000:
            report("list-append, 100000, one stale read", stale(events), "list-append")
        del events
        events = made(1, transactions, "rw-register")
        report(f"rw-register, {transactions} transactions", events, "rw-register")
        if transactions == 100_000:
            report(
                "rw-register, 100000, linearizable keys",
                events,
                "rw-register",
                linearizable_keys=True,
            )
        del events


if __name__ == "__main__":
    main()
