"""The series of scenarios in tests/acceptance under many seeds, suite by suite, and what they take.

    python bench/acceptance.py [--seeds N] [--first N] [--workers N] [suite ...]

A suite is part of the name of its file. Times are processor time: of a run under one seed, without
what Python and pytest take to start, and of all runs. The exit code is 1 if any run failed.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
TESTS = ROOT / "tests" / "acceptance"
SUITES = [*sorted(TESTS.glob("test_implementing_raft_*.py")), *sorted(TESTS.glob("test_mit_*.py"))]


def processor_time() -> float:
    """Of all processes that have ended, in s."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(path: Path, first: int, seeds: int, workers: int) -> tuple[float, int, str]:
    """Processor time in s, exit code, and what pytest said last."""
    before = processor_time()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--tb=short", "-n", str(workers), str(path)],
        cwd=ROOT,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "ACCEPTANCE_SEEDS": str(seeds),
            "ACCEPTANCE_FIRST_SEED": str(first),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        print(done.stdout[-10_000:], done.stderr)
    return processor_time() - before, done.returncode, done.stdout.strip().splitlines()[-1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--workers", type=int, default=0, help="processes of pytest-xdist")
    parser.add_argument("suite", nargs="*")
    arguments = parser.parse_args()
    failed = False
    for path in SUITES:
        name = path.stem.removeprefix("test_")
        if arguments.suite and not any(part in name for part in arguments.suite):
            continue
        nothing, _, _ = run(path, arguments.first, 0, 0)
        total, code, summary = run(path, arguments.first, arguments.seeds, arguments.workers)
        each = (total - nothing) / arguments.seeds
        print(f"{name:32} {each:6.2f} s a seed, {total:6.1f} s in all: {summary}", flush=True)
        failed = failed or code != 0
    sys.exit(failed)


if __name__ == "__main__":
    main()
