"""Runs that ended their process: what there is of them as runs, and the smallest that do so.

They are shrunk by whoever waits for their processes, as other runs are where they happen: each
candidate runs in a process of its own, and fails if that ends in the same way. A process costs ten
times what a run does, so candidates are fewer than for other failures, and of those of a block that
end with the same words one is shrunk.

What never returns is not shrunk: what tells a smaller schedule that does not return from one that
is slow is the time limit, which every candidate that fails would have to wait for.
"""

from __future__ import annotations

from collections.abc import Iterable
from time import monotonic
from typing import NamedTuple

from checker.verdict import Failure, invalid, merge
from nemesis.counted import counted
from nemesis.outcome import Run, Statistics
from nemesis.run import run
from nemesis.schedule import Schedule
from nemesis.search.block import SHRUNK_OF_A_KIND, Campaign, Death, last_line, schedule_of
from nemesis.search.shrink import shrink
from nemesis.search.tally import ENDLESS
from nemesis.search.time_limit import TimeLimit
from nemesis.search.workers import WorkerDied, alone
from nemesis.subjects.registry import subject_named
from nemesis.workloads import WORKLOADS

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
    return _without_record(schedule, what.subject, Failure(death.kind, death.how))


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
    return (
        f"shrunk from {len(whole.steps)} to {counted(len(death.shrunk.steps), 'step')} in "
        f"{death.shrink_seconds:.1f} s, {counted(death.shrink_executions, 'execution')}"
    )


def _smallest(what: Campaign, death: Death) -> Death:
    whole = schedule_of(what, death.seed)
    if death.kind == ENDLESS:
        return death._replace(not_shrunk="each candidate would have to be waited for as long")
    if whole is None:
        return death._replace(not_shrunk="its steps were drawn while it ran, and went with it")
    if death.kind in what.settled:
        return death._replace(not_shrunk=f"of its kind {SHRUNK_OF_A_KIND} were before it")
    started = monotonic()
    # Words that hold an address or a time differ, and tell nothing.
    has_words = True
    for _ in range(_TIMES):
        way = _way(whole, what.subject)
        if way is None or way.how != death.how:
            return death._replace(not_shrunk="its schedule, run by itself, does not always do that")
        has_words &= way.last_line == death.last_line

    def is_same(schedule: Schedule) -> bool:
        way = _way(schedule, what.subject)
        if way is None or way.how != death.how:
            return False
        return way.last_line == death.last_line or not has_words

    def execute(schedule: Schedule) -> Run:
        failures = [Failure(death.kind, death.how)] if is_same(schedule) else []
        return _without_record(schedule, what.subject, *failures)

    smallest, executions = shrink(
        _without_record(whole, what.subject, Failure(death.kind, death.how)),
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


class _Way(NamedTuple):
    """How a process ended, and the last line that it wrote."""

    how: str
    last_line: str


def _way(schedule: Schedule, subject: str) -> _Way | None:
    """How the schedule ends a process; None if it does not."""
    try:
        alone(_run_on, schedule, subject, limit=_LIMIT, is_quiet=True)
    except WorkerDied as died:
        return _Way(died.how, last_line(died.how, died.last_words))
    return None


def _run_on(schedule: Schedule, subject: str) -> None:
    run(schedule, subject_named(subject))


def _without_record(schedule: Schedule, subject: str, *failures: Failure) -> Run:
    return Run(
        schedule,
        subject_named(subject).name,
        invalid(*failures) if failures else merge([]),
        history=[],
        trace=[],
        members=schedule.knobs.members,
        statistics=Statistics({}, {}, {}, {}, 0, 0, 0, 0),
        model=WORKLOADS[schedule.knobs.workload].model,
    )
