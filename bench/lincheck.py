"""What lincheck takes, in ms of processor time, the best of several, against the goals.

    python bench/lincheck.py [words of a row's name]

From operations in memory; reading and pairing do not count. The recorded histories are read from
../shared/data, where that is there; the others are made here, linearizable by construction: a
seeded scheduler picks which pending operation takes effect next. The rows of a million operations
have commands of their own: lincheck_registers.py, lincheck_containers.py, lincheck_stack.py.
"""

from __future__ import annotations

import json
import sys
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random
from statistics import median
from time import process_time
from typing import Any, NamedTuple

from checker.formats import read_history
from checker.history import MISMATCH, Event, Operation
from checker.lincheck import Budget, Monitor, check
from checker.models import get_model

DATA = Path(__file__).parent.parent.parent / "shared" / "data"
ENOUGH = 1.0
"""Seconds that repeating a row may take."""


class Row(NamedTuple):
    """One measurement; ``goal`` in ms, without certificates."""

    name: str
    model: str
    operations: Sequence[Operation]
    goal: float | None = None


def milliseconds(measured: Callable[[], Any]) -> float:
    """The best of at most 20 runs."""
    best, spent = float("inf"), 0.0
    for _ in range(20):
        started = process_time()
        measured()
        took = process_time() - started
        best, spent = min(best, took), spent + took
        if spent > ENOUGH:
            break
    return best * 1e3


def made(
    seed: int,
    operations: int,
    clients: int,
    *,
    values: int | None = 5,
    swaps: bool = True,
    crashed: float = 0.0,
) -> list[Operation]:
    """A linearizable history of one register, all clients always busy.

    ``values``: how many; None: each write has its own. ``crashed``: the share of operations of
    which nobody knows the outcome; half of them took effect.
    """
    random = Random(seed)
    kinds = ("read", "write", "cas") if swaps else ("read", "write")
    found: list[Operation | None] = []
    state: Any = None
    idle, next_client = list(range(clients)), clients
    invoked: list[tuple[int, str, Any, int, int, bool]] = []
    answered: list[Operation] = []
    rank = 0
    while len(found) < operations or invoked or answered:
        if idle and len(found) < operations:
            client = idle.pop(random.randrange(len(idle)))
            f = random.choice(kinds)
            value = len(found) if values is None else random.randrange(values)
            argument = {"read": None, "write": value, "cas": [random.randrange(values or 1), value]}
            crashes = random.random() < crashed
            invoked.append((client, f, argument[f], rank, len(found), crashes))
            found.append(None)
            rank += 1
        elif invoked and (not answered or random.random() < 0.5):
            client, f, value, begun, place, crashes = invoked.pop(random.randrange(len(invoked)))
            happens = not crashes or random.random() < 0.5
            result, outcome, error = value, "ok", None
            if f == "read":
                result = state
            elif happens and f == "write":
                state = value
            elif f == "cas" and happens and state == value[0]:
                state = value[1]
            elif f == "cas" and not crashes:
                outcome, error = "fail", MISMATCH
            if crashes:
                result, outcome = None, "info"
            answered.append(
                Operation(client, f, None, value, result, outcome, begun, place, error, begun)
            )
        else:
            operation = answered.pop(random.randrange(len(answered)))
            place = operation.completed or 0
            if operation.outcome == "info":
                found[place] = operation._replace(completed=None)
                idle.append(next_client)
                next_client += 1
            else:
                found[place] = operation._replace(completed=rank, completion=rank)
                assert isinstance(operation.process, int)
                idle.append(operation.process)
            rank += 1
    return [operation for operation in found if operation is not None]


def overlapping(writes: int) -> list[Operation]:
    """Writes that all overlap, then a read of what nobody wrote."""
    found = [
        Operation(at, "write", None, at, at, "ok", at, writes + at, None, at, writes + at)
        for at in range(writes)
    ]
    end = 2 * writes
    found.append(Operation(0, "read", None, None, -1, "ok", end, end + 1, None, end, end + 1))
    return found


