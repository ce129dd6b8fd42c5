"""``splitbrain campaign``: for days, on many machines, stopped and gone on with."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from checker.verdict import Validity
from nemesis.campaigns.errors import CalendarSetBack, WorkersGone
from nemesis.campaigns.names import is_name
from nemesis.cli import options
from nemesis.cli.display import console, tally_table, verdict_line
from nemesis.counted import counted
from nemesis.durations import NoTime, parse_duration
from nemesis.errors import NemesisError
from nemesis.search.ensemble import ENSEMBLE, TIMED
from nemesis.search.generate import ANYTHING, Only, generate
from nemesis.search.tally import Tally
from nemesis.subjects.registry import is_own, subject_named

if TYPE_CHECKING:
    from nemesis.campaigns.cluster import Workers
    from nemesis.campaigns.ledger import Ledger
    from nemesis.campaigns.outcomes import Failure
    from nemesis.campaigns.work import Done

# How often a line of progress is printed where there is no terminal, in s.
_BETWEEN_LINES = 10.0
# Databases hold integers of 64 bits, and there are seeds after the first one.
_FARTHEST_SEED = 1 << 62
_SHOWN = 20


def _budget(
    _context: click.Context, _parameter: click.Parameter, text: str
) -> tuple[float | None, int | None]:
    """Callback: ``8h`` is time, ``100000`` are runs."""
    if re.fullmatch(r"\d[\d_,]*", text):
        runs = int(text.replace(",", "").replace("_", ""))
        if runs < 1:
            raise click.BadParameter("it is at least 1 run")
        return None, runs
    try:
        return parse_duration(text), None
    except NoTime as error:
        raise click.BadParameter(f"{error}; or a number of runs, 100000") from error


def _address(_context: click.Context, _parameter: click.Parameter, text: str | None) -> str | None:
    """Callback: Dask takes what is none for a name, or listens nowhere."""
    if text is not None:
        port = text.rpartition(":")[2]
        if not re.fullmatch(r"[^:/\s]*:\d+|\[[0-9a-fA-F:.]+\]:\d+", text) or int(port) > 65535:
            raise click.BadParameter(f"{text!r} is no HOST:PORT, such as 127.0.0.1:8787")
    return text


@click.command()
@click.option(
    "--budget",
    callback=_budget,
    required=True,
    metavar="B",
    help="Time of this session, 90s, 5m, 8h; or a number: runs of the campaign, in all sessions.",
)
@click.option("--name", help="What the campaign is called; as the subject if left out.")
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="A scheduler of Dask, tcp://...; one is made here, on loopback, if left out.",
)
@click.option(
    "--database",
    metavar="URL",
    help="Where results go: postgresql+psycopg://...; a file of SQLite in the store if left out.",
)
@click.option(
    "--dashboard",
    callback=_address,
    metavar="ADDRESS",
    help="Where Dask's own dashboard listens, 127.0.0.1:8787; nowhere if left out.",
)
@click.option(
    "--corpus",
    type=click.IntRange(0, 90),
    metavar="SHARE",
    default=0,
    show_default=True,
    help="So many per cent of the runs go on from schedules that showed what others did not.",
)
@options.JOBS
@click.option(
    "--seed",
    type=click.IntRange(-_FARTHEST_SEED, _FARTHEST_SEED),
    metavar="N",
    help="The first seed; random, or as it was, if left out.",
)
@options.SUBJECT
@options.BUG
@options.WORKLOAD
@options.NEMESIS
@options.NODES
@options.STORE
def campaign(
    budget: tuple[float | None, int | None],
    name: str | None,
    scheduler: str | None,
    database: str | None,
    dashboard: str | None,
    corpus: int,
    jobs: int,
    seed: int | None,
    subject: str | None,
    bug: str | None,
    workload: str | None,
    nemesis: tuple[str, ...] | None,
    nodes: int | None,
    store: Path,
) -> int:
    """Run a campaign, or go on with it.

    Seeds go out in batches to workers, each seed once. Every failure is shrunk, and told once for
    its cause. Ctrl-C, or a machine that dies, ends a session; the same command goes on with the
    campaign: what was recorded is kept, the rest is handed out again.
    """
    try:
        from nemesis.campaigns.cluster import dask_workers
        from nemesis.campaigns.session import open_session
        from nemesis.interrupts import interrupted_once
    except ModuleNotFoundError as error:
        raise NemesisError(
            f"campaigns need {error.name}: pip install 'splitbrain[dask]'"
        ) from error

    if nemesis == ():
        raise NemesisError("a campaign without faults proves nothing")
    options.one_at_a_time(nemesis)
    tested = subject_named(options.tested(subject, bug)).name
    only = Only(nodes, workload, nemesis)
    if name is None:
        name = tested.replace(":", "-").replace("/", "-")
    if not is_name(name):
        raise NemesisError(
            f"--name {name!r}: a letter or digit first, then letters, digits, points, dashes and "
            "underscores; 100 at most"
        )
    out = console()
    crews = partial(dask_workers, scheduler, jobs, dashboard)
    strategy = ENSEMBLE if only == ANYTHING and is_own(tested) else TIMED
    if corpus and strategy != ENSEMBLE:
        raise NemesisError(
            "--corpus: only walks of macro-steps go on from others; Rafts of others, and what "
            "--workload, --nemesis and --nodes ask for, are driven by time"
        )
    if strategy == TIMED:
        # What cannot be drawn is refused before there is a campaign that would go on with it.
        generate(0, only=only, tested=subject_named(tested))
    drawn = secrets.randbelow(1 << 32)
    with (
        interrupted_once(),
        open_session(
            store / "campaigns" / name,
            database,
            name,
            seed,
            drawn,
            subject=tested,
            strategy=strategy,
            only=only,
            corpus=corpus,
        ) as ledger,
    ):
        before = ledger.totals()
        goes_on = (
            f"goes on after {counted(before.tally.runs, 'run')}" if before.batches else "begins"
        )
        out.print(
            f"splitbrain campaign {name}: Raft {tested}, {goes_on}, seed {ledger.settings.seed}"
        )
        watch = _Watch(out, before.tally, {cause.cause for cause in ledger.causes()})
        try:
            with watch:
                _conduct(ledger, watch, store / "campaigns" / name, budget, crews)
            if watch.tally.runs == before.tally.runs and budget[1] is not None:
                out.print(
                    f"nothing was left of --budget {budget[1]}, which is for all sessions: a "
                    "greater one, or a time, goes on"
                )
        except KeyboardInterrupt:
            out.print("interrupted: the same command goes on")
        return _tell(ledger, watch, out)


def _conduct(
    ledger: Ledger,
    watch: _Watch,
    place: Path,
    budget: tuple[float | None, int | None],
    crews: Callable[[], AbstractContextManager[Workers]],
) -> None:
    """Until the budget is spent, with workers made anew where the machine's clock was set back."""
    from nemesis.campaigns.calendar import Calendar
    from nemesis.campaigns.conductor import Budget, Conductor

    seconds, runs = budget
    ends: float | None = None
    while True:
        calendar = Calendar()
        try:
            with crews() as crew:
                conductor = Conductor(ledger, crew, place, watch.on_done, calendar=calendar)
                if not crew.slots():
                    watch.tell("nobody works for that scheduler yet: waiting for workers")
                if seconds is not None and ends is None:
                    ends = monotonic() + seconds
                conductor.conduct(Budget(None if ends is None else ends - monotonic(), runs))
                return
        except CalendarSetBack as error:
            watch.tell(f"{error}: workers are made anew")
        except WorkersGone as error:
            if not calendar.is_set():
                raise
            watch.tell(f"this machine's clock was set: {error}: workers are made anew")


