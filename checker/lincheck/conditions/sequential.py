"""Sequential consistency: one order of all operations that keeps each process's own order.

    process 0   |- write 1 -|
    process 1                  |- read -> nil -|      not linearizable, but sequential:
                                                      read -> nil, write 1

Lamport, "How to make a multiprocessor computer that correctly executes multiprocess programs"
(1979): the answers are those of some order of all operations, in which the operations of each
process stand as its program has them. Real time between processes counts for nothing.

Theory of operation
-------------------
A *configuration* says how far each process has come, and which state every key is in. The search
goes depth first from one configuration to those that one more operation leads to, and remembers
where it has been: what can follow depends on the configuration alone. The problem is NP-complete
(Gibbons and Korach 1997), so this is exponential in the number of processes at worst, and held to
a budget. What keeps it small:

1. Observations are taken at once. If the next operation of a process changes nothing and is allowed
   now, then in every order that goes on from here it can be moved to the front: nothing of its
   process stands before it, and the others do not notice.
2. A value that somebody still must see, and nobody will write again, is not left.
3. States that no observation can tell apart are one (``Model.foresee``, which asks for no order).
4. What was invoked first is tried first: a history that is nearly linearizable has an order nearby.

Sequential consistency is not local (Herlihy and Wing 1990, section 3.3): two keys, each sequential
by itself, can contradict each other in the order of a process. So all keys are searched together;
but a key that is not sequential by itself convicts the whole.

An ``info`` operation is the last of its process, and may be left out. It has no end, but here that
makes no difference: even what completed may have happened at any time.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any, NamedTuple

from checker.history import Operation
from checker.lincheck.budget import Budget, BudgetExhausted, Meter
from checker.lincheck.conditions.finding import Finding
from checker.lincheck.engine import Impossible, Outcome, Possible, Search, finish
from checker.lincheck.parts import Entry, Part, split
from checker.models import single_value
from checker.models.model import Model, State
from checker.verdict import Validity

SEQUENTIAL = "sequential"

_CONFIGURATION_BYTES = 400
"""Bytes of a remembered configuration, without its places: two tuples, a row of a table."""

_SHARE_OF_REDUCTION = 4
"""A fourth of the budget that is left goes into making the evidence small."""

_REFUSED: Any = object()
_UNSEEN: Any = object()


class _Step(NamedTuple):
    """An entry in its process: which part it belongs to, and what it does to states seen so far."""

    part: int
    entry: Entry
    observes: bool
    crashed: bool
    table: dict[State, State]


Positions = tuple[int, ...]
States = tuple[State, ...]


class _Frame(NamedTuple):
    """A configuration on the way, the steps taken to come here, and the moves left to try."""

    positions: Positions
    states: States
    taken: tuple[_Step, ...]
    moves: Iterator[int]


def sequential(
    operations: Sequence[Operation], model: Model, budget: Budget | None = None
) -> Finding:
    """Whether the operations are sequentially consistent, all keys together.

    Valid with an order of all that happened; invalid with operations that are impossible by
    themselves, most observations that have nothing to do with it left out. Raises OperationError.
    """
    meter = Meter(budget or Budget())
    parts = split(operations, model)
    try:
        # A key by itself is the smaller question, and the better evidence.
        for part in parts if len(parts) > 1 else ():
            if isinstance(finish(search([part], model, meter)), Impossible):
                return _convict([part], model, meter)
        outcome = finish(search(parts, model, meter))
    except BudgetExhausted as error:
        return Finding(SEQUENTIAL, Validity.UNKNOWN, str(error))
    if isinstance(outcome, Impossible):
        return _convict(parts, model, meter)
    assert outcome.order is not None, "search always tells the order"
    entries = [entry for part in parts for entry in part.entries]
    return Finding(
        SEQUENTIAL,
        Validity.VALID,
        order=tuple(entries[position].operation for position in outcome.order),
    )


def search(parts: Sequence[Part], model: Model, meter: Meter) -> Search:
    """Whether the parts together are sequentially consistent; an engine.

    The order of a possible answer has positions in the entries of all parts, one after the other.
    """
    places: dict[int, int] = {}
    for part in parts:
        for entry in part.entries:
            places[entry.invoked] = len(places)
    order = yield from _Searcher(parts, model, meter).run()
    if order is None:
        return Impossible()
    return Possible([places[step.entry.invoked] for step in order])


class _Searcher:
    def __init__(self, parts: Sequence[Part], model: Model, meter: Meter) -> None:
        self._meter = meter
        self._explored = meter.explored
        self._sessions = _sessions(parts)
        # How far a process must come: a crashed operation is its last, and optional.
        self._enough = [len(steps) - (1 if steps[-1].crashed else 0) for steps in self._sessions]
        self._advance = [part.specification.advance for part in parts]
        self._collapse = [
            None if part.foresight is None else part.foresight.collapse for part in parts
        ]
        self._initial = tuple(
            part.specification.initial if collapse is None else collapse(part.specification.initial)
            for part, collapse in zip(parts, self._collapse, strict=True)
        )
        of_values = model.step is single_value.step
        self._still_needed = _needs(parts if of_values else (), self._sessions)

    def run(self) -> Generator[None, None, list[_Step] | None]:
        """The steps in an order that explains them; None if there is none."""
        first = self._arrive((0,) * len(self._sessions), self._initial, ())
        stack = [first]
        seen = {(first.positions, first.states)}
        held = _CONFIGURATION_BYTES + 8 * (len(self._sessions) + len(self._initial))
        report_at = self._meter.spend(self._explored, held)
        while stack:
            frame = stack[-1]
            if self._is_finished(frame.positions):
                return [step for each in stack for step in each.taken]
            for session in frame.moves:
                after = self._move(frame, session)
                if after is None:
                    continue
                self._explored += 1
                if self._explored >= report_at:
                    report_at = self._meter.spend(self._explored, held * len(seen))
                    yield
                configuration = (after.positions, after.states)
                if configuration not in seen:
                    seen.add(configuration)
                    stack.append(after)
                    break
            else:
                stack.pop()
        self._meter.spend(self._explored, held * len(seen))
        return None

    def _is_finished(self, positions: Positions) -> bool:
        return all(at >= enough for at, enough in zip(positions, self._enough, strict=True))

    def _move(self, frame: _Frame, session: int) -> _Frame | None:
        """The configuration after the next step of this session; None if that leads nowhere."""
        at = frame.positions[session]
        step = self._sessions[session][at]
        state = frame.states[step.part]
        after = self._after(step, state)
        if after is _REFUSED or (step.crashed and after == state):
            return None
        positions = (*frame.positions[:session], at + 1, *frame.positions[session + 1 :])
        if after != state and self._still_needed(step.part, state, positions):
            return None
        states = (*frame.states[: step.part], after, *frame.states[step.part + 1 :])
        return self._arrive(positions, states, (step,))

    def _arrive(self, positions: Positions, states: States, taken: tuple[_Step, ...]) -> _Frame:
        """Take what can be observed here, and list the processes that can go on."""
        reached = list(positions)
        observed = list(taken)
        moves = []
        for session, steps in enumerate(self._sessions):
            at = reached[session]
            while at < len(steps):
                step = steps[at]
                if not step.observes:
                    moves.append((step.crashed, step.entry.invoked, session))
                    break
                if self._after(step, states[step.part]) is _REFUSED:
                    break
                observed.append(step)
                at += 1
            reached[session] = at
        moves.sort()
        return _Frame(
            tuple(reached), states, tuple(observed), iter([session for *_, session in moves])
        )

    def _after(self, step: _Step, state: State) -> State:
        """The state after the step, or _REFUSED; remembered for all equal calls."""
        after = step.table.get(state, _UNSEEN)
        if after is _UNSEEN:
            allowed, after = self._advance[step.part](state, step.entry.call)
            collapse = self._collapse[step.part]
            if not allowed:
                after = _REFUSED
            elif collapse is not None:
                after = collapse(after)
            step.table[state] = after
        return after


def _sessions(parts: Sequence[Part]) -> list[list[_Step]]:
    """The steps of each process in its order; what crashed and only observed says nothing."""
    sessions: dict[int | str, list[_Step]] = {}
    for number, part in enumerate(parts):
        tables: dict[Any, dict[State, State]] = {}
        for entry in part.entries:
            observes = entry.call.effect == "observes"
            crashed = entry.completed is None
            if observes and crashed:
                continue
            table = tables.setdefault(entry.call, {})
            step = _Step(number, entry, observes, crashed, table)
            sessions.setdefault(entry.operation.process, []).append(step)
    for steps in sessions.values():
        steps.sort(key=lambda step: step.entry.invoked)
    return list(sessions.values())


def _needs(
    parts: Sequence[Part], sessions: Sequence[Sequence[_Step]]
) -> Callable[[int, State, Positions], bool]:
    """still_needed(part, value, positions): must it be seen again, and can it not come back?

    Known for parts whose state is one value; an append could make any text, so with one of these
    nothing is known.
    """
    known = {
        number
        for number, part in enumerate(parts)
        if all(entry.call.f in ("read", "write", "cas") for entry in part.entries)
        and not part.joint
    }
    # For each (part, value): the last place in each session where it is needed, or written.
    needed: dict[tuple[int, State], dict[int, int]] = {}
    written: dict[tuple[int, State], dict[int, int]] = {}
    for session, steps in enumerate(sessions):
        for at, step in enumerate(steps):
            if step.part not in known:
                continue
            f, _key, argument, result, _effect = step.entry.call
            if f == "read":
                needed.setdefault((step.part, result), {})[session] = at
            elif f == "write":
                written.setdefault((step.part, argument), {})[session] = at
            elif result:
                written.setdefault((step.part, argument[1]), {})[session] = at
                if not step.crashed:
                    needed.setdefault((step.part, argument[0]), {})[session] = at
    nowhere: dict[int, int] = {}

    def still_needed(part: int, value: State, positions: Positions) -> bool:
        needs = needed.get((part, value))
        if needs is None or all(positions[session] > last for session, last in needs.items()):
            return False
        writes = written.get((part, value), nowhere)
        return all(positions[session] > last for session, last in writes.items())

    return still_needed


def _convict(parts: Sequence[Part], model: Model, meter: Meter) -> Finding:
    """An invalid finding, with most of what has nothing to do with it left out.

    What may be dropped is what may be dropped from a linearizable history, and for the same reason:
    take an order that explains the whole, and leave these out; what is left is explained, and each
    process keeps its order.
    """
    kept = [list(part.entries) for part in parts]
    share = meter.share(_SHARE_OF_REDUCTION)
    try:
        if model.clusters is not None:
            groups = [
                {(number, part.entries[at].invoked) for at in cluster}
                for number, part in enumerate(parts)
                if not part.joint
                for cluster in model.clusters([entry.call for entry in part.entries])
            ]
            kept = _drop(groups, parts, kept, model, share)
        observations = [
            {(number, entry.invoked)}
            for number, entries in enumerate(kept)
            for entry in entries
            if entry.call.effect == "observes"
        ]
        kept = _drop(observations, parts, kept, model, share)
    except _OutOfBudget as stopped:
        kept = stopped.kept
    finally:
        share.release()
    found = sorted(
        (entry.operation for entries in kept for entry in entries),
        key=lambda operation: operation.invoked,
    )
    return Finding(
        SEQUENTIAL,
        Validity.INVALID,
        f"no order of these {len(found)} operations explains their answers and keeps the order of "
        "each process",
        tuple(found),
    )


class _OutOfBudget(Exception):
    """The reduction ends here; ``kept`` is impossible all the same."""

    def __init__(self, kept: list[list[Entry]]) -> None:
        super().__init__()
        self.kept = kept


def _drop(
    groups: list[set[tuple[int, int]]],
    parts: Sequence[Part],
    kept: list[list[Entry]],
    model: Model,
    meter: Meter,
) -> list[list[Entry]]:
    """Drop groups of (part, invoked) as long as the rest stays impossible, many at once first."""
    size = len(groups)
    while size >= 1 and groups:
        at = 0
        while at < len(groups):
            gone = set().union(*groups[at : at + size])
            rest = [
                [entry for entry in entries if (number, entry.invoked) not in gone]
                for number, entries in enumerate(kept)
            ]
            try:
                impossible = _is_impossible(parts, rest, model, meter)
            except BudgetExhausted:
                raise _OutOfBudget(kept) from None
            if impossible:
                kept = rest
                del groups[at : at + size]
            else:
                at += size
        size //= 2
    return kept


def _is_impossible(
    parts: Sequence[Part], entries: Sequence[list[Entry]], model: Model, meter: Meter
) -> bool:
    rest = [
        Part(part.keys, left, part.specification, part.foresight, part.joint)
        for part, left in zip(parts, entries, strict=True)
        if left
    ]
    outcome: Outcome = finish(search(rest, model, meter))
    return isinstance(outcome, Impossible)
