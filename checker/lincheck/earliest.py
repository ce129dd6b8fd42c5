"""Where a history became impossible: the first event by which no order explains it any more.

Impossible histories stay impossible, so the first such event can be found by bisection wherever an
engine does not know it. It counts over all sections: another one may have failed before.
"""

from __future__ import annotations

from collections.abc import Sequence

from checker.history import Operation
from checker.lincheck.budget import BudgetExhausted, Meter
from checker.lincheck.conflict import Conflict, first_conflict
from checker.lincheck.engine import Impossible, Possible, finish
from checker.lincheck.judge import Finding, judge
from checker.lincheck.parts import Entry, Part
from checker.lincheck.sections import Section, until
from checker.lincheck.widening import frontier
from checker.models.model import Model

_BISECTED_MAX = 20_000
"""Operations of a section in which the first event is searched for; in a larger one it is the last
event of the few operations that a monitor blames."""


def earliest_conflict(
    operations: Sequence[Operation],
    model: Model,
    meter: Meter,
    parts: Sequence[Section],
    findings: Sequence[Finding],
) -> Conflict:
    """The conflict of the section that failed first. The last finding is impossible.

    Raises BudgetExhausted.
    """
    failed = findings[-1]
    settled = {_identity(f.section) for f in findings if isinstance(f.outcome, Possible)}
    settled.add(_identity(failed.section))
    at, finding = _first_event(failed, model, meter)
    for each in parts:
        meter.look()
        section = each
        if _identity(section) in settled:
            continue
        if section.part is None:
            section = Section(section.keys, until(section.operations, at))
        try:
            # What is left of the budget is for the conflict, too.
            share = meter.share(2)
            earlier = _judge(section, model, share)
            if isinstance(earlier.outcome, Impossible):
                at_earlier, finding_earlier = _first_event(earlier, model, share)
                if at_earlier < at:
                    at, finding = at_earlier, finding_earlier
        except BudgetExhausted:
            continue
        finally:
            share.release()
    return _conflict(at, finding, operations, model, meter)


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


def _first_event(finding: Finding, model: Model, meter: Meter) -> tuple[int, Finding]:
    """The rank of the completion by which the section is impossible, and a finding that says so."""
    outcome, operations = finding.outcome, finding.operations
    assert isinstance(outcome, Impossible)
    known = None if outcome.at is None else operations[outcome.at].completed
    if outcome.is_first or (outcome.core is not None and len(operations) > _BISECTED_MAX):
        assert known is not None
        return known, finding
    part = finding.section.translated(model)
    exact = finish(frontier(part, meter, False, None if known is None else known + 1))
    if isinstance(exact, Impossible) and exact.is_first:
        assert exact.at is not None
        entry = part.entries[exact.at]
        assert entry.completed is not None
        return entry.completed, finding
    recorded = finding.section.operations
    ends = sorted(o.completed for o in recorded if o.completed is not None)
    if known is not None:
        ends = [end for end in ends if end <= known]
    possible, impossible = -1, len(ends) - 1
    while impossible - possible > 1:
        middle = (possible + impossible) // 2
        cut = Section(finding.section.keys, until(recorded, ends[middle]))
        judged = _judge(cut, model, meter)
        if isinstance(judged.outcome, Impossible):
            impossible, finding = middle, judged
        else:
            possible = middle
    return ends[impossible], finding


def _conflict(
    at: int, finding: Finding, operations: Sequence[Operation], model: Model, meter: Meter
) -> Conflict:
    outcome = finding.outcome
    assert isinstance(outcome, Impossible)
    section, core = finding.section, None
    if outcome.core is not None:
        blamed = {finding.operations[position].invoked for position in outcome.core}
        if len(section.operations) > _BISECTED_MAX:
            chosen = [o for o in section.operations if o.invoked in blamed]
            section = Section(section.keys, chosen)
    part = section.translated(model)
    if outcome.core is not None:
        core = [at for at, entry in enumerate(part.entries) if entry.invoked in blamed]
    return first_conflict(operations, part, _ending(part, at), model, meter, core)


def _ending(part: Part, at: int) -> Entry:
    """The entry that completes at this rank; if it says nothing, as it failed, the last before."""
    ends = [e for e in part.entries if e.completed is not None and e.completed <= at]
    return max(ends, key=lambda entry: entry.completed or 0)
