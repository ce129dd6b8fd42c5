"""Bugs of the zoo in real processes: which are caught, how, and how soon.

    python bench/real_bugs.py [--hosts loopback|netns|docker] [BUG ...]

Each is run on three servers, on loopback, in network namespaces or in containers, under partitions,
crashes and pauses, with new seeds until it is caught, three times at most; and the healthy Raft
with the same seeds, which must not be. Also etcd's reads with ``serializable``, where etcd is
installed, though not in containers. The exit code is 1 if anything was not as it must be.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import shutil
import sys
import tempfile
from pathlib import Path
from time import monotonic

from checker.verdict import Validity
from nemesis.cli import run
from nemesis.cluster.real import HOSTS
from nemesis.store import Saved, load

BUGS = (
    "vote-not-persisted",
    "term-not-persisted",
    "entries-acknowledged-before-durable",
    "leader-counts-unsaved",
    "counts-what-was-sent",
    "append-truncates",
    "follower-reads-alone",
    "stale-read",
)
JUDGED = {each.exit_code for each in Validity}
# Of these the servers do not check their quorum: whoever is cut off goes on leading.
SEEDS = (24, 28, 34)
ATTACK = (
    *("--workload", "register", "--nemesis", "partition,crash,pause"),
    *("--time-limit", "12s", "--rate", "100", "--concurrency", "15"),
)


def test(store: Path, seed: int, *options: str) -> tuple[Saved, float]:
    """One run, in silence, and how long it took in s."""
    began = monotonic()
    with contextlib.redirect_stdout(io.StringIO()):
        code = run(["test", "--store", str(store), "--seed", str(seed), *ATTACK, *options])
    if code not in JUDGED:
        # What is in the store is of another run.
        sys.exit(f"no run with the seed {seed} and {' '.join(options)}: exit code {code}")
    return load((store / "latest").resolve()), monotonic() - began


def row(name: str, *options: str, store: Path, expected: Validity) -> bool:
    """Run until it is invalid, and print what came of it; whether that is what was ``expected``
    (of runs that must not be invalid, each must be valid)."""
    took, runs, validities = 0.0, 0, []
    for seed in SEEDS:
        saved, seconds = test(store, seed, *options)
        took += seconds
        runs += 1
        validities.append(saved.results.validity)
        if saved.results.failures:
            break
    kinds = sorted({failure.kind for failure in saved.results.failures})
    operations = sum(saved.results.statistics.succeeded.values())
    found = ", ".join(kinds) or ", ".join(sorted({each.value for each in validities}))
    print(f"{name:38} {runs:4} {took:6.0f} s {operations:6,}   {found}", flush=True)
    if expected is Validity.INVALID:
        return validities[-1] is expected
    return set(validities) == {expected}


def main() -> int:
    """All of them; the exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--hosts", choices=(*HOSTS, "docker"), default="loopback")
    parser.add_argument("bugs", nargs="*", metavar="BUG")
    asked = parser.parse_args()
    print(f"{'':38} runs   took     ok   found by")
    hosts = ("--hosts", asked.hosts)
    in_containers = asked.hosts == "docker"
    process = ("--cluster", "docker") if in_containers else ("--cluster", "process", *hosts)
    etcd = ("--cluster", "etcd", *hosts)
    with tempfile.TemporaryDirectory() as directory:
        store = Path(directory)
        rows = [
            row(name, *process, "--bug", name, store=store, expected=Validity.INVALID)
            for name in asked.bugs or BUGS
        ]
        rows.append(row("healthy", *process, store=store, expected=Validity.VALID))
        if shutil.which("etcd") is not None and not in_containers:
            stale = (*etcd, "--serializable-reads")
            rows.append(
                row("etcd, serializable reads", *stale, store=store, expected=Validity.INVALID)
            )
            rows.append(row("etcd", *etcd, store=store, expected=Validity.VALID))
    return 0 if all(rows) else 1


if __name__ == "__main__":
    sys.exit(main())
