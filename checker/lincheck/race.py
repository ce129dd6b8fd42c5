"""Several searches for one answer, by turns in one process."""

from __future__ import annotations

from collections.abc import Generator, Sequence

from checker.lincheck.engine import Outcome, Search

Lane = Generator[None, None, Outcome | None]
"""A search that may give up: it returns None."""


def race(lanes: Sequence[Lane]) -> Search:
    """The first outcome that a lane returns. A lane's turn lasts until it reports to its meter,
    which all do after the same number of configurations.

    Whoever is sure to answer must be among them. BudgetExhausted of any lane ends the race: they
    spend from one budget.
    """
    running = list(lanes)
    while running:
        for lane in tuple(running):
            try:
                next(lane)
            except StopIteration as stop:
                outcome: Outcome | None = stop.value
                if outcome is not None:
                    return outcome
                running.remove(lane)
            yield
    raise AssertionError("a race needs a lane that does not give up")
