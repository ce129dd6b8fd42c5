"""What campaigns get out of their workers, and what a conductor, a scheduler and a database bear.

    python bench/campaigns.py throughput [--runs 2000] [--rounds 3]  one process, 1 and 2 workers
    python bench/campaigns.py conductor [--batches 2000]  the conductor with its ledger, by itself
    python bench/campaigns.py scale [--workers 50]        a scheduler with so many worker processes

``throughput``: runs a second, and the share of the workers' time that went into runs: what a batch
took, summed over batches, of the time that the session took times the workers. ``one process`` runs
the same seeds by nemesis.search.block, without Dask. All three go in turn, round by round, since no
machine is as fast in one minute as in the next; medians are compared. Ends with 1 if two workers
are not 1.8 times one, or one worker loses more than 3 % of ``one process``.

``conductor``: batches whose results are there at once, so that what is left is the conductor: to
plan, to hand out, to record, in SQLite with its fsync, and in a PostgreSQL that is started here.

``scale``: a scheduler in a process of its own, and worker processes (copies of one, so that they
are cheap) whose batches take no time and return what a batch of three seconds returns. What is left
is what Dask costs the scheduler, the conductor and the workers: processor time of each, a batch.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from pickle import dumps
from statistics import median
from tempfile import TemporaryDirectory
from time import monotonic, process_time
from typing import Any, NamedTuple

import dask
from distributed import Client, Scheduler, Worker

sys.path.insert(0, str(Path(__file__).parents[1]))

from nemesis.campaigns.cluster import DaskWorkers, Workers, dask_workers
from nemesis.campaigns.conductor import Budget, Conductor
from nemesis.campaigns.ledger import Ledger, open_engine, sqlite_url
from nemesis.campaigns.outcomes import Failure
from nemesis.campaigns.settings import Settings
from nemesis.campaigns.work import Done
from nemesis.search.block import Block, Report, run_block
from nemesis.search.tally import Tally, encode_tally
from tests.campaigns.postgresql import postgresql

SETTINGS = Settings(seed=1_000_000)
WARM = 60
"""Runs of each worker before anything is measured."""

LIKE = 300
"""A batch returns what so many runs return: those of three seconds."""


# -- Throughput ------------------------------------------------------------------------------------


class Session(NamedTuple):
    """A session; times in s."""

    runs: int
    elapsed: float
    in_batches: float
    batches: int
    # Processor time of this process: conductor, client, and the scheduler, if it is made here.
    here: float


def conduct(workers: Workers, directory: Path, runs: int, url: str | None = None) -> Session:
    """A session of a campaign that begins."""
    directory.mkdir(parents=True, exist_ok=True)
    ledger = Ledger(open_engine(url or sqlite_url(directory / "campaign.db")), "bench", SETTINGS)
    seconds: list[float] = []

    def on_done(done: Done, _failures: list[Failure]) -> None:
        seconds.append(done.seconds)

    conductor = Conductor(ledger, workers, directory, on_done)
    began, used = monotonic(), process_time()
    conductor.conduct(Budget(None, runs))
    elapsed, here = monotonic() - began, process_time() - used
    found = ledger.totals().tally.runs
    assert found == runs, found
    assert ledger.gaps() == [], ledger.gaps()
    return Session(runs, elapsed, sum(seconds), len(seconds), here)


class Row(NamedTuple):
    """Of a session: runs a second, and processor time a run, in ms."""

    rate: float
    workers: float
    here: float


def alone(runs: int) -> Row:
    """The same seeds in this process, without Dask and without a ledger."""
    campaign = SETTINGS.campaign(frozenset())
    run_block(campaign, Block(SETTINGS.seed, WARM, 0))
    began, used = monotonic(), process_time()
    run_block(campaign, Block(SETTINGS.seed, runs, 0))
    elapsed, used = monotonic() - began, process_time() - used
    return _row("one process", Session(runs, elapsed, elapsed, 1, 0.0), 1, used)


def together(runs: int, jobs: int, directory: Path) -> Row:
    """By so many workers on this machine."""
    with dask_workers(None, jobs, None) as workers, Client(workers.local) as client:
        conduct(workers, directory / f"warm-{jobs}", WARM * jobs)
        before = sum(client.run(process_time).values())
        found = conduct(workers, directory / f"measured-{jobs}", runs)
        used = sum(client.run(process_time).values()) - before
    return _row(f"{jobs} worker{'s' * (jobs > 1)}", found, jobs, used)


def _row(name: str, found: Session, jobs: int, used: float) -> Row:
    row = Row(found.runs / found.elapsed, used / found.runs * 1e3, found.here / found.runs * 1e3)
    share = found.in_batches / (found.elapsed * jobs)
    print(
        f"{name:12} {found.elapsed:7.1f} s {row.rate:8.1f} {share:8.1%} {found.batches:8} "
        f"{row.workers:9.2f} ms {row.here:9.2f} ms",
        flush=True,
    )
    return row


def throughput(runs: int, rounds: int) -> int:
    """The exit code."""
    print(
        f"{runs:,} runs each, seeds from {SETTINGS.seed}; the last two columns are processor time"
    )
    print(
        f"{'':12} {'elapsed':>9} {'runs/s':>8} {'in runs':>8} {'batches':>8} "
        f"{'worker a run':>12} {'here a run':>12}"
    )
    rows: list[list[Row]] = [[], [], []]
    for _ in range(rounds):
        with TemporaryDirectory() as name:
            rows[0].append(alone(runs))
            for jobs in (1, 2):
                rows[jobs].append(together(runs, jobs, Path(name)))
    nobody, one, two = (Row(*map(median, zip(*each, strict=True))) for each in rows)
    ratio, loss = two.rate / one.rate, 1 - one.rate / nobody.rate
    print(f"2 workers are {ratio:.2f} times 1 (at least 1.8)")
    print(f"1 worker loses {loss:.1%} of one process (less than 3 %)")
    print(f"in processor time of the worker {one.workers / nobody.workers - 1:.1%}")
    return int(ratio < 1.8 or loss >= 0.03)


# -- The conductor by itself -----------------------------------------------------------------------


@cache
def _report() -> Report:
    return run_block(SETTINGS.campaign(frozenset()), Block(SETTINGS.seed, LIKE, 0))


def tiny(_settings: Settings, block: Block, _settled: frozenset[str]) -> Done:
    """What a batch of three seconds returns, at once."""
    tally = Tally()
    tally.merge(_report().tally)
    tally.runs = block.runs
    return Done(block, Report(tally, []), 3.0, f"{socket.gethostname()}:{os.getpid()}")


class Prompt:
    """Implements Workers: some results are there as soon as somebody asks."""

    def __init__(self, slots: int, at_once: int) -> None:
        self._slots = slots
        self._at_once = at_once
        self._tasks: dict[Hashable, tuple[Any, ...]] = {}

    def slots(self) -> int:
        return self._slots

    def submit(self, key: str, _function: Callable[..., Any], *arguments: Any) -> Hashable:
        self._tasks[key] = arguments
        return key

    def finished(self, tasks: Sequence[Hashable], patience: float) -> Sequence[Hashable]:
        return tasks[: self._at_once]

    def result(self, task: Hashable) -> Any:
        return tiny(*self._tasks.pop(task))

    def drop(self, tasks: Sequence[Hashable]) -> None:
        for task in tasks:
            self._tasks.pop(task, None)


class Tiny(DaskWorkers):
    """Workers of Dask whose batches take no time."""

    def submit(self, key: str, function: Callable[..., Any], *arguments: Any) -> Hashable:
        return super().submit(key, tiny, *arguments)


def conductor(batches: int) -> int:
    """The exit code."""
    done = tiny(SETTINGS, Block(SETTINGS.seed, LIKE, 0), frozenset())
    print(
        f"a batch of {LIKE} runs: {len(dumps(done)):,} bytes from its worker, "
        f"{len(encode_tally(done.report.tally)):,} of tally in the ledger"
    )
    print(f"{'':12} {'at once':>8} {'batches/s':>10} {'elapsed a batch':>16} {'processor':>10}")
    with TemporaryDirectory() as name, postgresql(syncs=True) as url:
        places = {"SQLite": None} | ({"PostgreSQL": url} if url else {})
        for database, place in places.items():
            for at_once in (1, 10, 100):
                directory = Path(name, f"{database}-{at_once}")
                if place is not None:
                    _forget(place)
                runs = _runs(batches)
                found = conduct(Prompt(1_000, at_once), directory, runs, place)
                print(
                    f"{database:12} {at_once:8} {found.batches / found.elapsed:10,.0f} "
                    f"{found.elapsed / found.batches * 1e3:13.2f} ms "
                    f"{found.here / found.batches * 1e3:7.2f} ms",
                    flush=True,
                )
    return 0


def _runs(batches: int) -> int:
    """So many batches, roughly: those that are said to take three seconds stay as large as the
    first, which has 20 runs."""
    return 20 * batches


def _forget(url: str) -> None:
    import sqlalchemy as sql

    engine = open_engine(url)
    with engine.begin() as connection:
        for table in ("campaigns", "batches", "failures", "causes"):
            connection.execute(sql.text(f"DELETE FROM {table}"))
    engine.dispose()


# -- A scheduler with many workers -----------------------------------------------------------------


def scheduler_process() -> None:
    """A scheduler of Dask, until standard input ends."""

    async def serve() -> None:
        async with Scheduler(host="127.0.0.1", dashboard_address="127.0.0.1:0") as scheduler:
            print(scheduler.address, flush=True)
            await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)

    asyncio.run(serve())


def workers_process(address: str, count: int) -> None:
    """So many workers, copies of this process, until standard input ends."""

    async def work_for() -> None:
        async with Worker(address, nthreads=1, dashboard_address="127.0.0.1:0") as worker:
            await worker.finished()

    _report()
    children = []
    for _ in range(count):
        child = os.fork()
        if not child:
            sys.stdin.close()
            asyncio.run(work_for())
            os._exit(0)
        children.append(child)
    sys.stdin.read()
    for child in children:
        os.kill(child, signal.SIGKILL)


@contextmanager
def _running(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, __file__, *arguments]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            yield process
        finally:
            assert process.stdin is not None
            process.stdin.close()


def scale(count: int, batches: int) -> int:
    """The exit code."""
    dask.config.set({"distributed.worker.profile.enabled": False})
    with TemporaryDirectory() as name, _running("scheduler-process") as scheduler:
        assert scheduler.stdout is not None
        address = scheduler.stdout.readline().strip()
        with _running("workers-process", address, str(count)), Client(address) as client:
            client.wait_for_workers(count, timeout=180)
            memory = sum(client.run(_unique_bytes).values()) / count / (1 << 20)
            print(f"{count} workers, {memory:.0f} MiB each of their own")
            workers = Tiny(client)
            conduct(workers, Path(name, "warm"), _runs(2 * count))
            before = _used(client)
            found = conduct(workers, Path(name, "measured"), _runs(batches))
            used = [after - b for after, b in zip(_used(client), before, strict=True)]
    print(
        f"{found.batches:,} batches in {found.elapsed:.1f} s: "
        f"{found.batches / found.elapsed:,.0f} a second"
    )
    print("processor time a batch:")
    for who, seconds in (
        ("conductor, with its client and SQLite", found.here),
        ("scheduler", used[0]),
        ("workers, beside their runs", used[1]),
    ):
        each = seconds / found.batches
        print(f"  {who:40} {each * 1e3:6.2f} ms: {1 / each:7,.0f} batches a second fill a core")
    return 0


def _used(client: Client) -> tuple[float, float]:
    """Processor time of the scheduler and of all workers, in s."""
    return client.run_on_scheduler(process_time), sum(client.run(process_time).values())


def _unique_bytes() -> int:
    """Memory that a process shares with no other."""
    rollup = Path("/proc/self/smaps_rollup").read_text().split()
    names = ("Private_Clean:", "Private_Dirty:")
    return 1024 * sum(int(rollup[rollup.index(name) + 1]) for name in names)


def main() -> int:
    """The exit code."""
    parser = ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("throughput")
    command.add_argument("--runs", type=int, default=2_000)
    command.add_argument("--rounds", type=int, default=3)
    command = commands.add_parser("conductor")
    command.add_argument("--batches", type=int, default=2_000)
    command = commands.add_parser("scale")
    command.add_argument("--workers", type=int, default=50)
    command.add_argument("--batches", type=int, default=3_000)
    commands.add_parser("scheduler-process")
    command = commands.add_parser("workers-process")
    command.add_argument("address")
    command.add_argument("count", type=int)
    arguments = parser.parse_args()
    if arguments.command == "throughput":
        return throughput(arguments.runs, arguments.rounds)
    if arguments.command == "conductor":
        return conductor(arguments.batches)
    if arguments.command == "scale":
        return scale(arguments.workers, arguments.batches)
    if arguments.command == "scheduler-process":
        scheduler_process()
    else:
        workers_process(arguments.address, arguments.count)
    return 0


if __name__ == "__main__":
    sys.exit(main())
