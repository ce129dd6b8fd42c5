"""All strategies of the search against each other, on the whole zoo, at equal budgets.

    python bench/strategies.py [BUG...] [--strategies ensemble,choreography] [--seeds 5]
                               [--most 4000] [--jobs 2]

Each trial is a hunt of the zoo (nemesis/zoo/hunt.py) without shrinking. Prints two tables in
Markdown: how many hunts were successful within so many executions, and for each bug the median and
the worst; and lists runs that failed otherwise than the bug is to.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections import Counter
from collections.abc import Iterable

from nemesis.search.ensemble import STRATEGIES
from nemesis.zoo.hunt import Catch, Hunt
from nemesis.zoo.round import hunt_all, hunts_of
from raft.bugs import BUGS

WITHIN = (10, 100, 1_000, 2_000, 4_000, 20_000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bugs", nargs="*", default=sorted(BUGS))
    parser.add_argument("--strategies", default=",".join(STRATEGIES))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--most", type=int, default=4_000)
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    strategies = arguments.strategies.split(",")
    hunts: list[Hunt] = []
    for strategy in strategies:
        hunts += hunts_of(
            arguments.bugs,
            starts=arguments.seeds,
            budget=arguments.most,
            strategy=strategy,
            must_shrink=False,
        )
    catches: list[Catch] = []
    for catch in hunt_all(hunts, arguments.jobs):
        catches.append(catch)
        print(len(catches), "of", len(hunts), end="\r", file=sys.stderr, flush=True)
    print_totals(catches, strategies, arguments.most)
    print_bugs(catches, strategies, arguments.bugs)
    print_others(catches)


def print_totals(catches: list[Catch], strategies: list[str], most: int) -> None:
    """How many hunts were successful within so many executions."""
    within = [*(count for count in WITHIN if count < most), most]
    print_row("strategy", *(f"within {count:,}" for count in within), "hunts", "executions/s")
    print_row("---", *("---:" for _ in within), "---:", "---:")
    for strategy in strategies:
        mine = [catch for catch in catches if catch.hunt.strategy == strategy]
        found = [catch.executions for catch in mine if catch.executions is not None]
        executed = sum(most if each.executions is None else each.executions for each in mine)
        speed = executed / sum(each.seconds for each in mine)
        counts = (sum(each <= count for each in found) for count in within)
        print_row(strategy, *counts, len(mine), f"{speed:.0f}")
    print()


def print_bugs(catches: list[Catch], strategies: list[str], bugs: list[str]) -> None:
    """The median and the worst hunt of each bug; a dash if it was not found."""
    print_row("bug", *strategies)
    print_row("---", *("---:" for _ in strategies))
    for bug in bugs:
        cells = []
        for strategy in strategies:
            found = [
                float("inf") if catch.executions is None else float(catch.executions)
                for catch in catches
                if catch.hunt.bug == bug and catch.hunt.strategy == strategy
            ]
            cells.append(f"{_number(statistics.median(found))} / {_number(max(found))}")
        print_row(bug, *cells)
    print()


def print_others(catches: list[Catch]) -> None:
    """Failures of a kind by which the bug is not to be convicted."""
    others: dict[str, Counter[str]] = {}
    for catch in catches:
        others.setdefault(catch.hunt.bug, Counter()).update(catch.others)
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
