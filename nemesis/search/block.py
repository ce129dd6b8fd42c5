"""A block of seeds of a campaign: its runs, one after the other, judged and shrunk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from time import monotonic
from typing import NamedTuple

from checker.history import History
from checker.lincheck import CertificateError
from checker.lincheck.verify import verify
from checker.models import get_model
from checker.verdict import Failure, invalid
from nemesis.run import Run, check_history, run
from nemesis.schedule import Schedule, decode_schedule
from nemesis.search.corpus import Candidate, Observed
from nemesis.search.ensemble import ENSEMBLE, STRATEGIES, TIMED, strategy_of
from nemesis.search.generate import ANYTHING, ORDINARY, Only, Size, generate
from nemesis.search.mutation import is_mutated, mutated
from nemesis.search.shrink import shrink
from nemesis.search.tally import DEATH, ENDLESS, Tally
from nemesis.search.time_limit import TIME_LIMIT, TimeLimit, limited, restart, within
from nemesis.search.workers import tell
from nemesis.subjects.own import OWN, variant_of
from nemesis.subjects.registry import subject_named
from nemesis.subjects.subject import Subject

NONDETERMINISM = "nondeterminism"
CERTIFICATE = "certificate"
# Every so manieth run is executed twice and the traces compared, byte for byte; and the verdict on
# its history is proved.
_TWICE = 50
# A shrink takes no longer than this, so that a campaign goes on; on a machine that is busy it comes
# as far as on any other.
_SHRINKING = TimeLimit(processor=4.5, clock=90.0)


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
    # Kinds of failures that are known well enough: what fails so is not shrunk.
    settled: frozenset[str] = frozenset()
    # So many per cent of the runs of a block that was given entries of a corpus go on from one.
    corpus: int = 0
    # How long a run may take, in a process that works for another, before that is ended.
    limit: TimeLimit = TIME_LIMIT


class Finding(NamedTuple):
    """A failure: the seed that led to it, after how many executions of the campaign, how large the
    schedule was, and the smallest run that fails in the same way."""

    seed: int
    executions: int
    steps: int
    shrunk: Run
    shrink_executions: int
    shrink_seconds: float
    # Not shrunk, as its kind is known well enough: it is counted, and that is all.
    is_settled: bool = False


class Death(NamedTuple):
    """A failure that left no run behind: the seed whose run ended its process, after how many
    executions of the campaign, how the process ended, and what it wrote to its standard error."""

    seed: int
    executions: int
    how: str
    last_words: str
    # Its process did not end by itself: the run took more time than any may.
    is_endless: bool = False
    # The smallest schedule that ends its process in the same way, and what is to be told of how it
    # was found; or why none was looked for or found. And what that took.
    shrunk: Schedule | None = None
    shrunk_how: str = ""
    not_shrunk: str = ""
    shrink_executions: int = 0
    shrink_seconds: float = 0.0

    @property
    def kind(self) -> str:
        """The kind of failure that this is."""
        return ENDLESS if self.is_endless else DEATH

    @property
    def last_line(self) -> str:
        """Of what it wrote; or how it ended."""
        return last_line(self.how, self.last_words)

    @property
    def cause(self) -> str:
        """What ended it, in words: two of one cause are one finding."""
        return f"{self.kind}: {self.last_line}"


def last_line(how: str, last_words: str) -> str:
    """The last that a process wrote, or else how it ended."""
    return (last_words.strip().splitlines() or [how])[-1]


SHRUNK_OF_A_KIND = 20
"""Failures of a kind after which it is settled."""


class Report(NamedTuple):
    """What came of a block of seeds."""

    tally: Tally
    findings: list[Finding]
    deaths: Sequence[Death] = ()
    # For the corpus, if the campaign has one.
    candidates: Sequence[Candidate] = ()

    @property
    def has_found(self) -> bool:
        """Whether something failed."""
        return bool(self.findings or self.deaths)


class Block(NamedTuple):
    """Seeds ``first`` to ``first + runs``, ``done`` of the campaign's runs being before them. Some
    may be skipped, and what is found in some may be left as it is: they end their process."""

    first: int
    runs: int
    done: int
    skipped: frozenset[int] = frozenset()
    unshrunk: frozenset[int] = frozenset()
    # Entries of a corpus, schedules as JSON: the same block with the same ones runs the same.
    entries: tuple[str, ...] = ()


def run_block(what: Campaign, block: Block) -> Report:
    """Run the seeds of a block, one after the other. Tells the seed that it is at, and whether it
    is shrinking what it found there (nemesis.search.workers.tell); each of them may take so long as
    the campaign says."""
    with limited(what.limit):
        return _run_block(what, block)


def _run_block(what: Campaign, block: Block) -> Report:
    subject = subject_named(what.subject)
    tally = Tally()
    findings: list[Finding] = []
    entries = [decode_schedule(entry.encode(), "an entry of the corpus") for entry in block.entries]
    observed = Observed() if what.corpus else None
    for at in range(block.runs):
        seed = block.first + at
        if seed in block.skipped:
            continue
        tell((seed, False))
        restart(what.limit)
        if entries and is_mutated(seed, what.corpus):
            result = mutated(seed, entries, variant_of(subject, "a corpus needs"))
        else:
            result = execute(what, seed, subject)
        result = judged_twice(result, seed, subject, tally)
        if observed is not None:
            observed.add(result)
        tally.add(result, seed)
        if result.verdict.failures:
            executions = block.done + at + 1
            kind = result.verdict.failures[0].kind
            is_settled = kind in what.settled
            if seed in block.unshrunk or is_settled:
                steps = len(result.schedule.steps)
                findings.append(Finding(seed, executions, steps, result, 0, 0.0, is_settled))
            else:
                tell((seed, True))
                restart(what.limit)
                findings.append(smallest(seed, executions, result, subject))
            if what.stop_at_first:
                break
    return Report(tally, findings, candidates=observed.candidates() if observed else ())


def sample(what: Campaign) -> Run:
    """The run of the campaign's first seed."""
    return execute(what, what.seed, subject_named(what.subject))


