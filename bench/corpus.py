"""Whether a corpus of interesting schedules pays in campaigns: hunts in which a share of the runs
go on from schedules that showed what others did not, against hunts that draw each run anew.

    python bench/corpus.py [BUG...] [--shares 0,10,25] [--seeds 3] [--most 4000] [--batch 100]
                           [--jobs 2]

A hunt is a campaign of one worker: batches of runs, of each the candidates are kept, and the next
one is given entries (nemesis/search/corpus.py). It ends with the first run that convicts the bug by
its own kind of failure. Prints a row a bug, the median and the worst hunt; and what each share
found in all within so many executions, how many of them by runs that went on from an entry, and
executions a second of processor time.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from concurrent.futures import as_completed
from time import process_time
from typing import NamedTuple

from nemesis.schedule import decode_schedule
from nemesis.search.corpus import Corpus, Observed
from nemesis.search.ensemble import search
from nemesis.search.mutation import is_mutated, mutated
from nemesis.search.workers import workers
from nemesis.zoo.hunt import FAR_APART
from raft.bugs import BUGS, get_bug

_WITHIN = (10, 100, 1_000, 2_000, 4_000, 10_000)


class Trial(NamedTuple):
    """A hunt of one bug from one start, with a corpus in so many per cent of the runs."""

    bug: str
    start: int
    share: int
    most: int
    batch: int


class Result(NamedTuple):
    """Executions until the bug was convicted, None if it was not; whether a mutated run did."""

    trial: Trial
    executions: int | None
    executed: int
    by_corpus: bool
    entries: int
    seconds: float


def hunt(trial: Trial) -> Result:
    """One hunt."""
    bug = get_bug(trial.bug)
    corpus = Corpus()
    began = process_time()
    done = 0
    while done < trial.most:
        first = trial.start * FAR_APART + done
        given = [decode_schedule(each.schedule.encode()) for each in corpus.for_batch(first)]
        observed = Observed()
        for seed in range(first, first + min(trial.batch, trial.most - done)):
            done += 1
            goes_on = bool(given) and is_mutated(seed, trial.share)
            run = mutated(seed, given, bug.variant) if goes_on else search(seed, bug.variant)
            failures = run.verdict.failures
            if failures and failures[0].kind in bug.convicted_by:
                seconds = process_time() - began
                return Result(trial, done, done, goes_on, len(corpus), seconds)
            if trial.share:
                observed.add(run)
        corpus.take(corpus.changes(observed.candidates()))
    return Result(trial, None, done, False, len(corpus), process_time() - began)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bugs", nargs="*", default=sorted(BUGS))
    parser.add_argument("--shares", default="0,10,25")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--most", type=int, default=4_000)
    parser.add_argument("--batch", type=int, default=100)
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    shares = [int(share) for share in arguments.shares.split(",")]
    trials = [
        Trial(bug, start, share, arguments.most, arguments.batch)
        for start in range(1, arguments.seeds + 1)
        for bug in arguments.bugs
        for share in shares
    ]
    results: list[Result] = []
    with workers(arguments.jobs) as pool:
        for future in as_completed([pool.submit(hunt, trial) for trial in trials]):
            results.append(future.result())
            print(len(results), "of", len(trials), results[-1], file=sys.stderr, flush=True)
    print_bugs(results, arguments.bugs, shares)
    print_totals(results, shares, arguments.most)


def print_bugs(results: list[Result], bugs: list[str], shares: list[int]) -> None:
    """The median and the worst hunt of each bug; a dash if it was not found."""
    print(f"| bug | {' | '.join(f'{share} %' for share in shares)} |\n|---|{'---:|' * len(shares)}")
    for bug in bugs:
        cells = []
        for share in shares:
            found = [
                float("inf") if each.executions is None else float(each.executions)
                for each in results
                if each.trial.bug == bug and each.trial.share == share
            ]
            cells.append(f"{_number(statistics.median(found))} / {_number(max(found))}")
        print(f"| {bug} | {' | '.join(cells)} |")
    print()


def print_totals(results: list[Result], shares: list[int], most: int) -> None:
    """How many hunts were successful within so many executions, by which runs, and how fast."""
    within = [*(count for count in _WITHIN if count < most), most]
    heads = " | ".join(f"within {count:,}" for count in within)
    print(f"| share | {heads} | hunts | by the corpus | executions/s | entries |")
    print(f"|---|{'---:|' * (len(within) + 4)}")
    for share in shares:
        mine = [each for each in results if each.trial.share == share]
        found = [each.executions for each in mine if each.executions is not None]
        counts = " | ".join(str(sum(each <= count for each in found)) for count in within)
        speed = sum(each.executed for each in mine) / sum(each.seconds for each in mine)
        by_corpus = sum(each.by_corpus for each in mine)
        entries = max(each.entries for each in mine)
        print(
            f"| {share} % | {counts} | {len(mine)} | {by_corpus} | {speed:.0f} | up to {entries} |"
        )


def _number(found: float) -> str:
    return "-" if found == float("inf") else f"{found:g}"


if __name__ == "__main__":
    main()
