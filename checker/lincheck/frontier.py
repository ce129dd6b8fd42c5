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

from checker.lincheck.accounts import Accounts, Frontier, Trace
from checker.lincheck.budget import Meter
from checker.lincheck.domination import admit, copied, fullest, is_dominated, lengthened
from checker.lincheck.pending import SLOTS, UNSEEN, Mutation, Pending, all_fresh
from checker.lincheck.snapshot import Snapshot
from checker.models.model import Call, State

Late = tuple[State, int, bool, Trace]
"""A configuration to extend; True: the last step served nobody, so it may not be overwritten."""

_LATE_FACTOR = 8
"""Configurations that an extension looks at, for each one that the frontier may hold."""

_SCANNED = 1 << 15
"""Configurations that may be compared with others between two reports: about 2 ms."""


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


class FrontierEngine(Pending):
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
        super().__init__(advance, collapse, needs, reusable, joint=joint)
        self._meter = meter
        self._record = record
        self._width = width
        self.is_exact = True
        self.is_paused = False
        # The rank of the last event that is explained; only the caller knows it.
        self.reached = -1
        self._report_at = meter.spend(0, 0)
        self.accounts = Accounts(record=record)
        if collapse is not None:
            initial = collapse(initial)
        self._frontier: Frontier = {initial: {all_fresh(SLOTS): None}}
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
            copied(self._frontier),
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
        self._frontier = copied(snapshot.frontier)
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

    def _add_slots(self) -> None:
        self._frontier = lengthened(self._frontier, all_fresh(self._slots) << 2 * self._slots)
        super()._add_slots()

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

    def _narrow(self, width: int) -> None:
        """Keep the fullest masks: those that have done most, and used least."""
        self.is_exact = False
        self._frontier = fullest(self._frontier, width)

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
                    admit(settled, state, mask ^ goal, trace)
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
                    admit(settled, state, (mask ^ done) | fresh, trace)
                else:
                    # It hid so far and may go on to, or be used now: it is the last chance.
                    late.append((state, mask, False, trace))
                    hidden = [~mutation.operation, trace, None] if self._record else None
                    admit(settled, state, mask ^ done, hidden)
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
                after = table.get(state, UNSEEN)
                if after is UNSEEN:
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
                    admit(settled, after, ((grown & ~satisfied) ^ goal) | fresh, trace_after)
                    continue
                if satisfied & goal:
                    admit(settled, after, grown & ~satisfied, trace_after)
                    continue
                if grown & goal and not mask & goal:
                    # It hides; or it may be used later on.
                    assert job.completing is not None
                    hidden = [~job.completing.operation, trace_after, None] if record else None
                    admit(settled, after, (grown & ~satisfied) ^ goal, hidden)
                grown |= satisfied
                if idle_after:
                    if is_dominated(reached, after, grown):
                        continue
                    if admit(reached_idle, after, grown, None):
                        late.append((after, grown, True, trace_after))
                elif admit(reached, after, grown, None):
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
        held = self.accounts.held(self.explored, settled, reached, late, mask)
        return held + self._pending_bytes()
