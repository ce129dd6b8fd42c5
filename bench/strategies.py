"""All strategies of the search against each other, on the whole zoo, at equal budgets.

    python bench/strategies.py [BUG...] [--strategies ensemble,choreography] [--seeds 5]
                               [--most 4000] [--jobs 2]

An execution is one run of one schedule. A bug counts as found by a failure of a kind that it is to
be convicted by; runs that fail otherwise are listed. Every start is a region of its own in the
space of seeds, so no two share a run. Prints two tables in Markdown: how many trials (a bug and a
start) were successful within so many executions, and for each bug the median and the worst.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from time import process_time
from typing import NamedTuple

from nemesis.search.ensemble import STRATEGIES
from raft.bugs import BUGS

FAR_APART = 1_000_000
WITHIN = (10, 100, 1_000, 2_000, 4_000, 20_000)


class Trial(NamedTuple):
    """One strategy against one bug, from one start."""

    strategy: str
    bug: str
    start: int
    most: int


class Outcome(NamedTuple):
    """After how many executions it was found, None if it was not, and what else was seen."""

    trial: Trial
    found: int | None
    executions: int
    kind: str
    others: dict[str, int]
    seconds: float


def attempt(trial: Trial) -> Outcome:
    """Search until the bug is found or the budget is spent."""
    bug, strategy = BUGS[trial.bug], STRATEGIES[trial.strategy]
    others: Counter[str] = Counter()
    began = process_time()
    for at in range(trial.most):
        failures = strategy(trial.start * FAR_APART + at, bug.variant).verdict.failures
        kinds = [failure.kind for failure in failures if failure.kind in bug.convicted_by]
        if kinds:
            return Outcome(trial, at + 1, at + 1, kinds[0], dict(others), process_time() - began)
        others.update(failure.kind for failure in failures[:1])
    return Outcome(trial, None, trial.most, "", dict(others), process_time() - began)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bugs", nargs="*", default=sorted(BUGS))
    parser.add_argument("--strategies", default=",".join(STRATEGIES))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--most", type=int, default=4_000)
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    strategies = arguments.strategies.split(",")
    trials = [
        Trial(strategy, bug, start, arguments.most)
        for bug in arguments.bugs
        for strategy in strategies
        for start in range(1, arguments.seeds + 1)
    ]
    with ProcessPoolExecutor(arguments.jobs) as pool:
        outcomes = []
        for outcome in pool.map(attempt, trials):
            outcomes.append(outcome)
            print(len(outcomes), "of", len(trials), end="\r", file=sys.stderr, flush=True)
    print_totals(outcomes, strategies, arguments.most)
    print_bugs(outcomes, strategies, arguments.bugs)
    print_others(outcomes)


def print_totals(outcomes: list[Outcome], strategies: list[str], most: int) -> None:
    """How many trials were successful within so many executions."""
    within = [count for count in WITHIN if count <= most]
    print_row("strategy", *(f"within {count:,}" for count in within), "trials", "executions/s")
    print_row("---", *("---:" for _ in within), "---:", "---:")
    for strategy in strategies:
        mine = [outcome for outcome in outcomes if outcome.trial.strategy == strategy]
        found = [outcome.found for outcome in mine if outcome.found is not None]
        speed = sum(each.executions for each in mine) / sum(each.seconds for each in mine)
        counts = (sum(each <= count for each in found) for count in within)
        print_row(strategy, *counts, len(mine), f"{speed:.0f}")
    print()


def print_bugs(outcomes: list[Outcome], strategies: list[str], bugs: list[str]) -> None:
    """The median and the worst start of each bug; a dash if it was not found."""
    print_row("bug", *strategies)
    print_row("---", *("---:" for _ in strategies))
    for bug in bugs:
        cells = []
        for strategy in strategies:
            found = [
                float("inf") if outcome.found is None else float(outcome.found)
                for outcome in outcomes
                if outcome.trial.bug == bug and outcome.trial.strategy == strategy
            ]
            cells.append(f"{_number(statistics.median(found))} / {_number(max(found))}")
        print_row(bug, *cells)
    print()


def print_others(outcomes: list[Outcome]) -> None:
    """Failures of a kind by which the bug is not to be convicted."""
    others: dict[str, Counter[str]] = {}
    for outcome in outcomes:
        others.setdefault(outcome.trial.bug, Counter()).update(outcome.others)
    for bug, kinds in others.items():
        if kinds:
            listed = ", ".join(f"{kind} {count}" for kind, count in kinds.most_common())
            print(f"{bug} also failed otherwise: {listed}")


def print_row(*cells: object) -> None:
    """A row of a table in Markdown."""
    print("|", " | ".join(_text(cells)), "|")


def _text(cells: Iterable[object]) -> list[str]:
    return [str(cell) for cell in cells]


def _number(found: float) -> str:
    return "-" if found == float("inf") else f"{found:g}"


if __name__ == "__main__":
    main()
