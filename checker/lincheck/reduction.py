"""Leaving out operations: from an impossible part to a few operations that are impossible.

Theory of operation
-------------------
Most operations of an impossible part have nothing to do with it. Some may be left out, if whatever
explains the whole also explains the rest, for then an impossible rest proves the whole impossible:

1. Observations, each by itself: they change nothing.
2. The beginning. An operation that had ended when another one was invoked stands before it in every
   order. So the history from some invocation on must be possible by itself, from some state that
   nobody need know (``Model.from_anywhere``), where those that were open at that moment may have
   taken effect before it or after it: they count as never ending.
3. Operations in sets that the model knows (``Model.clusters``), and those that never end and serve
   nobody (``Foresight.useless``).

docs/certificates.md has the proofs, ``verify`` checks all this without believing it. The search
here is for little: the latest beginning with which the rest is still impossible (doubling, then
halving), then a rest from which nothing more can be left out (Zeller and Hildebrandt's ddmin,
"Simplifying and isolating failure-inducing input", 2002). Most goes at once: an observation that
every way had made before its completion changed nothing in the search (``Refuter.needed``). Where a
few operations are impossible from the real beginning too, these are preferred: they are easier to
understand.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from checker.history import Operation
from checker.lincheck.beginnings import Windows
from checker.lincheck.budget import BudgetExhausted, Meter
from checker.lincheck.certificate import untold
from checker.lincheck.engine import Impossible, Outcome, Possible, finish
from checker.lincheck.judge import search
from checker.lincheck.monitors import monitored, monitored_part
from checker.lincheck.parts import Entry, Part, split
from checker.lincheck.projection import few_elements
from checker.lincheck.trials import SMALL, Trials
from checker.models.groups import independent_groups, unneeded
from checker.models.model import CallError, Model
from checker.models.projection import Projection

_WINDOW_MAX = 512
"""Operations that a history without its beginning may have; beyond it saves too little."""

NEAR = 64
"""Operations in which to look first for what is impossible."""

_SINGLY = 4
"""So few groups are tried one by one, without trying many at once first."""

_ALONE_FROM = 16
"""Where so many last operations are possible from any state, the impossible one is tried alone."""

_SHARE = 2
"""Looking for few elements may take such a part of what is left of the budget."""

_UNDERSTANDABLE = 8
"""So many operations from the real beginning are preferred to fewer from a later one."""


@dataclass(frozen=True, slots=True)
class Reduced:
    """Entries of a part that are impossible, from the rank ``start`` on (negative: from the
    beginning)."""

    part: Part
    entries: list[Entry]
    start: int
    is_minimal: bool = True
    elements: tuple[Any, ...] | None = None


class Reducer:
    """Leaves out entries of a part as long as the rest stays impossible.

    ``end``: the rank of the completion before which the part was possible; None: not known.
    ``projection``: how to look at few elements, if nobody has done so yet.
    """

    def __init__(
        self,
        part: Part,
        model: Model,
        meter: Meter,
        end: float | None = None,
        projection: Projection | None = None,
    ) -> None:
        self._part = part
        self._model = model
        self._projection = projection
        self._lane = meter.lane()
        self._trials = Trials(part, model, self._lane)
        # The observation that completes at the end. Before, nothing was known of it: without it
        # everything is possible.
        self._goal: Entry | None = None
        if end is not None:
            last = next((entry for entry in part.entries if entry.completed == end), None)
            if last is not None and model.parse(untold(last.operation)) is None:
                self._goal = last
        self._clusters = model.clusters_joint if part.joint else model.clusters
        self._best: Reduced | None = None
        # What was found to be impossible already, of a few entries and of all; empty: not known.
        self._found: Reduced | None = None
        self._whole: list[Entry] = []
        # Among so many last ones nothing impossible was found.
        self._looked = 0
        # What the model's monitor says, once it was asked; entries that are impossible by
        # themselves, where an engine knows some.
        self._told: Outcome | None = None
        self._asked = False
        self._chosen: set[int] | None = None

    def reduced(self) -> Reduced:
        """As little as can be shown to be impossible, of a part that is."""
        try:
            found = self._reduced()
        except BudgetExhausted:
            self._trials.gave_up = True
            found = self._best or self._found or Reduced(self._part, self._part.entries, -1)
        finally:
            self._lane.release()
        if found.elements is not None:
            return found
        return replace(found, is_minimal=found.is_minimal and not self._trials.gave_up)

    def _reduced(self) -> Reduced:
        self.is_quickly_impossible()
        if self._found is not None:
            entries, start = self._found.entries, self._found.start
        else:
            self.is_impossible()
            entries, start = self._whole, -1
        if len(entries) > SMALL and (few := self._as_far_as_few()) is not None:
            return few
        found = self._reduce(entries, start)
        if start >= 0:
            found = self._from_the_beginning(found) or found
        if len(found.entries) > _UNDERSTANDABLE and (few := self._as_far_as_few()) is not None:
            return few if len(few.entries) < len(found.entries) else found
        return found

    def _as_far_as_few(self) -> Reduced | None:
        """What is impossible as far as few elements are concerned; None if that is not known."""
        if self._projection is None:
            return None
        goal = set() if self._goal is None else {self._goal.invoked}
        lane = self._lane.share(_SHARE)
        try:
            few = few_elements(
                self._part.entries,
                self._chosen or goal,
                self._projection,
                partial(self._are_impossible, lane),
            )
            if few is None:
                return None
            found = self._impossible_parts(few.operations, lane)[0].reduced()
        except (BudgetExhausted, CallError):
            return None
        finally:
            lane.release()
        is_minimal = found.is_minimal and few.is_fewest
        return replace(found, is_minimal=is_minimal, elements=tuple(few.elements))

    def _are_impossible(self, lane: Meter, operations: Sequence[Operation]) -> bool:
        if len(self._part.keys) <= 1:
            told = monitored(self._model.name, operations, lane)
            if told is not None:
                return isinstance(told, Impossible)
        return bool(self._impossible_parts(operations, lane))

    def _impossible_parts(self, operations: Sequence[Operation], lane: Meter) -> list[Reducer]:
        # Elements are looked at from the beginning on.
        model = replace(self._model, reveals=None)
        reducers = [Reducer(part, model, lane) for part in split(operations, model)]
        return [reducer for reducer in reducers if reducer.is_impossible()]

    def is_impossible(self) -> bool:
        """Whether the part is impossible. Raises BudgetExhausted."""
        if not self._whole:
            told = self._by_monitor()
            if isinstance(told, Possible):
                return False
            entries = self._part.entries
            found = entries if told is not None else self._trials.impossible(entries, -1)
            self._whole = list(found or ())
        return bool(self._whole)

    def _by_monitor(self) -> Outcome | None:
        """What the model's monitor says of many entries; None if it does not apply."""
        entries = self._part.entries
        if not self._asked and len(entries) > SMALL:
            self._told = monitored_part(self._model.name, self._part, self._lane)
            if isinstance(self._told, Impossible) and self._told.core is not None:
                self._chosen = {entries[at].invoked for at in self._told.core}
        self._asked = True
        return self._told

    def is_possible(self) -> bool:
        """Whether the part is possible. Raises BudgetExhausted."""
        if isinstance(told := self._by_monitor(), Possible):
            return True
        lane = self._lane.lane()
        try:
            return told is None and isinstance(finish(search(self._part, lane, False)), Possible)
        finally:
            lane.release()

    def is_quickly_impossible(
        self, chosen: set[int] | None = None, most: int = _WINDOW_MAX
    ) -> bool:
        """Whether that shows by a few entries: those with the invocations ``chosen``, or those from
        a late beginning on, ``most`` that complete. Raises BudgetExhausted.

        The later the beginning, the more is possible: so what is impossible after something was
        left out, from some beginning on, was impossible from there on before.
        """
        self._chosen = self._chosen if chosen is None else chosen
        # What few elements show is better than hundreds of entries.
        many = _WINDOW_MAX if self._projection is None else SMALL
        if self._found is None and chosen is not None:
            self._found = self._of_these(chosen, many)
        if self._found is None and not self._asked:
            self._by_monitor()
            if self._chosen is not None and isinstance(self._told, Impossible):
                self._found = self._of_these(self._chosen, many)
        if isinstance(self._told, Possible):
            return False
        if self._found is None and self._trials.from_anywhere is not None and most > self._looked:
            self._found = self._latest_window(most)
            self._looked = most
        return self._found is not None or self._told is not None

    def _of_these(self, chosen: set[int], most: int | None = None) -> Reduced | None:
        """The entries with these invocations, and what may not be left out beside them, if that is
        impossible and no more than ``most``."""
        entries = self._part.entries
        left = [e for e in entries if e.invoked in chosen or e.call.effect != "observes"]
        gone = {-1}
        while gone:
            kept = {at for at, entry in enumerate(left) if entry.invoked in chosen}
            endless = {at for at, entry in enumerate(left) if entry.completed is None}
            calls = [entry.call for entry in left]
            gone = unneeded(calls, self._trials.group, self._model, kept, endless)
            if gone:
                left = [entry for at, entry in enumerate(left) if at not in gone]
        if most is not None and len(left) > most:
            return None
        needed = self._trials.impossible(left, -1)
        return None if needed is None else Reduced(self._part, needed, -1)

    def _latest_window(self, most: int) -> Reduced | None:
        """What is impossible from the latest beginning on; None if it is none of the last."""
        windows = Windows(self._part.entries)
        starts = windows.starts
        most = min(len(starts), most)

        def attempt(size: int) -> list[Entry] | None:
            left = self._trials.pruned(windows.since(starts[-size]))
            return self._trials.impossible(left, starts[-size])

        goal = self._goal
        possible = 0 if goal is None else len(starts) - bisect_right(starts, goal.invoked)
        size = min(max(2, possible + 1), most)
        while size == 0 or (within := attempt(size)) is None:
            if size >= most or self._trials.gave_up:
                return None
            if goal is not None and possible < _ALONE_FROM <= size:
                alone = self._of_these({goal.invoked}, _UNDERSTANDABLE)
                if alone is not None:
                    return alone
            possible, size = size, min(2 * size, most)
        while size - possible > 1:
            middle = (size + possible) // 2
            shorter = attempt(middle)
            if shorter is None:
                possible = middle
            else:
                size, within = middle, shorter
        return Reduced(self._part, within, starts[-size])

    def _from_the_beginning(self, found: Reduced) -> Reduced | None:
        """A conflict of few operations that needs no later beginning, if there is one."""
        chosen = {entry.invoked for entry in found.entries}
        entries = self._part.entries
        kept = [e for e in entries if e.call.effect != "observes" or e.invoked in chosen]
        if len(kept) > _UNDERSTANDABLE:
            if self._clusters is None:
                return None
            clusters = self._clusters([entry.call for entry in kept])
            near = [c for c in clusters if any(kept[at].invoked in chosen for at in c)]
            if not near or sum(map(len, near)) > 2 * _UNDERSTANDABLE:
                return None
            kept = [kept[at] for at in sorted(at for cluster in near for at in cluster)]
        kept = self._trials.pruned(kept)
        if len(kept) > _UNDERSTANDABLE and self._fewest(kept) > _UNDERSTANDABLE:
            return None
        needed = self._trials.impossible(kept, -1)
        if needed is None:
            return None
        best = self._best
        whole = self._reduce(needed, -1)
        if len(whole.entries) <= _UNDERSTANDABLE:
            return whole
        self._best = best
        return None

    def _fewest(self, entries: list[Entry]) -> int:
        """So many operations are left at least, whatever is left out: one cluster or more.

        What never ends may go, and then its cluster may fall apart; the others stay together.
        """
        if self._clusters is None:
            return len(entries)
        live = [entry for entry in entries if entry.completed is not None]
        clusters = self._clusters([entry.call for entry in live])
        return min(
            (sum(live[at].call.effect != "observes" for at in cluster) for cluster in clusters),
            default=0,
        )

    def _reduce(self, entries: list[Entry], start: int) -> Reduced:
        """Less of these entries, which are impossible from ``start`` on."""
        self._keep(entries, start)
        self._drop_groups([[e] for e in entries if e.call.effect == "observes"])
        entries = self._keep(self._trials.pruned(self._left()), start)
        if self._part.joint:
            groups = independent_groups([entry.call for entry in entries], self._model)
            self._drop_groups([[entries[at] for at in group.positions] for group in groups])
            entries = self._left()
            (group,) = independent_groups([entry.call for entry in entries], self._model)
            if not group.joint:
                # What tied its key to others is gone.
                alone = Part(group.keys, entries, group.specification)
                return Reducer(alone, self._model, self._lane).reduced()
        if self._clusters is not None:
            clusters = self._clusters([entry.call for entry in entries])
            if len(clusters) > 1:
                self._drop_groups([[entries[at] for at in cluster] for cluster in clusters])
                self._keep(self._trials.pruned(self._left()), start)
        assert self._best is not None
        return self._best

    def _keep(self, entries: list[Entry], start: int) -> list[Entry]:
        self._best = Reduced(self._part, entries, start)
        return entries

    def _left(self) -> list[Entry]:
        assert self._best is not None
        return self._best.entries

    def _drop_groups(self, groups: Sequence[list[Entry]]) -> None:
        """Drop groups of entries, many at once first (Zeller and Hildebrandt's ddmin, 2002)."""
        left = list(groups)
        size = len(left) if len(left) > _SINGLY else 1
        while size >= 1 and left:
            at = 0
            while at < len(left):
                if self._drop([entry for group in left[at : at + size] for entry in group]):
                    del left[at : at + size]
                    # Others may have gone with these.
                    still = {entry.invoked for entry in self._left()}
                    left[at:] = [g for g in left[at:] if any(e.invoked in still for e in g)]
                else:
                    at += size
            size //= 2

    def _drop(self, candidates: list[Entry]) -> bool:
        assert self._best is not None
        # Ranks are used once, so they tell entries apart.
        gone = {entry.invoked for entry in candidates}
        rest = [entry for entry in self._best.entries if entry.invoked not in gone]
        if not rest or (self._goal is not None and self._goal.invoked in gone):
            return False
        needed = self._trials.impossible(rest, self._best.start)
        if needed is None:
            return False
        self._keep(needed, self._best.start)
        return True
