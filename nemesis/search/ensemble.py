"""Strategies of search, by name, and the ensemble that draws one of them for each run.

No strategy is the best for every bug, so a search uses them all. A strategy is a function of a seed
and a variant, and one call of it is one execution.
"""

from __future__ import annotations

from collections.abc import Callable

from nemesis.chooser import RandomChooser
from nemesis.outcome import Run
from nemesis.run import run
from nemesis.search.generate import generate
from nemesis.search.walk import CHOREOGRAPHED, ROLES, SWARM, UNIFORM, Style, walk
from raft.replica import HEALTHY, Variant

Strategy = Callable[[int, Variant], Run]


def _timed(seed: int, variant: Variant) -> Run:
    return run(generate(seed), variant)


def _walking(style: Style) -> Strategy:
    return lambda seed, variant: walk(seed, variant, style)


# Operations, faults and time, on the simulated cluster; all others take macro-steps.
TIMED = "timed"
STRATEGIES: dict[str, Strategy] = {
    TIMED: _timed,
    "uniform-walk": _walking(UNIFORM),
    "swarm-walk": _walking(SWARM),
    "role-walk": _walking(ROLES),
    "choreography": _walking(CHOREOGRAPHED),
}
# How often the ensemble draws each.
_SHARES = {"timed": 3, "uniform-walk": 4, "swarm-walk": 8, "role-walk": 20, "choreography": 65}
_BAG = tuple(name for name, share in _SHARES.items() for _ in range(share))


def strategy_of(seed: int) -> str:
    """The strategy that the ensemble draws for this seed."""
    return RandomChooser(f"strategy {seed}").pick(_BAG)


def search(seed: int, variant: Variant = HEALTHY) -> Run:
    """One execution of the ensemble."""
    return STRATEGIES[strategy_of(seed)](seed, variant)


ENSEMBLE = "ensemble"
STRATEGIES[ENSEMBLE] = search