class _Watch:
    """How a session goes, while it does."""

    def __init__(self, out: Console, before: Tally, causes: set[str]) -> None:
        self._out = out
        # Those that were told.
        self._causes = causes
        self.tally = Tally()
        self.tally.merge(before)
        self._before = before.runs
        self._began = self._told_at = monotonic()
        self._live: Live | None = None

    def __enter__(self) -> _Watch:
        if self._out.is_terminal:
            self._live = Live(console=self._out, refresh_per_second=4)
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()

    @property
    def seconds(self) -> float:
        """How long this session has lasted."""
        return monotonic() - self._began

    def tell(self, words: str) -> None:
        """What people should know."""
        self._out.print(words)

    def on_done(self, done: Done, failures: list[Failure]) -> None:
        """A batch was recorded."""
        self.tally.merge(done.report.tally)
        for failure in failures:
            if failure.cause not in self._causes:
                self._causes.add(failure.cause)
                self._out.print(Text(f"seed {failure.seed}: {failure.cause}", style="red"))
        if self._live is not None:
            self._live.update(tally_table(self.tally, self.seconds))
        elif monotonic() - self._told_at >= _BETWEEN_LINES:
            self._told_at = monotonic()
            runs = self.tally.runs - self._before
            self._out.print(
                f"{self.seconds:6.0f} s: {counted(runs, 'run')}, "
                f"{runs / self.seconds:,.0f} a second, "
                f"{counted(self.tally.kinds.total(), 'violation')}"
            )


def _tell(ledger: Ledger, watch: _Watch, out: Console) -> int:
    totals = ledger.totals()
    if not out.is_terminal:
        out.print(tally_table(totals.tally, totals.seconds))
    causes = ledger.causes()
    if causes:
        table = Table(box=None, pad_edge=False)
        for heading in ("seeds", "cause", "steps", "saved in"):
            table.add_column(heading, overflow="fold")
        for cause in causes[:_SHOWN]:
            table.add_row(f"{cause.seen:,}", cause.cause, str(cause.steps), cause.directory)
        out.print(table)
        if len(causes) > _SHOWN:
            out.print(f"... and {counted(len(causes) - _SHOWN, 'more cause')}")
    if totals.planned:
        out.print(
            f"handed out, and not accounted for: {counted(totals.planned, 'seed')}; "
            "the next session begins with that"
        )
    gaps = ledger.gaps()
    for gap in gaps:
        out.print(Text(f"the account is wrong: {gap}", style="red"))
    validity = totals.tally.validity
    if gaps and validity is Validity.VALID:
        validity = Validity.UNKNOWN
    out.print(verdict_line(validity))
    return validity.exit_code
