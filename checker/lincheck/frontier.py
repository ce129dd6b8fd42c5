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

What became of a pending operation stands in two bits of one mask, *done* and *fresh*:

    done    fresh
    no      yes     it must still be linearized before it completes
    yes     no      it is linearized (an observation: done, and fresh for ever)
    yes     yes     it may count as linearized, and may still be: it can *hide*, see below
    no      no      it crashed (it will never complete) and has been used

Slots that no operation has are fresh and not done. At equal states a configuration whose mask is a
superset of another's can do all that the other can: it dominates it, and only the dominating ones
are kept. Crashed operations form antichains of minimal sets by that rule alone.

What keeps the frontier small:

1. Observations are free. An operation that does not change the state is done in every configuration
   whose state allows it; it never branches.
2. Crashed operations are never obliged. They are used where they change something, no sooner than
   a completion needs it.
3. Equal pending calls are interchangeable: of two live ones the one that completes first is used
   first, live ones before crashed ones, crashed ones in the order of their invocation.
4. Overwritten operations hide. When a call that overwrites everything is linearized, each pending
   operation that is always allowed may be taken as linearized just before it, unseen.
5. So nobody is linearized only to be overwritten at once: what could hide, or need not happen at
   all, is followed by a call that overwrites only if an observation saw the state in between.
6. States that no observation of the history can tell apart are one, DEAD (see ``Foresight``).

``width`` bounds the frontier: of more configurations the fullest masks are kept. What such a search
finds possible is possible; what it finds impossible is so only if it never had to drop any
(``is_exact``). See ``widening.py``.

Sources: Lowe, "Testing for linearizability" (2017), and Knossos' ``linear`` for just-in-time
linearization.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from sys import getsizeof
from typing import Any, NamedTuple

from checker.lincheck.accounts import Accounts, Frontier, Trace
from checker.lincheck.budget import Meter
from checker.lincheck.state_table import own_bytes
from checker.models.model import ANY_STATE, Call, State

Late = tuple[State, int, bool, Trace]
"""A configuration to extend; True: the last step served nobody, so it may not be overwritten."""

_REFUSED: Any = object()
_UNSEEN: Any = object()
_NEVER = float("inf")

_SLOTS = 16
"""Slots for pending operations at first; doubled when they do not suffice."""

_VIEWS_MAX = 16
"""States whose views are kept up to date; what a model with more states needs is made anew."""

_LATE_FACTOR = 8
"""Configurations that an extension looks at, for each one that the frontier may hold."""

_SCANNED = 1 << 15
"""Configurations that may be compared with others between two reports: about 2 ms."""

_KINDS_KEPT = 256
"""Kinds of calls that are remembered though nothing of them is pending."""

_PENDING_BYTES = getsizeof((None,) * 12)
_KIND_BYTES = 360
"""A kind, its call, and its place among the kinds."""


class Kind:
    """What equal calls share: what they do, and in which states."""

    __slots__ = ("call", "needs", "number", "observes", "overwrites", "table")

    def __init__(self, number: int, call: Call, needs: State) -> None:
        self.number = number
        self.call = call
        self.observes = call.effect == "observes"
        self.overwrites = call.effect == "overwrites"
        # The only state that allows it, or ANY_STATE where nothing is known beforehand.
        self.needs = needs
        # What it does to each state that it was tried in: the next state, or _REFUSED.
        self.table: dict[State, State] = {}


class Observation(NamedTuple):
    """A pending operation that does not change the state, and its bit."""

    done: int
    kind: Kind


class Mutation(NamedTuple):
    """A pending operation that may change the state.

    ``done`` and ``fresh`` are its bits; a crashed one is never done. It is used only after those
    equal calls whose fresh bits are ``unused`` and whose done bits are ``undone``. ``hides``: it is
    always allowed, and live; ``overwrites``: and what was before is gone.
    """

    operation: int
    done: int
    fresh: int
    table: dict[State, State]
    kind: Kind
    crashed: bool
    hides: bool
    overwrites: bool
    unused: int
    undone: int
    spends: int
    deadline: float


