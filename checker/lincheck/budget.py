"""What a check may cost, and the meter that holds it to that.

Linearizability is NP-complete (Gibbons and Korach 1997): some histories take for ever. A check that
runs out of its budget answers ``unknown``, with the reason; it never guesses.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

Clock = Callable[[], float]

CONFIGURATION_BYTES = 320
"""Bytes that a configuration of the frontier holds: its tuple, two bit masks, its places in list
and table."""

_BETWEEN_LOOKS = 128
"""Configurations explored between two looks at the clock: about 0.2 ms."""


@dataclass(frozen=True, slots=True)
class Budget:
    """Limits of a check; None is no limit.

    ``seconds`` of the clock; ``configurations`` explored, which makes the outcome independent of
    the machine; ``memory`` in bytes, estimated from the configurations held.
    """

    seconds: float | None = 60.0
    configurations: int | None = None
    memory: int | None = 1 << 30

    def __post_init__(self) -> None:
        for name in ("seconds", "configurations", "memory"):
            limit = getattr(self, name)
            if limit is not None and limit <= 0:
                raise ValueError(f"a budget of {name} must be positive, not {limit!r}")


class BudgetExhausted(Exception):
    """The check may go no further; the message is the reason."""


class Meter:
    """Counts what a check costs; the clock is looked at only if the budget has ``seconds``."""

    __slots__ = ("_clock", "_configurations_max", "_deadline", "_held_max", "budget", "explored")

    def __init__(self, budget: Budget, clock: Clock = monotonic) -> None:
        self.budget = budget
        self.explored = 0
        self._clock = clock
        self._deadline = None if budget.seconds is None else clock() + budget.seconds
        self._configurations_max = budget.configurations
        self._held_max = budget.memory

    def share(self, parts: int) -> Meter:
        """A meter with a share of what is left, if ``parts`` want equal ones; it starts at zero.

        Whoever uses it adds what it has explored to this one (``charge``).
        """
        share = Meter.__new__(Meter)
        share.budget = self.budget
        share.explored = 0
        share._clock = self._clock
        share._held_max = self._held_max
        share._deadline = self._deadline
        share._configurations_max = self._configurations_max
        if parts > 1 and self._deadline is not None:
            now = self._clock()
            share._deadline = now + max(self._deadline - now, 0.0) / parts
        if self._configurations_max is not None:
            left = max(self._configurations_max - self.explored, 0)
            share._configurations_max = -(-left // parts)
        return share

    def charge(self, share: Meter) -> None:
        """Add what a share has explored."""
        self.explored += share.explored

    def spend(self, explored: int, held: int) -> int:
        """Report the configurations explored in all, and the bytes held now.

        Returns the number explored at which to report again; raises BudgetExhausted when a limit
        is reached.
        """
        self.explored = explored
        budget = self.budget
        most = self._configurations_max
        if most is not None and explored >= most:
            raise BudgetExhausted(
                f"the budget of {budget.configurations} configurations is exhausted"
            )
        if self._held_max is not None and held > self._held_max:
            raise BudgetExhausted(
                f"the budget of {budget.memory} bytes of memory is exhausted: {held} are held"
            )
        if self._deadline is not None and self._clock() >= self._deadline:
            raise BudgetExhausted(f"the budget of {budget.seconds:g} s is exhausted")
        soon = explored + _BETWEEN_LOOKS
        return soon if most is None else min(soon, most)
