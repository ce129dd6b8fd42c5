"""Seeds that nobody accounts for, or that two do."""

from __future__ import annotations

from collections.abc import Iterable


def gaps_between(
    seed: int, next_seed: int, batches: Iterable[tuple[int, int, int | None]]
) -> list[str]:
    """What is wrong with batches that shall hold every seed from ``seed`` to ``next_seed`` once, in
    words. Of each batch its first seed, how many it has, and how many runs were counted of it
    (None: it is only planned); in the order of their seeds."""
    problems: list[str] = []
    expected = seed
    for first, seeds, runs in batches:
        if first != expected:
            problems.append(f"seeds {expected} to {first}: handed out twice, or never")
        expected = first + seeds
        if runs is not None and runs != seeds:
            problems.append(f"batch of seed {first}: {seeds} seeds, {runs} runs")
    if expected != next_seed:
        problems.append(f"seeds {expected} to {next_seed}: in no batch")
    return problems
