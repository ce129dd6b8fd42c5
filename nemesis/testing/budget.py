"""How many runs a test makes, with which seeds, and how they are shared among its parts.

A test is collected in parts, so that ``-n auto`` keeps all cores busy with one test. Their names,
and the seeds of all of them together, do not depend on how many processes there are.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from typing import NamedTuple

from nemesis.errors import NemesisError

RUNS = 200
PARTS = 4
_MOST_SEEDS = 1 << 32


class BadOption(NemesisError):
    """An option of the plugin makes no sense."""


class Budget(NamedTuple):
    """``seed``: that of a test's first run. With ``seconds`` there is no limit on the runs. None:
    not said."""

    seed: int
    runs: int | None
    seconds: float | None
    # How many processes run tests at once.
    processes: int = 1


class Share(NamedTuple):
    """What one part of a test does: runs ``first``, ``first + step``, ..., at most ``runs``."""

    first: int
    step: int
    runs: int | None
    seconds: float | None


def share(budget: Budget, part: int, parts: int, wanted: int | None) -> Share:
    """The share of a part, counted from 0; ``wanted`` is how many runs the test itself asks for."""
    if budget.seconds is not None:
        at_once = min(budget.processes, parts)
        seconds = budget.seconds * at_once / parts
        return Share(budget.seed + part, parts, budget.runs, seconds)
    runs = budget.runs or wanted or RUNS
    return Share(budget.seed + part, parts, len(range(part, runs, parts)), None)


def parse_seed(text: str | None) -> int:
    """Any number; another one each time if there is none. Raises BadOption."""
    if text is None:
        return secrets.randbelow(_MOST_SEEDS)
    try:
        return int(text)
    except ValueError as error:
        raise BadOption(f"--splitbrain-seed {text}: is no integer") from error


def processes(environment: Mapping[str, str] = os.environ) -> int:
    """How many workers pytest-xdist has; one process otherwise."""
    return int(environment.get("PYTEST_XDIST_WORKER_COUNT", "1"))