class _Job:
    """A completion under way: the configurations to extend, those that are done, those met."""

    __slots__ = (
        "completing",
        "goal",
        "goal_fresh",
        "late",
        "next",
        "reached",
        "reached_idle",
        "settled",
    )

    def __init__(
        self,
        late: list[Late],
        settled: Frontier,
        goal: int,
        goal_fresh: int,
        completing: Mutation | None,
    ) -> None:
        # Grows by those that are not there yet; ``next`` is the one to extend next.
        self.late = late
        self.next = 0
        self.settled = settled
        # The bits of the operation that completes; an observation has no fresh one.
        self.goal = goal
        self.goal_fresh = goal_fresh
        self.completing = completing
        self.reached: Frontier = {}
        self.reached_idle: Frontier = {}


class Snapshot(NamedTuple):
    """An engine between two events."""

    frontier: Frontier
    observations: dict[int, Observation]
    mutations: dict[int, Mutation]
    slots: int
    free_slots: list[int]
    hiding: int
    overwriting: int
    is_exact: bool

    def held_bytes(self) -> int:
        """The bytes held, but for steps and for what is pending, which others hold too."""
        masks = sum(map(len, self.frontier.values()))
        return (
            getsizeof(self)
            + sum(map(getsizeof, self[:3]))
            + sum(map(getsizeof, self.frontier.values()))
            + getsizeof(1 << 2 * self.slots) * masks
            + getsizeof(self.free_slots)
        )


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
        needs: Callable[[Call], State] | None = None,
        record: bool = False,
        width: int | None = None,
        reusable: Container[Call] = (),
        joint: bool = False,
    ) -> None:
        self._advance = advance
        self._reusable = reusable
        self._needs = needs
        self._collapse = collapse
        self._meter = meter
        self._record = record
        self._width = width
        self.is_exact = True
        self.is_paused = False
        self.explored = 0
        # The rank of the last event that is explained; only the caller knows it.
        self.reached = -1
        self._report_at = meter.spend(0, 0)
        self.accounts = Accounts(record=record)
        self._joint = joint
        self._kinds_made = 0
        self._kind_bytes = self._state_bytes = self._count_kinds_at = 0
        # States that calls led to, not measured yet: each, and the one that it came from.
        self._new_states: list[State] = []
        if collapse is not None:
            initial = collapse(initial)
        self._slots = _SLOTS
        self._free_slots = list(range(_SLOTS - 1, -1, -1))
        self._frontier: Frontier = {initial: {_all_fresh(_SLOTS): None}}
        self._observations: dict[int, Observation] = {}
        self._mutations: dict[int, Mutation] = {}
        self._by_fresh: dict[int, Mutation] = {}
        self._kinds: dict[Call, Kind] = {}
        # How many pending mutations there are of a kind, by its number.
        self._equals: dict[int, int] = {}
        # What can be done in a state: done bits of observations that it satisfies, fresh bits of
        # mutations that it allows, but for those that are allowed everywhere (``_overwriting``).
        self._views: dict[State, list[int]] = {}
        # Of pending operations: done bits of those that hide, fresh bits of those that overwrite.
        self._hiding = 0
        self._overwriting = 0
        # The operation that completes, and what is left to do of it.
        self._completing = -1
        self._job: _Job | None = None

    @property
    def configurations(self) -> int:
        """Configurations in the frontier."""
        return sum(map(len, self._frontier.values()))

    def snapshot(self) -> Snapshot:
        """What ``restore`` needs to come back here, between two events."""
        return Snapshot(
            {state: dict(held) for state, held in self._frontier.items()},
            dict(self._observations),
            dict(self._mutations),
            self._slots,
            list(self._free_slots),
            self._hiding,
            self._overwriting,
            self.is_exact,
        )

    def restore(self, snapshot: Snapshot, width: int | None) -> None:
        """Go back to where the snapshot was taken, and on from there with this width."""
        self._frontier = {state: dict(held) for state, held in snapshot.frontier.items()}
        self._observations = dict(snapshot.observations)
        self._mutations = dict(snapshot.mutations)
        self._by_fresh = {mutation.fresh: mutation for mutation in self._mutations.values()}
        self._slots = snapshot.slots
        self._free_slots = list(snapshot.free_slots)
        self._hiding = snapshot.hiding
        self._overwriting = snapshot.overwriting
        self.is_exact = snapshot.is_exact
        self.is_paused = False
        self._job = None
        self._width = width
        self._views.clear()
        self._equals = {}
        for mutation in self._mutations.values():
            number = mutation.kind.number
            self._equals[number] = self._equals.get(number, 0) + 1

    def fork(self, width: int | None) -> FrontierEngine:
        """Another engine, that stands where this one does and spends beside it."""
        fork = FrontierEngine(
            None,
            self._advance,
            None,
            self._meter.beside(),
            needs=self._needs,
            record=self._record,
            width=width,
            joint=self._joint,
        )
        fork._collapse = self._collapse
        fork._kinds = dict(self._kinds)
        fork._kinds_made = self._kinds_made
        fork.accounts.shared = self.accounts.steps
        fork.restore(self.snapshot(), width)
        return fork

    def release(self) -> None:
        """The engine is not used any more."""
        self._meter.release()

    def widen(self, width: int | None) -> None:
        """Hold so many configurations from now on."""
        self._width = width

    def trace(self) -> Trace:
        """How the first configuration came about."""
        for held in self._frontier.values():
            for trace in held.values():
                return trace
        raise ValueError("the history is impossible: there is no configuration left")

    # Events

    def invoke(self, operation: int, call: Call, deadline: int | None) -> None:
        """The operation is pending from now on.

        ``deadline`` orders the completions; None: it never completes.
        """
        kind = self._kinds.get(call)
        if kind is None:
            kind = self._new_kind(call)
        if not self._free_slots:
            self._add_slots()
        done = 1 << 2 * self._free_slots.pop()
        if kind.observes:
            self._observations[operation] = Observation(done, kind)
            self._enter(0, done, kind, crashed=False)
            return
        crashed = deadline is None
        fresh = done << 1
        overwrites = kind.overwrites
        hides = not crashed and (overwrites or call.effect == "applies")
        if hides:
            self._hiding |= done
        mutation = Mutation(
            operation,
            0 if crashed else done,
            fresh,
            kind.table,
            kind,
            crashed,
            hides,
            overwrites,
            0,
            0,
            0 if crashed and call in self._reusable else fresh,
            _NEVER if deadline is None else deadline,
        )
        equals = self._equals.get(kind.number, 0)
        if equals:
            mutation = self._order_among_equals(mutation)
        self._equals[kind.number] = equals + 1
        self._mutations[operation] = self._by_fresh[fresh] = mutation
        if overwrites:
            self._overwriting |= fresh
        else:
            self._enter(1, fresh, kind, crashed=crashed)

    def _new_kind(self, call: Call) -> Kind:
        pending = len(self._mutations) + len(self._observations)
        if len(self._kinds) > _KINDS_KEPT + 8 * pending:
            self._forget_kinds()
        needs = ANY_STATE if self._needs is None else self._needs(call)
        kind = self._kinds[call] = Kind(self._kinds_made, call, needs)
        self._kinds_made += 1
        return kind

    def _forget_kinds(self) -> None:
        """Those of which nothing is pending: what is remembered must not grow with the history."""
        kinds = [mutation.kind for mutation in self._mutations.values()]
        kinds += [observation.kind for observation in self._observations.values()]
        known = sum(len(kind.table) for kind in self._kinds.values())
        self._kinds = {kind.call: kind for kind in kinds}
        left = sum(len(kind.table) for kind in self._kinds.values())
        self._count_kinds()
        self._state_bytes = self._state_bytes * left // max(known, 1)

    def _count_kinds(self) -> None:
        """The bytes of all kinds, their tables, and the states to which they lead."""
        kinds = self._kinds.values()
        self._kind_bytes = sum(_KIND_BYTES + getsizeof(kind.table) for kind in kinds)
        self._count_kinds_at = self.explored + len(kinds)
        new = self._new_states
        for state, before in zip(new[::2], new[1::2], strict=True):
            self._state_bytes += own_bytes(state, before, joint=self._joint)
        self._new_states.clear()

    def _add_slots(self) -> None:
        more = _all_fresh(self._slots) << 2 * self._slots
        self._frontier = {
            state: {mask | more: trace for mask, trace in held.items()}
            for state, held in self._frontier.items()
        }
        self._free_slots = list(range(2 * self._slots - 1, self._slots - 1, -1))
        self._slots *= 2

    def _enter(self, place: int, bit: int, kind: Kind, *, crashed: bool) -> None:
        """Put the bit of a new operation into the views of the states that allow it."""
        views = self._views
        if kind.needs is not ANY_STATE:
            view = views.get(kind.needs)
            if view is not None and not (crashed and self._answer(kind, kind.needs) == kind.needs):
                view[place] |= bit
            return
        for state, view in views.items():
            answer = self._answer(kind, state)
            # A crashed call that changes nothing has no use.
            if answer is not _REFUSED and not (crashed and answer == state):
                view[place] |= bit

    def _leave(self, place: int, bit: int, kind: Kind) -> None:
        """Take the bit of an operation that has completed out of all views."""
        if kind.needs is not ANY_STATE:
            view = self._views.get(kind.needs)
            if view is not None:
                view[place] &= ~bit
            return
        for view in self._views.values():
            view[place] &= ~bit

    def _view(self, state: State) -> list[int]:
        """The view of a state that has none yet."""
        if len(self._views) > _VIEWS_MAX:
            self._views.clear()
        satisfied = allowed = 0
        for done, kind in self._observations.values():
            if kind.needs is ANY_STATE:
                if self._answer(kind, state) is not _REFUSED:
                    satisfied |= done
            elif kind.needs == state:
                satisfied |= done
        for mutation in self._mutations.values():
            kind = mutation.kind
            if kind.overwrites or (kind.needs is not ANY_STATE and kind.needs != state):
                continue
            answer = self._answer(kind, state)
            if answer is not _REFUSED and not (mutation.crashed and answer == state):
                allowed |= mutation.fresh
        view = self._views[state] = [satisfied, allowed]
        return view

    def _answer(self, kind: Kind, state: State) -> State:
        """What the call does to the state, or _REFUSED; remembered."""
        answer = kind.table.get(state, _UNSEEN)
        if answer is _UNSEEN:
            allowed, answer = self._advance(state, kind.call)
            if not allowed:
                answer = _REFUSED
            else:
                if self._collapse is not None:
                    answer = self._collapse(answer)
                if answer is not state:
                    self._new_states += (answer, state)
            kind.table[state] = answer
        return answer

    def _order_among_equals(self, new: Mutation) -> Mutation:
        kind = new.kind
        for operation, other in self._mutations.items():
            if other.kind is not kind:
                continue
            if new.deadline < other.deadline:
                self._replace(operation, _after(other, new))
            else:
                new = _after(new, other)
        return new

    def _replace(self, operation: int, mutation: Mutation) -> None:
        self._mutations[operation] = self._by_fresh[mutation.fresh] = mutation

    def complete(self, operation: int) -> bool:
        """The operation ends here; False if the history has become impossible."""
        self.explored += 1
        if self.explored >= self._report_at:
            self._report(None)
        self._completing = operation
        observation = self._observations.get(operation)
        if observation is not None:
            self._complete_observation(observation.done)
        else:
            self._complete_mutation(self._mutations[operation])
        return self._end()

    def resume(self) -> bool:
        """Go on with the completion that stopped half-way (``is_paused``)."""
        assert self._job is not None
        self._extend(self._job)
        return self._end()

    def _end(self) -> bool:
        """Forget the operation that has completed."""
        if self.is_paused:
            return True
        observation = self._observations.pop(self._completing, None)
        if observation is not None:
            done = observation.done
            self._leave(0, done, observation.kind)
        else:
            mutation = self._mutations[self._completing]
            done = mutation.done
            self._release(mutation)
        self._free_slots.append(done.bit_length() >> 1)
        if self._width is not None and self.configurations > self._width:
            self._narrow(self._width)
        return bool(self._frontier)

    def _release(self, mutation: Mutation) -> None:
        done, fresh, kind = mutation.done, mutation.fresh, mutation.kind
        del self._mutations[mutation.operation], self._by_fresh[fresh]
        self._hiding &= ~done
        if mutation.overwrites:
            self._overwriting ^= fresh
        else:
            self._leave(1, fresh, kind)
        equals = self._equals[kind.number] - 1
        if equals:
            self._equals[kind.number] = equals
            for operation, other in list(self._mutations.items()):
                if other.kind is kind:
                    unused, undone = other.unused & ~fresh, other.undone & ~done
                    self._replace(operation, other._replace(unused=unused, undone=undone))
        else:
            del self._equals[kind.number]

    def _narrow(self, width: int) -> None:
        """Keep the fullest masks: those that have done most, and used least."""
        self.is_exact = False
        ranked = [
            (-mask.bit_count(), at, state, mask)
            for at, (state, held) in enumerate(self._frontier.items())
            for mask in held
        ]
        ranked.sort(key=lambda each: each[:2])
        narrow: Frontier = {}
        for _, _, state, mask in ranked[:width]:
            narrow.setdefault(state, {})[mask] = self._frontier[state][mask]
        self._frontier = narrow

    # Completions

    def _complete_observation(self, goal: int) -> None:
        """``goal`` is its done bit."""
        settled: Frontier = {}
        late: list[Late] = []
        changed = False
        views = self._views
        for state, held in self._frontier.items():
            view = views.get(state) or self._view(state)
            if view[0] & goal:
                # What the state of a configuration satisfies does not stand in its mask.
                settled[state] = held
                continue
            changed = True
            for mask, trace in held.items():
                if mask & goal:
                    _admit(settled, state, mask ^ goal, trace)
                else:
                    late.append((state, mask, False, trace))
        if late:
            self._extend(_Job(late, settled, goal, 0, None))
        elif changed:
            self._frontier = settled

    def _complete_mutation(self, mutation: Mutation) -> None:
        done, fresh = mutation.done, mutation.fresh
        settled: Frontier = {}
        late: list[Late] = []
        for state, held in self._frontier.items():
            for mask, trace in held.items():
                if not mask & done:
                    late.append((state, mask, False, trace))
                elif not mask & fresh:
                    _admit(settled, state, (mask ^ done) | fresh, trace)
                else:
                    # It hid so far and may go on to, or be used now: it is the last chance.
                    late.append((state, mask, False, trace))
                    hidden = [~mutation.operation, trace, None] if self._record else None
                    _admit(settled, state, mask ^ done, hidden)
        if late:
            self._extend(_Job(late, settled, done, fresh, mutation))
        else:
            self._frontier = settled

    def _extend(self, job: _Job) -> None:
        """Linearize pending operations until the goal is done; the frontier is what is settled.

        Stops half-way after each report to the meter.
        """
        late, settled, goal, goal_fresh = job.late, job.settled, job.goal, job.goal_fresh
        reached, reached_idle = job.reached, job.reached_idle
        views, by_fresh, record = self._views, self._by_fresh, self._record
        hiding, overwriting = self._hiding, self._overwriting
        limit = None if self._width is None else _LATE_FACTOR * self._width
        due = False
        while job.next < len(late):
            state, seen_before, idle, trace = late[job.next]
            job.next += 1
            view = views.get(state) or self._view(state)
            mask = seen_before | view[0]
            candidates = (view[1] if idle else view[1] | overwriting) & mask
            while candidates:
                fresh = candidates & -candidates
                candidates ^= fresh
                (
                    operation,
                    done,
                    _,
                    table,
                    kind,
                    crashed,
                    hides,
                    overwrites,
                    unused,
                    undone,
                    spends,
                    _,
                ) = by_fresh[fresh]
                if unused & mask or undone & ~mask:
                    continue
                after = table.get(state, _UNSEEN)
                if after is _UNSEEN:
                    after = self._answer(kind, state)
                if crashed and after == state:
                    continue
                grown = (mask | done) ^ spends
                if overwrites:
                    grown |= hiding
                view_after = views.get(after) or self._view(after)
                satisfied = view_after[0]
                idle_after = (crashed or hides) and not satisfied & ~grown
                self.explored += 1
                if self.explored >= self._report_at:
                    self._report(job)
                    due = True
                trace_after = [operation, trace, None] if record else None
                if fresh == goal_fresh:
                    _admit(settled, after, ((grown & ~satisfied) ^ goal) | fresh, trace_after)
                    continue
                if satisfied & goal:
                    _admit(settled, after, grown & ~satisfied, trace_after)
                    continue
                if grown & goal and not mask & goal:
                    # It hides; or it may be used later on.
                    assert job.completing is not None
                    hidden = [~job.completing.operation, trace_after, None] if record else None
                    _admit(settled, after, (grown & ~satisfied) ^ goal, hidden)
                grown |= satisfied
                if idle_after:
                    if _is_dominated(reached, after, grown):
                        continue
                    if _admit(reached_idle, after, grown, None):
                        late.append((after, grown, True, trace_after))
                elif _admit(reached, after, grown, None):
                    late.append((after, grown, False, trace_after))
            if limit is not None and len(late) > limit and settled:
                self.is_exact = False
                break
            if due:
                self._job, self.is_paused = job, True
                return
        self._frontier = settled
        self._job, self.is_paused = None, False

    def _report(self, job: _Job | None) -> None:
        self._meter.reach(self.reached)
        again = self._meter.spend(self.explored, self._held(job))
        # The more configurations a state has, the longer it takes to compare a new one with them.
        self._report_at = min(again, self.explored + max(1, _SCANNED // self.accounts.crowd))

    def _held(self, job: _Job | None) -> int:
        """The bytes held now."""
        mask = getsizeof(1 << 2 * self._slots)
        settled = [self._frontier]
        reached: list[Frontier] = []
        late: list[Late] = []
        if job is not None:
            settled.append(job.settled)
            reached, late = [job.reached, job.reached_idle], job.late
        if self.explored >= self._count_kinds_at:
            self._count_kinds()
        pending = (self._mutations, self._by_fresh, self._observations)
        held = sum(map(getsizeof, pending)) + self._kind_bytes + self._state_bytes
        held += (_PENDING_BYTES + 3 * mask) * (len(self._mutations) + len(self._observations))
        return held + self.accounts.held(self.explored, settled, reached, late, mask)


def _all_fresh(slots: int) -> int:
    return ((1 << 2 * slots) - 1) // 3 << 1


def _after(mutation: Mutation, other: Mutation) -> Mutation:
    """This mutation, to be used after an equal one."""
    if mutation.crashed or mutation.overwrites:
        return mutation._replace(unused=mutation.unused | other.fresh)
    return mutation._replace(undone=mutation.undone | other.done)


def _admit(frontier: Frontier, state: State, mask: int, trace: Trace) -> bool:
    """Add a configuration unless one that is held dominates it; drop those that it dominates."""
    held = frontier.get(state)
    if held is None:
        frontier[state] = {mask: trace}
        return True
    dominated: list[int] | None = None
    for other in held:
        union = other | mask
        if union == other:
            return False
        if union == mask:
            if dominated is None:
                dominated = [other]
            else:
                dominated.append(other)
    if dominated is not None:
        for other in dominated:
            del held[other]
    held[mask] = trace
    return True


def _is_dominated(frontier: Frontier, state: State, mask: int) -> bool:
    held = frontier.get(state)
    if held is not None:
        for other in held:
            if other | mask == other:
                return True
    return False
