"""Runs that ended their process: what there is of them as runs, and the smallest that do so.

They are shrunk by whoever waits for their processes, as other runs are where they happen: each
candidate runs in a process of its own, and fails if that ends in the same way. A process costs ten
times what a run does, so candidates are fewer than for other failures, and of those of a block that
end with the same words one is shrunk.

What never returns is shrunk in another way (endless.py), as no candidate ends by itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from time import monotonic

from checker.verdict import Failure
from nemesis.counted import counted
from nemesis.outcome import Run
from nemesis.schedule import Schedule
from nemesis.search.block import SHRUNK_OF_A_KIND, Campaign, Death, last_line, schedule_of
from nemesis.search.ending import Ending, ending_of, without_record
from nemesis.search.endless import smallest_endless
from nemesis.search.shrink import shrink
from nemesis.search.time_limit import TimeLimit
from nemesis.subjects.registry import subject_named

# What shrinking a schedule may cost: candidates, and s; the last candidate may end after that.
_EXECUTIONS = 250
_SECONDS = 30.0
# A candidate that takes longer does not end its process in the way that is looked for.
_LIMIT = TimeLimit(processor=5.0, clock=30.0)
# So often in a row a schedule must end its process, before it is shrunk and when it was: one that
# does so now and then would be shrunk to anything.
_TIMES = 3


def run_of(what: Campaign, death: Death) -> Run | None:
    """What there is of it as a run: the schedule, the smallest that is known, and the failure, but
    no history and no trace; None if nobody knows its schedule."""
    schedule = death.shrunk or schedule_of(what, death.seed)
    if schedule is None:
        return None
    words = f"not shrunk: {death.not_shrunk}" if death.not_shrunk else death.shrunk_how
    failure = Failure(death.kind, death.how, evidence={"shrinking": words} if words else {})
    return without_record(schedule, what.subject, failure)


def smallest_deaths(what: Campaign, deaths: Iterable[Death]) -> list[Death]:
    """Those of a block, shrunk: of each cause the first."""
    shrunk: dict[str, int] = {}
    result = []
    for death in deaths:
        if (known := shrunk.setdefault(death.cause, death.seed)) != death.seed:
            result.append(death._replace(not_shrunk=f"it ends as seed {known} does"))
        else:
            result.append(_smallest(what, death))
    return result


def shrunk_in_words(what: Campaign, death: Death) -> str:
    """From how many steps to how many; or why not."""
    whole = schedule_of(what, death.seed)
    if death.shrunk is None or whole is None:
        return f"not shrunk: {death.not_shrunk}"
    words = (
        f"shrunk from {len(whole.steps)} to {counted(len(death.shrunk.steps), 'step')} in "
        f"{death.shrink_seconds:.1f} s, {counted(death.shrink_executions, 'execution')}"
    )
    return f"{words}: {death.shrunk_how}" if death.shrunk_how else words


def _smallest(what: Campaign, death: Death) -> Death:
    whole = schedule_of(what, death.seed)
    if whole is None:
        return death._replace(not_shrunk="its steps were drawn while it ran, and went with it")
    if death.kind in what.settled:
        return death._replace(not_shrunk=f"of its kind {SHRUNK_OF_A_KIND} were before it")
    if death.is_endless:
        return _smallest_endless(what, death, whole)
    started = monotonic()
    # Words that hold an address or a time differ, and tell nothing.
    has_words = True
    for _ in range(_TIMES):
        ending = ending_of(whole, what.subject, _LIMIT)
        if not isinstance(ending, Ending) or ending.how != death.how:
            return death._replace(not_shrunk="its schedule, run by itself, does not always do that")
        has_words &= _line(ending) == death.last_line

    def is_same(schedule: Schedule) -> bool:
        ending = ending_of(schedule, what.subject, _LIMIT)
        if not isinstance(ending, Ending) or ending.how != death.how:
            return False
        return _line(ending) == death.last_line or not has_words

    def execute(schedule: Schedule) -> Run:
        failures = [Failure(death.kind, death.how)] if is_same(schedule) else []
        return without_record(schedule, what.subject, *failures)

    smallest, executions = shrink(
        without_record(whole, what.subject, Failure(death.kind, death.how)),
        subject_named(what.subject),
        executions=_EXECUTIONS,
        may_go_on=lambda: monotonic() < started + _SECONDS,
        execute=execute,
    )
    if not all(is_same(smallest.schedule) for _ in range(_TIMES)):
        return death._replace(not_shrunk="no smaller schedule always ends its process")
    return death._replace(
        shrunk=smallest.schedule,
        shrink_executions=executions,
        shrink_seconds=monotonic() - started,
    )


def _smallest_endless(what: Campaign, death: Death, whole: Schedule) -> Death:
    started = monotonic()
    found = smallest_endless(whole, what.subject, what.limit, death.how, death.last_words)
    return death._replace(
        shrunk=found.schedule,
        not_shrunk=found.words if found.schedule is None else "",
        shrunk_how=found.words if found.schedule is not None else "",
        shrink_executions=found.executions,
        shrink_seconds=monotonic() - started,
    )


def _line(ending: Ending) -> str:
    return last_line(ending.how, ending.last_words)
