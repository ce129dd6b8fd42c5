"""What those who judge sections elsewhere tell of them, and how it is read here.

Places put findings in the order in which ``judge_all`` comes to them: a *place* is a number,
``round * sections + number of the section``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from checker.lincheck.budget import BudgetExhausted, Meter
from checker.lincheck.engine import Impossible, Outcome, Possible
from checker.lincheck.judge import Finding, Judging, judge
from checker.lincheck.parts import OperationError
from checker.lincheck.sections import Section
from checker.models.model import Model, ModelError


class Told(NamedTuple):
    """What is told of a section.

    The positions of an order are those of the section's operations; of an impossible section that
    was ``translated``, those of its entries. No outcome: the budget ran out for this ``reason``, or
    the model refused an operation.
    """

    place: int
    outcome: Outcome | None
    reason: str = ""
    refused: bool = False
    translated: bool = False

    @property
    def ends_it(self) -> bool:
        """Whether ``judge_all`` would go no further."""
        return self.refused or isinstance(self.outcome, Impossible)


def place_of(told: Told) -> int:
    """To sort by."""
    return told.place


def turn(place: int, judging: Judging, turns: int) -> Told | None:
    """What is known of a section after so many turns; None if nothing is yet."""
    try:
        for _ in range(turns):
            next(judging)
    except StopIteration as stop:
        return _told(place, stop.value)
    except BudgetExhausted as error:
        return Told(place, None, str(error))
    except (OperationError, ModelError):
        return Told(place, None, refused=True)
    return None


def _told(place: int, finding: Finding) -> Told:
    outcome, section = finding.outcome, finding.section
    if isinstance(outcome, Possible) and outcome.order and finding.part is not None:
        # Ranks are used once, so they tell operations apart.
        positions = {operation.invoked: at for at, operation in enumerate(section.operations)}
        operations = finding.operations
        outcome = Possible([positions[operations[at].invoked] for at in outcome.order])
    return Told(place, outcome, finding.reason, translated=finding.part is not None)


class Listener:
    """Reads what is told of these sections."""

    def __init__(self, parts: Sequence[Section], model: Model, meter: Meter, order: bool) -> None:
        self._parts = parts
        self._model = model
        self._meter = meter
        self._order = order

    def number(self, told: Told) -> int:
        """That of the section."""
        return told.place % len(self._parts)

    def finding(self, told: Told) -> Finding:
        """As ``judge`` gives it."""
        section = self._parts[self.number(told)]
        if isinstance(told.outcome, Impossible) and told.translated:
            part = section.translated(self._model)
            operations = [entry.operation for entry in part.entries]
            return Finding(section, operations, told.outcome, part=part)
        return Finding(section, section.operations, told.outcome, told.reason)

    def last(self, found: Told) -> Finding:
        """The finding that ends it. Raises here what the model raised there."""
        if found.refused:
            section = self._parts[self.number(found)]
            for _ in judge(section, self._model, self._meter.lane(), self._order):
                pass
            raise AssertionError("the model refuses the same operation each time")
        return self.finding(found)

    def undecided(
        self, told: Iterable[Told], left: Iterable[int], reason: str
    ) -> Iterable[Finding]:
        """The findings of those without an outcome, and of sections that nobody told of."""
        found = [*told, *(Told(number, None, reason) for number in left)]
        return map(self.finding, sorted(found, key=self.number))