def rows() -> Iterator[Row]:
    """The rows of single histories."""
    if DATA.is_dir():
        goals = {"c01-ok": 0.1, "c10-ok": 0.5, "c10-bad": 0.15, "c50-ok": 10.0}
        for path in sorted((DATA / "porcupine-kv").glob("*.txt")):
            operations = read_history(path).operations()
            yield Row(f"kv {path.stem}", "kv-empty", operations, goals.get(path.stem))
    for writes, goal in ((20, 2.0), (200, 500.0)):
        yield Row(f"{writes} overlapping writes, unique", "register", overlapping(writes), goal)
        again = [
            operation._replace(argument=operation.argument % 5)
            if operation.f == "write"
            else operation
            for operation in overlapping(writes)
        ]
        yield Row(f"{writes} overlapping writes of 5 values", "register", again, goal)
    for clients, crashed, goal in (
        (10, 0.0, None),
        (20, 0.0, 200.0),
        (50, 0.0, 2_000.0),
        (5, 0.02, 10.0),
        (10, 0.02, 50.0),
        (20, 0.02, 1_000.0),
    ):
        for seed in (1, 2, 3):
            yield Row(
                f"5 values, 2,000 operations, {clients} clients, {crashed:.0%} crashed, {seed}",
                "cas-register",
                made(seed, 2_000, clients, crashed=crashed),
                goal,
            )
    yield Row(
        "5 values, 100,000 operations, 10 clients", "cas-register", made(1, 100_000, 10), 1_500.0
    )


def measure(row: Row) -> None:
    model, budget = get_model(row.model), Budget(seconds=None)
    found = check(row.operations, model, budget=budget, certificate=False)
    without = milliseconds(lambda: check(row.operations, model, budget=budget, certificate=False))
    certified = milliseconds(lambda: check(row.operations, model, budget=budget))
    goal = "" if row.goal is None else f" (goal {row.goal:g})"
    print(f"{row.name}: {without:.2f} ms{goal}, certified {certified:.2f} ms, {found.validity}")


def measure_recorded() -> None:
    """The histories of etcd, each by itself."""
    model = get_model("cas-register")
    names = json.loads((DATA / "etcd-jepsen" / "verdicts.json").read_text())
    histories = [read_history(DATA / "etcd-jepsen" / name).operations() for name in names]
    for certificate, goal in ((False, 20), (True, 40)):
        took = [
            milliseconds(lambda: check(each, model, certificate=certificate))  # noqa: B023
            for each in histories
        ]
        what = "certified" if certificate else "without certificates"
        print(
            f"{len(took)} etcd histories, {what}: {sum(took):.1f} ms in all (goal {goal}), "
            f"the worst {max(took):.2f} ms, the median {median(took):.3f} ms"
        )


def measure_streams() -> None:
    """The streaming monitor, in events a second."""
    for name, unique, goal in (("register", True, 100_000), ("cas-register", False, None)):
        operations = made(1, 20_000, 10, values=None if unique else 5, swaps=name == "cas-register")
        events: list[tuple[int, Event]] = []
        for process, f, _, argument, result, outcome, begun, ended, error, _, _ in operations:
            events.append((begun, Event(begun, process, "invoke", f, None, argument)))
            if ended is not None:
                event = Event(ended, process, outcome, f, None, result, None, error)
                events.append((ended, event))
        ordered = [event for _, event in sorted(events, key=lambda each: each[0])]

        def run() -> None:
            monitor = Monitor(get_model(name), unique_values=unique)  # noqa: B023
            assert all(map(monitor.feed, ordered))  # noqa: B023
            assert monitor.finish()

        rate = len(ordered) / milliseconds(run) * 1e3
        more = "" if goal is None else f" (goal {goal:,})"
        values = "unique values" if unique else "5 values"
        print(f"streaming, {name}, {values}, 10 clients: {rate:,.0f} events a second{more}")


def measure_memory() -> None:
    """What the search holds beside the history, at its peak."""
    operations, model = made(1, 100_000, 10), get_model("cas-register")
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    check(operations, model, budget=Budget(seconds=None), certificate=False)
    held = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    print(f"5 values, 100,000 operations, 10 clients: {held / 2**20:.0f} MiB (goal 100)")


def main(words: Sequence[str]) -> None:
    if not DATA.is_dir():
        print("the recorded histories (../shared/data) are not here: left out")
    elif not words:
        measure_recorded()
    for row in rows():
        if all(word in row.name for word in words):
            measure(row)
    if not words:
        measure_streams()
        measure_memory()


if __name__ == "__main__":
    main(sys.argv[1:])
