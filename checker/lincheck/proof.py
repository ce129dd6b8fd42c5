"""The certificate of a conflict, which the verifier accepts and is done with soon."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from checker.lincheck.budget import Meter
from checker.lincheck.certificate import (
    CertificateError,
    Invalid,
    Refutation,
    name_of,
)
from checker.lincheck.conflict import Conflict
from checker.lincheck.parts import Entry
from checker.lincheck.refutation import Refuter, ways_max
from checker.lincheck.state_table import own_bytes
from checker.models.model import ANYTHING, Call, Model, State

_BRUTE_FORCE_MAX = 10
"""So many operations the verifier tries in all orders; more need a refutation."""

_WAY_BYTES = 200
"""Bytes that a way holds in the verifier."""


def invalid_certificate(conflict: Conflict, model: Model, meter: Meter) -> Invalid | None:
    """The certificate of a conflict, with a refutation if the operations are many.

    None if the verifier would need more steps than it takes. Raises BudgetExhausted.
    """
    entries, specification = conflict.entries, conflict.specification
    assert specification is not None, "what first_conflict found has one"
    refutation = None
    if len(entries) > _BRUTE_FORCE_MAX:
        lane = meter.lane()
        refuter = Refuter(entries, specification, lane, record=True)
        try:
            impossible = refuter.first_impossible()
        finally:
            lane.release()
        assert impossible is not None, "a conflict is impossible by itself"
        refutation = refuter.refutation()
    if not _is_soon_verified(conflict, refutation, model, meter):
        return None
    return Invalid(
        model.name,
        conflict.first_event,
        conflict.last_event,
        tuple(name_of(operation) for operation in conflict.operations),
        refutation,
        conflict.elements,
    )


def _is_soon_verified(
    conflict: Conflict, refutation: Refutation | None, model: Model, meter: Meter
) -> bool:
    """Whether the verifier needs no more steps than it takes: where that is not sure, it is asked.

    At a completion it tries, for each way that is listed, all orders of the pending operations.
    """
    # A program with a reader of files; whoever only checks has no use for it.
    from checker.lincheck import verify

    entries, specification = conflict.entries, conflict.specification
    assert specification is not None, "what first_conflict found has one"
    tells = None if len(conflict.keys) > 1 else model.reveals
    any_state = tells is None or any(
        tells(entry.call) is ANYTHING for entry in entries if entry.call.effect != "observes"
    )
    if _steps_at_most(entries, refutation, any_state) < verify.STEPS_MAX:
        return True
    lane, explored, report_at, held = meter.lane(), 0, 0, 0
    joint = len(conflict.keys) > 1

    def advance(state: State, call: Call) -> tuple[bool, State]:
        nonlocal explored, report_at, held
        explored += 1
        if explored >= report_at:
            report_at = lane.spend(explored, held)
        allowed, after = specification.advance(state, call)
        held += _WAY_BYTES
        if allowed and after is not ANYTHING:
            held += own_bytes(after, None if state is ANYTHING else state, joint=joint)
        return allowed, after

    items = [(name_of(e.operation), e.call, e.invoked, e.completed or inf) for e in entries]
    try:
        verify.verify_impossible(items, specification._replace(advance=advance), refutation)
    except CertificateError:
        return False
    finally:
        lane.release()
    return True


def _steps_at_most(
    entries: Sequence[Entry], refutation: Refutation | None, any_state: bool
) -> float:
    """A bound of the steps that the verifier takes; ``any_state``: see ``ways_max``."""
    if refutation is None:
        return len(entries) ** 2 * ways_max(len(entries), any_state)
    most, listed = 0.0, 1
    ends = sorted(entry.completed for entry in entries if entry.completed is not None)
    for turn, end in enumerate(ends[: len(refutation)]):
        pending = [e for e in entries if e.invoked < end and (e.completed or inf) >= end]
        mutations = sum(entry.call.effect != "observes" for entry in pending)
        most += listed * ways_max(mutations, any_state) * len(pending)
        listed = len(refutation[turn])
    return most
