"""One trial: are a few entries of a part impossible by themselves, as far as little effort tells?

The search for a conflict makes hundreds of trials, so one must cost little: the small frontier
first, which also tells the observations that it had no need of; many entries from the beginning on
go through the frontier. All trials of one search together have a bound of their own, and report
what they cost when it is worth a report.
"""

from __future__ import annotations

from checker.lincheck.budget import BudgetExhausted, Meter
from checker.lincheck.parts import Entry, Part
from checker.lincheck.refutation import GaveUp, Refuter
from checker.lincheck.search import first_impossible
from checker.models.groups import Group, foresight_of
from checker.models.model import Model

STEPS_MAX = 20_000
"""Steps that one trial may cost: about 10 ms."""

EXPLORED_MAX = 2_000_000
"""Configurations that all trials together may cost: some seconds."""

UNREPORTED_MAX = 256

SMALL = 32
"""So many operations are judged by the small frontier first."""


class Trials:
    """Trials of entries of one part.

    ``gave_up``: whether something was kept, or not found, only since looking further cost too
    much. ``from_anywhere``: the behaviour from an unknown state on; None if the model has none.
    """

    def __init__(self, part: Part, model: Model, lane: Meter) -> None:
        self.gave_up = False
        self.from_anywhere = None if part.joint else model.from_anywhere()
        self.group = Group(part.keys, part.joint, part.specification, self.from_anywhere, [])
        self._part = part
        self._model = model
        self._lane = lane
        self._unreported = 0

    def pruned(self, entries: list[Entry]) -> list[Entry]:
        """Without those that never end and serve nobody."""
        while any(entry.completed is None for entry in entries):
            calls = [entry.call for entry in entries]
            foresight = foresight_of(calls, self.group, self._model)
            if foresight is None:
                break
            useless = foresight.useless
            rest = [e for e in entries if e.completed is not None or not useless(e.call)]
            if len(rest) == len(entries):
                break
            entries = rest
        return entries

    def impossible(self, entries: list[Entry], start: int) -> list[Entry] | None:
        """These entries without observations that the search had no need of; None if it is not
        known that they are impossible from ``start`` on."""
        if start >= 0 or len(entries) <= SMALL:
            specification = self._part.specification if start < 0 else self.from_anywhere
            assert specification is not None, "a later beginning needs Model.reveals"
            reported = self._lane.explored
            refuter = Refuter(entries, specification, self._lane, steps_max=STEPS_MAX)
            try:
                if refuter.first_impossible() is None:
                    return None
            except GaveUp:
                if start >= 0:
                    self.gave_up = True
                    return None
            else:
                needed = set(refuter.needed)
                return [
                    entry
                    for at, entry in enumerate(entries)
                    if at in needed or entry[0][4] != "observes"
                ]
            finally:
                self._charge(reported + refuter.explored)
        lane = self._lane.lane()
        try:
            found = first_impossible(self._part, entries, lane)
        finally:
            lane.release()
            self._charge(self._lane.explored)
        return None if found is None else entries

    def _charge(self, explored: int) -> None:
        """Report what all trials have explored. Searches keep to themselves what is little."""
        self._unreported += explored - self._lane.explored
        if self._unreported > UNREPORTED_MAX or self._lane.held:
            explored, self._unreported = self._lane.explored + self._unreported, 0
            self._lane.spend(explored, 0)
            if explored > EXPLORED_MAX:
                raise BudgetExhausted(f"{EXPLORED_MAX} configurations are enough for a conflict")
