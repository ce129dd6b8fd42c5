"""A promise that a run broke, as an error: for tests, of Hypothesis or not."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from hypothesis import currently_in_test_context
from hypothesis.control import current_build_context

from checker.report.text import plain, text_of
from checker.verdict import Validity
from nemesis.macro.scenario import format_schedule
from nemesis.replay import judge_history
from nemesis.report import save_report
from nemesis.run import Run
from nemesis.schedule import Schedule
from nemesis.search.shrink import shrink
from nemesis.store import REPORT, new_directory, save
from nemesis.subjects.own import Tested
from raft.replica import HEALTHY

# What shrinking may cost, in executions.
_EXECUTIONS = 1_000
# Of the report, beside the run that was not shrunk.
_LINES = 30


class Violation(AssertionError):
    """A run broke a promise; the message tells which, by which steps, and where it is saved."""


def assert_holds(run: Run, tested: Tested = HEALTHY, store: Path = Path("store")) -> None:
    """Raise Violation if the run failed, after it has been shrunk and saved in ``store``.

    While Hypothesis still searches and shrinks it is neither, as that would be done for every
    failing run: only for the one that Hypothesis shows in the end.
    """
    if run.verdict.validity is not Validity.INVALID:
        return
    if currently_in_test_context() and not current_build_context().is_final:
        raise Violation(_tell(run))
    smallest = shrink(run, tested, executions=_EXECUTIONS).run
    directory = new_directory(store, "pytest", datetime.now())
    save(directory, smallest, judge_history(smallest.history, smallest.model))
    told = plain(text_of(save_report(directory, [smallest.variant]), _LINES))
    # What Hypothesis has left of macro-steps may be told; of others there may be hundreds.
    message = _tell(run) if run.schedule.is_macro else _head(run)
    message += f"\nshrunk by splitbrain:\n{told}"
    raise Violation(
        f"{message}\npicture: {directory / REPORT}\n"
        f"saved in {directory}; again: splitbrain replay {directory}"
    )


def _tell(run: Run) -> str:
    """What was violated, and the steps that led to it."""
    return f"{_head(run)}:\n{_steps(run.schedule)}"


def _head(run: Run) -> str:
    failure = run.verdict.failures[0]
    count = len(run.schedule.steps)
    steps = "step" if count == 1 else "steps"
    return f"{failure.kind}: {failure.message}\n{count} {steps} on the variant {run.variant}"


def _steps(schedule: Schedule) -> str:
    lines = (
        format_schedule(schedule).splitlines()
        if schedule.is_macro
        else [str(step) for step in schedule.steps]
    )
    return "\n".join(f"  {line}" for line in lines)
