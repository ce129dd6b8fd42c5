"""Whether hard histories keep to their budgets: memory, time, and time on very long histories.

    python bench/lincheck_budgets.py memory [--bytes B] [--cases CASE ...]
    python bench/lincheck_budgets.py seconds [--seconds S ...] [--real] [--cases CASE ...]
    python bench/lincheck_budgets.py long [--seconds S] [--operations N]

``memory``: the peak that tracemalloc saw over a search, in parts of the budget, for each engine and
for ``check``. ``seconds``: the time that ``check`` took, in parts of its budget; of processor time,
or with ``--real`` by the clock. ``long``: the same for histories so long that the budget runs out
while they are read, translated or judged by a monitor.
"""

from __future__ import annotations

import argparse
import gc
import sys
import tracemalloc
from collections.abc import Callable, Generator, Sequence
from importlib import import_module
from pathlib import Path
from random import Random
from time import perf_counter, process_time

sys.path.insert(0, str(Path(__file__).parent.parent))

from checker.history import Operation
from checker.lincheck import check
from checker.lincheck.budget import Budget, BudgetExhausted, Meter
from checker.lincheck.depth_first import depth_first
from checker.lincheck.engine import Outcome
from checker.lincheck.parts import Part, split
from checker.lincheck.widening import (
    Everything,
    engine_of,
    events_of,
    exact,
    frontier,
    narrow,
    relaxed,
)
from checker.models import get_model
from tests.checker.lincheck.hard_cases import CASES, Hard
from tests.checker.random_histories import random_operations

Running = Generator[None, None, Outcome | None]

ENGINES: dict[str, Callable[[Part, Meter], Running]] = {
    "depth first": lambda part, meter: depth_first(part, meter, True),
    "exact": lambda part, meter: exact(
        part, engine_of(part, meter), events_of(part.entries), 0, False
    ),
    "recording": lambda part, meter: exact(
        part, engine_of(part, meter, record=True), events_of(part.entries), 0, True
    ),
    "narrow": lambda part, meter: narrow(
        part, engine_of(part, meter, record=True), events_of(part.entries), 0, True
    ),
    "relaxed": lambda part, meter: relaxed(
        part, engine_of(part, meter, reusable=Everything()), events_of(part.entries)
    ),
    "frontier": lambda part, meter: frontier(part, meter, True),
}

CONFIGURATIONS = 60_000
"""Where a search that holds little ends."""


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("what", choices=["memory", "seconds", "long"])
    parser.add_argument("--cases", nargs="*", choices=list(CASES), default=list(CASES))
    parser.add_argument("--bytes", type=int, default=4_000_000)
    parser.add_argument("--seconds", type=float, nargs="*", default=[0.2, 1.0, 3.0])
    parser.add_argument("--operations", type=int, default=1_000_000)
    parser.add_argument("--real", action="store_true")
    given = parser.parse_args(arguments)
    # ``check`` would load it where it first needs it, and seem to hold more.
    import_module("checker.lincheck.verify")
    clock = perf_counter if given.real else process_time
    if given.what == "long":
        for name in ("cas-register", "fifo-queue", "counter", "unique-ids", "kv"):
            operations = long_history(name, given.operations)
            for seconds in given.seconds:
                print(timed(Hard(name, operations), seconds, clock), flush=True)
        return
    for case in given.cases:
        hard = CASES[case]()
        if given.what == "seconds":
            for seconds in given.seconds:
                print(f"{case}: {timed(hard, seconds, clock)}", flush=True)
            continue
        for engine in ENGINES:
            print(f"{case}, {engine}: {held_by(hard, ENGINES[engine], given.bytes)}", flush=True)
        print(f"{case}, check: {held_by_check(hard, given.bytes)}", flush=True)


def held_by(hard: Hard, engine: Callable[[Part, Meter], Running], most: int) -> str:
    """The peak of an engine that may hold so many bytes."""
    parts = split(hard.operations, get_model(hard.model))
    part = max(parts, key=lambda each: len(each.entries))
    meter = Meter(Budget(seconds=None, memory=most, configurations=CONFIGURATIONS))
    before = start_tracing()
    search = engine(part, meter)
    ended = "it ends"
    try:
        while True:
            next(search)
    except StopIteration:
        pass
    except BudgetExhausted as error:
        ended = str(error)
    peak = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    return f"{peak / most:.2f} of {most:,} bytes, {meter.explored:,} configurations: {ended}"


def held_by_check(hard: Hard, most: int) -> str:
    model = get_model(hard.model)
    budget = Budget(seconds=None, memory=most, configurations=CONFIGURATIONS)
    before = start_tracing()
    verdict = check(hard.operations, model, budget=budget)
    peak = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    return f"{peak / most:.2f} of {most:,} bytes: {verdict.validity} {' '.join(verdict.reasons)}"


def start_tracing() -> int:
    """Bytes that are held now; lists of free objects, which nobody would see used, are emptied."""
    gc.collect()
    tracemalloc.start()
    return tracemalloc.get_traced_memory()[0]


def timed(hard: Hard, seconds: float, clock: Callable[[], float]) -> str:
    model = get_model(hard.model)
    started = clock()
    verdict = check(hard.operations, model, budget=Budget(seconds=seconds), clock=clock)
    spent = clock() - started
    why = " ".join(verdict.reasons)
    return (
        f"{hard.model}, {len(hard.operations):,} operations: {spent / seconds:.2f} of {seconds:g} "
        f"s: {verdict.validity} {why}"
    )


def long_history(model_name: str, count: int) -> list[Operation]:
    """A possible history of one key; of the short ones that are repeated, each keeps its values."""
    return random_operations(
        Random(1), model_name, count, concurrency=10, crash_rate=0.0, wrong_rate=0.0, unique=True
    )


if __name__ == "__main__":
    main(sys.argv[1:])
