"""A history of 10^6 operations on many keys, checked by one process, by two, and by a scheduler.

    python bench/check_scheduler.py [--operations 1000000] [--keys 1000] [--workers 2]

Registers, each with ten clients that are always busy, linearizable by construction. ``repeated``:
five values, and two of a hundred operations are never answered, so that every key is judged by
search; ``unique``: each write has its own value, and is answered, so that a monitor judges it in
about a microsecond an operation; ``violation``: as ``repeated``, but a read of a key in the middle
answers what was never written.

Each row is a `splitbrain check` of its own, with its certificate. ``elapsed`` is from its start to
its end, reading included; ``judging`` is what it says itself, without reading; ``processor`` is
processor time, of its own process and those it forks, and of the scheduler's workers. These are
there before it starts. All must write the same certificate, or this ends with 1.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from random import Random
from time import monotonic, process_time
from typing import Any, NamedTuple

from distributed import Client, LocalCluster

CASES = ("repeated", "unique", "violation")
CLIENTS = 10
CRASHED = 0.02
AT_ONCE = 20
"""Keys that are used at the same time."""


class Measured(NamedTuple):
    """One check; times in s."""

    elapsed: float
    judging: float
    processor: float
    validity: str
    certificate: str


def write(place: Path, case: str, operations: int, keys: int) -> None:
    """A table of ``operations`` on so many keys."""
    random = Random(1)
    each = operations // keys
    crashed = 0.0 if case == "unique" else CRASHED
    wrong = keys // 2 if case == "violation" else None
    now = value = client = 0
    with place.open("w") as file:
        file.write("process,f,key,argument,result,call,return\n")
        for first in range(0, keys, AT_ONCE):
            names = range(first, min(first + AT_ONCE, keys))
            state: dict[int, int | str] = dict.fromkeys(names, "")
            left = dict.fromkeys(names, each)
            busy = [[client + at, names[at % len(names)]] for at in range(CLIENTS * len(names))]
            client += len(busy)
            # What a client waits for: f, argument, call, and the result once it took effect.
            waiting: dict[int, list[Any]] = {}
            while busy:
                at = int(random.random() * len(busy))
                process, key = busy[at]
                asked = waiting.get(process)
                now += 1
                if asked is None:
                    if not left[key]:
                        busy[at] = busy[-1]
                        busy.pop()
                        continue
                    left[key] -= 1
                    value += 1
                    if random.random() < 0.5:
                        argument = value if case == "unique" else value % 5
                        waiting[process] = ["write", argument, now, None]
                    else:
                        waiting[process] = ["read", "", now, None]
                elif random.random() < crashed / 2:
                    f, argument, called, _ = waiting.pop(process)
                    file.write(f"{process},{f},k{key},{argument},,{called},\n")
                    busy[at][0] = client
                    client += 1
                elif asked[3] is None:
                    if asked[0] == "write":
                        state[key] = asked[3] = asked[1]
                    else:
                        asked[3] = state[key]
                        if key == wrong and left[key] < each // 2:
                            asked[3], wrong = -1, None
                else:
                    f, argument, called, result = waiting.pop(process)
                    file.write(f"{process},{f},k{key},{argument},{result},{called},{now}\n")


def check(history: Path, options: list[str], proof: Path) -> Measured:
    """By the command line."""
    code = "import sys; from nemesis.cli import main; main(sys.argv[1:])"
    command = [sys.executable, "-c", code, "check", str(history), "--model", "register", "--json"]
    command += ["--seconds", "3600", "--memory", "8192", "--certificate", str(proof), *options]
    began, used = monotonic(), _used()
    answer = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=Path(__file__).parent.parent
    )
    elapsed = monotonic() - began
    if answer.returncode not in (0, 1):
        sys.exit(answer.stdout + answer.stderr)
    told = json.loads(answer.stdout)
    certificate = hashlib.sha256(proof.read_bytes()).hexdigest()
    return Measured(elapsed, told["seconds"], _used() - used, told["validity"], certificate)


def _used() -> float:
    """Processor time of the processes that have ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return children.ru_utime + children.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--operations", type=int, default=1_000_000)
    parser.add_argument("--keys", type=int, default=1_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--cases", nargs="+", default=CASES, choices=CASES)
    arguments = parser.parse_args()
    same = True
    with (
        tempfile.TemporaryDirectory() as directory,
        LocalCluster(
            n_workers=arguments.workers,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            silence_logs=50,
        ) as cluster,
        Client(cluster) as client,
    ):
        ways = {
            "one process": [],
            f"--jobs {arguments.workers}": ["--jobs", str(arguments.workers)],
            f"--scheduler, {arguments.workers} workers": [
                "--scheduler",
                cluster.scheduler_address,
            ],
        }
        print(f"{arguments.operations:,} operations, {arguments.keys:,} keys")
        print(f"{'':10} {'':24} {'elapsed':>9} {'judging':>9} {'processor':>17}  verdict")
        for case in arguments.cases:
            history, certificates = Path(directory) / f"{case}.csv", set()
            write(history, case, arguments.operations, arguments.keys)
            for name, options in ways.items():
                before = sum(client.run(process_time).values())
                found = check(history, options, Path(directory) / "proof.json")
                workers = sum(client.run(process_time).values()) - before
                certificates.add(found.certificate)
                print(
                    f"{case:10} {name:24} {found.elapsed:7.1f} s {found.judging:7.1f} s "
                    f"{found.processor:6.1f} + {workers:6.1f} s  {found.validity}",
                    flush=True,
                )
            print(f"{case:10} certificates: {'the same' if len(certificates) == 1 else 'DIFFER'}")
            same = same and len(certificates) == 1
            history.unlink()
    sys.exit(0 if same else 1)


if __name__ == "__main__":
    main()
