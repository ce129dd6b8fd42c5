"""``splitbrain fuzz``: a campaign against the simulated cluster."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from time import monotonic

import click
import msgspec
from rich.console import Console
from rich.live import Live
from rich.text import Text

from checker.verdict import Validity
from nemesis.cli import options
from nemesis.cli.display import checked_line, console, describe_run, tally_table, verdict_line
from nemesis.counted import counted
from nemesis.errors import NemesisError
from nemesis.replay import judge_history, replay_command
from nemesis.report import save_report
from nemesis.search.block import NONDETERMINISM, SHRUNK_OF_A_KIND, sample
from nemesis.search.campaign import Campaign, Death, Finding, Report, campaign
from nemesis.search.deaths import run_of, shrunk_in_words
from nemesis.search.ensemble import ENSEMBLE, TIMED
from nemesis.search.generate import ANYTHING, ORDINARY, Only
from nemesis.search.tally import Tally
from nemesis.search.workers import WorkerDied, alone
from nemesis.store import (
    REPORT,
    SCHEDULE,
    directory_for,
    new_directory,
    save,
    save_death,
    save_summary,
)
from nemesis.subjects.registry import is_own, subject_named
from raft.bugs import BUGS

_DEFAULT_SECONDS = 60.0
# How often a line of progress is printed where there is no terminal, in s.
_BETWEEN_LINES = 5.0
# Of what a process wrote before it died, so many lines are shown.
_LAST_LINES = 10


@click.command()
@click.option(
    "--time", "seconds", callback=options.duration, metavar="T", help="How long: 90s, 5m, 1h."
)
@click.option("--runs", type=click.IntRange(1), help="How many runs.")
@options.JOBS
@click.option("--seed", type=int, help="The first seed; random if left out.")
@options.BUG
@options.SUBJECT
@options.WORKLOAD
@options.NEMESIS
@options.NODES
@options.STRATEGY
@click.option("--keep-going", is_flag=True, help="Do not stop at the first failure.")
@options.STORE
@click.option(
    "--histories",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where failures are saved to be replayed for ever: histories/, but for --bug nowhere.",
)
def fuzz(
    seconds: float | None,
    runs: int | None,
    jobs: int,
    seed: int | None,
    bug: str | None,
    subject: str | None,
    workload: str | None,
    nemesis: tuple[str, ...] | None,
    nodes: int | None,
    strategy: str | None,
    keep_going: bool,
    store: Path,
    histories: Path | None,
) -> int:
    """Attack the simulated cluster with random schedules, and judge every run.

    For a minute, unless --time or --runs says otherwise. With --bug the bug must be found: a
    campaign that does not find it is unknown. With --subject it is a Raft of others that is
    attacked.
    """
    name = options.tested(subject, bug)
    if name in BUGS:
        bug = name
    if nemesis == ():
        raise NemesisError(
            "fuzz without faults proves nothing; `splitbrain test --nemesis none` runs one"
        )
    options.one_at_a_time(nemesis)
    if seconds is None and runs is None:
        seconds = _DEFAULT_SECONDS
    only = Only(nodes, workload, nemesis)
    strategy = strategy or (ENSEMBLE if only == ANYTHING and is_own(name) else TIMED)
    if strategy != TIMED and not is_own(name):
        raise NemesisError(
            f"--strategy {strategy} draws macro-steps, which drive our own Raft alone: for {name} "
            f"there is --strategy {TIMED}"
        )
    if strategy != TIMED and only != ANYTHING:
        raise NemesisError(
            f"--strategy {strategy} draws faults, workload and nodes by itself: --nemesis, "
            f"--workload and --nodes go with --strategy {TIMED} alone"
        )
    what = Campaign(
        seed=secrets.randbelow(1 << 32) if seed is None else seed,
        runs=runs,
        seconds=seconds,
        jobs=jobs,
        subject=name,
        size=ORDINARY,
        only=only,
        stop_at_first=not keep_going,
        strategy=strategy,
    )
    if histories is None and bug is None:
        histories = Path("histories")
    out = console()
    under_test = subject_named(name)
    directory = new_directory(store, f"fuzz-{name}", datetime.now())
    out.print(
        f"splitbrain fuzz: Raft {under_test.name}, seed {what.seed}, "
        f"{counted(what.jobs, 'process', 'processes')}, strategy {what.strategy}"
    )
    has_sample = _save_sample(directory, what)
    kept = _Kept(directory, histories)
    tally, findings, deaths, took, interrupted = _watch(what, out, kept)
    if not out.is_terminal or interrupted:
        out.print(tally_table(tally, took))
    out.print(checked_line())
    identical = tally.executed_twice - tally.kinds[NONDETERMINISM]
    out.print(f"executed twice, with identical traces: {counted(identical, 'run')}")
    out.print(f"histories whose verdict was proved by a certificate: {tally.certified:,}")
    for finding in findings:
        _tell(finding, kept, out)
    for death in deaths:
        _tell_death(death, what, kept, out)
    # What was found comes first: there may be room for nothing more.
    _save_summary(directory, what, tally, findings, deaths)
    not_shrunk = tally.kinds.total() - len(findings) - len(deaths)
    if keep_going and not_shrunk:
        out.print(
            f"{counted(not_shrunk, 'more failure')}, counted and not shrunk: of each of their "
            f"kinds {SHRUNK_OF_A_KIND} were before them"
        )
    where = f" (a sample run is in {directory / 'sample'})" if has_sample else ""
    out.print(f"run directories: {directory}{where}")
    if interrupted:
        out.print("interrupted: the verdict is on the runs that were finished")
    validity = tally.validity
    if bug is not None and validity is Validity.VALID:
        validity = Validity.UNKNOWN
    if bug is not None and not findings:
        out.print(f"the bug {bug} was not found in {counted(tally.runs, 'run')}")
    out.print(verdict_line(validity))
    return validity.exit_code


def _save_sample(directory: Path, what: Campaign) -> bool:
    """Save the first run, so that people see what runs are like; not one that ends its process."""
    try:
        first = sample(what) if is_own(what.subject) else alone(sample, what)
    except WorkerDied:
        return False
    save(directory / "sample", first, judge_history(first.history, first.model))
    save_report(directory / "sample", [first.variant])
    return True


def _watch(
    what: Campaign, out: Console, kept: _Kept
) -> tuple[Tally, list[Finding], list[Death], float, bool]:
    """Run the campaign and show how it goes; also how long it took and whether Ctrl-C ended it.

    What is found is saved at once if the campaign goes on: it may yet be killed.
    """
    tally = Tally()
    findings: list[Finding] = []
    deaths: list[Death] = []
    started = monotonic()
    interrupted = False
    with closing(campaign(what)) as reports:
        shown = (
            _live(reports, tally, started, out)
            if out.is_terminal
            else _lines(reports, tally, started, out)
        )
        try:
            for report in shown:
                findings.extend(each for each in report.findings if not each.is_settled)
                deaths.extend(report.deaths)
                if not what.stop_at_first:
                    for finding in report.findings:
                        if not finding.is_settled:
                            kept.keep(finding)
                    for death in report.deaths:
                        kept.keep_death(death, what)
        except KeyboardInterrupt:
            interrupted = True
    findings.sort(key=lambda finding: finding.executions)
    if what.stop_at_first:
        # Blocks under way have found theirs; the first is the same for any number of jobs.
        del findings[1:]
    return tally, findings, deaths, monotonic() - started, interrupted


def _live(
    reports: Iterator[Report], tally: Tally, started: float, out: Console
) -> Iterator[Report]:
    with Live(console=out, refresh_per_second=4) as live:
        for report in reports:
            tally.merge(report.tally)
            live.update(tally_table(tally, monotonic() - started))
            yield report


def _lines(
    reports: Iterator[Report], tally: Tally, started: float, out: Console
) -> Iterator[Report]:
    next_line = started + _BETWEEN_LINES
    for report in reports:
        tally.merge(report.tally)
        if monotonic() >= next_line:
            next_line = monotonic() + _BETWEEN_LINES
            took = monotonic() - started
            out.print(
                f"{took:6.0f} s: {counted(tally.runs, 'run')}, {tally.runs / took:,.0f} a second, "
                f"{counted(tally.operations, 'operation')}, {counted(tally.faults, 'fault')}, "
                f"{counted(tally.elections, 'election')}, "
                f"{counted(tally.kinds.total(), 'violation')}"
            )
            sys.stdout.flush()
        yield report


def _save_summary(
    directory: Path,
    what: Campaign,
    tally: Tally,
    findings: list[Finding],
    deaths: list[Death],
) -> None:
    summary = {
        "campaign": what._asdict(),
        "tally": tally,
        "found": [
            {
                "seed": each.seed,
                "executions": each.executions,
                "kinds": sorted(each.shrunk.verdict.kinds),
            }
            for each in findings
        ],
        "died": [each._replace(shrunk=None)._asdict() for each in deaths],
    }
    content = msgspec.json.format(msgspec.json.encode(summary), indent=1)
    save_summary(directory, content)


class _Kept:
    """The shrunk runs that were saved: each in the campaign's directory, and in ``histories`` if
    they are to be replayed for ever."""

    def __init__(self, directory: Path, histories: Path | None) -> None:
        self._directory = directory
        self._histories = histories
        self._places: dict[int, Path] = {}

    def keep(self, finding: Finding) -> Path:
        """Save the run unless it is saved; the directory to tell people of."""
        if finding.seed not in self._places:
            self._places[finding.seed] = self._save(finding)
        return self._places[finding.seed]

    def in_store(self, finding: Finding) -> Path:
        """Its directory in that of the campaign."""
        return self._directory / f"{finding.shrunk.verdict.failures[0].kind}-{finding.seed}"

    def keep_death(self, death: Death, what: Campaign) -> Path:
        """Save what there is of a run that ended its process; the directory to tell people of."""
        saved = self._directory / f"died-{death.seed}"
        if not saved.exists():
            save_death(saved, run_of(what, death), death.last_words)
        return saved

    def _save(self, finding: Finding) -> Path:
        found = finding.shrunk
        kind = found.verdict.failures[0].kind
        validity = judge_history(found.history, found.model)
        saved = self.in_store(finding)
        save(saved, found, validity)
        if self._histories is None:
            return saved
        name = f"{found.variant}-{kind}-{finding.seed}"
        kept = directory_for(self._histories, name, found.schedule)
        save(kept, found, validity)
        return kept


def _tell(finding: Finding, kept: _Kept, out: Console) -> None:
    directory = kept.keep(finding)
    saved = kept.in_store(finding)
    report = save_report(saved, [finding.shrunk.variant])
    out.print()
    out.print(
        Text(
            f"found after {counted(finding.executions, 'execution')} (seed {finding.seed}): "
            f"shrunk from {finding.steps} to "
            f"{counted(len(finding.shrunk.schedule.steps), 'step')} in "
            f"{finding.shrink_seconds:.1f} s, {counted(finding.shrink_executions, 'execution')}",
            style="bold",
        )
    )
    out.print(describe_run(finding.shrunk, report, directory, saved / REPORT))
    out.print()


def _tell_death(death: Death, what: Campaign, kept: _Kept, out: Console) -> None:
    became = "did not return, nor did it" if death.is_endless else "ended its process, again"
    out.print()
    out.print(
        Text(
            f"{death.kind}: after {counted(death.executions, 'execution')}, "
            f"the run of seed {death.seed} {became} when it ran alone: {death.how}",
            style="bold red",
        )
    )
    for line in death.last_words.strip().splitlines()[-_LAST_LINES:]:
        out.print(Text(f"  {line}"))
    saved = kept.keep_death(death, what)
    out.print(shrunk_in_words(what, death))
    if (saved / SCHEDULE).exists():
        out.print(f"its schedule: {saved}")
        out.print(f"again: {replay_command(saved, what.subject)}")
    out.print(f"the same command with --seed {death.seed} runs it first")
    out.print()
