"""Just-in-time linearization over a frontier of configurations.

Theory of operation
-------------------
The engine takes the events of a part one by one. A *configuration* is one way in which the past
can be explained: the state that the model is in, and what became of each pending operation. The
*frontier* holds all configurations that matter. An invocation only makes an operation pending; the
completion of an operation is the moment at which something must happen: every configuration that
has not linearized it yet is extended, by linearizing pending operations in all orders that make
sense, until it has; those that cannot are dropped. When none is left, the history is impossible,
and this completion is the first that made it so.

What became of a pending operation stands in two bit masks, one bit a pending operation:

    done    spent
    no      no       it must still be linearized before it completes
    yes     yes      it is linearized (an observation: done, nothing to spend)
    yes     no       it may count as linearized, and may still be: it can *hide*, see below
    no      yes      it crashed (it will never complete) and has been used

At equal states, a configuration with more done and less spent can do all that the other can, so it
dominates it, and only the dominating ones are kept: crashed operations form antichains of minimal
sets by that rule alone.

What keeps the frontier small:

1. Observations are free. An operation that does not change the state is done in every configuration
   whose state allows it, just before that state is left; it never branches.
2. Crashed operations are never obliged. They are used where they change something, no sooner than
   a completion needs it.
3. Equal pending calls are interchangeable: of two live ones the one that completes first is used
   first, live ones before crashed ones, crashed ones in the order of their invocation.
4. Overwritten operations hide. When a call that overwrites everything is linearized, each pending
   operation that is always allowed may be taken as linearized just before it, unseen.
5. States that no observation of the history can tell apart are one, DEAD (see ``Foresight``), and
   nobody goes there but who must, or who thereby satisfies an observation. The only ways out are
   calls that overwrite, and these hide whoever stayed behind.

Sources: Lowe, "Testing for linearizability" (2017), and Knossos' ``linear`` for just-in-time
linearization.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from checker.lincheck.budget import CONFIGURATION_BYTES, Meter
from checker.models.model import DEAD, Call, State

Trace = tuple[int, Any] | None
"""The operations linearized so far, the last one first; ~operation for one that hides."""

Masks = tuple[int, int, Trace]
"""done, spent, and how the configuration came about (None unless the engine records it)."""

Frontier = dict[State, list[Masks]]

_REFUSED: Any = object()
_UNSEEN: Any = object()


class Observation(NamedTuple):
    """A pending operation that does not change the state."""

    bit: int
    table: dict[State, State]
    call: Call


class Mutation(NamedTuple):
    """A pending operation that may change the state.

    ``before`` has the bits of equal calls that are used before this one; ``hides``: it is always
    allowed; ``overwrites``: and what was before is gone.
    """

    operation: int
    bit: int
    table: dict[State, State]
    call: Call
    crashed: bool
    before: int
    hides: bool
    overwrites: bool
    deadline: float


class FrontierEngine:
    """Judges one part, event by event.

    Operations are known by small integers that the caller chooses. ``record`` makes it remember
    how each configuration came about, for a witness; that costs memory for as long as the history.
    """

    def __init__(
        self,
        initial: State,
        advance: Callable[[State, Call], tuple[bool, State]],
        collapse: Callable[[State], State] | None,
        meter: Meter,
        *,
        record: bool = False,
    ) -> None:
        self._advance = advance
        self._collapse = collapse
        self._record = record
        self._meter = meter
        self._explored = 0
        self._report_at = meter.spend(0, 0)
        if collapse is not None:
            initial = collapse(initial)
        self._frontier: Frontier = {initial: [(0, 0, None)]}
        self._observations: dict[int, Observation] = {}
        self._mutations: dict[int, Mutation] = {}
        # The calls that were seen, with what they do to each state that they were tried in.
        self._tables: dict[Call, dict[State, State]] = {}
        self._free_bits: list[int] = []
        self._bits_used = 0
        self._hiding = 0

    @property
    def explored(self) -> int:
        """Configurations explored so far, plus one for each completion."""
        return self._explored

    @property
    def configurations(self) -> int:
        """Configurations in the frontier."""
        return sum(map(len, self._frontier.values()))

    def trace(self) -> Trace:
        """How the first configuration came about."""
        for held in self._frontier.values():
            return held[0][2]
        raise ValueError("the history is impossible: there is no configuration left")

    # Events

    def invoke(self, operation: int, call: Call, deadline: int | None) -> None:
        """The operation is pending from now on.

        ``deadline`` orders the completions; None: it never completes.
        """
        table = self._tables.get(call)
        known = table is not None
        if table is None:
            table = self._tables[call] = {}
        if self._free_bits:
            bit = self._free_bits.pop()
        else:
            bit = 1 << self._bits_used
            self._bits_used += 1
        effect = call.effect
        if effect == "observes":
            self._observations[operation] = Observation(bit, table, call)
            return
        crashed = deadline is None
        hides = effect != "depends" and not crashed
        if hides:
            self._hiding |= bit
        mutation = Mutation(
            operation,
            bit,
            table,
            call,
            crashed,
            0,
            hides,
            effect == "overwrites",
            float("inf") if deadline is None else deadline,
        )
        if known:
            mutation = self._order_among_equals(mutation)
        self._mutations[operation] = mutation

    def _order_among_equals(self, new: Mutation) -> Mutation:
        table = new.table
        for operation, other in self._mutations.items():
            if other.table is not table:
                continue
            if new.deadline < other.deadline:
                self._mutations[operation] = other._replace(before=other.before | new.bit)
            else:
                new = new._replace(before=new.before | other.bit)
        return new

    def complete(self, operation: int) -> bool:
        """The operation ends here; False if the history has become impossible."""
        self._explored += 1
        if self._explored >= self._report_at:
            self._report_at = self._meter.spend(
                self._explored, self.configurations * CONFIGURATION_BYTES
            )
        observation = self._observations.pop(operation, None)
        if observation is not None:
            self._complete_observation(observation)
            self._free_bits.append(observation.bit)
        else:
            mutation = self._mutations[operation]
            self._complete_mutation(mutation)
            del self._mutations[operation]
            self._release(mutation)
        return bool(self._frontier)

    def _release(self, mutation: Mutation) -> None:
        bit = mutation.bit
        self._hiding &= ~bit
        for operation, other in self._mutations.items():
            if other.before & bit:
                self._mutations[operation] = other._replace(before=other.before & ~bit)
        self._free_bits.append(bit)

    # Completions

    def _complete_observation(self, observation: Observation) -> None:
        bit, table, call = observation
        settled: Frontier = {}
        late: list[tuple[State, int, int, Trace]] = []
        changed = False
        for state, held in self._frontier.items():
            answer = table.get(state, _UNSEEN)
            if answer is _UNSEEN:
                answer = self._try(table, state, call)
            for done, spent, trace in held:
                if done & bit:
                    changed = True
                    _admit(settled, state, done ^ bit, spent, trace)
                elif answer is not _REFUSED:
                    _admit(settled, state, done, spent, trace)
                else:
                    late.append((state, done, spent, trace))
        if late:
            self._extend(late, settled, None, observation)
        elif not changed:
            return
        self._frontier = settled

    def _complete_mutation(self, mutation: Mutation) -> None:
        bit = mutation.bit
        settled: Frontier = {}
        late: list[tuple[State, int, int, Trace]] = []
        for state, held in self._frontier.items():
            for done, spent, trace in held:
                if not done & bit:
                    late.append((state, done, spent, trace))
                elif spent & bit:
                    _admit(settled, state, done ^ bit, spent ^ bit, trace)
                else:
                    # It hid so far and may go on to, or be used now: it is the last chance.
                    late.append((state, done, spent, trace))
                    hidden = (~mutation.operation, trace) if self._record else None
                    _admit(settled, state, done ^ bit, spent, hidden)
        if late:
            self._extend(late, settled, mutation, None)
        self._frontier = settled

    def _extend(
        self,
        late: list[tuple[State, int, int, Trace]],
        settled: Frontier,
        mutation: Mutation | None,
        observation: Observation | None,
    ) -> None:
        """Linearize pending operations until the completing one is done; results in ``settled``.

        ``late`` are the configurations to extend; it grows by those that are not there yet.
        """
        observations = list(self._observations.values())
        mutations = list(self._mutations.values())
        hiding, record = self._hiding, self._record
        goal = mutation.bit if mutation is not None else 0
        seen: Frontier = {}
        if len(mutations) > 1:
            for state, done, spent, _ in late:
                _admit(seen, state, done, spent, None)
        for state, already_done, spent, trace in late:
            done = already_done
            for bit, table, call in observations:
                if not done & bit:
                    answer = table.get(state, _UNSEEN)
                    if answer is _UNSEEN:
                        answer = self._try(table, state, call)
                    if answer is not _REFUSED:
                        done |= bit
            for operation, bit, table, call, crashed, before, hides, overwrites, _ in mutations:
                if spent & bit or (before and (spent if crashed else done) & before != before):
                    continue
                after = table.get(state, _UNSEEN)
                if after is _UNSEEN:
                    after = self._try(table, state, call)
                if after is _REFUSED or (crashed and after == state):
                    continue
                if (
                    after is DEAD
                    and bit != goal
                    and (crashed or hides)
                    and not self._someone_sees(after, done, observations, observation)
                ):
                    continue
                done_after = done if crashed else done | bit
                spent_after = spent | bit
                if overwrites:
                    done_after |= hiding
                trace_after = (operation, trace) if record else None
                self._explored += 1
                if bit == goal:
                    _admit(settled, after, done_after ^ bit, spent_after ^ bit, trace_after)
                    continue
                if observation is not None:
                    answer = observation.table.get(after, _UNSEEN)
                    if answer is _UNSEEN:
                        answer = self._try(observation.table, after, observation.call)
                    if answer is not _REFUSED:
                        _admit(settled, after, done_after, spent_after, trace_after)
                        continue
                elif done_after & goal and not done & goal:
                    assert mutation is not None
                    hidden = (~mutation.operation, trace_after) if record else None
                    _admit(settled, after, done_after ^ goal, spent_after, hidden)
                if _admit(seen, after, done_after, spent_after, None):
                    late.append((after, done_after, spent_after, trace_after))
            if self._explored >= self._report_at:
                held = len(late) + sum(map(len, settled.values()))
                self._report_at = self._meter.spend(self._explored, held * CONFIGURATION_BYTES)

    def _someone_sees(
        self,
        state: State,
        done: int,
        observations: list[Observation],
        completing: Observation | None,
    ) -> bool:
        """Whether this state allows an observation that is still to be done."""
        for observation in observations if completing is None else [*observations, completing]:
            if not done & observation.bit:
                answer = observation.table.get(state, _UNSEEN)
                if answer is _UNSEEN:
                    answer = self._try(observation.table, state, observation.call)
                if answer is not _REFUSED:
                    return True
        return False

    def _try(self, table: dict[State, State], state: State, call: Call) -> State:
        """What the call does to the state, or _REFUSED; remembered in the call's table."""
        allowed, after = self._advance(state, call)
        if not allowed:
            after = _REFUSED
        elif self._collapse is not None:
            after = self._collapse(after)
        table[state] = after
        return after


def _admit(frontier: Frontier, state: State, done: int, spent: int, trace: Trace) -> bool:
    """Add a configuration unless one that is held dominates it; drop those that it dominates."""
    held = frontier.get(state)
    if held is None:
        frontier[state] = [(done, spent, trace)]
        return True
    dominated = False
    for other_done, other_spent, _ in held:
        if other_done & done == done and other_spent & spent == other_spent:
            return False
        if other_done & done == other_done and other_spent & spent == spent:
            dominated = True
    if dominated:
        held[:] = [
            masks
            for masks in held
            if not (masks[0] & done == masks[0] and masks[1] & spent == spent)
        ]
    held.append((done, spent, trace))
    return True
