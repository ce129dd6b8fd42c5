"""Where a history became impossible: the first event by which no order explains it any more.

Impossible histories stay impossible, so the first such event can be found by bisection wherever an
engine does not know it. It counts over all sections: another one may have failed before.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

from checker.history import Operation
from checker.lincheck.budget import BudgetExhausted, Meter
from checker.lincheck.conflict import Conflict, conflict_since, first_conflict, whole_conflict
from checker.lincheck.engine import Impossible, NotApplicable, Possible, finish
from checker.lincheck.judge import Finding, judge
from checker.lincheck.monitors import MONITORS, monitored_part
from checker.lincheck.parts import Entry, Part
from checker.lincheck.sections import Section, sections, until
from checker.lincheck.widening import frontier
from checker.models.model import Model

_SEARCHED_MAX = 200
"""Operations of a section whose prefixes are judged by search, where a monitor judged the whole and
does not apply to them."""

_TIED_MAX = 32
"""The same for keys that are tied, whose states are many."""


def earliest_conflict(
    operations: Sequence[Operation],
    model: Model,
    meter: Meter,
    parts: Sequence[Section],
    findings: Sequence[Finding],
) -> Conflict:
    """The conflict of the section that failed first. The last finding is impossible.

    All of the section, if the budget does not suffice for more; raises BudgetExhausted if that is
    too much to show.
    """
    try:
        return _earliest_conflict(operations, model, meter, parts, findings)
    except BudgetExhausted:
        failed = findings[-1]
        whole = whole_conflict(failed.part or failed.section.translated(model), model)
        if whole is None:
            raise
        return whole


def _earliest_conflict(
    operations: Sequence[Operation],
    model: Model,
    meter: Meter,
    parts: Sequence[Section],
    findings: Sequence[Finding],
) -> Conflict:
    failed = findings[-1]
    settled = {_identity(f.section) for f in findings if isinstance(f.outcome, Possible)}
    settled.add(_identity(failed.section))
    first = _first_event(failed, operations, model, meter)
    for each in parts:
        meter.look()
        section = each
        if _identity(section) in settled:
            continue
        if section.part is None:
            section = Section(section.keys, until(section.operations, first.at))
        try:
            # What is left of the budget is for the conflict, too.
            share = meter.share(2)
            earlier = _judge(section, model, share)
            if isinstance(earlier.outcome, Impossible):
                found = _first_event(earlier, operations, model, share)
                if found.at < first.at:
                    first = found
        except BudgetExhausted:
            continue
        finally:
            share.release()
    return first.conflict or _conflict(first, operations, model, meter)


class _First(NamedTuple):
    """The rank of the completion by which a section is impossible, a finding that says so, and the
    conflict, where it was found on the way."""

    at: int
    finding: Finding
    conflict: Conflict | None = None


def _identity(section: Section) -> int:
    """Sections share no operation, and have some."""
    return section.operations[0].invoked


def _judge(section: Section, model: Model, meter: Meter) -> Finding:
    judging = judge(section, model, meter, False)
    while True:
        try:
            next(judging)
        except StopIteration as stop:
            finding: Finding = stop.value
            return finding


def _judge_all(tied: Sequence[Section], model: Model, meter: Meter) -> Finding | None:
    """What became of keys that were tied later on: the first that is impossible, or the last one.
    None if they are possible as far as monitors know, and too long for a search."""
    finding = None
    for section in tied:
        part = section.part
        if part is not None and len(section.operations) > _TIED_MAX:
            told = monitored_part(model.name, part, meter)
            if told is None:
                return None
            finding = Finding(section, section.operations, told, part=part)
        else:
            finding = _judge(section, model, meter)
        if isinstance(finding.outcome, Impossible):
            break
    return finding


def _first_event(
    finding: Finding, operations: Sequence[Operation], model: Model, meter: Meter
) -> _First:
    outcome = finding.outcome
    assert isinstance(outcome, Impossible)
    known = _known(outcome, finding.operations)
    if outcome.is_first:
        assert known is not None
        return _First(known, finding)
    part = finding.part
    if part is None or outcome.core is not None:
        return _bisected(finding, known, model, meter)
    if outcome.not_before is not None:
        earliest = part.entries[outcome.not_before]
        found = None
        with suppress(BudgetExhausted):
            found = conflict_since(operations, part, earliest, model, meter)
        if found is not None:
            return _First(found[0], finding, found[1])
    exact = finish(frontier(part, meter, False, None if known is None else known + 1))
    if isinstance(exact, Impossible) and exact.is_first:
        assert exact.at is not None
        completed = part.entries[exact.at].completed
        assert completed is not None
        return _First(completed, finding)
    return _bisected(finding, known, model, meter)


def _known(outcome: Impossible, operations: Sequence[Operation]) -> int | None:
    """The rank of a completion by which it is impossible, where the engine told."""
    if outcome.at is not None:
        return operations[outcome.at].completed
    ends = [operations[at].completed for at in outcome.core or ()]
    return max((end for end in ends if end is not None), default=None)


def _monitored(section: Section, model: Model, meter: Meter) -> Finding | None:
    """What the model's monitor says of a section; None if it does not apply."""
    lane = meter.lane()
    try:
        outcome = MONITORS[model.name](section.operations, lane, False)
    except NotApplicable:
        return None
    finally:
        lane.release()
    return Finding(section, section.operations, outcome)


def _bisected(finding: Finding, known: int | None, model: Model, meter: Meter) -> _First:
    """By bisection, over the verdicts on what was known at a completion."""
    recorded = finding.section.operations
    tied = finding.part is not None and finding.part.joint
    ends = sorted(o.completed for o in recorded if o.completed is not None)
    if known is not None:
        ends = [end for end in ends if end <= known]
    possible, impossible = -1, len(ends) - 1
    # Where an engine tells a completion it is most often the first.
    middle = impossible - 1 if known is not None else impossible // 2
    while impossible - possible > 1:
        known_then = until(recorded, ends[middle])
        cut = Section(finding.section.keys, known_then)
        if tied:
            by_then = _judge_all(sections(known_then, model), model, meter)
            if by_then is None:
                # As below.
                break
            judged = by_then
        elif len(recorded) <= _SEARCHED_MAX or finding.part is not None:
            judged = _judge(cut, model, meter)
        else:
            by_monitor = _monitored(cut, model, meter)
            if by_monitor is None:
                # A search could take for ever; that it is impossible by then is known.
                break
            judged = by_monitor
        if isinstance(judged.outcome, Impossible):
            told = _known(judged.outcome, judged.operations)
            impossible, finding = middle, judged
            if told is not None:
                impossible = bisect_left(ends, told)
        else:
            possible = middle
        middle = (possible + impossible) // 2
    return _First(ends[impossible], finding)


def _conflict(
    first: _First, operations: Sequence[Operation], model: Model, meter: Meter
) -> Conflict:
    at, finding = first.at, first.finding
    outcome = finding.outcome
    assert isinstance(outcome, Impossible)
    section, core = finding.section, None
    if outcome.core is not None:
        blamed = {finding.operations[position].invoked for position in outcome.core}
    part = finding.part or section.translated(model)
    if outcome.core is not None:
        core = [at for at, entry in enumerate(part.entries) if entry.invoked in blamed]
    return first_conflict(operations, part, _ending(part, at), model, meter, core)


def _ending(part: Part, at: int) -> Entry:
    """The entry that completes at this rank; if it says nothing, as it failed, the last before."""
    ends = [e for e in part.entries if e.completed is not None and e.completed <= at]
    return max(ends, key=lambda entry: entry.completed or 0)
