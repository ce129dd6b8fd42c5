"""Bugs of the zoo in real processes: which are caught, how, and how soon.

    python bench/real_bugs.py [BUG ...]

Each is run on three servers on loopback, under partitions, crashes and pauses, with new seeds until
it is caught, three times at most; and the healthy Raft with the same seeds, which must not be. Also
etcd's reads with ``serializable``, where etcd is installed.
"""

from __future__ import annotations

import contextlib
import io
import shutil
import sys
import tempfile
from pathlib import Path
from time import monotonic

from nemesis.cli import run
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
        run(["test", "--store", str(store), "--seed", str(seed), *ATTACK, *options])
    return load((store / "latest").resolve()), monotonic() - began


def row(name: str, *options: str, store: Path) -> None:
    """Run until it is invalid, and print what came of it."""
    took, runs = 0.0, 0
    for seed in SEEDS:
        saved, seconds = test(store, seed, *options)
        took += seconds
        runs += 1
        if saved.results.failures:
            break
    kinds = sorted({failure.kind for failure in saved.results.failures})
    operations = sum(saved.results.statistics.succeeded.values())
    found = ", ".join(kinds) or saved.results.validity.value
    print(f"{name:38} {runs:4} {took:6.0f} s {operations:6,}   {found}", flush=True)


def main() -> None:
    """All of them."""
    print(f"{'':38} runs   took     ok   found by")
    with tempfile.TemporaryDirectory() as directory:
        store = Path(directory)
        for name in sys.argv[1:] or BUGS:
            row(name, "--cluster", "process", "--bug", name, store=store)
        row("healthy", "--cluster", "process", store=store)
        if shutil.which("etcd") is not None:
            row(
                "etcd, serializable reads", "--cluster", "etcd", "--serializable-reads", store=store
            )
            row("etcd", "--cluster", "etcd", store=store)


if __name__ == "__main__":
    main()
