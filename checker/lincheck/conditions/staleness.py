"""Stale reads within a bound: by time (delta) and by versions (k).

    process 0   |- write 1 -|
    process 1                  |- read -> nil -|      stale by the time between the two;
                                                      by one version: 2-atomic
                            <-->  delta

Delta: Golab, Li and Shah, "Analyzing consistency properties for fun and profit" (2011): each answer
may be that of a moment up to delta before its call; the history is delta-atomic if and only if it
is linearizable once every observation is invoked delta earlier. Delta 0 is linearizability. Whoever
is delta-atomic is so for every greater delta, so the least one is found by doubling and halving.
Writes and whatever changes the state are not moved, nor is a compare-and-set that swapped.

k: Aiyer, Alvisi and Bazzi (2005), Golab, Hurwitz and Li (2013): there is an order that respects
real time in which each read returns one of the latest k values. k = 1 is linearizability. That is
linearizability with respect to a register whose state is its latest k values, and is judged as such
(for k > 2 no polynomial algorithm is known). A compare-and-set expects one of the k values, or saw
that one of them differed.

Both ask for an order per key, are local as linearizability is, and need no unique values.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from checker.history import History, Operation
from checker.lincheck.budget import Budget
from checker.lincheck.conditions.accesses import is_register_like
from checker.lincheck.conditions.finding import Judge, judge_by_frontier, portion
from checker.lincheck.parts import OperationError
from checker.models import single_value
from checker.models.model import (
    Call,
    CallError,
    Foresight,
    Model,
    State,
)
from checker.verdict import Validity

_VERSIONS_MAX = 4
"""How many versions back are looked at, unless told otherwise."""

_EXHAUSTED = "the budget is exhausted"
_NEVER = "answers that no staleness explains"

Times = Mapping[int, int]
"""The time in ns of the event with this index."""


@dataclass(frozen=True, slots=True)
class Bound:
    """The least bound within which the answers are explained.

    ``least`` is known to do, None if none is known; ``above`` is known not to, None if none is.
    The bound is exact if nothing lies between them; else ``reason`` says why that is not known.
    """

    least: int | None
    above: int | None
    reason: str = ""

    @property
    def is_exact(self) -> bool:
        """Whether ``least`` is the least that does."""
        if self.least is None:
            return False
        return self.least == 0 if self.above is None else self.least == self.above + 1


def times_of(history: History) -> Times:
    """The times of the events, as far as they have any."""
    return {event.index: event.time for event in history.events if event.time is not None}


def widened(
    operations: Sequence[Operation], model: Model, times: Times, delta: int
) -> list[Operation]:
    """The operations with every observation invoked ``delta`` ns earlier, and new ranks.

    Each operation has ``invocation`` and, if it ended, ``completion``, which have times. Events of
    the same time are concurrent: an invocation stands before a completion. Raises OperationError.
    """
    events: list[tuple[int, bool, int, int]] = []
    for place, operation in enumerate(operations):
        assert operation.invocation is not None
        time = times[operation.invocation]
        if _observes(operation, model):
            time -= delta
        events.append((time, False, operation.invoked, place))
        if operation.completed is not None:
            assert operation.completion is not None
            events.append((times[operation.completion], True, operation.completed, place))
    events.sort()
    invoked = [0] * len(operations)
    completed: list[int | None] = [None] * len(operations)
    for rank, (_, ends, _, place) in enumerate(events):
        if ends:
            completed[place] = rank
        else:
            invoked[place] = rank
    moved = [
        operation._replace(invoked=invoked[place], completed=completed[place])
        for place, operation in enumerate(operations)
    ]
    moved.sort(key=lambda operation: operation.invoked)
    return moved


def _observes(operation: Operation, model: Model) -> bool:
    if operation.completed is None:
        return False
    try:
        call = model.parse(operation)
    except CallError as error:
        raise OperationError(operation, str(error)) from None
    return call is not None and call.effect == "observes"


def least_delta(
    operations: Sequence[Operation],
    model: Model,
    times: Times,
    budget: Budget | None = None,
    judge: Judge = judge_by_frontier,
) -> Bound:
    """The least delta in ns within which the history is delta-atomic.

    Not exact if times are missing, the budget runs out, or no delta does: then no bound on the
    staleness of observations explains the answers. Raises OperationError.
    """
    for operation in operations:
        ended = operation.completed is not None
        if operation.invocation not in times or (ended and operation.completion not in times):
            return Bound(None, None, f"the history does not tell when {operation} was")
    if not operations:
        return Bound(0, None)
    span = max(times.values()) - min(times.values())
    step = _least_gap(operations, model, times)
    if step is None:
        step = span
    share = portion(budget, 2 * (span // max(step, 1)).bit_length() + 3)

    def validity(delta: int) -> Validity:
        return judge(widened(operations, model, times, delta), model, share)

    first = validity(0)
    if first is Validity.VALID:
        return Bound(0, None)
    above = 0 if first is Validity.INVALID else None
    # Wide intervals are dear, so the bound is approached from below, by doubling. Less than the
    # least gap changes nothing.
    low, high = max(step - 1, 0), max(step, 1)
    if above is not None:
        above = low
    while True:
        high = min(high, max(span, 1))
        found = validity(high)
        if found is Validity.VALID:
            break
        if found is Validity.INVALID:
            above = high
        if high >= span:
            reason = _NEVER if found is Validity.INVALID else _EXHAUSTED
            return Bound(None, above, reason)
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        found = validity(middle)
        if found is Validity.VALID:
            high = middle
        else:
            # What is unknown is not probed again: what is above it is.
            low = middle
            if found is Validity.INVALID:
                above = middle
    exact = above is not None and above + 1 == high
    return Bound(high, above, "" if exact else _EXHAUSTED)


def _least_gap(operations: Sequence[Operation], model: Model, times: Times) -> int | None:
    """The least time between an observation's call and the last completion before it, in ns."""
    completions = sorted(
        times[each.completion]
        for each in operations
        if each.completed is not None and each.completion is not None
    )
    least = None
    for each in operations:
        if not _observes(each, model):
            continue
        assert each.invocation is not None
        called = times[each.invocation]
        at = bisect_left(completions, called)
        if at and (least is None or called - completions[at - 1] < least):
            least = called - completions[at - 1]
    return least


