"""One section through the engines that suit its model, and many of them by turns."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from typing import NamedTuple

from checker.history import Operation, collector_paused
from checker.lincheck.budget import BETWEEN_LOOKS, BudgetExhausted, Meter
from checker.lincheck.depth_first import depth_first
from checker.lincheck.engine import Impossible, Monitor, NotApplicable, Outcome, Possible, Search
from checker.lincheck.monitors import MONITORS, monitored_part
from checker.lincheck.parts import Part
from checker.lincheck.race import race
from checker.lincheck.sections import Section
from checker.lincheck.short_registers import short_register
from checker.lincheck.widening import frontier
from checker.models.model import Model

_FIRST_TURNS = 16
"""Reports to its meter that a section may make before the next one has its turn."""

_DEEP_FREE = 512
_DEEP_PER_ENTRY = 4
"""Configurations that the depth-first search may explore by itself: some, and so many an entry."""

_WIDE_PER_ENTRY = 64
"""Configurations that the frontier may explore by itself after that."""

_REGISTERS = frozenset({"register", "cas-register"})

_MANY = 1 << 10
"""Operations from which on it pays to pause the garbage collector."""

TURNS = 256
"""The same, when all have had theirs."""


class Finding(NamedTuple):
    """What became of a section; positions in the outcome are positions of ``operations``.

    No outcome: the budget ran out, for this ``reason``. ``part``: the section in the model's words,
    where it had to be translated.
    """

    section: Section
    operations: Sequence[Operation]
    outcome: Outcome | None
    reason: str = ""
    part: Part | None = None


Judging = Generator[None, None, Finding]


def judge(section: Section, model: Model, meter: Meter, order: bool) -> Judging:
    """Judge one section. ``order``: say how, if it is possible.

    Raises OperationError for an operation that the model refuses, BudgetExhausted.
    """
    if section.part is None and model.name in _REGISTERS:
        lane = meter.lane()
        try:
            swaps = model.name == "cas-register"
            outcome = yield from short_register(section.operations, lane, order, swaps=swaps)
            return Finding(section, section.operations, outcome)
        except NotApplicable:
            pass
        finally:
            lane.release()
    monitor = None if section.part is not None else MONITORS.get(model.name)
    if monitor is not None:
        lane = meter.lane()
        try:
            return Finding(section, section.operations, _watch(monitor, section, lane, order))
        except NotApplicable:
            pass
        finally:
            lane.release()
    part = section.translated(model, meter)
    operations = [entry.operation for entry in part.entries]
    if not operations:
        return Finding(section, operations, Possible([]))
    told = monitored_part(model.name, part, meter, order) if part.joint else None
    outcome = told or (yield from search(part, meter, order))
    return Finding(section, operations, outcome, part=part)


def _watch(monitor: Monitor, section: Section, meter: Meter, order: bool) -> Outcome:
    """What the monitor says. What it held is free before the collector goes on, and looks at it."""
    if len(section.operations) <= _MANY:
        return monitor(section.operations, meter, order)
    with collector_paused():
        try:
            return monitor(section.operations, meter, order)
        except BudgetExhausted as error:
            reason = str(error)
    raise BudgetExhausted(reason)


def search(part: Part, meter: Meter, order: bool) -> Search:
    """By search: depth first, which is fastest where every choice is right or the error shows at
    once; if it has to come back too often, by the frontier, whose memory of alternatives is
    smaller; if that takes long, by both in turns.

    Raises BudgetExhausted.
    """
    lane = meter.lane()
    deep = depth_first(part, lane, order)
    enough = _DEEP_FREE + _DEEP_PER_ENTRY * len(part.entries)
    try:
        while lane.explored < enough:
            next(deep)
            yield
    except StopIteration as stop:
        lane.release()
        return _outcome(stop)
    wide_lane = meter.lane()
    wide = frontier(part, wide_lane, order)
    try:
        while wide_lane.explored < _WIDE_PER_ENTRY * len(part.entries):
            next(wide)
            yield
    except StopIteration as stop:
        lane.release()
        wide_lane.release()
        return _outcome(stop)
    return (yield from race([deep, wide]))


def _outcome(stop: StopIteration) -> Outcome:
    outcome: Outcome = stop.value
    return outcome


def _how_far(section: Section, reached: int) -> str:
    """What is known of a section whose events are explained up to this rank."""
    if reached < 0:
        return ""
    ended = [operation.completed for operation in section.operations]
    explained = sum(end is not None and end <= reached for end in ended)
    if not explained:
        return ""
    return f"; the first {explained:,} of {len(ended):,} operations are explained"


def first_turns(parts: int, meter: Meter) -> int:
    """No more than leaves as many to all others."""
    most = meter.budget.configurations
    if most is None:
        return _FIRST_TURNS
    return max(1, min(_FIRST_TURNS, most // (parts * BETWEEN_LOOKS or 1)))


def judge_all(
    parts: Sequence[Section], model: Model, meter: Meter, order: bool
) -> Generator[Finding, None, None]:
    """Judge sections, the easy ones first: one that takes long waits until all have had a turn.

    Ends after the first impossible one, or when the budget is exhausted: then each section that is
    left has a finding without an outcome.
    """
    waiting: list[tuple[Section, Meter, Judging]] = []
    turns = first_turns(len(parts), meter)
    queue: Iterable[tuple[Section, Meter, Judging]] = (
        (section, lane, judge(section, model, lane, order))
        for section in parts
        for lane in (meter.lane(),)
    )
    exhausted = ""
    while True:
        for section, lane, judging in queue:
            try:
                if exhausted:
                    raise BudgetExhausted(exhausted)
                for _ in range(turns):
                    next(judging)
                waiting.append((section, lane, judging))
            except StopIteration as stop:
                finding: Finding = stop.value
                lane.release()
                yield finding
                if isinstance(finding.outcome, Impossible):
                    return
            except BudgetExhausted as error:
                exhausted = str(error)
                lane.release()
                reason = exhausted + _how_far(section, lane.reached)
                yield Finding(section, section.operations, None, reason)
        if not waiting:
            return
        queue, waiting, turns = waiting, [], TURNS
