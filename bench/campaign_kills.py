"""SIGKILL of workers again and again during a campaign: every seed is accounted for exactly once.

    python bench/campaign_kills.py                              2 minutes, a worker every 5 s
    python bench/campaign_kills.py --seconds 20 --every 2 --subject vote-twice

Dask's nannies start a worker anew when it dies. When the time is over, what was handed out and not
accounted for is finished by another session, undisturbed, and the account is examined: no gap, no
seed twice, and the sums, the seeds that fail and who convicts them are those of the same seeds run
without Dask, by nemesis.search. Where they are not, the status is 1.
"""

from __future__ import annotations

import os
import signal
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from time import monotonic
from typing import Any, NamedTuple

import sqlalchemy as sql

sys.path.insert(0, str(Path(__file__).parents[1]))

from nemesis.campaigns.causes import cause_of
from nemesis.campaigns.cluster import DaskWorkers, dask_workers
from nemesis.campaigns.conductor import Budget, Conductor
from nemesis.campaigns.ledger import Ledger, open_engine, sqlite_url
from nemesis.campaigns.settings import Settings
from nemesis.campaigns.tables import FAILURES
from nemesis.search.campaign import campaign
from nemesis.search.tally import Tally


class Account(NamedTuple):
    """What a number of seeds came to: sums, and the cause of each seed that failed."""

    tally: Tally
    causes: dict[int, str]


def recorded(ledger: Ledger, url: str) -> Account:
    """What the ledger says."""
    with open_engine(url).connect() as connection:
        rows = connection.execute(sql.select(FAILURES.c.seed, FAILURES.c.cause)).all()
    return Account(ledger.totals().tally, {row.seed: row.cause for row in rows})


def undisturbed(settings: Settings, runs: int, jobs: int) -> Account:
    """What the same seeds come to where nobody is killed, without Dask and without a ledger."""
    tally = Tally()
    causes: dict[int, str] = {}
    for report in campaign(settings.campaign(frozenset())._replace(runs=runs, jobs=jobs)):
        tally.merge(report.tally)
        for found in report.findings:
            causes[found.seed] = cause_of(found)
    return Account(tally, causes)


def differences(found: Account, expected: Account) -> list[str]:
    """What is wrong, in words: sums, seeds that failed, or who convicts them."""
    problems: list[str] = []
    for account in (found, expected):
        # Only so many are kept, whichever came first.
        account.tally.unknown.clear()
        account.tally.died.sort()
    if found.tally != expected.tally:
        problems.append(f"the sums differ: {found.tally} and {expected.tally}")
    for seed in sorted(found.causes.keys() | expected.causes.keys()):
        here, there = found.causes.get(seed, "no failure"), expected.causes.get(seed, "no failure")
        if _kind(here) != _kind(there):
            problems.append(f"seed {seed}: {here}, undisturbed: {there}")
    return problems


def other_causes(found: Account, expected: Account) -> int:
    """Of how many seeds the smallest schedules differ. That may be, without an error: a shrink ends
    after some seconds, on a busy machine before it is done; and which failures of a kind that is
    known well are shrunk no more depends on the order in which batches come."""
    causes = [(found.causes[seed], expected.causes.get(seed)) for seed in found.causes]
    return sum(here != there for here, there in causes)


def _kind(cause: str) -> str:
    return cause.partition(":")[0]


class Killer:
    """Kills a worker every so often, one after the other."""

    def __init__(self, cluster: Any, every: float) -> None:
        self.kills = 0
        self._cluster = cluster
        self._every = every
        self._ends = Event()

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Until the end of the block."""
        thread = Thread(target=self._kill)
        thread.start()
        try:
            yield
        finally:
            self._ends.set()
            thread.join()

    def _kill(self) -> None:
        for number in count():
            if self._ends.wait(self._every):
                return
            # None while its nanny starts it.
            pids = [each.pid for _, each in sorted(self._cluster.workers.items()) if each.pid]
            if pids:
                with suppress(ProcessLookupError):
                    os.kill(pids[number % len(pids)], signal.SIGKILL)
                    self.kills += 1


def kill_workers(
    place: Path, settings: Settings, seconds: float, every: float, jobs: int
) -> list[str]:
    """A campaign of so many seconds; what is wrong with its account in the end. Tells what it
    does."""
    url = sqlite_url(place / "campaign.db")
    ledger = Ledger(open_engine(url), "kills", settings)
    with dask_workers(None, jobs, None) as crew:
        killer = Killer(crew.local, every)
        with killer.at_work():
            began = monotonic()
            _conduct(ledger, crew, place, Budget(seconds, None))
            took = monotonic() - began
    closing = monotonic() - began - took
    before = ledger.totals()
    print(
        f"{killer.kills} workers killed in {took:.0f} s, all were gone {closing:.0f} s later: "
        f"{before.tally.runs:,} runs recorded, {before.planned:,} more left to the next session"
    )
    if before.planned:
        with dask_workers(None, jobs, None) as crew:
            _conduct(ledger, crew, place, Budget(None, before.tally.runs + before.planned))
    totals = ledger.totals()
    problems = ledger.gaps()
    if totals.planned:
        problems.append(f"{totals.planned} seeds are not accounted for")
    if not killer.kills:
        problems.append("nobody was killed: that proves nothing")
    found = recorded(ledger, url)
    expected = undisturbed(settings, totals.tally.runs, jobs)
    print(
        f"{totals.tally.runs:,} seeds, {len(found.causes):,} of them failed, by "
        f"{len(set(found.causes.values()))} causes; undisturbed {len(expected.causes):,} of "
        f"{expected.tally.runs:,}, by {len(set(expected.causes.values()))}; of "
        f"{other_causes(found, expected)} seeds the smallest schedules differ"
    )
    return problems + differences(found, expected)


def _conduct(ledger: Ledger, crew: DaskWorkers, place: Path, budget: Budget) -> None:
    Conductor(ledger, crew, place, lambda done, failures: None).conduct(budget)


def main() -> int:
    """The status: 1 if the account is wrong."""
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--every", type=float, default=5.0, help="s between two kills")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--subject", default="healthy")
    given = parser.parse_args()
    settings = Settings(seed=given.seed, subject=given.subject)
    with TemporaryDirectory(prefix="splitbrain-") as place:
        problems = kill_workers(Path(place), settings, given.seconds, given.every, given.jobs)
    for problem in problems:
        print(f"WRONG: {problem}")
    print("the account is wrong" if problems else "every seed is accounted for exactly once")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
