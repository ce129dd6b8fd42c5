"""Witnesses: an order that shows a history to be linearizable.

The engine remembers in which order operations that change the state were linearized; observations
are put in here, where the state allows them. Whether the order is right is for ``verify`` to
say.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from checker.history import History, Operation
from checker.lincheck.budget import Meter
from checker.lincheck.certificate import CertificateError, Valid, name_of
from checker.lincheck.frontier import Trace
from checker.lincheck.parts import Entry, Part
from checker.lincheck.search import trace_of
from checker.models.model import Model


def order_of(part: Part, meter: Meter) -> list[Entry]:
    """The entries of a possible part in an order that explains it. Raises BudgetExhausted."""
    entries = part.entries
    mutations = _mutations(entries, trace_of(part, meter))
    advance = part.specification.advance
    states = [part.specification.initial]
    for entry in mutations:
        allowed, state = advance(states[-1], entry.call)
        assert allowed, "the engine linearizes only what the model allows"
        states.append(state)
    slots = _slots_of_observations(part, mutations, states)
    order = list(slots[0])
    for at, entry in enumerate(mutations, start=1):
        order.append(entry)
        order.extend(slots[at])
    return order


def _mutations(entries: Sequence[Entry], trace: Trace) -> list[Entry]:
    """The mutations in order; one that hid goes just before the call that overwrote it."""
    steps: list[int] = []
    while trace is not None:
        step, trace = trace
        steps.append(step)
    order: list[Entry] = []
    for step in reversed(steps):
        if step >= 0:
            order.append(entries[step])
            continue
        at = len(order) - 1
        while order[at].call.effect != "overwrites":
            at -= 1
        order.insert(at, entries[~step])
    return order


def _slots_of_observations(
    part: Part, mutations: list[Entry], states: list[object]
) -> list[list[Entry]]:
    """Which observations stand after how many mutations: each as early as it may be."""
    advance = part.specification.advance
    # From which slot on an entry that was invoked at some rank may stand: after all mutations that
    # had completed by then.
    slots: list[list[Entry]] = [[] for _ in states]
    placed: list[tuple[int, int]] = []
    observations = [
        entry
        for entry in part.entries
        if entry.call.effect == "observes" and entry.completed is not None
    ]
    for entry in sorted(observations, key=lambda entry: entry.invoked):
        first = 0
        for at, mutation in enumerate(mutations, start=1):
            if mutation.completed is not None and mutation.completed < entry.invoked:
                first = at
        for completed, slot in placed:
            if completed < entry.invoked and slot > first:
                first = slot
        slot = first
        while not advance(states[slot], entry.call)[0]:
            slot += 1
        assert entry.completed is not None
        slots[slot].append(entry)
        placed.append((entry.completed, slot))
    return slots


def merge_orders(orders: Iterable[Sequence[Entry]]) -> tuple[Operation, ...]:
    """One order from those of independent parts.

    Each entry gets a point: the latest invocation among it and those before it in its part. In an
    order that respects real time that lies between the entry's own invocation and completion, so
    sorting by points respects real time across all parts (Herlihy and Wing 1990, locality).
    """
    points: list[tuple[int, Operation]] = []
    for order in orders:
        latest = -1
        for entry in order:
            latest = max(latest, entry.invoked)
            points.append((latest, entry.operation))
    points.sort(key=lambda point: point[0])
    return tuple(operation for _, operation in points)


WitnessError = CertificateError
"""An order does not show that the history is linearizable; the message says why."""


def valid_certificate(order: Iterable[Operation], model: Model) -> Valid:
    """The certificate of a valid history: an order that explains every answer."""
    return Valid(model.name, tuple(map(name_of, order)))


def verify_witness(history: History, model: Model, witness: Sequence[Operation]) -> None:
    """Check an order without any search, in linear time; raises WitnessError.

    It must hold operations of the history only, none twice, all that observed or completed; never
    one before another that had completed before it was invoked; and the model must accept them one
    after the other.
    """
    # Not above: a program that its package has imported already cannot be run with -m.
    from checker.lincheck.verify import verify

    verify(history.operations(), valid_certificate(witness, model), model)
