"""Rows of a table of what checking a history takes, each measured in a process of its own.

For the benchmarks of monitors. Seconds are of the processor, of the whole ``check`` from operations
in memory: the best of three without evidence, and once with (an order, or the earliest and smallest
conflict). ``growth``: how many times as long as the row with a tenth of the operations. Memory is
the peak of the process, without evidence; ``held`` is what the history itself takes of it.
"""

from __future__ import annotations

import gc
import json
import resource
import subprocess
import sys
from collections.abc import Callable, Sequence
from time import process_time

from checker.history import Operation
from checker.lincheck import Budget, check
from checker.models import get_model

CLIENTS = 10
ROUNDS = 3
COUNTS = (100_000, 1_000_000)
CERTIFICATE_SECONDS = 60.0
"""Budget for the evidence."""

Names = tuple[str, ...]
"""The words that name a history, the model's name first."""

Maker = Callable[[Names, int, bool], list[Operation]]
"""maker(names, count, valid)."""


def _peak() -> int:
    """The peak of the resident set, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _measure(operations: list[Operation], model_name: str) -> str:
    model = get_model(model_name)
    gc.collect()
    held = _peak()
    seconds = []
    for _ in range(ROUNDS):
        started = process_time()
        verdict = check(operations, model, certificate=False, budget=Budget(seconds=None))
        seconds.append(process_time() - started)
    peak = _peak()
    started = process_time()
    proved = check(operations, model, budget=Budget(seconds=CERTIFICATE_SECONDS))
    certified = process_time() - started
    return json.dumps(
        {
            "seconds": min(seconds),
            "held": held,
            "peak": peak,
            "evidence": certified,
            "proved": proved.certificate is not None,
            "verdict": str(verdict.validity),
        }
    )


def main(maker: Maker, names: Sequence[Names], module: str) -> None:
    """Print the table; or, as the process of a row, its figures.

    Arguments: numbers of operations, and words of the names of the rows that are wanted.
    """
    arguments = sys.argv[1:]
    if arguments[:1] == ["row"]:
        *row, count, valid = arguments[1:]
        print(_measure(maker(tuple(row), int(count), valid == "valid"), row[0]))
        return
    counts = sorted(int(each) for each in arguments if each.isdigit()) or COUNTS
    wanted = {each for each in arguments if not each.isdigit()}
    print(
        f"{'history':28}{'':8}{'operations':>10}{'seconds':>9}{'growth':>8}"
        f"{'evidence':>10}{'growth':>8}{'peak':>7}{'held':>6} MiB"
    )
    for row in names:
        if not wanted <= set(row):
            continue
        for valid in ("valid", "invalid"):
            last: dict[str, float] = {}
            for count in counts:
                command = [sys.executable, "-m", module, "row", *row, str(count), valid]
                done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
                found = json.loads(done.stdout)
                assert found["verdict"] == valid, (row, found)
                print(
                    f"{' '.join(row):28}{valid:8}{count:>10,}"
                    f"{found['seconds']:>9.2f}{_growth(found, last, 'seconds')}"
                    f"{found['evidence']:>10.2f}{_growth(found, last, 'evidence')}"
                    f"{found['peak']:>7}{found['held']:>6}"
                    f"{'' if found['proved'] else ' (no certificate)'}",
                    flush=True,
                )
                last = found


def _growth(found: dict[str, float], last: dict[str, float], name: str) -> str:
    return f"{found[name] / last[name]:>8.1f}" if last else f"{'':8}"
