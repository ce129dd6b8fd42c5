"""Disks that forget: who is found out, and who is not accused.

    python bench/lying_disks.py [--seeds 3] [--seconds 20]

For etcd and for our own server, with the same seed twice: a majority of the disks lies about fsync
and all servers are killed together, which must be invalid, by a counterexample in what the clients
saw; and the same with disks that tell the truth, which must be valid. Then the same for our server
with a log that is not synced, on disks that tell the truth: SIGKILL alone would not show it. Needs
/dev/fuse, libfuse and mfusepy. The exit code is 1 if anything was not as it must be.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path
from time import monotonic

from checker.verdict import Validity
from nemesis.cluster.real.kinds import Options, make_cluster
from nemesis.cluster.real.run_file import RunFile
from nemesis.cluster.real.runner import RealExecution, RealRun
from nemesis.disk.mounts import why_not
from nemesis.schedule import Schedule
from nemesis.search.real_time import SECOND, Plan, generate_real_time, without

LIES = "lying-disk"


def perform(kind: str, planned: Schedule, performed: Schedule, bug: str | None) -> RealRun:
    """One run, of a cluster that has all that was ``planned`` needs."""
    with tempfile.TemporaryDirectory() as directory:
        run_file = RunFile(Path(directory))
        cluster = make_cluster(
            kind, planned, Path(directory) / "nodes", run_file, options=Options(bug)
        )
        try:
            cluster.start()
            return RealExecution(performed, cluster).perform()
        finally:
            cluster.close()
            run_file.remove()


def row(kind: str, seed: int, seconds: int, *, lies: bool, bug: str | None = None) -> bool:
    """Print what came of a run; whether it is what had to come of it."""
    plan = Plan(faults=(LIES, "crash-all"), duration=seconds * SECOND, workload="register")
    planned = generate_real_time(seed, plan)
    began = monotonic()
    result = perform(kind, planned, planned if lies else without(planned, LIES), bug)
    took = monotonic() - began
    run = result.run
    lost = run.statistics.effects.get(LIES, 0)
    found = ", ".join(sorted(run.verdict.kinds)) or run.verdict.validity.value
    acknowledged = sum(run.statistics.succeeded.values())
    name = f"{kind}{' with ' + bug if bug else ''}, {'lying' if lies else 'honest'}"
    print(f"{name:36} {seed:4} {took:5.0f} s {acknowledged:6,} {lost:10,}   {found}", flush=True)
    if lies or bug is not None:
        return result.history_validity is Validity.INVALID
    return run.verdict.validity is Validity.VALID


def main() -> int:
    """All of them; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=20)
    asked = parser.parse_args()
    if (reason := why_not()) is not None:
        sys.exit(reason)
    kinds = ["process", *(["etcd"] if shutil.which("etcd") is not None else [])]
    print(f"{'':36} seed   took     ok  promises broken (bytes)   found by")
    good = []
    for seed in range(1, asked.seeds + 1):
        for kind in kinds:
            good += [row(kind, seed, asked.seconds, lies=lies) for lies in (True, False)]
        good.append(row("process", seed, asked.seconds, lies=False, bug="log-not-synced"))
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
