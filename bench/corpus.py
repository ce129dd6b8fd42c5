"""Whether a corpus of interesting schedules pays in campaigns: hunts in which a share of the runs
go on from schedules that showed what others did not, against hunts that draw each run anew.

    python bench/corpus.py [BUG...] [--shares 0,10,25] [--seeds 3] [--most 4000] [--batch 100]
                           [--jobs 2] [--seconds S]

A hunt is a campaign of one worker: batches of runs, of each the candidates are kept, and the next
one is given entries (nemesis/search/corpus.py). It ends with the first run that convicts the bug by
its own kind of failure. The hunts of all shares go side by side, as what is drawn anew for a seed
is the same in all. Prints a row a bug, the median and the worst hunt; what each share found in all;
and what runs of each kind cost. After --seconds it gives up what has not ended.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from concurrent.futures import FIRST_COMPLETED, wait
from time import monotonic, process_time
from typing import NamedTuple

from nemesis.outcome import Run
from nemesis.schedule import Schedule, decode_schedule
from nemesis.search.corpus import Corpus, Observed
from nemesis.search.ensemble import search
from nemesis.search.mutation import is_mutated, mutated
from nemesis.search.workers import workers
from nemesis.zoo.hunt import FAR_APART
from raft.bugs import BUGS, get_bug

_WITHIN = (10, 100, 1_000, 2_000, 4_000, 10_000)


class Trial(NamedTuple):
    """The hunts of one bug from one start, one for each share, in per cent of the runs."""

    bug: str
    start: int
    shares: tuple[int, ...]
    most: int
    batch: int


class Hunt(NamedTuple):
    """Executions until the bug was convicted, None if it was not; whether a run did that went on
    from an entry; how many entries there were then."""

    executions: int | None
    by_corpus: bool
    entries: int


class Times(NamedTuple):
    """Runs of a kind, and the processor time that they took, in s."""

    runs: int
    seconds: float

    def plus(self, seconds: float) -> Times:
        """With one run more."""
        return Times(self.runs + 1, self.seconds + seconds)


class Result(NamedTuple):
    """What came of a trial: hunts by share, and what runs of each kind cost."""

    trial: Trial
    hunts: dict[int, Hunt]
    drawn: Times
    mutated: Times
    observed: Times


class Hunter:
    """One hunt, batch by batch."""

    def __init__(self, trial: Trial, share: int) -> None:
        self._trial = trial
        self._share = share
        self._corpus = Corpus()
        self._entries: list[Schedule] = []
        self._observed = Observed()
        self.hunt: Hunt | None = None

    def begin(self, first: int) -> None:
        """A batch begins."""
        self._corpus.take(self._corpus.changes(self._observed.candidates()))
        self._observed = Observed()
        handed = self._corpus.for_batch(first)
        self._entries = [decode_schedule(each.schedule.encode()) for each in handed]

    def entries_for(self, seed: int) -> list[Schedule]:
        """What the run of this seed goes on from one of; none if it is drawn anew."""
        return self._entries if is_mutated(seed, self._share) else []

    def take(self, run: Run, executions: int, *, by_corpus: bool) -> float:
        """Judge a run; how long it took to look at what was observed, in s."""
        failures = run.verdict.failures
        if failures and failures[0].kind in get_bug(self._trial.bug).convicted_by:
            self.hunt = Hunt(executions, by_corpus, len(self._corpus))
        if not self._share:
            return 0.0
        began = process_time()
        self._observed.add(run)
        return process_time() - began

    def result(self) -> Hunt:
        """What has come of it."""
        return self.hunt or Hunt(None, False, len(self._corpus))


def hunt(trial: Trial) -> Result:
    """All hunts of a trial side by side: what is drawn anew for a seed is the same in all of them,
    and is run once."""
    variant = get_bug(trial.bug).variant
    hunters = {share: Hunter(trial, share) for share in trial.shares}
    drawn = changed = observed = Times(0, 0.0)
    for at in range(trial.most):
        seed = trial.start * FAR_APART + at
        going = {share: each for share, each in hunters.items() if each.hunt is None}
        if not going:
            break
        anew: Run | None = None
        for share, hunter in going.items():
            if at % trial.batch == 0:
                hunter.begin(seed)
            entries = hunter.entries_for(seed)
            began = process_time()
            if entries:
                run = mutated(seed, entries, variant)
                changed = changed.plus(process_time() - began)
            elif anew is None:
                run = anew = search(seed, variant)
                drawn = drawn.plus(process_time() - began)
            else:
                run = anew
            seconds = hunter.take(run, at + 1, by_corpus=bool(entries))
            if share:
                observed = observed.plus(seconds)
    hunts = {share: each.result() for share, each in hunters.items()}
    return Result(trial, hunts, drawn, changed, observed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bugs", nargs="*", default=sorted(BUGS))
    parser.add_argument("--shares", default="0,10,25")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--most", type=int, default=4_000)
    parser.add_argument("--batch", type=int, default=100)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seconds", type=float)
    arguments = parser.parse_args()
    shares = tuple(int(share) for share in arguments.shares.split(","))
    trials = [
        Trial(bug, start, shares, arguments.most, arguments.batch)
        for start in range(1, arguments.seeds + 1)
        for bug in arguments.bugs
    ]
    results: list[Result] = []
    until = None if arguments.seconds is None else monotonic() + arguments.seconds
    with workers(arguments.jobs) as pool:
        waiting = {pool.submit(hunt, trial) for trial in trials}
        while waiting:
            left = None if until is None else max(0.0, until - monotonic())
            done, waiting = wait(waiting, left, FIRST_COMPLETED)
            if not done:
                print(f"{len(waiting)} trials were given up", file=sys.stderr)
                break
            results.extend(future.result() for future in done)
            print(len(results), "of", len(trials), results[-1], file=sys.stderr, flush=True)
        print_bugs(results, arguments.bugs, shares)
        print_totals(results, shares, arguments.most)
        print_times(results)
        for future in waiting:
            future.cancel()


def print_bugs(results: list[Result], bugs: list[str], shares: tuple[int, ...]) -> None:
    """The median and the worst hunt of each bug; a dash if it was not found."""
    heads = " | ".join(f"{share} %" for share in shares)
    print(f"| bug | hunts | {heads} |\n|---|{'---:|' * (len(shares) + 1)}")
    for bug in bugs:
        mine = [each.hunts for each in results if each.trial.bug == bug]
        if not mine:
            continue
        cells = []
        for share in shares:
            found = [hunts[share].executions or float("inf") for hunts in mine]
            cells.append(f"{_number(statistics.median(found))} / {_number(max(found))}")
        print(f"| {bug} | {len(mine)} | {' | '.join(cells)} |")
    print()


def print_totals(results: list[Result], shares: tuple[int, ...], most: int) -> None:
    """How many hunts were successful within so many executions, and by which runs; how many found
    the bug sooner than without a corpus, and later."""
    within = [*(count for count in _WITHIN if count < most), most]
    heads = " | ".join(f"within {count:,}" for count in within)
    print(f"| share | {heads} | hunts | by the corpus | sooner | later | entries |")
    print(f"|---|{'---:|' * (len(within) + 5)}")
    for share in shares:
        mine = [each.hunts[share] for each in results]
        took = [each.executions or float("inf") for each in mine]
        counts = " | ".join(str(sum(each <= count for each in took)) for count in within)
        plain = [each.hunts[shares[0]].executions or float("inf") for each in results]
        sooner = sum(one < other for one, other in zip(took, plain, strict=True))
        later = sum(one > other for one, other in zip(took, plain, strict=True))
        by_corpus = sum(each.by_corpus for each in mine)
        entries = max(each.entries for each in mine)
        print(
            f"| {share} % | {counts} | {len(mine)} | {by_corpus} | {sooner} | {later} | {entries} |"
        )
    print()


def print_times(results: list[Result]) -> None:
    """What a run of each kind costs, in ms of processor time."""
    for name in ("drawn", "mutated", "observed"):
        times: list[Times] = [getattr(each, name) for each in results]
        runs = sum(each.runs for each in times)
        if runs:
            milliseconds = 1000 * sum(each.seconds for each in times) / runs
            print(f"{name}: {runs:,} runs, {milliseconds:.2f} ms each")


def _number(found: float) -> str:
    return "-" if found == float("inf") else f"{found:g}"


if __name__ == "__main__":
    main()
