"""Checking a history: cut it into sections, judge them by turns, put the evidence together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from operator import itemgetter, lt
from time import monotonic
from typing import Any

from checker import verdict as verdicts
from checker.formats.operations import operations_history
from checker.history import Event, History, HistoryError, Operation
from checker.lincheck.budget import CHUNK, Budget, BudgetExhausted, Clock, Meter
from checker.lincheck.certificate import Certificate, Valid, name_of
from checker.lincheck.conflict import Conflict
from checker.lincheck.earliest import earliest_conflict
from checker.lincheck.engine import Impossible, Possible
from checker.lincheck.judge import Finding, judge_all
from checker.lincheck.parts import OperationError
from checker.lincheck.proof import invalid_certificate
from checker.lincheck.sections import Section, sections
from checker.models.model import Model
from checker.verdict import Failure, Validity

_invoked_of, _completed_of = itemgetter(6), itemgetter(7)

_POINT_BYTES = 128
"""What the point of an operation in the order of all holds, and its places in lists."""

KIND = "linearizability"
"""The kind of a failure that lincheck reports."""

JudgeSections = Callable[[Sequence[Section], Model, Meter, bool], Iterable[Finding]]
"""judge(parts, model, meter, order): a finding each, up to the first impossible one, which is last;
``judge_all``, or whoever does the same elsewhere."""


@dataclass(frozen=True, slots=True)
class Verdict(verdicts.Verdict):
    """A verdict with its evidence.

    ``order``: of a valid history: the operations in an order that explains every answer; ``info``
    operations are among them only if they must have happened. ``conflict``: of an invalid one.
    ``certificate``: either as data for ``verify``. They are there if they were asked for and the
    budget sufficed. ``configurations``: how many were explored.
    """

    configurations: int = 0
    certificate: Certificate | None = field(default=None, repr=False)
    order: tuple[Operation, ...] | None = field(default=None, repr=False)
    conflict: Conflict | None = None


def check(
    history: History | Iterable[Event] | Iterable[Operation],
    model: Model,
    *,
    budget: Budget | None = None,
    certificate: bool = True,
    clock: Clock = monotonic,
    cancelled: Callable[[], bool] | None = None,
) -> Verdict:
    """Whether the history is linearizable with respect to the model.

    ``certificate``: give evidence, an order or the shortest failing prefix with a minimal conflict.
    Without, the first impossible section that is found decides. ``cancelled`` is asked every few
    hundred configurations whether to stop.

    ``unknown`` if the budget runs out, with the reason. Raises HistoryError, with file and line
    where there are some, for a history that contradicts itself or an operation that the model does
    not know.
    """
    meter = Meter(budget or Budget(), clock, cancelled)
    return check_by(judge_all, history, model, meter, certificate)


def check_by(
    judge_sections: JudgeSections,
    history: History | Iterable[Event] | Iterable[Operation],
    model: Model,
    meter: Meter,
    certificate: bool,
) -> Verdict:
    """As ``check``, by whoever judges the sections, on this meter."""
    source = history if isinstance(history, History) else None
    findings: list[Finding] = []
    failed: Finding | None = None
    try:
        source, operations = _operations(history, meter)
        parts = sections(operations, model, meter.lane())
        for finding in judge_sections(parts, model, meter, certificate):
            findings.append(finding)
            if isinstance(finding.outcome, Impossible):
                failed = finding
        if failed is not None:
            return _invalid(source, operations, model, meter, parts, findings, certificate)
        reasons = [_reason(finding) for finding in findings if finding.outcome is None]
        if len(findings) != len(parts):
            raise AssertionError(f"of {len(parts)} sections {len(findings)} were judged")
        if not reasons:
            return _valid(model, meter, findings, certificate)
    except OperationError as error:
        raise _refused(source, error) from None
    except BudgetExhausted as error:
        reasons = [str(error)]
    return Verdict(Validity.UNKNOWN, reasons=tuple(reasons), configurations=meter.explored)


def _valid(model: Model, meter: Meter, findings: Sequence[Finding], certificate: bool) -> Verdict:
    """Raises BudgetExhausted."""
    if not certificate:
        return Verdict(Validity.VALID, configurations=meter.explored)
    order = _merge(findings, meter.lane())
    meter.look(len(order))
    proof = Valid(model.name, tuple(map(name_of, order)))
    meter.look(len(order))
    return Verdict(Validity.VALID, configurations=meter.explored, certificate=proof, order=order)


def _operations(
    history: History | Iterable[Event] | Iterable[Operation], meter: Meter
) -> tuple[History | None, Sequence[Operation]]:
    """The operations, in order of invocation, and the history that they come from."""
    if isinstance(history, History):
        return history, history.operations(meter.look)
    items: Sequence[Any] = history if isinstance(history, Sequence) else list(history)
    if items and isinstance(items[0], Operation):
        if _have_ranks(items, meter):
            return None, items
        given = operations_history(items)
        return given, given.operations(meter.look)
    recorded = History(items)
    return recorded, recorded.operations(meter.look)


def _have_ranks(operations: Sequence[Operation], meter: Meter) -> bool:
    """Whether the times of these are ranks already: in order of invocation, and no operation ends
    at the rank at which another begins."""
    invoked = list(map(_invoked_of, operations))
    meter.look(len(operations))
    if not all(map(lt, invoked, islice(invoked, 1, None))):
        return False
    begun = set(invoked)
    meter.look(len(operations))
    for first in range(0, len(operations), CHUNK):
        if not begun.isdisjoint(map(_completed_of, operations[first : first + CHUNK])):
            return False
        meter.look(CHUNK if len(operations) > CHUNK else 0)
    return True


def _refused(source: History | None, error: OperationError) -> HistoryError:
    if source is None:
        return HistoryError(f"{error.operation}: {error.reason}")
    return source.error_at_index(error.reason, error.operation.invocation)


def _reason(finding: Finding) -> str:
    keys = [repr(key) for key in finding.section.keys if key is not None]
    where = f"keys {', '.join(keys)}" if len(keys) > 1 else f"key {keys[0]}" if keys else ""
    return f"{where}: {finding.reason}" if where else finding.reason


def _merge(findings: Sequence[Finding], meter: Meter) -> tuple[Operation, ...]:
    """One order from those of independent sections.

    Each operation gets a point: the latest invocation among it and those before it in its section.
    In an order that respects real time that lies between its own invocation and completion, so
    sorting by points respects real time across all sections (Herlihy and Wing 1990, locality).
    """
    orders: list[list[Operation]] = []
    for finding in findings:
        assert isinstance(finding.outcome, Possible)
        assert finding.outcome.order is not None, "an order was asked for"
        operations = finding.operations
        orders.append([operations[at] for at in finding.outcome.order])
        meter.look(len(operations))
    if len(orders) == 1:
        return tuple(orders[0])
    points: list[tuple[int, int]] = []
    merged: list[Operation] = []
    for order in orders:
        meter.hold(_POINT_BYTES * len(points))
        latest = -1
        for operation in order:
            if operation.invoked > latest:
                latest = operation.invoked
            points.append((latest, len(merged)))
            merged.append(operation)
    meter.hold(_POINT_BYTES * len(points))
    points.sort()
    meter.look(len(points))
    return tuple(merged[at] for _, at in points)


def _invalid(
    source: History | None,
    operations: Sequence[Operation],
    model: Model,
    meter: Meter,
    parts: Sequence[Section],
    findings: Sequence[Finding],
    certificate: bool,
) -> Verdict:
    conflict, proof = None, None
    if certificate:
        with suppress(BudgetExhausted):
            conflict = earliest_conflict(operations, model, meter, parts, findings)
            proof = invalid_certificate(conflict, model, meter)
    failed = findings[-1]
    return Verdict(
        Validity.INVALID,
        failures=(_failure(conflict, failed, source),),
        configurations=meter.explored,
        certificate=proof,
        conflict=conflict,
    )


def _failure(conflict: Conflict | None, failed: Finding, source: History | None) -> Failure:
    if conflict is None:
        keys = [repr(key) for key in failed.section.keys if key is not None]
        where = f" on {', '.join(keys)}" if keys else ""
        return Failure(KIND, f"no order of the operations{where} explains their answers")
    last = conflict.last_event
    events = source.events if source is not None else ()
    time = next((event.time for event in events if event.index == last), None)
    return Failure(
        kind=KIND,
        message=str(conflict),
        time=time,
        evidence={
            "event": last,
            "keys": list(conflict.keys),
            "elements": None if conflict.elements is None else list(conflict.elements),
            "operations": [
                {"invocation": each.invocation, "operation": str(each)}
                for each in conflict.operations
            ],
        },
    )
