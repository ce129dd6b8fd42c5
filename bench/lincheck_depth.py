"""How long the depth-first engine takes, in ms of processor time, the best of several.

    python bench/lincheck_depth.py [part of a name] ...

From operations in memory, splitting and parsing included. The recorded histories are read from
../shared/data, where that is there; the others are made here, linearizable by construction.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random
from time import process_time
from typing import Any, NamedTuple

from checker.formats import read_history
from checker.history import Operation
from checker.lincheck.budget import Budget, BudgetExhausted, Meter
from checker.lincheck.depth_first import depth_first
from checker.lincheck.engine import Impossible, finish
from checker.lincheck.parts import split
from checker.models import Model, get_model

DATA = Path(__file__).parent.parent.parent / "shared" / "data"
SECONDS = 3.0
"""Of processor time, on one check."""

LONG = 0.5
"""A check that takes this many seconds is measured once."""


class Case(NamedTuple):
    name: str
    model: str
    operations: Sequence[Operation]
    goal: float | None = None


def check(operations: Sequence[Operation], model: Model) -> tuple[str, int]:
    """Verdict and configurations; stops at the first key that is impossible."""
    meter = Meter(Budget(seconds=SECONDS), process_time)
    explored = 0
    try:
        for part in split(operations, model):
            outcome = finish(depth_first(part, meter, False))
            explored += meter.explored
            if isinstance(outcome, Impossible):
                return "invalid", explored
    except BudgetExhausted as error:
        return f"unknown: {error}", explored + meter.explored
    return "valid", explored


def measure(case: Case) -> str:
    model = get_model(case.model)
    best = float("inf")
    verdict, explored = "", 0
    for _ in range(20):
        started = process_time()
        verdict, explored = check(case.operations, model)
        best = min(best, process_time() - started)
        if best > LONG:
            break
    goal = "" if case.goal is None else f" (goal {case.goal:g})"
    return (
        f"{case.name}: {best * 1e3:.2f} ms{goal}, {verdict}, {len(case.operations)} operations, "
        f"at least {explored} configurations"
    )


Asked = tuple[str, Any]
Apply = Callable[[Any, str, Any], tuple[Any, Any, str]]
"""(state, f, argument) to (next state, result, outcome)."""


def made(
    seed: int,
    count: int,
    clients: int,
    ask: Callable[[Random, int], Asked],
    apply: Apply,
    initial: Any,
    crash_rate: float = 0.0,
    key: Any = None,
) -> list[Operation]:
    """A history of one object, ``clients`` of them always busy; each pending operation takes
    effect, and each that took effect completes, at a random moment. A crash is either before or
    after that."""
    random = Random(seed)
    operations: list[Operation | None] = []
    state = initial
    # client -> (slot, asked, rank of invocation); then with (result, outcome).
    invoked: dict[int, tuple[int, Asked, int]] = {}
    answered: dict[int, tuple[int, Asked, int, Any, str]] = {}
    rank = 0
    process = list(range(clients))
    while len(operations) < count or invoked or answered:
        idle = [c for c in range(clients) if c not in invoked and c not in answered]
        if idle and len(operations) < count:
            client = random.choice(idle)
            invoked[client] = (len(operations), ask(random, len(operations)), rank)
            operations.append(None)
            rank += 1
            continue
        if invoked and (not answered or random.random() < 0.5):
            client = random.choice(sorted(invoked))
            slot, (f, argument), began = invoked.pop(client)
            crashes = random.random() < crash_rate
            if not crashes or random.random() < 0.5:
                state, result, outcome = apply(state, f, argument)
            if not crashes:
                answered[client] = (slot, (f, argument), began, result, outcome)
                continue
            operations[slot] = Operation(
                process[client], f, key, argument, None, "info", began, None, None, began, rank
            )
            process[client] += clients
        else:
            client = random.choice(sorted(answered))
            slot, (f, argument), began, result, outcome = answered.pop(client)
            error = "mismatch" if outcome == "fail" else None
            operations[slot] = Operation(
                process[client], f, key, argument, result, outcome, began, rank, error, began, rank
            )
        rank += 1
    return [operation for operation in operations if operation is not None]


def ask_five_values(random: Random, _number: int) -> Asked:
    f = random.choice(("read", "write", "cas"))
    value = random.randrange(5)
    return f, {"read": None, "write": value, "cas": [random.randrange(5), value]}[f]


def apply_register(state: Any, f: str, argument: Any) -> tuple[Any, Any, str]:
    if f == "read":
        return state, state, "ok"
    if f == "write":
        return argument, argument, "ok"
    if state == argument[0]:
        return argument[1], argument, "ok"
    return state, argument, "fail"


def ask_append(reads: float) -> Callable[[Random, int], Asked]:
    def ask(random: Random, number: int) -> Asked:
        return ("get", None) if random.random() < reads else ("append", f"{number};")

    return ask


def ask_append_with_duplicates(random: Random, number: int) -> Asked:
    return ("get", None) if random.random() < 0.4 else ("append", random.choice("abc"))


def apply_text(state: Any, f: str, argument: Any) -> tuple[Any, Any, str]:
    return (state, state, "ok") if f == "get" else (state + argument, None, "ok")


def ask_queue(insert: str, remove: str, values: int) -> Callable[[Random, int], Asked]:
    def ask(random: Random, number: int) -> Asked:
        f = random.choice((insert, remove))
        return f, random.randrange(values) if f == insert else None

    return ask


def apply_queue(insert: str, newest: bool) -> Apply:
    def apply(state: Any, f: str, argument: Any) -> tuple[Any, Any, str]:
        if f == insert:
            return (*state, argument), argument, "ok"
        if not state:
            return state, None, "ok"
        if newest:
            return state[:-1], state[-1], "ok"
        return state[1:], state[0], "ok"

    return apply


def ask_set(random: Random, number: int) -> Asked:
    f = random.choice(("add", "add", "remove", "contains", "read"))
    return f, None if f == "read" else random.randrange(8)


def apply_set(state: Any, f: str, argument: Any) -> tuple[Any, Any, str]:
    if f == "add":
        return state | {argument}, argument, "ok"
    if f == "remove":
        return state - {argument}, argument, "ok"
    return state, sorted(state) if f == "read" else argument in state, "ok"


def ask_lists(random: Random, number: int) -> Asked:
    smalls: list[list[Any]] = []
    for _ in range(random.randrange(1, 4)):
        f = random.choice(("r", "append"))
        value = None if f == "r" else random.randrange(100)
        smalls.append([f, random.randrange(3), value])
    return "txn", smalls


def apply_lists(state: Any, f: str, argument: Any) -> tuple[Any, Any, str]:
    smalls = []
    for small, key, value in argument:
        if small == "append":
            state = {**state, key: (*state.get(key, ()), value)}
        smalls.append([small, key, list(state.get(key, ())) if small == "r" else value])
    return state, smalls, "ok"


def spoiled(operations: Sequence[Operation], f: str, result: Any) -> list[Operation]:
    """With another answer of the operation of this ``f`` that is nearest to the middle."""
    found = list(operations)
    middle = len(found) // 2
    at = min(
        (at for at, each in enumerate(found) if each.f == f and each.outcome == "ok"),
        key=lambda at: abs(at - middle),
    )
    found[at] = found[at]._replace(result=result(found[at].result))
    return found


GOALS = {"c01-ok": 0.1, "c10-ok": 0.5, "c10-bad": 0.15, "c50-ok": 10.0}


def cases() -> Iterator[Case]:
    for path in sorted((DATA / "porcupine-kv").glob("*.txt")) if DATA.is_dir() else ():
        yield Case(
            f"kv {path.stem}", "kv-empty", read_history(path).operations(), GOALS.get(path.stem)
        )
    for clients, crash_rate, goal in (
        (5, 0.02, 10),
        (10, 0.02, 50),
        (20, 0.02, 1000),
        (10, 0.0, None),
        (20, 0.0, 200),
    ):
        for seed in (1, 2, 3):
            yield Case(
                f"read, write, cas over 5 values, {clients} clients, {crash_rate:.0%} crashed, "
                f"seed {seed}",
                "cas-register",
                made(seed, 2000, clients, ask_five_values, apply_register, None, crash_rate),
                goal,
            )
    for crash_rate in (0.0, 0.02):
        for clients in (10, 30):
            for reads in (0.5, 0.1):
                operations = made(
                    1, 1000, clients, ask_append(reads), apply_text, "", crash_rate, "x"
                )
                name = f"kv append, {clients} clients, {reads:.0%} reads, {crash_rate:.0%} crashed"
                yield Case(name, "kv-empty", operations)
                yield Case(
                    f"{name}, one wrong", "kv-empty", spoiled(operations, "get", lambda x: x[:-3])
                )
        operations = made(1, 1000, 10, ask_append_with_duplicates, apply_text, "", crash_rate, "x")
        yield Case(f"kv append of 3 texts, {crash_rate:.0%} crashed", "kv-empty", operations)
    for model, insert, remove, newest in (
        ("fifo-queue", "enqueue", "dequeue", False),
        ("stack", "push", "pop", True),
    ):
        for clients, values, crash_rate in (
            (5, 5, 0.0),
            (10, 5, 0.0),
            (10, 1000, 0.0),
            (20, 5, 0.0),
            (10, 5, 0.005),
        ):
            operations = made(
                1,
                3000,
                clients,
                ask_queue(insert, remove, values),
                apply_queue(insert, newest),
                (),
                crash_rate,
            )
            name = f"{model}, {clients} clients, {values} values, {crash_rate:.1%} crashed"
            yield Case(name, model, operations)
            yield Case(f"{name}, one wrong", model, spoiled(operations, remove, lambda x: 0))
    for clients in (5, 10):
        yield Case(
            f"set, {clients} clients",
            "set",
            made(1, 2000, clients, ask_set, apply_set, frozenset()),
        )
        yield Case(
            f"list-append txn, {clients} clients",
            "list-append",
            made(1, 1000, clients, ask_lists, apply_lists, {}),
        )


def main() -> None:
    for case in cases():
        if all(word in case.name for word in sys.argv[1:]):
            print(measure(case), flush=True)


if __name__ == "__main__":
    main()
