"""Which operations a depth-first search tries in a configuration, and in which order.

The rules that are numbered here, and why they lose nothing, stand in ``depth_first``.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import repeat
from typing import NamedTuple

from checker.lincheck.event_list import NEVER, Columns
from checker.lincheck.parts import Part
from checker.lincheck.state_table import ASK, REFUSED, StateTable

NO_LIMIT = -1
"""The limit of a frame that has no crashed operations to try; no wanted call."""

_LOOK_AHEAD = 256
"""How many operations rule 5 looks at; more would only find more."""


class Crash(NamedTuple):
    """The crashed call that led to a configuration, and the state from which it did."""

    state: int
    call: int


class Choice:
    """Which operations to try in a configuration, and in which order."""

    def __init__(self, columns: Columns, table: StateTable, part: Part) -> None:
        self._columns = columns
        self._table = table
        self._end = len(columns.invoked) - 1
        self._joint = part.joint
        self._exits: frozenset[int] | None = None
        self._crashed_exit = NEVER
        self._repeats = len(columns.distinct) < self._end
        self._steer: list[float | None] | None = None
        steer = None if part.foresight is None else part.foresight.steer
        if steer is not None:
            times = steer(*list(zip(*part.entries, strict=True))[:3])
            self._steer = [times[position] for position in columns.positions]
        self.buried = self._find_buried()
        self.crashed_calls = [0] * len(columns.crashed_positions)
        for call, group in columns.crashed.items():
            for _, number in group:
                self.crashed_calls[number] = call

    def best_last(self, candidates: list[int], state: int, wanted: int) -> list[int]:
        """Live candidates without those that others stand for, the best last."""
        calls, completed = self._columns.calls, self._columns.completed
        candidates.sort(key=completed.__getitem__, reverse=True)
        if self._repeats:
            first = {calls[at]: at for at in candidates}
            if len(first) < len(candidates):
                candidates = [at for at in candidates if first[calls[at]] == at]
                if len(candidates) == 1:
                    return candidates
        if self._steer is not None:
            candidates = self._steered(candidates, self._steer)
        return self._by_prospect(candidates, map(calls.__getitem__, candidates), state, wanted)

    def hopeless(self, state: int, refused: int, after: list[int]) -> bool:
        """Whether DEAD refuses this operation too, and nothing that is left leads out of DEAD
        before it completes (rule 5)."""
        columns, table = self._columns, self._table
        (dead,) = table.dead
        if state == dead or table.allows(dead, columns.calls[refused]):
            return False
        if self._exits is None:
            self._exits, self._crashed_exit = self._find_exits(dead)
        exits, deadline = self._exits, columns.completed[refused]
        if self._crashed_exit < deadline:
            return False
        if exits:
            invoked, calls = columns.invoked, columns.calls
            at = after[self._end]
            while invoked[at] < deadline:
                if calls[at] in exits:
                    return False
                at = after[at]
        return True

    def _find_exits(self, dead: int) -> tuple[frozenset[int], int]:
        """The live calls that lead out of DEAD; when the first crashed one is invoked."""
        columns, table = self._columns, self._table
        exits = frozenset(
            number
            for number, call in enumerate(columns.distinct)
            if call[4] in ("overwrites", "depends")
            and table.move(dead, number) not in (dead, REFUSED)
        )
        crashed = [group[0].invoked for call, group in columns.crashed.items() if call in exits]
        return exits, min(crashed, default=NEVER)

    def _find_buried(self) -> frozenset[int]:
        """The overwriting calls that lead to DEAD, if DEAD refuses all that can be refused."""
        distinct, table = self._columns.distinct, self._table
        if self._joint:
            return frozenset()
        leading = frozenset(
            number
            for number, call in enumerate(distinct)
            if call[4] == "overwrites" and table.move(0, number) in table.dead
        )
        if leading:
            (dead,) = table.dead
            for number, call in enumerate(distinct):
                if call[4] in ("observes", "depends") and table.allows(dead, number):
                    return frozenset()
        return leading

    def bury(self, at: int, after: list[int], before: list[int], taken: list[int]) -> None:
        """Linearize what the overwriting call ``at`` hides, just before it (rule 6)."""
        columns, buried = self._columns, self.buried
        invoked, completed, calls = columns.invoked, columns.completed, columns.calls
        deadline = NEVER
        other = after[self._end]
        while invoked[other] < deadline:
            deadline = min(deadline, completed[other])
            right = after[other]
            if calls[other] in buried and other != at:
                left = before[other]
                after[left] = right
                before[right] = left
                taken.append(other)
            other = right

    def _steered(self, candidates: list[int], steer: list[float | None]) -> list[int]:
        """Those that have a preference change places among themselves."""
        preferring = [(time, at) for at in candidates if (time := steer[at]) is not None]
        if len(preferring) < 2:
            return candidates
        preferring.sort()
        return [preferring.pop()[1] if steer[at] is not None else at for at in candidates]

    def _by_prospect(
        self, candidates: list[int], calls: Iterable[int], state: int, wanted: int
    ) -> list[int]:
        """Those after which the wanted call is allowed last, those that lead to dead states
        first."""
        table = self._table
        known, stride, dead = table.known, table.stride, table.dead
        if wanted < 0 and not dead:
            return candidates
        hopeless: list[int] = []
        possible: list[int] = []
        wanted_ones: list[int] = []
        for at, call in zip(candidates, calls, strict=True):
            to = known(state * stride + call, REFUSED)
            if to in dead:
                hopeless.append(at)
                continue
            if wanted >= 0 and table.allows(to, wanted):
                wanted_ones.append(at)
            else:
                possible.append(at)
        return hopeless + possible + wanted_ones

    def crashed(
        self,
        state: int,
        used: int,
        limit: int,
        after: list[int],
        wanted: int,
        crash: Crash | None,
    ) -> list[int]:
        """The crashed operations to try, as ~number: of each call the first that is left."""
        columns, table = self._columns, self._table
        known, stride = table.known, table.stride
        pending = set()
        at = after[self._end]
        while columns.invoked[at] < limit:
            pending.add(columns.calls[at])
            at = after[at]
        found: list[int] = []
        for call, group in columns.crashed.items():
            for each in group:
                if not used >> each.number & 1:
                    break
            else:
                continue
            if each.invoked > limit or call in pending:
                continue
            to = known(state * stride + call)
            if to is None:
                to = table.move(state, call)
            if to == state or to < 0:
                continue
            # Of two that commute the one with the smaller number comes first.
            if (
                crash is not None
                and self.not_later(call, state, crash)
                and (call < crash.call or self._undoes(call, state, crash))
            ):
                continue
            found.append(~each.number)
        if len(found) > 1:
            crashed_calls = [self.crashed_calls[~each] for each in found]
            return self._by_prospect(found, crashed_calls, state, wanted)
        return found

    def _undoes(self, call: int, state: int, crash: Crash) -> bool:
        """Whether the call leads to the same state with the crashed one before it as without."""
        known, stride = self._table.known, self._table.stride
        after_it: int | None = known(crash.state * stride + call)
        without: int | None = known(state * stride + call)
        return after_it == without

    def not_later(self, call: int, state: int, crash: Crash) -> bool:
        """Whether the call might as well come before the crashed one (or without it)."""
        table = self._table
        known, stride = table.known, table.stride
        first = known(crash.state * stride + call)
        if first is None:
            first = table.move(crash.state, call)
        if first < 0:
            return False
        to: int | None = known(state * stride + call)
        if to == first:
            return True
        both: int | None = known(first * stride + crash.call)
        if both is None:
            both = table.move(first, crash.call)
        return both == to

    def closed(self, state: int, after: list[int], used: int) -> bool | None:
        """Whether what is left can be linearized, where only staying in this state is left.

        False if a call is refused for ever, True if none is; None if something leads out in time,
        or may do so.
        """
        columns, table = self._columns, self._table
        invoked, completed, calls = columns.invoked, columns.completed, columns.calls
        known, stride, sees = table.known, table.stride, table.sees
        out = NEVER
        for call, group in columns.crashed.items():
            to = known(state * stride + call)
            if to is None:
                to = table.move(state, call)
            if to != state and to >= 0:
                out = min(out, group[0].invoked)
        deadline = NEVER
        at = after[self._end]
        for _ in repeat(None, _LOOK_AHEAD):
            begins = invoked[at]
            if begins > deadline:
                return None if out < deadline else False
            if at == self._end:
                return True
            call = calls[at]
            to = sees[call]
            if to == ASK:
                to = known(state * stride + call)
                if to is None:
                    to = table.move(state, call)
            elif to != state:
                to = REFUSED
            if to < 0:
                deadline = min(deadline, completed[at])
            elif to != state:
                return None
            at = after[at]
        return None