def least_versions(
    operations: Sequence[Operation],
    model: Model,
    budget: Budget | None = None,
    judge: Judge = judge_by_frontier,
    *,
    most: int = _VERSIONS_MAX,
) -> Bound:
    """The least k up to ``most`` such that each answer is of one of the latest k versions.

    For registers and key-value stores without appends and transactions. Raises OperationError.
    """
    if not is_register_like(model):
        return Bound(None, None, f"the model {model.name!r} has no versions to count")
    share = portion(budget, most)
    above: int | None = 0
    reason = ""
    for versions in range(1, most + 1):
        try:
            found = judge(operations, versioned(model, versions), share)
        except OperationError as error:
            # What the model itself refuses is an error all the same.
            _observes(error.operation, model)
            return Bound(None, None, error.reason)
        if found is Validity.VALID:
            return Bound(versions, above, reason)
        if found is Validity.INVALID:
            above = versions
            reason = ""
        else:
            reason = _EXHAUSTED
    return Bound(None, above, reason or f"answers that {most} versions do not explain")


def versioned(model: Model, versions: int) -> Model:
    """The register-like model with answers from any of the latest so many versions.

    The state is the tuple of them, the latest first. For one version it is the model itself.
    """
    if versions == 1:
        return replace(model, parse=partial(_parse, model, False), keys_of=None, joint=None)
    return Model(
        name=f"{model.name} ({versions} versions)",
        summary=model.summary,
        initial=(model.initial,),
        step=partial(_step, versions),
        parse=partial(_parse, model, True),
        foresee=_foresee,
    )


def _parse(model: Model, several: bool, operation: Operation) -> Call | None:
    call = model.parse(operation)
    if call is None:
        return None
    if call.f not in ("read", "write", "cas"):
        raise CallError(
            f"versions are counted for reads, writes and compare-and-sets; not {call.f}"
        )
    if several and call.effect == "overwrites":
        return call._replace(effect="applies")
    return call


def _step(versions: int, state: State, f: str, argument: Any, result: Any) -> tuple[bool, State]:
    if f == "read":
        return result in state, state
    if f == "write":
        return True, (argument, *state[: versions - 1])
    if result:
        return argument[0] in state, (argument[1], *state[: versions - 1])
    return any(value != argument[0] for value in state), state


def _foresee(calls: Sequence[Call]) -> Foresight | None:
    of_values = single_value.foresee(calls)

    def collapse(state: State) -> State:
        return tuple(map(of_values.collapse, state))

    return Foresight(collapse, of_values.useless)
