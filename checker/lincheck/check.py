"""Checking a history: split it, judge each part, put the evidence together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from time import monotonic

from checker.history import Event, History, Operation
from checker.lincheck.budget import Budget, BudgetExhausted, Clock, Meter
from checker.lincheck.conflict import Conflict, find_conflict
from checker.lincheck.parts import Entry, OperationError, Part, split
from checker.lincheck.search import first_impossible
from checker.lincheck.witness import merge_orders, order_of
from checker.models.model import Model
from checker.verdict import VALID, Failure, Verdict, invalid, unknown

KIND = "linearizability"
"""The kind of a failure that lincheck reports."""


@dataclass(frozen=True, slots=True)
class Result:
    """A verdict with its evidence.

    ``configurations`` explored; ``conflict`` is there for invalid.
    """

    verdict: Verdict
    configurations: int
    conflict: Conflict | None = None
    _parts: tuple[Part, ...] = field(default=(), repr=False)

    def witness(self, budget: Budget | None = None) -> tuple[Operation, ...]:
        """An order of the operations that explains every answer; for valid histories.

        It holds every operation that took effect or observed something; an ``info`` operation only
        if it must have happened. Found by a second search, which remembers its way. Raises
        ValueError if the verdict is not valid, BudgetExhausted.
        """
        if self.verdict is not VALID:
            raise ValueError(f"only a valid history has a witness; this one is {self.verdict}")
        meter = Meter(budget or Budget())
        return merge_orders([order_of(part, meter) for part in self._parts])


def check(
    history: History | Iterable[Event],
    model: Model,
    budget: Budget | None = None,
    clock: Clock = monotonic,
) -> Result:
    """Whether the history is linearizable with respect to the model.

    ``unknown`` if the budget runs out. Raises HistoryError, with file and line, for a history that
    contradicts itself or an operation that the model does not know.
    """
    if not isinstance(history, History):
        history = History(history)
    try:
        parts = split(history.operations(), model)
    except OperationError as error:
        raise history.error_at_index(error.reason, error.operation.invocation) from None
    meter = Meter(budget or Budget(), clock)
    reasons: list[str] = []
    failed: tuple[Part, Entry] | None = None
    for position, part in enumerate(parts):
        # What is found later can only matter if it shortens the failing prefix.
        before = None if failed is None else failed[1].completed
        share = meter.share(len(parts) - position)
        try:
            entry = first_impossible(part, part.entries, share, before)
        except BudgetExhausted as error:
            reasons.append(f"{_name(part)}: {error}")
            continue
        finally:
            share.release()
        if entry is not None:
            failed = (part, entry)
    if failed is None:
        if reasons:
            return Result(unknown(*reasons), meter.explored)
        return Result(VALID, meter.explored, None, tuple(parts))
    part, entry, last_event = _shortest_prefix(history, failed, model, meter)
    conflict = find_conflict(part, entry, last_event, model, meter)
    return Result(invalid(_failure(conflict, history)), meter.explored, conflict)


def _shortest_prefix(
    history: History, failed: tuple[Part, Entry], model: Model, meter: Meter
) -> tuple[Part, Entry, int | None]:
    """What fails first if the history is cut after each event in turn, and that event's index.

    The search knew how operations would end that are still open in a prefix (a transaction's
    result, that a compare-and-set failed), which can convict some events too early. So the prefixes
    are judged by themselves, from that event on; the whole history fails in any case.
    """
    earliest = failed[1].operation.completion
    positions = [
        position
        for position, event in enumerate(history.events)
        if event.type in ("ok", "fail") and earliest is not None and event.index >= earliest
    ]
    for position in positions:
        for part in split(History(history.events[: position + 1]).operations(), model):
            share = meter.share(1)
            try:
                entry = first_impossible(part, part.entries, share)
            except BudgetExhausted:
                return (*failed, earliest)
            finally:
                share.release()
            if entry is not None:
                return part, entry, history.events[position].index
    return (*failed, earliest)


def _name(part: Part) -> str:
    keys = [repr(key) for key in part.keys if key is not None]
    return f"keys {', '.join(keys)}" if keys else "the history"


def _failure(conflict: Conflict, history: History) -> Failure:
    time = None
    for event in history.events:
        if event.index == conflict.last_event:
            time = event.time
    return Failure(
        kind=KIND,
        message=str(conflict),
        time=time,
        evidence={
            "event": conflict.last_event,
            "keys": list(conflict.keys),
            "operations": [
                {"invocation": each.invocation, "operation": str(each)}
                for each in conflict.operations
            ],
        },
    )
