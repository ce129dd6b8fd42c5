"""One interface for every source of choices: a seeded generator, Hypothesis, a script.

Whatever draws schedules (operations, faults, knobs) asks a chooser, so that one description of
what may be drawn serves the seeded search and Hypothesis alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Protocol, TypeVar

T = TypeVar("T")


class Chooser(Protocol):
    """Where choices come from."""

    def pick(self, options: Sequence[T]) -> T:
        """One of the options, the simplest first."""
        ...

    def integer(self, low: int, high: int) -> int:
        """An integer between ``low`` and ``high``, both included."""
        ...

    def chance(self, percent: int) -> bool:
        """True in ``percent`` of a hundred cases."""
        ...


class RandomChooser:
    """Choices of a seeded generator."""

    __slots__ = ("_random",)

    def __init__(self, seed: int | str) -> None:
        self._random = Random(seed)

    def pick(self, options: Sequence[T]) -> T:
        return options[int(self._random.random() * len(options))]

    def integer(self, low: int, high: int) -> int:
        return low + int(self._random.random() * (high - low + 1))

    def chance(self, percent: int) -> bool:
        return self._random.random() * 100 < percent
