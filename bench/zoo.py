"""How soon every bug of the zoo is found, and how small it is shrunk.

    python bench/zoo.py [NAME...] [--seeds 5] [--most 4000]

For each bug and each of some starts in the space of seeds: executions until the first failure, by
whom it was convicted, steps after shrinking, and what the shrink cost.
"""

from __future__ import annotations

import argparse
import statistics
from collections import Counter
from time import perf_counter

from nemesis.run import run
from nemesis.search.generate import generate
from nemesis.search.shrink import shrink
from raft.bugs import BUGS

FAR_APART = 1_000_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=sorted(BUGS))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--most", type=int, default=4_000)
    arguments = parser.parse_args()
    all_steps: list[int] = []
    all_seconds: list[float] = []
    for name in arguments.names:
        variant = BUGS[name].variant
        executions: list[float] = []
        kinds: Counter[str] = Counter()
        steps: list[int] = []
        seconds: list[float] = []
        for start in range(1, arguments.seeds + 1):
            for at in range(arguments.most):
                failed = run(generate(start * FAR_APART + at), variant)
                if failed.verdict.failures:
                    break
            else:
                executions.append(float("inf"))
                continue
            executions.append(at + 1)
            kinds[failed.verdict.failures[0].kind] += 1
            started = perf_counter()
            smallest = shrink(failed, variant).run
            seconds.append(perf_counter() - started)
            steps.append(len(smallest.schedule.steps))
        all_steps += steps
        all_seconds += seconds
        print(
            f"{name:22} executions {[int(e) if e < 1e9 else None for e in executions]} "
            f"median {statistics.median(executions):g}, by {', '.join(kinds)}; "
            f"steps {steps}, shrunk in {max(seconds, default=0):.1f} s at most",
            flush=True,
        )
    print(
        f"all: {statistics.median(all_steps):g} steps in the median, {max(all_steps)} at most; "
        f"shrinking took {statistics.median(all_seconds):.1f} s in the median, "
        f"{max(all_seconds):.1f} s at most"
    )


if __name__ == "__main__":
    main()
