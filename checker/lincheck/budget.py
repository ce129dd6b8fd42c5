"""What a check may cost, and the meters that hold it to that.

Linearizability is NP-complete (Gibbons and Korach 1997): some histories take for ever. A check that
runs out of its budget answers ``unknown``, with the reason; it never guesses.

Meters form a tree. The root holds the budget; whoever runs a search gives it a meter of its own (a
*share* of what is left, or a *lane* beside others that race it), and what is spent and held there
counts in all meters above.

What is done between two reports is short: some hundred configurations of a search, or some ten
thousand operations of what is done once for each. So a limit is overrun by that much at most.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from sys import maxsize
from time import monotonic

Clock = Callable[[], float]

BETWEEN_LOOKS = 128
"""Configurations explored between two reports to the meter: about 0.2 ms."""

_NEAR = 8
"""Configurations between two reports shortly before the memory is used up."""

CHUNK = 1 << 14
"""Operations that are translated, say, between two reports: 10 to 100 ms."""


@dataclass(frozen=True, slots=True)
class Budget:
    """Limits of a check; None is no limit.

    ``seconds`` of the clock; ``configurations`` explored, which makes the outcome independent of
    the machine; ``memory`` in bytes held by the searches, beside the history itself.
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
    """Counts what a search costs, ``explored`` in configurations and ``held`` in bytes, and how far
    it has come: ``reached`` is the rank of the last event up to which everything is explained.

    The clock is looked at only if the budget has ``seconds``; ``cancelled`` is asked at every
    report.
    """

    __slots__ = (
        "_above",
        "_cancelled",
        "_clock",
        "_configurations_max",
        "_deadline",
        "budget",
        "explored",
        "held",
        "reached",
    )

    def __init__(
        self,
        budget: Budget,
        clock: Clock = monotonic,
        cancelled: Callable[[], bool] | None = None,
    ) -> None:
        self.budget = budget
        self.explored = 0
        self.held = 0
        self.reached = -1
        self._above: Meter | None = None
        self._clock = clock
        self._cancelled = cancelled
        self._deadline = None if budget.seconds is None else clock() + budget.seconds
        self._configurations_max = budget.configurations

    def lane(self) -> Meter:
        """A meter for one of several searches that spend from this one by turns."""
        lane = Meter.__new__(Meter)
        lane.budget = self.budget
        lane.explored = 0
        lane.held = 0
        lane.reached = -1
        lane._above = self
        lane._clock = self._clock
        lane._cancelled = None
        lane._deadline = None
        lane._configurations_max = None
        return lane

    def beside(self) -> Meter:
        """A meter beside this one, that spends from the same."""
        return (self._above or self).lane()

    def share(self, parts: int) -> Meter:
        """A meter with a share of what is left, if ``parts`` want equal ones."""
        share = self.lane()
        deadline, most = self._limits()
        if parts > 1 and deadline is not None:
            now = self._clock()
            share._deadline = now + max(deadline - now, 0.0) / parts
        if parts > 1 and most is not None:
            share._configurations_max = -(-max(most - self.explored, 0) // parts)
        return share

    def _limits(self) -> tuple[float | None, int | None]:
        """The limits of time and of configurations that hold for this meter, as it counts them."""
        deadline, most = self._deadline, self._configurations_max
        if self._above is not None:
            above_deadline, above_most = self._above._limits()
            if deadline is None or (above_deadline is not None and above_deadline < deadline):
                deadline = above_deadline
            if above_most is not None:
                left = above_most - self._above.explored + self.explored
                most = left if most is None else min(most, left)
        return deadline, most

    def spend(self, explored: int, held: int) -> int:
        """Report the configurations explored in all by this search, and the bytes it holds now.

        Returns the number explored at which to report again; raises BudgetExhausted when a limit
        is reached.
        """
        more, grown = explored - self.explored, held - self.held
        again = explored + BETWEEN_LOOKS
        meter: Meter | None = self
        while meter is not None:
            meter.explored += more
            meter.held += grown
            meter = meter._above
        meter = self
        while meter is not None:
            most = meter._configurations_max
            if most is not None:
                if meter.explored >= most:
                    raise BudgetExhausted(
                        f"the budget of {meter.budget.configurations} configurations is exhausted"
                    )
                again = min(again, explored + most - meter.explored)
            deadline = meter._deadline
            if deadline is not None and meter._clock() >= deadline:
                raise BudgetExhausted(f"the budget of {meter.budget.seconds:g} s is exhausted")
            if meter._above is None:
                meter._look()
                memory = meter.budget.memory
                if memory is not None and grown > 0 and more > 0:
                    # At this pace, it would be full then.
                    again = min(again, explored + max(_NEAR, (memory - meter.held) * more // grown))
            meter = meter._above
        return again

    def hold(self, held: int) -> None:
        """Report the bytes that are held now; raises BudgetExhausted."""
        self.spend(self.explored, held)

    def look(self, rows: int = CHUNK) -> None:
        """Raises BudgetExhausted when a limit is reached. Between phases that take so many rows, or
        operations, each: it does not look if these are so few that they take no time."""
        if rows >= CHUNK:
            self.spend(self.explored, self.held)

    def room(self) -> int:
        """The bytes that this search may hold, if nobody else holds more than now."""
        root = self
        while root._above is not None:
            root = root._above
        memory = root.budget.memory
        return maxsize if memory is None else memory - root.held + self.held

    def reach(self, rank: int) -> None:
        """All events up to this rank can be explained."""
        meter: Meter | None = self
        while meter is not None and meter.reached < rank:
            meter.reached = rank
            meter = meter._above

    def _look(self) -> None:
        memory = self.budget.memory
        if memory is not None and self.held > memory:
            raise BudgetExhausted(
                f"the budget of {memory} bytes of memory is exhausted: {self.held} are held"
            )
        if self._cancelled is not None and self._cancelled():
            raise BudgetExhausted("it was cancelled")

    def release(self) -> None:
        """The search has ended, and holds nothing any more."""
        held = self.held
        meter: Meter | None = self
        while meter is not None:
            meter.held -= held
            meter = meter._above
