"""What is pending: operations that have begun and not completed, and where they can be done.

Each has a slot, of two bits in the masks of configurations (see ``frontier``). Equal calls are of
one *kind*, which remembers what the call does to each state that it was tried in. For a few states
there is a *view*: a mask of all that is pending and can be done there, kept up to date as
operations come and go; so a configuration finds what to do by one operation on bits.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from sys import getsizeof
from typing import Any, NamedTuple

from checker.lincheck.state_table import own_bytes
from checker.models.model import ANY_STATE, Call, State

REFUSED: Any = object()
UNSEEN: Any = object()
_NEVER = float("inf")

SLOTS = 16
"""Slots for pending operations at first; doubled when they do not suffice."""

_VIEWS_MAX = 16
"""States whose views are kept up to date; what a model with more states needs is made anew."""

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
        # What it does to each state that it was tried in: the next state, or REFUSED.
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


class Pending:
    """The pending operations, by small integers that the caller chooses."""

    def __init__(
        self,
        advance: Callable[[State, Call], tuple[bool, State]],
        collapse: Callable[[State], State] | None,
        needs: Callable[[Call], State] | None,
        reusable: Container[Call],
        *,
        joint: bool,
    ) -> None:
        self._advance = advance
        self._reusable = reusable
        self._needs = needs
        self._collapse = collapse
        self._joint = joint
        self.explored = 0
        self._kinds_made = 0
        self._kind_bytes = self._state_bytes = self._count_kinds_at = 0
        # States that calls led to, not measured yet: each, and the one that it came from.
        self._new_states: list[State] = []
        self._slots = SLOTS
        self._free_slots = list(range(SLOTS - 1, -1, -1))
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
        """Twice as many."""
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
            if answer is not REFUSED and not (crashed and answer == state):
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
                if self._answer(kind, state) is not REFUSED:
                    satisfied |= done
            elif kind.needs == state:
                satisfied |= done
        for mutation in self._mutations.values():
            kind = mutation.kind
            if kind.overwrites or (kind.needs is not ANY_STATE and kind.needs != state):
                continue
            answer = self._answer(kind, state)
            if answer is not REFUSED and not (mutation.crashed and answer == state):
                allowed |= mutation.fresh
        view = self._views[state] = [satisfied, allowed]
        return view

    def _answer(self, kind: Kind, state: State) -> State:
        """What the call does to the state, or REFUSED; remembered."""
        answer = kind.table.get(state, UNSEEN)
        if answer is UNSEEN:
            allowed, answer = self._advance(state, kind.call)
            if not allowed:
                answer = REFUSED
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

    def _pending_bytes(self) -> int:
        """The bytes of what is pending, of all kinds, and of the states to which they lead."""
        if self.explored >= self._count_kinds_at:
            self._count_kinds()
        mask = getsizeof(1 << 2 * self._slots)
        pending = (self._mutations, self._by_fresh, self._observations)
        held = sum(map(getsizeof, pending)) + self._kind_bytes + self._state_bytes
        return held + (_PENDING_BYTES + 3 * mask) * (len(self._mutations) + len(self._observations))


def all_fresh(slots: int) -> int:
    """The mask of so many slots that no operation has."""
    return ((1 << 2 * slots) - 1) // 3 << 1


def _after(mutation: Mutation, other: Mutation) -> Mutation:
    """This mutation, to be used after an equal one."""
    if mutation.crashed or mutation.overwrites:
        return mutation._replace(unused=mutation.unused | other.fresh)
    return mutation._replace(undone=mutation.undone | other.done)
