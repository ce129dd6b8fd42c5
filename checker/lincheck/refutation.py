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
from math import e, factorial
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

Step = tuple[int, int, Call, dict[State, State], bool, int]
"""A pending operation: its position, its bit, its call, what that does to the states it was tried
in, whether it never completes, and the bits of those that must be used before it."""

_REFUSED: Any = object()
_UNSEEN: Any = object()
_CONFIGURATION_BYTES = 160
"""Bytes that a configuration holds: its tuple, its masks, its places in list and table."""

_ANSWER_BYTES = 64
"""Bytes that what a call does to a state holds in a table, beside the state that it leads to."""

_STEP_BYTES = 64
"""Bytes that a step of a way holds where it is remembered."""

_BETWEEN_REPORTS = 256


def ways_max(mutations: int, any_state: bool) -> float:
    """The most ways to order some of these mutations, if ways of equal sets and states are one.

    ``any_state``: each order may lead to a state of its own; otherwise the last one tells it.
    """
    if any_state:
        return e * factorial(mutations)
    return mutations + 1 << mutations


class GaveUp(Exception):
    """The search took more steps than it was allowed."""


class Refuter:
    """Looks for a way to explain entries, in order of invocation; remembers it if ``record``.

    ``explored``: steps taken so far. ``needed``: positions of observations whose completion ended
    or changed some way. All others were made by the way in every state; the search would have been
    the same without them, all of them.
    """

    def __init__(
        self,
        entries: Sequence[Entry],
        specification: Specification,
        meter: Meter,
        *,
        steps_max: int | None = None,
        record: bool = False,
    ) -> None:
        self.explored = 0
        self.needed: list[int] = []
        self._entries = entries
        self._initial, self._advance = specification.initial, specification.advance
        self._meter = meter
        # What others have spent from this meter.
        self._spent = meter.explored
        self._steps_max = steps_max
        self._record = record
        self._report_at = _BETWEEN_REPORTS
        # The ways that are held, and the bytes of answers, of states and of what is recorded.
        self._held = self._bytes = 0
        self._lists: list[tuple[tuple[int, ...], ...]] = []

    def refutation(self) -> Refutation:
        """What was recorded of a search that found no way."""
        return tuple(self._lists)

    def first_impossible(self) -> Entry | None:
        """The entry whose completion cannot be explained; None if all can.

        Raises BudgetExhausted, or GaveUp after ``steps_max`` steps.
        """
        entries = self._entries
        ends = [(entry[2], at) for at, entry in enumerate(entries) if entry[2] is not None]
        ends.sort()
        pending = _Pending()
        begun, count = 0, len(entries)
        ways: Ways = {self._initial: [(0, 0)]}
        for end, goal in ends:
            while begun < count and entries[begun][1] < end:
                pending.add(begun, entries[begun])
                begun += 1
            ways = self._explain(ways, goal, pending)
            if not ways:
                return entries[goal]
            pending.remove(goal)
            self._held = sum(map(len, ways.values()))
        return None

    def _explain(self, ways: Ways, goal: int, pending: _Pending) -> Ways:
        """All ways on from these that hold the operation ``goal``."""
        record = self._record
        observing, endless = pending.observing, pending.endless
        observers = pending.observers
        goal_bit = 1 << goal
        found: Ways = {}
        left: list[tuple[State, int, Trace]] = []
        number = 0
        for state, held in ways.items():
            free = self._free(state, observers) if observers else 0
            for before, _ in held:
                done = before | free
                trace = self._observed(free & ~before, number, observers) if record else None
                number += 1
                if done & goal_bit:
                    _admit(found, state, done, trace, observing, endless)
                else:
                    left.append((state, done, trace))
        if left:
            if goal_bit & observing:
                self.needed.append(goal)
            self._extend(left, found, goal_bit, pending)
        if record:
            self._lists.append(
                tuple(self._steps(trace) for held in found.values() for _, trace in held)
            )
        return found

    def _extend(
        self,
        left: list[tuple[State, int, Trace]],
        found: Ways,
        goal_bit: int,
        pending: _Pending,
    ) -> None:
        """Go on from the ways that are left, in all orders, until they hold the goal."""
        record = self._record
        observing, endless = pending.observing, pending.endless
        observers, mutators = pending.observers, pending.mutators
        explored = self.explored
        free: dict[State, int] = {}
        seen: Ways = {}
        while left:
            state, done, trace = left.pop()
            nexts = mutators
            if state is ANYTHING:
                nexts = mutators + observers
            for at, bit, call, table, crashed, before in nexts:
                if done & bit or before & ~done:
                    continue
                explored += 1
                after = table.get(state, _UNSEEN)
                if after is _UNSEEN:
                    after = self._ask(state, call, table)
                if after is _REFUSED or (crashed and after == state and state is not ANYTHING):
                    continue
                grown = done | bit
                on = (at, trace) if record else None
                if observers:
                    made = free.get(after, -1)
                    if made < 0:
                        made = free[after] = self._free(after, observers)
                    if record:
                        on = self._observed(made & ~grown, on, observers)
                    grown |= made
                if grown & goal_bit:
                    _admit(found, after, grown, on, observing, endless)
                elif _admit(seen, after, grown, None, observing, endless):
                    left.append((after, grown, on))
                    self._held += 1
                    # It was compared with all of these.
                    explored += len(seen[after]) >> 3
            if explored >= self._report_at:
                self.explored = explored
                self._report()
        self.explored = explored

    def _free(self, state: State, observers: Sequence[Step]) -> int:
        """The pending observations that this state allows: they are made at once."""
        if state is ANYTHING:
            return 0
        made = 0
        for _, bit, call, table, _, _ in observers:
            after = table.get(state, _UNSEEN)
            if after is _UNSEEN:
                after = self._ask(state, call, table)
            if after is not _REFUSED:
                made |= bit
        return made

    def _ask(self, state: State, call: Call, table: dict[State, State]) -> State:
        """What the call does to a state in which it was not tried yet."""
        allowed, after = self._advance(state, call)
        self._bytes += _ANSWER_BYTES
        if not allowed:
            after = _REFUSED
        elif after is not ANYTHING and after is not state:
            are_parallel = type(after) is type(state) is tuple and len(after) == len(state)
            self._bytes += own_bytes(after, state, joint=are_parallel)
        table[state] = after
        return after

    def _observed(self, made: int, trace: Trace, observers: Sequence[Step]) -> Trace:
        """The trace, with the observations that were made."""
        if made:
            for at, bit, *_ in observers:
                if made & bit:
                    trace = (at, trace)
        return trace

    def _report(self) -> None:
        if self._steps_max is not None and self.explored > self._steps_max:
            raise GaveUp
        each = _CONFIGURATION_BYTES + _STEP_BYTES if self._record else _CONFIGURATION_BYTES
        self._meter.spend(self._spent + self.explored, self._held * each + self._bytes)
        self._report_at = self.explored + _BETWEEN_REPORTS

    def _steps(self, trace: Trace) -> tuple[int, ...]:
        steps: list[int] = []
        while isinstance(trace, tuple):
            at, trace = trace
            steps.append(name_of(self._entries[at].operation))
        self._bytes += _STEP_BYTES
        return (trace, *reversed(steps))


class _Pending:
    """The operations that have begun, and have not completed: see Step."""

    __slots__ = ("_equal", "_tables", "endless", "mutators", "observers", "observing")

    def __init__(self) -> None:
        self.observers: list[Step] = []
        self.mutators: list[Step] = []
        # Bits of observations, and of operations that never complete, that have begun so far.
        self.observing = 0
        self.endless = 0
        self._tables: dict[Call, dict[State, State]] = {}
        self._equal: dict[Call, int] = {}

    def add(self, at: int, entry: Entry) -> None:
        call, _, completed, _ = entry
        bit = 1 << at
        table = self._tables.get(call)
        if table is None:
            table = self._tables[call] = {}
        if call[4] == "observes":
            self.observing |= bit
            self.observers.append((at, bit, call, table, False, 0))
        elif completed is None:
            before = self._equal.get(call, 0)
            self.endless |= bit
            self.mutators.append((at, bit, call, table, True, before))
            self._equal[call] = before | bit
        else:
            self.mutators.append((at, bit, call, table, False, 0))

    def remove(self, at: int) -> None:
        if self.observing >> at & 1:
            self.observers = [each for each in self.observers if each[0] != at]
        else:
            self.mutators = [each for each in self.mutators if each[0] != at]


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
