"""``splitbrain zoo``: the bugs that the search is measured by."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from time import monotonic

import click
import msgspec
from click.core import ParameterSource
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from checker.verdict import Validity
from nemesis.cli import options
from nemesis.cli.commands import Commands
from nemesis.cli.display import console, verdict_line
from nemesis.counted import counted
from nemesis.describe.rules import overridden_rules
from nemesis.macro.scenario import parse_schedule
from nemesis.run import run as run_schedule
from nemesis.search.ensemble import ENSEMBLE
from nemesis.store import StoreUnwritable, splitbrain_version
from nemesis.zoo.hunt import Catch
from nemesis.zoo.page import number, summary, zoo_page
from nemesis.zoo.quick import quick_check
from nemesis.zoo.record import Record, Row, row_of, rows_of
from nemesis.zoo.round import hunt_all, hunts_of
from nemesis.zoo.saved import keep_smallest
from raft.bugs import BUGS, get_bug

HISTORIES = Path("histories")


def _names(
    _context: click.Context, _parameter: click.Parameter, names: tuple[str, ...]
) -> tuple[str, ...]:
    """Callback: names of bugs, all of them if there are none."""
    return tuple(dict.fromkeys(get_bug(name).name for name in names)) or tuple(sorted(BUGS))


@click.group(cls=Commands)
def zoo() -> None:
    """The zoo: bugs that somebody's Raft really had, and how soon the search finds them."""


@zoo.command("list")
def list_bugs() -> int:
    """Name every bug, with what it does wrong."""
    out = console()
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    for name, bug in sorted(BUGS.items()):
        table.add_row(name, bug.summary)
    out.print(table)
    out.print(counted(len(BUGS), "bug"))
    return 0


@zoo.command()
@click.argument("name")
def show(name: str) -> int:
    """Tell of one bug: source, scenario, witness, and who convicts it."""
    bug = get_bug(name)
    out = console()
    out.print(Text(bug.name, style="bold"))
    out.print(bug.summary)
    out.print(f"source: {bug.source}")
    out.print(f"convicted by: {', '.join(sorted(bug.convicted_by))}")
    rules = (f"{rule.module}.{rule.owner}.{rule.method}" for rule in overridden_rules(bug.variant))
    out.print(f"overrides: {', '.join(rules)}")
    out.print(f"scenario: {bug.scenario}")
    out.print("witness:")
    for line in bug.witness.splitlines():
        out.print(f"  {line}", markup=False)
    verdict = run_schedule(parse_schedule(bug.witness, name), bug.variant).verdict
    for failure in verdict.failures[:3]:
        out.print(Text(f"{failure.kind}: {failure.message}", style="red"))
    return 0


@zoo.command()
@click.argument("names", nargs=-1, callback=_names)
@click.option(
    "--budget",
    type=click.IntRange(1),
    default=20_000,
    show_default=True,
    help="Executions in which a hunt must find its bug.",
)
@options.JOBS
@click.option(
    "--seeds",
    type=click.IntRange(1),
    default=5,
    show_default=True,
    help="Hunts for each bug, each with seeds of its own.",
)
@options.STRATEGY
@click.option("--no-shrink", is_flag=True, help="Only hunt; shrink nothing.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write the record here.")
@click.option("--page", type=click.Path(path_type=Path), help="Write the record here as a page.")
@click.option(
    "--save",
    "save_to",
    type=click.Path(path_type=Path, file_okay=False),
    help="Keep the smallest run of each bug below this directory, as histories/ has them.",
)
@click.option(
    "--quick",
    is_flag=True,
    help="Every bug from the run that is kept of it, and a fresh search for ten; no other option.",
)
@click.pass_context
def run(
    context: click.Context,
    names: tuple[str, ...],
    budget: int,
    jobs: int,
    seeds: int,
    strategy: str | None,
    no_shrink: bool,
    json_file: Path | None,
    page: Path | None,
    save_to: Path | None,
    quick: bool,
) -> int:
    """Hunt the bugs: all of them, or those named.

    A bug counts as found only by its own kind of failure. Exit code 1 if one is missed within the
    budget, or if the healthy Raft fails in a shrunk run.
    """
    out = console()
    if quick:
        _refuse_others(context)
        return _quick(names, out)
    for path in (json_file, page):
        _must_be_writable(path)
    began = monotonic()
    strategy = strategy or ENSEMBLE
    hunts = hunts_of(
        names, starts=seeds, budget=budget, strategy=strategy, must_shrink=not no_shrink
    )
    catches: list[Catch] = []
    interrupted = False
    with closing(hunt_all(hunts, jobs)) as caught:
        shown = _live(caught, catches, out) if out.is_terminal else _lines(caught, catches, out)
        try:
            for catch in shown:
                catches.append(catch)
        except KeyboardInterrupt:
            interrupted = True
    record = Record(
        strategy=strategy,
        budget=budget,
        rows=rows_of(catches),
        seconds=monotonic() - began,
        jobs=jobs,
        version=splitbrain_version(),
    )
    if not out.is_terminal:
        out.print(table_of(record.rows))
    if interrupted:
        out.print("interrupted: this is of the hunts that were finished, and nothing is written")
        return Validity.UNKNOWN.exit_code
    _write(json_file, msgspec.json.format(msgspec.json.encode(record), indent=1) + b"\n")
    _write(page, zoo_page(record).encode())
    if save_to is not None:
        for name in names:
            keep_smallest(save_to, [each for each in catches if each.hunt.bug == name])
    out.print(summary(record))
    return _verdict(record, out)


