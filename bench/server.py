"""Throughput and latency of our server beside etcd and PySyncObj, as tables in Markdown.

    python bench/server.py                                    all three, 1, 16 and 64 clients
    python bench/server.py --rounds 5 --seconds 4
    python bench/server.py --only ours --trace                our own alone, with its traces
    python bench/server.py --endpoints 127.0.0.1:2379 ...     any cluster with etcd's JSON gateway

Three servers each, on loopback and one disk, all up at once; they are measured by turns, round
after round, and of what the rounds gave the median counts: so whatever else the machine does,
befalls all of them alike. Every client has one request under way, to a server of its own by turns.
Clients and servers share the machine.

On a machine that others use, too, --seconds 0.7 --rest 3 in a session of its own that goes first
(echo -20 > /proc/self/autogroup) takes the machine for less than a second at a time.

Ours and etcd are asked by the same clients, over HTTP, and each write is on the disks of a majority
before it is answered. PySyncObj is called within its own processes: see bench/server_pysyncobj.py.
"""

from __future__ import annotations

import signal
import sys
import time
from argparse import ArgumentParser
from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import get_args

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.server_contenders import Contender, contenders
from bench.server_load import Operation, Sample, load

OPERATIONS: tuple[Operation, ...] = get_args(Operation)
TITLES = {"put": "writes", "range": "linearizable reads"}
OURS = "ours"
Samples = dict[tuple[Operation, int, str], list[Sample]]


def measure(
    competing: Sequence[Contender],
    counts: Sequence[int],
    seconds: float,
    rounds: int,
    rest: float,
) -> Samples:
    """All of them by turns; ``rest`` s after each."""
    samples: Samples = defaultdict(list)
    for contender in competing:
        contender.measure("put", 8, 1)
    for number in range(rounds):
        for operation in OPERATIONS:
            for clients in counts:
                for contender in competing:
                    time.sleep(rest)
                    sample = contender.measure(operation, clients, seconds)
                    if sample is not None:
                        samples[operation, clients, contender.name].append(sample)
        print(f"round {number + 1} of {rounds} done", file=sys.stderr, flush=True)
    return samples


def table(samples: Samples, operation: Operation) -> str:
    """A row for each number of clients and each cluster. The ratio is that of our throughput to
    theirs in the same round."""
    lines = [
        f"| {TITLES[operation]}, clients | | /s | p50, ms | p99, ms | processor, µs "
        "| ours / theirs |",
        "|---|---|---|---|---|---|---|",
    ]
    for (kind, clients, name), each in samples.items():
        if kind != operation:
            continue
        ours = samples.get((operation, clients, OURS), [])
        ratio = ""
        if name != OURS and ours:
            ratios = [a.throughput / b.throughput for a, b in zip(ours, each, strict=True)]
            ratio = f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        errors = sum(sample.errors for sample in each)
        told = f"{name}, {errors} errors" if errors else name
        figures = (
            f"{median(sample.throughput for sample in each):.0f}",
            f"{median(sample.latency(0.5) for sample in each):.2f}",
            f"{median(sample.latency(0.99) for sample in each):.2f}",
            f"{median(sample.cost for sample in each):.0f}",
        )
        lines.append(f"| {clients} | {told} | {' | '.join(figures)} | {ratio} |")
    return "\n".join(lines)


def measure_foreign(endpoints: Sequence[str], counts: Sequence[int], seconds: float) -> None:
    """A cluster that somebody else has started."""
    load(endpoints, [], "put", 8, 1)
    for operation in OPERATIONS:
        for clients in counts:
            sample = load(endpoints, [], operation, clients, seconds)
            print(
                f"{operation:5} {clients:3} clients {sample.throughput:8.0f}/s  "
                f"p50 {sample.latency(0.5):8.2f} ms  p99 {sample.latency(0.99):8.2f} ms  "
                f"{sample.errors} errors",
                flush=True,
            )


def main() -> None:
    # So that the servers end as well.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    parser = ArgumentParser()
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rest", type=float, default=0, help="s between two measurements")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 16, 64])
    parser.add_argument("--only", nargs="+", default=["ours", "etcd", "pysyncobj"])
    parser.add_argument("--trace", action="store_true", help="our servers write their traces")
    parser.add_argument("--endpoints", nargs="+")
    parser.add_argument("--directory", type=Path, help="on the disk to measure; default /var/tmp")
    arguments = parser.parse_args()
    if arguments.endpoints:
        measure_foreign(arguments.endpoints, arguments.clients, arguments.seconds)
        return
    with (
        TemporaryDirectory(dir=arguments.directory or "/var/tmp") as directory,
        ExitStack() as stack,
    ):
        competing = contenders(Path(directory), arguments.only, arguments.trace)
        for contender in competing:
            stack.callback(contender.close)
        samples = measure(
            competing, arguments.clients, arguments.seconds, arguments.rounds, arguments.rest
        )
    print("\n\n".join(table(samples, operation) for operation in OPERATIONS))


if __name__ == "__main__":
    main()
