"""Campaigns: many seeds, on all cores, until something fails or the budget is spent.

Seeds are handed out in blocks, one after the other, so a campaign of a seed and a number of runs
executes and counts the same on one core as on many. A worker shrinks what it finds and hands back
the smallest run; if the campaign goes on, how many of a kind are shrunk depends on how many blocks
were under way when it was settled.

A subject of others may be native code, which can end its process: such a campaign works in
processes of its own even on one core. Where one dies, what was under way is done again, each block
alone, and a seed that ends its process again by itself is a finding, which is shrunk like others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import count
from time import monotonic

from nemesis.search.block import (
    SHRUNK_OF_A_KIND,
    Block,
    Campaign,
    Death,
    Finding,
    Report,
    run_block,
)
from nemesis.search.deaths import smallest_deaths
from nemesis.search.tally import Tally
from nemesis.search.workers import WorkerDied, alone, workers
from nemesis.subjects.registry import is_own

__all__ = ["Campaign", "Death", "Finding", "Report", "campaign"]

_BLOCK = 20


def campaign(what: Campaign) -> Generator[Report, None, None]:
    """Run a campaign; a report for every block of seeds, as they are done.

    Closing the iterator ends the workers.
    """
    if what.jobs == 1 and is_own(what.subject):
        yield from _here(what)
    else:
        yield from _Workforce(what).reports()


def _blocks(what: Campaign) -> Iterator[Block]:
    deadline = None if what.seconds is None else monotonic() + what.seconds
    for done in count(0, _BLOCK):
        if deadline is not None and monotonic() >= deadline:
            return
        left = _BLOCK if what.runs is None else min(_BLOCK, what.runs - done)
        if left <= 0:
            return
        yield Block(what.seed + done, left, done)


class _Known:
    """What was found so far: once a kind has failed often, the next of it are only counted, as a
    subject with a bug that shows in every run would be shrunk for days."""

    def __init__(self, what: Campaign) -> None:
        self._what = what
        self._kinds: Counter[str] = Counter()

    def campaign(self) -> Campaign:
        """The campaign as it goes on."""
        often = (kind for kind, count in self._kinds.items() if count >= SHRUNK_OF_A_KIND)
        return self._what._replace(settled=self._what.settled.union(often))

    def note(self, report: Report) -> None:
        """A block has come to this."""
        self._kinds.update(each.shrunk.verdict.failures[0].kind for each in report.findings)
        self._kinds.update(each.kind for each in report.deaths)


def _here(what: Campaign) -> Iterator[Report]:
    known = _Known(what)
    for block in _blocks(what):
        report = run_block(known.campaign(), block)
        known.note(report)
        yield report
        if report.has_found and what.stop_at_first:
            return


class _Workforce:
    """Several processes, and the blocks that they do; a new pool where one is broken."""

    def __init__(self, what: Campaign) -> None:
        self._what = what
        self._blocks = _blocks(what)
        # What a broken pool has left undone.
        self._left: list[Block] = []
        self._stopping = False
        self._known = _Known(what)

    def reports(self) -> Generator[Report, None, None]:
        """Until all is done, or something was found."""
        while True:
            pending: dict[Future[Report], Block] = {}
            with workers(self._what.jobs) as pool:
                try:
                    for report in self._work(pool, pending):
                        self._known.note(report)
                        yield report
                        self._heed(report, pending)
                    return
                except BrokenProcessPool:
                    self._left.extend(pending.values())
            for block in sorted(self._left):
                has_found = yield from self._alone(block)
                if has_found and self._what.stop_at_first:
                    return
            self._left.clear()

    def _alone(self, block: Block) -> Generator[Report, None, bool]:
        """Report on a block that is done alone; whether something was found. To shrink what never
        returns takes minutes: after Ctrl-C it is told of all the same, before the end."""
        what = self._known.campaign()
        report = _without_those_that_die(what, block)
        try:
            report = report._replace(deaths=smallest_deaths(what, report.deaths))
        except KeyboardInterrupt:
            yield _interrupted(report)
            raise
        self._known.note(report)
        yield report
        return report.has_found

    def _work(
        self, pool: ProcessPoolExecutor, pending: dict[Future[Report], Block]
    ) -> Iterator[Report]:
        while True:
            while len(pending) < 2 * self._what.jobs and not self._stopping:
                block = next(self._blocks, None)
                if block is None:
                    break
                try:
                    pending[pool.submit(run_block, self._known.campaign(), block)] = block
                except BrokenProcessPool:
                    self._left.append(block)
                    raise
            if not pending:
                return
            done, _ = wait(pending, return_when=FIRST_COMPLETED)
            for future in done:
                if future in pending:
                    report = future.result()
                    del pending[future]
                    yield report

    def _heed(self, report: Report, pending: dict[Future[Report], Block]) -> None:
        """Begin nothing more once something was found. Blocks under way hold earlier seeds,
        perhaps: they are waited for."""
        if report.has_found and self._what.stop_at_first and not self._stopping:
            self._stopping = True
            for future in [each for each in pending if each.cancel()]:
                del pending[future]


def do_alone(what: Campaign, block: Block) -> Report:
    """Do a block in a process of its own, as often as that dies: without the seeds that end it,
    whose schedules are shrunk then."""
    report = _without_those_that_die(what, block)
    return report._replace(deaths=smallest_deaths(what, report.deaths))


def _without_those_that_die(what: Campaign, block: Block) -> Report:
    deaths: list[Death] = []
    while True:
        try:
            report = alone(run_block, what, block, limit=what.limit)
            break
        except WorkerDied as died:
            death = None
            if died.at is not None:
                seed, is_shrinking = died.at
                if is_shrinking and seed not in block.unshrunk:
                    # By something that is no longer this seed's schedule.
                    block = block._replace(unshrunk=block.unshrunk | {seed})
                    continue
                death = _confirmed(what, block, seed)
            if death is None:
                report = _lost(block, died)
                break
            deaths.append(death)
            block = block._replace(skipped=block.skipped | {death.seed})
            if what.stop_at_first:
                # As many runs as come before it.
                block = block._replace(runs=death.seed - block.first)
    for death in deaths:
        report.tally.add_death(death.seed, death.kind)
    return report._replace(deaths=deaths)


def _confirmed(what: Campaign, block: Block, seed: int) -> Death | None:
    """The seed alone ends its process, too; None if it does not."""
    executions = block.done + seed - block.first + 1
    unshrunk = frozenset({seed})
    only = Block(seed, 1, executions - 1, unshrunk=unshrunk, entries=block.entries)
    try:
        alone(run_block, what, only, limit=what.limit)
    except WorkerDied as died:
        return Death(seed, executions, died.how, died.last_words, died.is_endless)
    return None


def _interrupted(report: Report) -> Report:
    deaths = [death._replace(not_shrunk="it was interrupted") for death in report.deaths]
    return report._replace(deaths=deaths)


def _lost(block: Block, died: WorkerDied) -> Report:
    tally = Tally()
    # Those that are skipped are known to end their process, and counted as that.
    every = range(block.first, block.first + block.runs)
    seeds = [seed for seed in every if seed not in block.skipped]
    if seeds:
        tally.add_lost(
            seeds,
            f"a process ended ({died.how}) while it ran the seeds {seeds[0]} to {seeds[-1]}, and "
            "none of them does that to one alone",
        )
    return Report(tally, [])