def _verdict(record: Record, out: Console) -> int:
    for row in record.rows:
        for kind, count in row.others.items():
            out.print(
                f"{row.bug}: {counted(count, 'run')} failed with {kind}, which is not its own kind"
            )
    for alarm in record.false_alarms:
        out.print(Text(f"the healthy Raft fails in a shrunk run: {alarm}", style="red"))
    if record.missed:
        out.print(Text(f"missed: {', '.join(record.missed)}", style="red"))
    return 1 if record.missed or record.false_alarms else 0


def _must_be_writable(path: Path | None) -> None:
    """Known before the hunts, which take minutes, not after. Raises StoreUnwritable."""
    if path is None or os.access(path if path.exists() else path.parent, os.W_OK):
        return
    reason = errno.EACCES if path.parent.is_dir() else errno.ENOENT
    raise StoreUnwritable(f"{path}: {os.strerror(reason)}")


def _write(path: Path | None, content: bytes) -> None:
    if path is None:
        return
    try:
        path.write_bytes(content)
    except OSError as error:
        raise StoreUnwritable(f"{path}: {error.strerror}") from error


def _refuse_others(context: click.Context) -> None:
    """What --quick would not heed is an error, lest somebody takes it for a whole round."""
    for name in context.params:
        given = context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        if given and name not in ("names", "quick"):
            raise click.UsageError("--quick hunts in its own way: it takes no other option")


def _quick(names: Sequence[str], out: Console) -> int:
    problems = quick_check(names, HISTORIES)
    for problem in problems:
        out.print(Text(problem, style="red"))
    out.print(f"{counted(len(names), 'bug')}: {counted(len(problems), 'problem')}")
    out.print(verdict_line(Validity.INVALID if problems else Validity.VALID))
    return 1 if problems else 0


def _live(caught: Iterator[Catch], catches: list[Catch], out: Console) -> Iterator[Catch]:
    with Live(console=out, refresh_per_second=2, vertical_overflow="visible") as live:
        for catch in caught:
            live.update(table_of(rows_of([*catches, catch])))
            yield catch


def _lines(caught: Iterator[Catch], catches: list[Catch], out: Console) -> Iterator[Catch]:
    for catch in caught:
        row = row_of(catch.hunt.bug, [catch])
        if catch.executions is None:
            out.print(f"{row.bug}: not found in {counted(catch.hunt.budget, 'execution')}")
        else:
            steps = (
                ""
                if row.steps is None
                else f", shrunk to {row.steps:g} {'step' if row.steps == 1 else 'steps'}"
            )
            out.print(
                f"{row.bug}: found after {counted(catch.executions, 'execution')}, "
                f"{catch.seconds:.2f} s, by {catch.kind}{steps}"
            )
        yield catch


def table_of(rows: Sequence[Row]) -> Table:
    """The rows as people see them."""
    table = Table(box=None, pad_edge=False)
    table.add_column("bug", style="bold", no_wrap=True)
    for name in ("found", "executions", "worst", "s", "worst", "steps", "worst", "shrunk in s"):
        table.add_column(name, justify="right")
    table.add_column("convicted by")
    for row in rows:
        worst = "missed" if row.executions_worst is None else number(row.executions_worst)
        table.add_row(
            row.bug,
            f"{row.found}/{row.hunts}",
            number(row.executions),
            Text(worst, style="red" if row.is_missed else ""),
            f"{row.seconds:.2f}",
            f"{row.seconds_worst:.2f}",
            number(row.steps),
            number(row.steps_worst),
            "" if row.shrink_seconds is None else f"{row.shrink_seconds:.1f}",
            ", ".join(sorted(row.convicted_by)),
        )
    return table
