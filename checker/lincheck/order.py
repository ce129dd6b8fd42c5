"""From what the frontier remembers to an order of all operations.

The frontier remembers in which order the mutations were linearized. Observations are put in here,
each where the state first allows it and real time lets it stand. The frontier has shown that there
is a place for each; the first one is never later, so no mutation that must come after is before it.
"""

from __future__ import annotations

from collections.abc import Sequence

from checker.lincheck.accounts import Trace
from checker.lincheck.parts import Entry, Part

_NEVER = float("inf")


def order_of_trace(part: Part, trace: Trace) -> list[int]:
    """Positions of the entries of a possible part, in an order that explains it.

    The trace has the mutations; an observation goes where the state first allows it.
    """
    entries = part.entries
    mutations = _mutations(entries, trace)
    advance = part.specification.advance
    # Mutations and the observations that may be due, in one sweep: before each mutation the state
    # is that of all before it; a bound, the latest invocation so far, orders the events.
    order: list[int] = []
    state = part.specification.initial
    waiting = sorted(
        (
            at
            for at, entry in enumerate(entries)
            if entry.completed is not None and entry.call.effect == "observes"
        ),
        key=lambda at: entries[at].invoked,
    )
    began = _began(entries, mutations)
    pending: list[int] = []
    upcoming = 0
    for step in range(len(mutations) + 1):
        while upcoming < len(waiting) and entries[waiting[upcoming]].invoked < began[step]:
            pending.append(waiting[upcoming])
            upcoming += 1
        still: list[int] = []
        barrier = _NEVER
        for at in pending:
            entry = entries[at]
            if entry.invoked < barrier and advance(state, entry.call)[0]:
                order.append(at)
            else:
                # Those invoked after it had completed must wait for it.
                still.append(at)
                assert entry.completed is not None
                barrier = min(barrier, entry.completed)
        pending = still
        if step < len(mutations):
            at = mutations[step]
            allowed, state = advance(state, entries[at].call)
            assert allowed, "the engine linearizes only what the model allows"
            order.append(at)
    assert not pending, "the engine has seen a state that allows each observation"
    return order


def _began(entries: Sequence[Entry], mutations: Sequence[int]) -> list[float]:
    """For each mutation, and the end: only what was invoked before this may stand before it.

    An observation must not stand before a mutation that had completed before it was invoked, so it
    comes after the last of these: before a mutation stand those invoked before the earliest
    completion among it and all that follow it.
    """
    began = [_NEVER] * (len(mutations) + 1)
    earliest = _NEVER
    for step in range(len(mutations) - 1, -1, -1):
        completed = entries[mutations[step]].completed
        if completed is not None:
            earliest = min(earliest, completed)
        began[step] = earliest
    return began


def _mutations(entries: Sequence[Entry], trace: Trace) -> list[int]:
    """The mutations in order; one that hid goes just before the call that overwrote it."""
    steps: list[int] = []
    while trace is not None:
        step, trace, _ = trace
        steps.append(step)
    order: list[int] = []
    for step in reversed(steps):
        if step >= 0:
            order.append(step)
            continue
        at = len(order) - 1
        while entries[order[at]].call.effect != "overwrites":
            at -= 1
        order.insert(at, ~step)
    return order
