"""``splitbrain test``: one run, watched closely."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import click
from rich.text import Text

from checker.verdict import Validity
from nemesis.cli import options
from nemesis.cli.amount import Amount
from nemesis.cli.display import checked_line, console, describe_run, tally_table, verdict_line
from nemesis.cluster.real import HOSTS, REAL_CLUSTERS
from nemesis.errors import UnknownName
from nemesis.replay import judge_history
from nemesis.report import save_report
from nemesis.run import run
from nemesis.search.generate import Only, Size, generate
from nemesis.search.tally import Tally
from nemesis.store import REPORT, HistoryFile, new_directory, save_verdict
from nemesis.subjects.registry import subject_named
from nemesis.workloads import WORKLOADS

CLUSTERS = ("sim", *REAL_CLUSTERS)
_OPERATIONS, _FAULTS = 50, 7


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
@click.option(
    "--operations",
    type=click.IntRange(1),
    help=f"At least so many, {_OPERATIONS} if left out; sim alone.",
)
@click.option(
    "--faults", type=click.IntRange(0), help=f"At least so many, {_FAULTS} if left out; sim alone."
)
@click.option(
    "--time-limit",
    callback=options.duration,
    metavar="T",
    help="How long a real cluster is attacked: 30s, 5m; a minute if left out.",
)
@click.option(
    "--rate",
    type=Amount(0.001, 10_000),
    help="Operations a second, 50 if left out; real clusters.",
)
@click.option(
    "--concurrency", type=click.IntRange(1, 1_000), help="Clients, 5 if left out; real clusters."
)
@click.option(
    "--hosts",
    type=click.Choice(HOSTS),
    help="On what servers run: process and etcd can be in network namespaces; real clusters.",
)
@click.option(
    "--serializable-reads",
    is_flag=True,
    help="Read from any server's own state: to be convicted; real clusters.",
)
@click.option(
    "--program",
    metavar="COMMAND",
    help="How a node is started that speaks the Maelstrom protocol; the cluster maelstrom.",
)
@click.option(
    "--evidence",
    type=click.Choice(("on", "off")),
    help="Whether what servers' logs tell of operations left open counts, on if left out; "
    "real clusters.",
)
@options.FIX
@click.option("--seed", type=int, help="Equal seeds give equal schedules; random if left out.")
@options.BUG
@options.SUBJECT
@options.STORE
def test(
    cluster: str,
    workload: str | None,
    nemesis: tuple[str, ...] | None,
    nodes: int | None,
    operations: int | None,
    faults: int | None,
    time_limit: float | None,
    rate: float | None,
    concurrency: int | None,
    hosts: str | None,
    serializable_reads: bool,
    program: str | None,
    evidence: str | None,
    fixes: tuple[str, ...],
    seed: int | None,
    bug: str | None,
    subject: str | None,
    store: Path,
) -> int:
    """Run one schedule, record it, and judge it."""
    seed = secrets.randbelow(1 << 32) if seed is None else seed
    of_real = {
        "--time-limit": time_limit,
        "--rate": rate,
        "--concurrency": concurrency,
        "--hosts": hosts,
        "--serializable-reads": serializable_reads or None,
        "--program": program,
        "--evidence": evidence,
        "--fix": fixes or None,
    }
    if cluster == "sim":
        _refuse(of_real, "the simulated cluster knows --operations and --faults instead")
        options.one_at_a_time(nemesis)
        attacks = _FAULTS if faults is None else faults
        size = Size(
            _OPERATIONS if operations is None else operations, 0 if nemesis == () else attacks
        )
        only = Only(nodes, workload, None if nemesis == () else nemesis)
        return _simulate(seed, size, only, options.tested(subject, bug), store)
    _refuse(
        {"--operations": operations, "--faults": faults},
        f"the cluster {cluster} knows --time-limit and --rate instead",
    )
    _refuse({"--subject": subject}, "on the simulated cluster alone")
    # Here, since it takes a while to load what only this needs.
    from nemesis.cli.test_real import Request, test_real
    from nemesis.cluster.real.kinds import Options

    request = Request(
        cluster,
        workload,
        nemesis,
        nodes,
        time_limit,
        rate,
        concurrency,
        evidence != "off",
        Options(bug, serializable_reads, hosts, program, fixes),
    )
    return test_real(request, seed, store)


def _refuse(given: Mapping[str, object], instead: str) -> None:
    wrong = [name for name, value in given.items() if value is not None]
    if wrong:
        raise click.UsageError(f"{', '.join(wrong)}: {instead}")


def _simulate(seed: int, size: Size, only: Only, name: str, store: Path) -> int:
    out = console()
    subject = subject_named(name)
    schedule = generate(seed, size, only, subject)
    directory = new_directory(store, f"test-{name}", datetime.now())
    history = HistoryFile(directory, schedule, WORKLOADS[schedule.knobs.workload].model)
    result = run(schedule, subject, history.write)
    history.close()
    save_verdict(directory, result, judge_history(result.history, result.model))
    report = save_report(directory, [result.variant])
    tally = Tally()
    tally.add(result, seed)
    out.print(tally_table(tally, result.statistics.duration / 1_000_000_000))
    out.print(checked_line())
    if result.verdict.validity is Validity.INVALID:
        out.print(describe_run(result, report, directory, directory / REPORT))
    for reason in result.verdict.reasons:
        out.print(Text(f"unknown: {reason}", style="yellow"))
    out.print(f"picture: {directory / REPORT}")
    out.print(f"run directory: {directory} (seed {seed}, cluster sim, Raft {subject.name})")
    out.print(verdict_line(result.verdict.validity))
    return result.verdict.validity.exit_code
