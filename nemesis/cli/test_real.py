"""``splitbrain test`` on clusters of real processes: what is asked for, progress, the result."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from checker.invariants import MONITORS
from checker.verdict import Validity
from nemesis.cli.display import account_line, console, counts, verdict_line
from nemesis.cluster.real.cluster import MILLISECOND, SECOND, RealCluster
from nemesis.cluster.real.kinds import Options, capabilities, make_cluster
from nemesis.cluster.real.maelstrom.cluster import MaelstromCluster, performed
from nemesis.cluster.real.run_file import RunFile, clean_up
from nemesis.cluster.real.runner import (
    Progress,
    RealExecution,
    RealRun,
    refuse_unsupported,
)
from nemesis.counted import counted
from nemesis.faults import FAULTS
from nemesis.interrupts import uninterrupted
from nemesis.outcome import Evidence
from nemesis.report import save_report
from nemesis.schedule import Schedule
from nemesis.search.generate import LOSSES, OPERATORS, REAL_ATTACKS, UNBEARABLE
from nemesis.search.real_time import Plan, generate_real_time
from nemesis.store import (
    REPORT,
    HistoryFile,
    new_directory,
    save_resolved,
    save_verdict,
    telling_what_is_lost,
)
from nemesis.workloads import WORKLOADS

# How often a line of progress is printed where there is no terminal, in ns.
_BETWEEN_LINES = 5 * SECOND
_FAILURES_SHOWN = 3
_DEFAULTS = Plan()


class Request(NamedTuple):
    """What the command line asked for; None where it leaves the choice to us."""

    cluster: str
    workload: str | None
    nemesis: tuple[str, ...] | None
    nodes: int | None
    time_limit: float | None
    rate: float | None
    concurrency: int | None
    # Whether what only the servers' logs show counts.
    evidence: bool
    options: Options

    def plan(self) -> Plan:
        """With the defaults."""
        known = capabilities(self.cluster, self.options.hosts)
        nodes = self.nodes or _DEFAULTS.replicas
        possible = tuple(
            name
            for name in REAL_ATTACKS
            if name in known
            and name not in (*UNBEARABLE, *LOSSES, *OPERATORS)
            and FAULTS[name].least_replicas <= nodes
        )
        limit = _DEFAULTS.duration if self.time_limit is None else round(self.time_limit * SECOND)
        workload = self.workload or _DEFAULTS.workload
        kinds = None
        if self.cluster == MaelstromCluster.kind:
            workload = self.workload or "register"
            kinds = performed(workload)
        return Plan(
            replicas=nodes,
            workload=workload,
            kinds=kinds,
            faults=possible if self.nemesis is None else self.nemesis,
            duration=limit,
            rate=self.rate or _DEFAULTS.rate,
            clients=self.concurrency or _DEFAULTS.clients,
        )


def test_real(request: Request, seed: int, store: Path) -> int:
    """Run one schedule on a real cluster; the exit code."""
    out = console()
    schedule = generate_real_time(seed, request.plan())
    refuse_unsupported(
        schedule, request.cluster, capabilities(request.cluster, request.options.hosts)
    )
    for left in clean_up(store):
        out.print(f"ended what an earlier run had left: {left}")
    directory = new_directory(store, f"test-{request.cluster}", datetime.now())
    history = HistoryFile(directory, schedule, WORKLOADS[schedule.knobs.workload].model)
    run_file = RunFile(store)
    options = request.options
    try:
        cluster = make_cluster(
            request.cluster, schedule, directory / "nodes", run_file, history.write, options
        )
        result = _perform(cluster, schedule, out, evidence_counts=request.evidence)
        with uninterrupted(), telling_what_is_lost(result.run):
            history.close()
            if result.resolved:
                save_resolved(directory, result.resolved, result.run.model)
            save_verdict(directory, result.run, result.history_validity, result.evidence)
        if result.run.verdict.validity is not Validity.INVALID:
            cluster.discard_data()
    finally:
        try:
            with uninterrupted():
                run_file.remove()
        finally:
            history.close()
    _tell(result, cluster, out)
    save_report(directory)
    out.print(f"picture: {directory / REPORT}")
    out.print(f"run directory: {directory} (seed {seed}, cluster {request.cluster})")
    out.print(verdict_line(result.run.verdict.validity))
    return result.run.verdict.validity.exit_code


def _perform(
    cluster: RealCluster, schedule: Schedule, out: Console, *, evidence_counts: bool
) -> RealRun:
    try:
        cluster.start()
        leads = f", {cluster.leader()} leads" if cluster.names_leader else ""
        out.print(
            f"{len(cluster.nodes)} servers run ({cluster.variant}){leads}; "
            f"{counted(len(schedule.operations), 'operation')} and "
            f"{counted(len(schedule.faults), 'fault')} follow"
        )
        with _watching(out) as watch:
            execution = RealExecution(schedule, cluster, watch, evidence_counts=evidence_counts)
            return execution.perform()
    finally:
        cluster.close()


@contextmanager
def _watching(out: Console) -> Iterator[Any]:
    if out.is_terminal:
        with Live(console=out, refresh_per_second=4) as live:
            yield lambda progress: live.update(_progress_table(progress))
        return
    last = 0

    def line(progress: Progress) -> None:
        nonlocal last
        if progress.time - last >= _BETWEEN_LINES:
            last = progress.time
            out.print(_progress_line(progress))
            sys.stdout.flush()

    yield line


def _progress_line(progress: Progress) -> str:
    return (
        f"{progress.time / SECOND:6.0f} s: {progress.phase}, {progress.throughput:,.0f} a second, "
        f"{_milliseconds(progress.median)} (99%: {_milliseconds(progress.ninety_ninth)}), "
        f"ok {progress.ok:,}, fail {progress.failed:,}, info {progress.unknown:,}, "
        f"leader {progress.leader or 'none'}, faults now: {', '.join(progress.active) or 'none'}"
    )


def _progress_table(progress: Progress) -> Table:
    table = _grid()
    seconds = f"{progress.time / SECOND:.0f} s of about {progress.duration / SECOND:.0f} s"
    table.add_row("time", f"{seconds}, {progress.phase}")
    table.add_row(
        "throughput",
        f"{progress.throughput:,.0f} a second; latency {_milliseconds(progress.median)}, "
        f"99%: {_milliseconds(progress.ninety_ninth)}",
    )
    table.add_row(
        "operations", f"ok {progress.ok:,}, fail {progress.failed:,}, info {progress.unknown:,}"
    )
    table.add_row(
        "leader", f"{progress.leader or 'none'}; {progress.elections} elections were seen"
    )
    table.add_row("faults now", ", ".join(progress.active) or "none")
    return table


def _tell(result: RealRun, cluster: RealCluster, out: Console) -> None:
    run = result.run
    statistics = run.statistics
    table = _grid()
    table.add_row("run", f"{statistics.duration / SECOND:.1f} s of {run.variant}")
    invoked, succeeded = statistics.invoked, statistics.succeeded
    asked = f"{sum(invoked.values()):,} and the last ones"
    table.add_row("operations", f"{asked}, of which {sum(succeeded.values()):,} succeeded")
    table.add_row("", counts(succeeded.items()))
    table.add_row(
        "latency",
        ", ".join(f"{name} {_milliseconds(took)}" for name, took in result.latencies.items()),
    )
    table.add_row("faults", counts(statistics.injected.items()))
    table.add_row("effects", counts(statistics.effects.items()))
    if cluster.names_leader:
        table.add_row("elections", f"{statistics.elections:,}")
    if statistics.account:
        table.add_row("account", account_line(statistics.account))
    judged = [*cluster.judged]
    if run.trace:
        table.add_row("trace", f"{counted(statistics.judged, 'event')} judged")
        judged = [*MONITORS, *judged]
    if result.evidence is not None:
        table.add_row("evidence", _evidence(result.evidence))
    out.print(table)
    out.print(f"checked: {', '.join(judged)}")
    for failure in run.verdict.failures[:_FAILURES_SHOWN]:
        out.print(Text(f"{failure.kind}: {failure.message}", style="red"))
    left_out = len(run.verdict.failures) - _FAILURES_SHOWN
    if left_out > 0:
        out.print(f"... and {left_out} more")
    if run.verdict.validity is not Validity.INVALID:
        for reason in run.verdict.reasons:
            out.print(Text(f"unknown: {reason}", style="yellow"))


def _evidence(evidence: Evidence) -> str:
    """What became of the operations that the history leaves open."""
    if evidence.reason is not None:
        return f"none: {evidence.reason}"
    return (
        f"of the operations left open {evidence.happened:,} happened, {evidence.never:,} never "
        f"did, {evidence.open:,} stay open; with that the history is {evidence.validity.value}"
        + (f"; acknowledged and lost: {evidence.lost:,}" if evidence.lost else "")
    )


def _milliseconds(duration: int) -> str:
    return f"{duration / MILLISECOND:.1f} ms"


def _grid() -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    return table
