"""Hypothesis strategies: whole schedules, for anyone's ``@given``.

@given(schedules())
def test_raft_keeps_its_promises(schedule):
    assert_holds(run(schedule))
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from hypothesis import strategies as st

from nemesis.schedule import Schedule
from nemesis.search.generate import ANYTHING, ORDINARY, Only, Size, draw_schedule
from nemesis.subjects.own import Tested
from raft.replica import HEALTHY

T = TypeVar("T")
Draw = Callable[[st.SearchStrategy[Any]], Any]

# Schedules draw what stays random below them (delays, time-outs) from one seed: a choice a message
# would cost more than the simulation.
SEEDS = st.integers(min_value=0, max_value=(1 << 32) - 1)


class HypothesisChooser:
    """Choices of Hypothesis; the first option is the simplest, as everywhere."""

    __slots__ = ("_draw",)

    def __init__(self, draw: Draw) -> None:
        self._draw = draw

    def pick(self, options: Sequence[T]) -> T:
        if len(options) == 1:
            return options[0]
        return options[self._draw(st.integers(0, len(options) - 1))]

    def integer(self, low: int, high: int) -> int:
        return low if low == high else int(self._draw(st.integers(low, high)))

    def chance(self, percent: int) -> bool:
        if percent in (0, 100):
            return percent == 100
        return bool(self._draw(st.integers(0, 99)) >= 100 - percent)


@st.composite
def schedules(
    draw: Draw, size: Size = ORDINARY, only: Only = ANYTHING, tested: Tested = HEALTHY
) -> Schedule:
    """Schedules as the seeded generator draws them, by the choices of Hypothesis; for a Raft of
    others, those that it can be configured by, and bears."""
    return draw_schedule(HypothesisChooser(draw), draw(SEEDS), size, only, tested)
