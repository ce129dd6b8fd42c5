"""Strategies of search, by name, and the ensemble that draws one of them for each run.

No strategy is the best for every bug, so a search uses them all. A strategy is a function of a seed
and of what is tested, and one call of it is one execution. Only "timed" runs Rafts of others.
"""

from __future__ import annotations

from collections.abc import Callable

from nemesis.chooser import RandomChooser
from nemesis.outcome import Run
from nemesis.run import run
from nemesis.search.generate import generate
from nemesis.search.walk import CHOREOGRAPHED, ROLES, SWARM, UNIFORM, Style, walk
from nemesis.subjects.own import Tested, variant_of
from raft.replica import HEALTHY

Strategy = Callable[[int, Tested], Run]


def _timed(seed: int, tested: Tested) -> Run:
    return run(generate(seed, tested=tested), tested)


def _walking(style: Style) -> Strategy:
    return lambda seed, tested: walk(seed, variant_of(tested, "walks of macro-steps drive"), style)


# Operations, faults and time, on the simulated cluster; all others take macro-steps.
TIMED = "timed"
_WALKS = {
    "uniform-walk": UNIFORM,
    "swarm-walk": SWARM,
    "role-walk": ROLES,
    "choreography": CHOREOGRAPHED,
}
STRATEGIES: dict[str, Strategy] = {
    TIMED: _timed,
    **{name: _walking(style) for name, style in _WALKS.items()},
}
# How often the ensemble draws each.
_SHARES = {"timed": 3, "uniform-walk": 4, "swarm-walk": 8, "role-walk": 20, "choreography": 65}
_BAG = tuple(name for name, share in _SHARES.items() for _ in range(share))

WALKS: tuple[Style, ...] = tuple(_WALKS[name] for name in _BAG if name in _WALKS)
"""The styles of its walks, each as often as it draws them."""


def strategy_of(seed: int) -> str:
    """The strategy that the ensemble draws for this seed."""
    return RandomChooser(f"strategy {seed}").pick(_BAG)


def search(seed: int, tested: Tested = HEALTHY) -> Run:
    """One execution of the ensemble."""
    return STRATEGIES[strategy_of(seed)](seed, tested)


ENSEMBLE = "ensemble"
STRATEGIES[ENSEMBLE] = search
