"""A test that attacks a real cluster: one run of ``splitbrain test``, in a process of its own.

Its signal handlers, event loops and child processes are none of pytest's business then.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from checker.formats import parse_history
from checker.trace import decode_trace
from checker.verdict import Failure, Validity, Verdict
from nemesis.run import Run
from nemesis.store import HISTORY, RESULTS, TRACE, Saved, load
from nemesis.testing.target import Target

# A test with nothing said attacks so long, in s.
_SECONDS = 10.0


class Attacked(NamedTuple):
    """What came of it: a line that tells what was done, what is wrong, if anything, and the run, if
    there is one."""

    summary: str
    problem: str | None
    run: Run | None


def attack_real(target: Target, seed: int, seconds: float | None, store: Path) -> Attacked:
    """Attack the cluster once; the run directory is made below ``store``."""
    command = [sys.executable, "-m", "nemesis.cli", "test", "--cluster", target.cluster]
    command += ["--seed", str(seed), "--store", str(store)]
    command += ["--time-limit", f"{seconds or _SECONDS:g}"]
    if target.workload is not None:
        command += ["--workload", target.workload]
    if target.faults is not None:
        command += ["--nemesis", ",".join(target.faults) or "none"]
    if target.nodes is not None:
        command += ["--nodes", str(target.nodes)]
    command += target.options
    before = _latest(store)
    code, told = _ended(command)
    directory = _latest(store)
    summary = f"1 run (seed {seed}) of the cluster {target.cluster}: exit code {code}"
    # What was ended before it began has left the run of another session there.
    if directory is None or directory == before or code not in (0, 1, 2):
        return Attacked(summary, f"there is no verdict:\n{told}", None)
    run = _run_of(load(directory))
    summary = (
        f"1 run (seed {seed}) of {run.variant}, {sum(run.statistics.invoked.values()):,} "
        f"operations, {sum(run.statistics.injected.values()):,} faults: {run.verdict.validity}"
    )
    problem = None if run.verdict.validity is Validity.VALID else told.rstrip()
    return Attacked(summary, problem, run)


def _ended(command: list[str]) -> tuple[int, str]:
    """Run the command to its end; its exit code, and what it printed."""
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # Ctrl-C is told to it once, by us.
        process_group=0,
    ) as runner:
        try:
            told, _ = runner.communicate()
        except BaseException:
            # Killed, as subprocess.run would, it would leave the servers that it has started.
            runner.terminate()
            runner.communicate()
            raise
    return runner.returncode, told


def _latest(store: Path) -> Path | None:
    """The run directory that was made last below the store, if it has a verdict."""
    directory = (store / "latest").resolve()
    return directory if (directory / RESULTS).is_file() else None


def _run_of(saved: Saved) -> Run:
    results = saved.results
    history = parse_history(saved.history, source=str(saved.directory / HISTORY))
    header, trace = decode_trace(saved.directory / TRACE, saved.trace.splitlines())
    failures = tuple(
        Failure(each.kind, each.message, each.time or 0, each.node, each.evidence)
        for each in results.failures
    )
    return Run(
        saved.schedule,
        results.variant,
        Verdict(results.validity, failures, results.reasons),
        list(history.events),
        trace,
        header.members,
        results.statistics,
        results.model,
    )
