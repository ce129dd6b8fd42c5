"""How a schedule ends its process: it runs in one of its own, which takes no other with it."""

from __future__ import annotations

from time import process_time
from typing import NamedTuple

from checker.verdict import Failure, invalid, merge
from nemesis.outcome import Run, Statistics
from nemesis.run import run
from nemesis.schedule import Schedule
from nemesis.search.time_limit import TimeLimit
from nemesis.search.workers import WorkerDied, alone
from nemesis.subjects.registry import subject_named
from nemesis.workloads import WORKLOADS


class Ending(NamedTuple):
    """How a process ended, and what it wrote to its standard error in the end."""

    how: str
    last_words: str


def ending_of(schedule: Schedule, subject: str, limit: TimeLimit) -> Ending | float:
    """How the schedule ends a process; if it does not, how much of the processor's time that took,
    in s, with all that it had to load."""
    try:
        return alone(_run_on, schedule, subject, limit=limit, is_quiet=True)
    except WorkerDied as died:
        return Ending(died.how, died.last_words)


def _run_on(schedule: Schedule, subject: str) -> float:
    run(schedule, subject_named(subject))
    return process_time()


def without_record(schedule: Schedule, subject: str, *failures: Failure) -> Run:
    """What is known as a run where its process has ended: no history and no trace."""
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
