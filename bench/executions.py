"""Executions a second on one core: schedules of 50 operations and faults, 3 replicas, all checks.

    python bench/executions.py [--runs N] [--profile]
    PYTHONPATH=.venv/compiled python bench/executions.py        (after make compiled)

Prints the median of five rounds, and what a plain function call costs on this machine at that time,
since machines and their neighbours differ.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import statistics
from time import perf_counter

from nemesis.run import IS_COMPILED, run
from nemesis.search.generate import Only, Size, generate
from nemesis.search.workers import tune_collector

SIZE = Size(operations=43, attacks=7)
ROUNDS = 5


def nothing(value: int) -> int:
    return value + 1


def call_cost() -> float:
    """What a function call costs, in ns."""
    started = perf_counter()
    value = 0
    for _ in range(500_000):
        value = nothing(value)
    return (perf_counter() - started) / 500_000 * 1e9


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--profile", action="store_true")
    arguments = parser.parse_args()
    schedules = [generate(seed, SIZE, Only(replicas=3)) for seed in range(arguments.runs)]
    tune_collector()
    for schedule in schedules[:20]:
        run(schedule)
    if arguments.profile:
        profile = cProfile.Profile()
        profile.enable()
        for schedule in schedules:
            run(schedule)
        profile.disable()
        pstats.Stats(profile).sort_stats("tottime").print_stats(40)
        return
    rates = []
    for _ in range(ROUNDS):
        started = perf_counter()
        for schedule in schedules:
            run(schedule)
        rates.append(arguments.runs / (perf_counter() - started))
    print(
        f"{'compiled' if IS_COMPILED else 'interpreted'}: "
        f"{statistics.median(rates):.0f} executions a second (rounds: "
        f"{', '.join(f'{rate:.0f}' for rate in rates)}); a function call costs {call_cost():.0f} ns"
    )


if __name__ == "__main__":
    main()
