"""A small frontier for small histories, which can write down what it does: a refutation.

Theory of operation
-------------------
The same search as ``frontier.py``'s, without what makes that one fast on long histories, and able
to start from ANYTHING. Completion by completion it holds all *ways* to explain what was answered so
far: which of the operations stand in the order, and the state. A way is left out if another one at
the same state has done as many observations, the same of the operations that complete, and used no
more of those that never do: whatever goes on from the one goes on from the other, since observing
changes nothing, and an operation that never completes is not obliged to happen. Of equal operations
that never complete, the one invoked first is used first, since it may stand wherever another may.

The verifier replays the listed ways (``certificate.Refutation``): it explores one completion from
them, without these rules, and asks that each result is left out for such a reason or listed next.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from checker.lincheck.budget import Meter
from checker.lincheck.certificate import Refutation, name_of
from checker.lincheck.parts import Entry
from checker.lincheck.state_table import own_bytes
from checker.models.model import ANYTHING, Call, Specification, State

Trace = Any
"""What was linearized since the last completion, the last first: (position, trace) or the position
of the way before it."""

Ways = dict[State, list[tuple[int, Trace]]]

_REFUSED: Any = object()
_UNSEEN: Any = object()
_WAY_BYTES = 136
"""A way that was seen: its tuple, its mask, its places in lists."""

_TABLE_BYTES = 100
"""What a call does to a state: a place in a table."""

_BETWEEN_REPORTS = 256


class GaveUp(Exception):
    """The search took more steps than it was allowed."""


class Refuter:
    """Looks for a way to explain entries, in order of invocation; remembers it if ``record``."""

    def __init__(
        self,
        entries: Sequence[Entry],
        specification: Specification,
        meter: Meter,
        *,
        steps_max: int | None = None,
        record: bool = False,
    ) -> None:
        self._entries = entries
        self._initial, self._advance = specification.initial, specification.advance
        self._meter = meter
        self._steps_max = steps_max
        self._record = record
        self._explored = 0
        self._report_at = _BETWEEN_REPORTS
        self._table_bytes = 0
        # What calls led to, not measured yet: each state, and the one that it came from.
        self._new_states: list[State] = []
        self._lists: list[tuple[tuple[int, ...], ...]] = []

    def refutation(self) -> Refutation:
        """What was recorded of a search that found no way."""
        return tuple(self._lists)

    def first_impossible(self) -> Entry | None:
        """The entry whose completion cannot be explained; None if all can.

        Raises BudgetExhausted, or GaveUp after ``steps_max`` steps.
        """
        entries = self._entries
        ends = sorted((entry[2], at) for at, entry in enumerate(entries) if entry[2] is not None)
        observers: list[tuple[int, int, Call, dict[State, State]]] = []
        mutators: list[tuple[int, int, Call, dict[State, State], bool, int]] = []
        tables: dict[Call, dict[State, State]] = {}
        equal: dict[Call, int] = {}
        observing = endless = begun = 0
        ways: Ways = {self._initial: [(0, 0)]}
        for end, goal in ends:
            while begun < len(entries) and entries[begun][1] < end:
                call, _, completed, _ = entries[begun]
                bit = 1 << begun
                table = tables.setdefault(call, {})
                if call.effect == "observes":
                    observing |= bit
                    observers.append((begun, bit, call, table))
                elif completed is None:
                    endless |= bit
                    mutators.append((begun, bit, call, table, True, equal.get(call, 0)))
                    equal[call] = equal.get(call, 0) | bit
                else:
                    mutators.append((begun, bit, call, table, False, 0))
                begun += 1
            ways = self._explain(ways, goal, observers, mutators, observing, endless)
            if not ways:
                return entries[goal]
            observers = [each for each in observers if each[0] != goal]
            mutators = [each for each in mutators if each[0] != goal]
        return None

    def _explain(
        self,
        ways: Ways,
        goal: int,
        observers: list[tuple[int, int, Call, dict[State, State]]],
        mutators: list[tuple[int, int, Call, dict[State, State], bool, int]],
        observing: int,
        endless: int,
    ) -> Ways:
        """All ways on from these that hold the operation ``goal``."""
        record = self._record
        goal_bit = 1 << goal
        found: Ways = {}
        seen: Ways = {}
        left: list[tuple[State, int, Trace]] = []
        number = 0
        for state, held in ways.items():
            for done, _ in held:
                left.append((state, done, number))
                number += 1
        while left:
            state, done, trace = left.pop()
            if state is not ANYTHING:
                for at, bit, call, table in observers:
                    if not done & bit and self._try(table, state, call) is not _REFUSED:
                        done |= bit
                        if record:
                            trace = (at, trace)
            if done & goal_bit:
                _admit(found, state, done, trace, observing, endless)
                continue
            for at, bit, call, table, crashed, before in mutators:
                if done & bit or before & ~done:
                    continue
                after = self._try(table, state, call)
                if after is _REFUSED or (crashed and after == state and state is not ANYTHING):
                    continue
                if _admit(seen, after, done | bit, None, observing, endless):
                    left.append((after, done | bit, (at, trace) if record else None))
            if state is ANYTHING:
                for at, bit, call, table in observers:
                    if not done & bit:
                        after = self._try(table, state, call)
                        if _admit(seen, after, done | bit, None, observing, endless):
                            left.append((after, done | bit, (at, trace) if record else None))
            if self._explored >= self._report_at:
                self._report(len(left) + sum(map(len, seen.values())))
        if record:
            self._lists.append(
                tuple(self._steps(trace) for held in found.values() for _, trace in held)
            )
        return found

    def _report(self, ways: int) -> None:
        if self._steps_max is not None and self._explored > self._steps_max:
            raise GaveUp
        new = self._new_states
        for after, before in zip(new[::2], new[1::2], strict=True):
            self._table_bytes += _TABLE_BYTES
            if isinstance(before, tuple) and isinstance(after, tuple) and after is not before:
                self._table_bytes += own_bytes(after, before, joint=len(before) == len(after))
        new.clear()
        self._meter.spend(self._explored, ways * _WAY_BYTES + self._table_bytes)
        self._report_at = self._explored + _BETWEEN_REPORTS

    def _try(self, table: dict[State, State], state: State, call: Call) -> State:
        """What the call does to the state, or _REFUSED."""
        self._explored += 1
        after = table.get(state, _UNSEEN)
        if after is _UNSEEN:
            allowed, after = self._advance(state, call)
            table[state] = after = after if allowed else _REFUSED
            self._new_states += (after, state)
        return after

    def _steps(self, trace: Trace) -> tuple[int, ...]:
        steps: list[int] = []
        while isinstance(trace, tuple):
            at, trace = trace
            steps.append(name_of(self._entries[at].operation))
        return (trace, *reversed(steps))


def _admit(ways: Ways, state: State, done: int, trace: Trace, observing: int, endless: int) -> bool:
    """Add a way unless one that is held covers it; drop those that it covers."""
    held = ways.get(state)
    if held is None:
        ways[state] = [(done, trace)]
        return True
    covers = False
    for other, _ in held:
        if not (other & ~done & ~observing or done & ~other & ~endless):
            return False
        covers = covers or not (done & ~other & ~observing or other & ~done & ~endless)
    if covers:
        held[:] = [way for way in held if done & ~way[0] & ~observing or way[0] & ~done & ~endless]
    held.append((done, trace))
    return True
