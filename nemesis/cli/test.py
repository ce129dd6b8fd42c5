"""``splitbrain test``: one run, watched closely."""

from __future__ import annotations

import secrets
from datetime import datetime
from pathlib import Path

import click
from rich.text import Text

from checker.verdict import Validity
from nemesis.cli import options
from nemesis.cli.display import checked_line, console, describe_run, tally_table, verdict_line
from nemesis.errors import UnknownName
from nemesis.replay import judge_history, variant_named
from nemesis.run import run
from nemesis.search.generate import Only, Size, generate
from nemesis.search.tally import Tally
from nemesis.store import HistoryFile, new_directory, save_verdict
from nemesis.workloads import WORKLOADS
from raft.replica import HEALTHY

CLUSTERS = ("sim",)


def _cluster(_context: click.Context, _parameter: click.Parameter, name: str) -> str:
    if name not in CLUSTERS:
        raise UnknownName("cluster", name, CLUSTERS)
    return name


@click.command()
@click.option(
    "--cluster",
    callback=_cluster,
    default="sim",
    show_default=True,
    metavar="NAME",
    help=f"What is tested: {', '.join(CLUSTERS)}.",
)
@options.WORKLOAD
@options.NEMESIS
@options.NODES
@click.option("--operations", type=click.IntRange(1), default=50, show_default=True)
@click.option("--faults", type=click.IntRange(0), default=7, show_default=True)
@click.option("--seed", type=int, help="Equal seeds give equal runs; random if left out.")
@options.BUG
@options.STORE
def test(
    cluster: str,
    workload: str | None,
    nemesis: tuple[str, ...] | None,
    nodes: int | None,
    operations: int,
    faults: int,
    seed: int | None,
    bug: str | None,
    store: Path,
) -> int:
    """Run one schedule, record it, and judge it."""
    out = console()
    seed = secrets.randbelow(1 << 32) if seed is None else seed
    if nemesis == ():
        faults = 0
    only = Only(nodes, workload, None if nemesis == () else nemesis)
    schedule = generate(seed, Size(operations, faults), only)
    directory = new_directory(store, f"test-{bug or HEALTHY.name}", datetime.now())
    history = HistoryFile(directory, schedule, WORKLOADS[schedule.knobs.workload].model)
    result = run(schedule, variant_named(bug or HEALTHY.name), history.write)
    history.close()
    save_verdict(directory, result, judge_history(result.history, result.model))
    tally = Tally()
    tally.add(result)
    out.print(tally_table(tally, result.statistics.duration / 1_000_000_000))
    out.print(checked_line())
    if result.verdict.validity is Validity.INVALID:
        out.print(describe_run(result, directory))
    for reason in result.verdict.reasons:
        out.print(Text(f"unknown: {reason}", style="yellow"))
    out.print(f"run directory: {directory} (seed {seed}, cluster {cluster})")
    out.print(verdict_line(result.verdict.validity))
    return result.verdict.validity.exit_code
