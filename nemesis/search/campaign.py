"""Campaigns: many seeds, on all cores, until something fails or the budget is spent.

Seeds are handed out in blocks, one after the other, so a campaign of a seed and a number of runs
does the same work on one core as on many. A worker shrinks what it finds and hands back the
smallest run.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import replace
from itertools import count
from time import monotonic
from typing import NamedTuple

from checker.history import History
from checker.lincheck import CertificateError
from checker.lincheck.verify import verify
from checker.models import get_model
from checker.verdict import Failure, invalid
from nemesis.run import Run, check_history, run
from nemesis.search.ensemble import STRATEGIES, TIMED
from nemesis.search.generate import ANYTHING, ORDINARY, Only, Size, generate
from nemesis.search.shrink import shrink
from nemesis.search.tally import Tally
from nemesis.search.workers import workers
from nemesis.subjects.own import OWN
from nemesis.subjects.registry import subject_named
from nemesis.subjects.subject import Subject

NONDETERMINISM = "nondeterminism"
CERTIFICATE = "certificate"
# Every so manieth run is executed twice and the traces compared, byte for byte; and the verdict on
# its history is proved.
_TWICE = 50
_BLOCK = 20
# A shrink takes no longer than this, in s, so that a campaign goes on.
_SHRINK_SECONDS = 4.5


class Campaign(NamedTuple):
    """What is to be done. ``runs`` or ``seconds`` may be None: no limit. ``size`` and ``only`` say
    what the strategy "timed" draws; no other heeds them."""

    seed: int = 0
    runs: int | None = None
    seconds: float | None = None
    jobs: int = 1
    # The name of the subject (nemesis.subjects.registry).
    subject: str = OWN.name
    size: Size = ORDINARY
    only: Only = ANYTHING
    stop_at_first: bool = True
    strategy: str = TIMED


class Finding(NamedTuple):
    """A failure: the seed that led to it, after how many executions of the campaign, how large the
    schedule was, and the smallest run that fails in the same way."""

    seed: int
    executions: int
    steps: int
    shrunk: Run
    shrink_executions: int
    shrink_seconds: float


class Report(NamedTuple):
    """What came of a block of seeds."""

    tally: Tally
    findings: list[Finding]


class _Block(NamedTuple):
    """Seeds ``first`` to ``first + runs``, ``done`` of the campaign's runs being before them."""

    first: int
    runs: int
    done: int


def campaign(what: Campaign) -> Generator[Report, None, None]:
    """Run a campaign; a report for every block of seeds, as they are done.

    Closing the iterator ends the workers.
    """
    if what.jobs == 1:
        yield from _here(what)
    else:
        yield from _in_parallel(what)


def _blocks(what: Campaign, deadline: float | None) -> Iterator[_Block]:
    for done in count(0, _BLOCK):
        if deadline is not None and monotonic() >= deadline:
            return
        left = _BLOCK if what.runs is None else min(_BLOCK, what.runs - done)
        if left <= 0:
            return
        yield _Block(what.seed + done, left, done)


def _deadline(what: Campaign) -> float | None:
    return None if what.seconds is None else monotonic() + what.seconds


def _here(what: Campaign) -> Iterator[Report]:
    for block in _blocks(what, _deadline(what)):
        report = run_block(what, block)
        yield report
        if report.findings and what.stop_at_first:
            return


def _in_parallel(what: Campaign) -> Iterator[Report]:
    blocks = _blocks(what, _deadline(what))
    pending: set[Future[Report]] = set()
    with workers(what.jobs) as pool:
        stopping = False
        while True:
            while not stopping and len(pending) < 2 * what.jobs:
                block = next(blocks, None)
                if block is None:
                    break
                pending.add(pool.submit(run_block, what, block))
            if not pending:
                return
            done, pending = wait(pending, return_when=FIRST_COMPLETED)
            for future in done:
                if future.cancelled():
                    continue
                report = future.result()
                yield report
                if report.findings and what.stop_at_first and not stopping:
                    # Blocks under way hold earlier seeds, perhaps: they are waited for.
                    stopping = True
                    for other in pending:
                        other.cancel()


def run_block(what: Campaign, block: _Block) -> Report:
    """Run the seeds of a block, one after the other."""
    subject = subject_named(what.subject)
    tally = Tally()
    findings: list[Finding] = []
    for at in range(block.runs):
        seed = block.first + at
        result = execute(what, seed, subject)
        if seed % _TWICE == 0:
            tally.executed_twice += 1
            result = _compared(result, subject)
            result, is_certified = _certified(result)
            tally.certified += is_certified
        tally.add(result, seed)
        if result.verdict.failures:
            findings.append(_finding(seed, block.done + at + 1, result, subject))
            if what.stop_at_first:
                break
    return Report(tally, findings)


def execute(what: Campaign, seed: int, subject: Subject) -> Run:
    """The campaign's run of a seed."""
    if what.strategy == TIMED:
        return run(generate(seed, what.size, what.only, subject), subject)
    return STRATEGIES[what.strategy](seed, subject)


def _compared(first: Run, subject: Subject) -> Run:
    """The run, convicted if a second execution differs from it."""
    second = run(first.schedule, subject)
    if second.trace_bytes() == first.trace_bytes() and second.history == first.history:
        return first
    what = "the schedule was executed twice, and history or trace differ"
    verdict = invalid(*first.verdict.failures, Failure(NONDETERMINISM, what))
    return replace(first, verdict=verdict)


def _certified(first: Run) -> tuple[Run, bool]:
    """The run, convicted if lincheck cannot prove what it says of its history; whether it could."""
    verdict = check_history(first.history, first.model, certificate=True)
    if verdict.certificate is None:
        return first, False
    try:
        verify(History(first.history).operations(), verdict.certificate, get_model(first.model))
    except CertificateError as error:
        what = f"lincheck calls the history {verdict.validity}, its certificate is refused: {error}"
        convicted = invalid(*first.verdict.failures, Failure(CERTIFICATE, what))
        return replace(first, verdict=convicted), False
    return first, True


def _finding(seed: int, executions: int, result: Run, subject: Subject) -> Finding:
    started = monotonic()
    steps = len(result.schedule.steps)
    if result.verdict.failures[0].kind in (NONDETERMINISM, CERTIFICATE):
        # Nothing that a shrinker could rely on.
        return Finding(seed, executions, steps, result, 0, 0.0)
    shrunk = shrink(result, subject, may_go_on=lambda: monotonic() < started + _SHRINK_SECONDS)
    seconds = monotonic() - started
    return Finding(seed, executions, steps, shrunk.run, shrunk.executions, seconds)
