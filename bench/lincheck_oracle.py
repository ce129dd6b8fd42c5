"""Random histories of all models, each judged by ``check`` and by brute force.

    python bench/lincheck_oracle.py [--first SEED] [--count N] [--seconds S] [--large] [MODEL ...]

``count`` histories of each model, of the seeds from ``first`` on, so a long run can be cut into
slices; it stops after ``seconds`` of processor time and says with which seed to go on. For each
history: the verdict is that of brute force, the verifier accepts its certificate, and without one
the verdict is the same; every fourth goes through each engine, too. ``--large``: histories of 20 to
120 operations, all engines against each other. A line for each model, and one for each difference;
the exit code is 1 if there is one. An engine that raises anything else ends the run, with the seed.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from time import process_time

sys.path.insert(0, str(Path(__file__).parent.parent))

from checker.lincheck.budget import Budget
from checker.models import get_model
from tests.checker.brute_force import possible
from tests.checker.lincheck.engines import ENGINES, Disagreement, compare, large, small
from tests.checker.simulations.named import MODEL_NAMES

FEW = Budget(seconds=None, configurations=3_000)
"""What one engine may spend on a large history."""


def main(arguments: Sequence[str]) -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("models", nargs="*", default=MODEL_NAMES)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=1_000)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--large", action="store_true")
    given = parser.parse_args(arguments)
    if unknown := sorted(set(given.models) - set(MODEL_NAMES)):
        parser.error(f"no model {', '.join(unknown)}: choose from {', '.join(MODEL_NAMES)}")
    started = process_time()
    judged = differences = 0
    for name in given.models:
        begun, seen = process_time(), Counter[str]()
        for seed in range(given.first, given.first + given.count):
            if process_time() - started > given.seconds:
                print(f"{name}: stopped; go on with --first {seed}", flush=True)
                break
            seen["histories"] += 1
            try:
                seen.update(compare_large(name, seed) if given.large else compare_small(name, seed))
            except Disagreement as difference:
                differences += 1
                print(f"{name}, seed {seed}: {difference}", flush=True)
            except Exception as error:
                error.add_note(f"{name}, seed {seed}")
                raise
        judged += seen["histories"]
        rate = seen["histories"] / max(process_time() - begun, 1e-9)
        counts = ", ".join(f"{n:,} {what}" for what, n in sorted(seen.items()))
        print(f"{name}: {counts}, {rate:,.0f} a second", flush=True)
    spent = process_time() - started
    print(f"{judged:,} histories in {spent:.0f} s of processor time, {differences} differences")
    return 1 if differences else 0


def compare_small(name: str, seed: int) -> list[str]:
    """How it was judged; raises whatever is wrong."""
    operations, model = small(name, seed), get_model(name)
    expected = possible(operations, model)
    compare(operations, model, expected, engines=ENGINES if seed % 4 == 0 else ("check",))
    crashes = any(operation.completed is None for operation in operations)
    return ["valid" if expected else "invalid", *(["with info"] if crashes else [])]


def compare_large(name: str, seed: int) -> list[str]:
    """Which engines answered; raises whatever is wrong."""
    said = compare(large(name, seed), get_model(name), None, FEW)
    verdict = "undecided" if not said else "valid" if any(said.values()) else "invalid"
    return [verdict, *said]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