def schedule_of(what: Campaign, seed: int) -> Schedule | None:
    """What is drawn for a seed; None if a walk draws it, step by step while it runs, or if the run
    goes on from an entry of a corpus."""
    if what.corpus and is_mutated(seed, what.corpus):
        return None
    subject = subject_named(what.subject)
    if what.strategy == TIMED:
        return generate(seed, what.size, what.only, subject)
    is_timed = what.strategy == ENSEMBLE and strategy_of(seed) == TIMED
    return generate(seed, tested=subject) if is_timed else None


def execute(what: Campaign, seed: int, subject: Subject) -> Run:
    """The campaign's run of a seed."""
    if what.strategy == TIMED:
        return run(generate(seed, what.size, what.only, subject), subject)
    return STRATEGIES[what.strategy](seed, subject)


def judged_twice(first: Run, seed: int, subject: Subject, tally: Tally) -> Run:
    """The run; of every so manieth seed, convicted if a second execution differs from it, or if
    what lincheck says of its history cannot be proved. That comes first, whatever else it is
    convicted of: a failure that is known must not hide it."""
    if seed % _TWICE:
        return first
    tally.executed_twice += 1
    result, is_certified = _certified(first)
    tally.certified += is_certified
    return _compared(result, subject)


def _compared(first: Run, subject: Subject) -> Run:
    """The run, convicted if a second execution differs from it."""
    second = run(first.schedule, subject)
    if second.trace_bytes() == first.trace_bytes() and second.history == first.history:
        return first
    what = "the schedule was executed twice, and history or trace differ"
    verdict = invalid(Failure(NONDETERMINISM, what), *first.verdict.failures)
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
        convicted = invalid(Failure(CERTIFICATE, what), *first.verdict.failures)
        return replace(first, verdict=convicted), False
    return first, True


def smallest(seed: int, executions: int, result: Run, subject: Subject) -> Finding:
    """A run that failed, shrunk: it was that of ``seed``, the campaign's ``executions``th."""
    started = monotonic()
    steps = len(result.schedule.steps)
    if result.verdict.failures[0].kind in (NONDETERMINISM, CERTIFICATE):
        # Nothing that a shrinker could rely on.
        return Finding(seed, executions, steps, result, 0, 0.0)
    shrunk = shrink(result, subject, may_go_on=within(_SHRINKING))
    seconds = monotonic() - started
    return Finding(seed, executions, steps, shrunk.run, shrunk.executions, seconds)
