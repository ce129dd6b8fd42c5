"""The conductor hands out batches of seeds, and writes down what comes of them.

It alone writes the ledger. Workers may die and join: Dask gives what a dead one had to another. A
batch that kills its workers again and again is run in a process of its own, which tells the seed
that does it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from pathlib import Path
from time import monotonic
from typing import NamedTuple

from nemesis.campaigns.calendar import Calendar
from nemesis.campaigns.causes import cause_of, kind_of
from nemesis.campaigns.cluster import NotYet, TaskKilled, Workers
from nemesis.campaigns.ledger import Ledger
from nemesis.campaigns.outcomes import Failure, Outcome
from nemesis.campaigns.work import Done, work, work_alone
from nemesis.replay import judge_history
from nemesis.report import save_report
from nemesis.search.block import SHRUNK_OF_A_KIND, Block, Death, Finding
from nemesis.search.corpus import Entry
from nemesis.search.deaths import run_of
from nemesis.store import save, save_death

# A batch shall take so long, in s: then what Dask costs is nothing, and a worker that dies loses
# little. Longer, where so many end that the scheduler has no time for more: so many a second.
_BATCH_SECONDS = 3.0
_MOST_A_SECOND = 100
_FIRST_BATCH, _LARGEST_BATCH = 20, 5_000
# Batches that each worker has before it, so that none ever waits for the next.
_AHEAD = 2
# How often the time is looked at, in s, while nothing comes.
_LOOK = 0.5


class Budget(NamedTuple):
    """``seconds`` of this session; ``runs`` of the campaign, all its sessions. None: no limit."""

    seconds: float | None
    runs: int | None


class Conductor:
    """Conducts a session of a campaign; failing runs are saved below ``store``. ``calendar``: that
    of this machine, from before the workers were made."""

    def __init__(
        self,
        ledger: Ledger,
        workers: Workers,
        store: Path,
        on_done: Callable[[Done, list[Failure]], None],
        clock: Callable[[], float] = monotonic,
        calendar: Calendar | None = None,
    ) -> None:
        self._ledger = ledger
        self._workers = workers
        self._store = store
        self._on_done = on_done
        self._calendar = calendar or Calendar()
        self._clock = clock
        self._pending: dict[Hashable, Block] = {}
        self._batch = _FIRST_BATCH
        self._slots = 1
        # Batches, by their first seeds, that have killed their workers.
        self._alone: set[int] = set()
        self._corpus = ledger.corpus()
        # How many failures of each kind there are, and the causes that are known.
        self._seen: dict[str, int] = {}
        self._causes: set[str] = set()
        for cause in ledger.causes():
            self._seen[cause.kind] = self._seen.get(cause.kind, 0) + cause.seen
            self._causes.add(cause.cause)

    def conduct(self, budget: Budget) -> None:
        """Until the budget is spent. Whatever ends it, what was recorded stays, and what was not
        is handed out again by the next session. Raises WorkersGone, CalendarSetBack,
        LedgerBroken, StoreUnwritable."""
        deadline = None if budget.seconds is None else self._clock() + budget.seconds
        totals = self._ledger.totals()
        again = self._ledger.unfinished()
        left = None if budget.runs is None else budget.runs - totals.tally.runs - totals.planned
        try:
            while deadline is None or self._clock() < deadline:
                left = self._hand_out(again, left)
                if not self._pending:
                    return
                self._take(self._workers.finished(list(self._pending), _LOOK))
                self._calendar.look()
        finally:
            self._workers.drop(list(self._pending))

    def _hand_out(self, again: list[Block], left: int | None) -> int | None:
        """Give workers something to do: first what an earlier session left. How many runs are left
        of the budget after that."""
        self._slots = max(1, self._workers.slots())
        most = _AHEAD * self._slots
        while again and len(self._pending) < most:
            self._submit(again.pop(0), work)
        sizes: list[int] = []
        while len(self._pending) + len(sizes) < most:
            size = self._batch
            if left is not None:
                # In the end smaller ones, so that all workers end at about the same time.
                size = min(size, left, max(_FIRST_BATCH, left // most))
            if size <= 0:
                break
            sizes.append(size)
            if left is not None:
                left -= size
        if sizes:
            for block in self._ledger.plan_all(sizes, self._entries_for):
                self._submit(block, work)
        return left

    def _entries_for(self, first: int) -> list[Entry]:
        return self._corpus.for_batch(first) if self._ledger.settings.corpus else []

    def _submit(self, block: Block, function: Callable[..., Done]) -> None:
        settled = frozenset(kind for kind, seen in self._seen.items() if seen >= SHRUNK_OF_A_KIND)
        key = f"splitbrain-{self._ledger.name}-{block.first}-{function.__name__}"
        task = self._workers.submit(key, function, self._ledger.settings, block, settled)
        self._pending[task] = block

    def _take(self, tasks: Sequence[Hashable]) -> None:
        """Record what has come of these. If one of them ends the session, the others before."""
        ended: list[Done] = []
        fatal: list[Exception] = []
        for task in tasks:
            try:
                ended += self._results(task)
            except Exception as error:  # noqa: BLE001 (raised when the others are recorded)
                fatal.append(error)
        self._record(ended)
        if fatal:
            raise fatal[0]

    def _results(self, task: Hashable) -> list[Done]:
        """What a task returned; nothing, if somebody does it again."""
        block = self._pending.pop(task)
        try:
            return [self._workers.result(task)]
        except NotYet:
            self._pending[task] = block
        except TaskKilled:
            if block.first in self._alone:
                # Not by what it ran, then: that was in a process of its own.
                raise
            self._alone.add(block.first)
            self._submit(block, work_alone)
        return []

    def _record(self, ended: Sequence[Done]) -> None:
        """In one transaction, when the runs that failed are on the disk: if one cannot be saved,
        what ended before it."""
        outcomes: list[Outcome] = []
        try:
            for done in ended:
                outcomes.append(self._outcome(done))
        finally:
            if outcomes:
                self._account_for(outcomes, {done.block.first: done for done in reversed(ended)})

    def _account_for(self, outcomes: Sequence[Outcome], ended: dict[int, Done]) -> None:
        for outcome in self._ledger.record_all(outcomes, self._corpus):
            for failure in outcome.failures:
                self._seen[failure.kind] = self._seen.get(failure.kind, 0) + 1
            self._on_done(ended[outcome.block.first], list(outcome.failures))
        self._fit(list(ended.values()))

    def _outcome(self, done: Done) -> Outcome:
        report = done.report
        failures = [self._kept(found) for found in report.findings]
        failures += [self._kept_death(death) for death in report.deaths]
        return Outcome(
            done.block, report.tally, failures, done.seconds, done.worker, report.candidates
        )

    def _fit(self, ended: Sequence[Done]) -> None:
        """Batches shall take as long as they should."""
        seconds = sum(done.seconds for done in ended)
        if seconds > 0:
            wanted = max(_BATCH_SECONDS, self._slots / _MOST_A_SECOND)
            fitting = round(sum(done.block.runs for done in ended) * wanted / seconds)
            self._batch = max(1, min(fitting, 2 * self._batch, _LARGEST_BATCH))

    def _kept(self, found: Finding) -> Failure:
        """The run is on the disk before the ledger tells of it. Of a cause that is known it is not
        saved: it is the same finding."""
        run = found.shrunk
        cause, kind = cause_of(found), kind_of(run)
        directory = self._store / f"{kind}-{found.seed}"
        if cause not in self._causes:
            save(directory, run, judge_history(run.history, run.model))
            save_report(directory, [run.variant])
            self._causes.add(cause)
        message = run.verdict.failures[0].message
        return Failure(found.seed, cause, kind, message, len(run.schedule.steps), str(directory))

    def _kept_death(self, death: Death) -> Failure:
        directory = self._store / f"died-{death.seed}"
        run = run_of(self._ledger.settings.campaign(frozenset()), death)
        save_death(directory, run, death.last_words)
        steps = 0 if run is None else len(run.schedule.steps)
        message = death.last_line
        return Failure(death.seed, death.cause, death.kind, message, steps, str(directory))
