"""How much of raft/consensus and raft/storage the fuzzer reaches by itself, in branches.

    python bench/coverage_of_raft.py [--runs N] [--first SEED] [--jobs N]

Runs the seeds of a campaign under coverage.py, and no test; prints what was never reached. The exit
code is 1 if that is more than a twentieth of the branches, or a run was not valid. Measuring makes
a run several times slower.
"""

from __future__ import annotations

import argparse
import importlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import msgspec

ROOT = Path(__file__).parent.parent
MEASURED = [str(ROOT / "raft" / "consensus"), str(ROOT / "raft" / "storage")]
ENOUGH = 0.95


def measurement(data_file: Path) -> Any:
    """A coverage.Coverage. It is loaded here, since nothing else needs it."""
    try:
        coverage = importlib.import_module("coverage")
    except ModuleNotFoundError:
        raise SystemExit("this needs coverage.py: pip install -e '.[dev]'") from None
    return coverage.Coverage(
        branch=True, source=MEASURED, data_file=str(data_file), config_file=False
    )


def run_part(first: int, runs: int, data_file: Path) -> int:
    """Run some seeds; how many were not valid."""
    measured = measurement(data_file)
    measured.start()
    # Only now: what a module does when it is loaded is measured too.
    from nemesis.run import run
    from nemesis.search.generate import generate

    failed = 0
    for seed in range(first, first + runs):
        validity = run(generate(seed)).verdict.validity
        if validity != "valid":
            failed += 1
            print(f"seed {seed}: {validity}", file=sys.stderr)
    measured.stop()
    measured.save()
    return failed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=6_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--part", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.runs < 1 or arguments.jobs < 1:
        parser.error("--runs and --jobs must be at least 1")
    if arguments.part is not None:
        sys.exit(run_part(arguments.first, arguments.runs, arguments.part) > 0)
    with tempfile.TemporaryDirectory() as directory:
        failed = run_parts(arguments.first, arguments.runs, arguments.jobs, Path(directory))
        share = report(Path(directory))
    sys.exit(failed or share < ENOUGH)


def run_parts(first: int, runs: int, jobs: int, directory: Path) -> bool:
    """Share the seeds between processes; whether any run was not valid."""
    each = -(-runs // jobs)
    started = [
        subprocess.Popen(
            [
                *(sys.executable, __file__, "--part", str(directory / f"part.{at}")),
                *("--first", str(first + at), "--runs", str(min(each, first + runs - at))),
            ],
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
        )
        for at in range(0, runs, each)
    ]
    codes = [process.wait() for process in started]
    return any(codes)


def report(directory: Path) -> float:
    """Print what was reached; the share of the branches that was."""
    measured = measurement(directory / "all")
    measured.combine([str(path) for path in directory.glob("part.*")])
    summary = directory / "summary.json"
    measured.json_report(outfile=str(summary))
    found = msgspec.json.decode(summary.read_bytes())
    for name, file in sorted(found["files"].items()):
        source = Path(name).read_text(encoding="utf-8").splitlines()
        for start, end in file["missing_branches"]:
            where = f"{Path(name).parent.name}/{Path(name).name}:{start}"
            leads = source[end - 1].strip() if end > 0 else "the end"
            print(f"never: {where:34} {source[start - 1].strip()}  ->  {leads}")
    totals = found["totals"]
    share = float(totals["covered_branches"] / totals["num_branches"])
    print(
        f"branches: {totals['covered_branches']} of {totals['num_branches']}, {share:.1%}; "
        f"lines: {totals['covered_lines']} of {totals['num_statements']}"
    )
    return share


if __name__ == "__main__":
    main()
