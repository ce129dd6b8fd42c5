"""How long lincheck takes, in ms, the median of five.

    python bench/lincheck.py

The recorded histories are read from ../shared/data, where that is there; the others are made here,
linearizable by construction: a seeded scheduler picks which pending operation takes effect next.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Any

from checker.formats import read_history
from checker.history import Event, History
from checker.lincheck import check
from checker.models import Model, get_model

DATA = Path(__file__).parent.parent.parent / "shared" / "data"
ROUNDS = 5


def milliseconds(history: History, model: Model) -> tuple[float, str]:
    """The median time of a check, and its verdict; reading the history does not count."""
    took = []
    for _ in range(ROUNDS):
        started = perf_counter()
        verdict = check(history, model).verdict
        took.append((perf_counter() - started) * 1e3)
    return statistics.median(took), verdict.validity.value


def made(
    seed: int, operations: int, clients: int, call: Callable[[Random, int], tuple[str, Any]]
) -> History:
    """A linearizable history of one register, ``clients`` of them always busy."""
    random = Random(seed)
    events: list[Event] = []
    state: Any = None
    invoked: dict[int, tuple[str, Any]] = {}
    answered: dict[int, tuple[str, Any, str | None]] = {}
    started = 0
    while started < operations or invoked or answered:
        idle = [c for c in range(clients) if c not in invoked and c not in answered]
        if idle and started < operations:
            client = random.choice(idle)
            invoked[client] = call(random, started)
            events.append(Event(len(events), client, "invoke", *_with_key(invoked[client])))
            started += 1
        elif invoked and (not answered or random.random() < 0.5):
            client = random.choice(sorted(invoked))
            f, value = invoked.pop(client)
            error = None
            if f == "read":
                value = state
            elif f == "write":
                state = value
            elif state == value[0]:
                state = value[1]
            else:
                error = "mismatch"
            answered[client] = (f, value, error)
        else:
            client = random.choice(sorted(answered))
            f, value, error = answered.pop(client)
            type_ = "fail" if error else "ok"
            events.append(Event(len(events), client, type_, f, None, value, None, error))
    return History(events)


def _with_key(call: tuple[str, Any]) -> tuple[str, None, Any]:
    return call[0], None, call[1]


def unique(random: Random, number: int) -> tuple[str, Any]:
    """Reads, and writes of unique values."""
    return ("write", number) if random.random() < 0.5 else ("read", None)


def five_values(random: Random, _number: int) -> tuple[str, Any]:
    """Reads, writes and compare-and-sets over five values."""
    f = random.choice(("read", "write", "cas"))
    value = random.randrange(5)
    return f, {"read": None, "write": value, "cas": [random.randrange(5), value]}[f]


def recorded() -> None:
    if not DATA.is_dir():
        print("the recorded histories (../shared/data) are not here: left out")
        return
    model = get_model("cas-register")
    names = json.loads((DATA / "etcd-jepsen" / "verdicts.json").read_text())
    took = [milliseconds(read_history(DATA / "etcd-jepsen" / name), model)[0] for name in names]
    print(f"{len(took)} etcd histories: {sum(took):.1f} ms in all, the worst {max(took):.1f} ms")
    for path in sorted((DATA / "porcupine-kv").glob("*.txt")):
        spent, verdict = milliseconds(read_history(path), get_model("kv-empty"))
        print(f"{path.stem}: {spent:.2f} ms, {verdict}")


def main() -> None:
    recorded()
    for name, operations, clients, call, model in (
        ("register, unique values", 1_000, 5, unique, "register"),
        ("register, unique values", 1_000, 10, unique, "register"),
        ("read, write, cas of 5 values", 2_000, 10, five_values, "cas-register"),
        ("read, write, cas of 5 values", 2_000, 20, five_values, "cas-register"),
    ):
        spent, verdict = milliseconds(made(1, operations, clients, call), get_model(model))
        print(f"{name}, {operations} operations, {clients} clients: {spent:.1f} ms, {verdict}")


if __name__ == "__main__":
    main()
