"""What an engine is: anything that answers whether a part of a history is possible.

All engines answer the same question and may be raced against each other, by turns in one process:
an engine is a generator that yields whenever it has reported its cost to the meter (every few
hundred configurations), and returns an Outcome. It raises BudgetExhausted, through the meter, when
it may go no further.

A *monitor* is an engine for one model under conditions (unique values, say) that make the question
near-linear. It works on the operations of one key as they were recorded, without translating them
one by one, and raises NotApplicable as soon as the conditions do not hold.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import NamedTuple

from checker.history import Operation
from checker.lincheck.budget import Meter


class Possible(NamedTuple):
    """Some order explains every answer.

    ``order`` has positions (of the part's entries, of the monitor's operations), each once: all
    that completed and told something, and those crashed ones that must have happened. None if it
    was not asked for.
    """

    order: Sequence[int] | None = None


class Impossible(NamedTuple):
    """No order explains the answers.

    ``at``: the position of an entry with whose completion that was so, where the engine knows;
    ``is_first``: and with none before it. ``not_before``: that of one before whose completion it
    was not.
    ``core``: positions of entries that are impossible by themselves, where the engine knows; what
    is not among them may be left out by the rules of ``Model.clusters``.
    """

    at: int | None = None
    core: tuple[int, ...] | None = None
    is_first: bool = False
    not_before: int | None = None


Outcome = Possible | Impossible

Search = Generator[None, None, Outcome]

Monitor = Callable[[Sequence[Operation], Meter, bool], Outcome]
"""monitor(operations, meter, order), with all operations of one key in order of invocation."""


class NotApplicable(Exception):
    """The conditions under which a monitor can judge do not hold here; the message says which."""


def finish(search: Search) -> Outcome:
    """Run an engine to its end, by itself."""
    while True:
        try:
            next(search)
        except StopIteration as stop:
            outcome: Outcome = stop.value
            return outcome
