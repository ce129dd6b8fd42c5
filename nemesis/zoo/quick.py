"""The zoo in seconds: is what was found once still found, and can the search still find any?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from nemesis.macro.scenario import parse_schedule
from nemesis.run import run
from nemesis.schedule import Schedule
from nemesis.zoo.hunt import Hunt, hunt
from nemesis.zoo.saved import directory_of, saved_schedule
from raft.bugs import Bug, get_bug
from raft.replica import HEALTHY

# A fresh search for so many of the bugs, with so many executions for each.
_SEARCHED = 10
_BUDGET = 4_000


def quick_check(names: Sequence[str], histories: Path) -> list[str]:
    """What is wrong, a line each."""
    problems = [problem for name in names for problem in check_kept(get_bug(name), histories)]
    for name in searched(names):
        catch = hunt(Hunt(bug=name, budget=_BUDGET, must_shrink=False))
        if catch.executions is None:
            problems.append(f"{name}: not found in {_BUDGET:,} executions")
    return problems


def searched(names: Sequence[str]) -> list[str]:
    """Which bugs are searched for: ten, spread over those named."""
    ordered = sorted(names)
    step = max(1, len(ordered) // _SEARCHED)
    return ordered[::step][:_SEARCHED]


def check_kept(bug: Bug, histories: Path) -> Iterator[str]:
    """Whether the run that is kept, and the witness, convict the bug, and nobody else."""
    kept = saved_schedule(histories, bug.name)
    if kept is None:
        yield f"{bug.name}: no run is kept in {directory_of(histories, bug.name)}"
    else:
        yield from _check(bug, "kept run", kept)
    yield from _check(bug, "witness", parse_schedule(bug.witness, bug.name))


def _check(bug: Bug, what: str, schedule: Schedule) -> Iterator[str]:
    failures = run(schedule, bug.variant).verdict.failures
    if not failures:
        yield f"{bug.name}: its {what} is not convicted any more"
    elif failures[0].kind not in bug.convicted_by:
        yield f"{bug.name}: its {what} is convicted by {failures[0].kind}, no kind of its own"
    for failure in run(schedule, HEALTHY).verdict.failures:
        yield f"{bug.name}: the healthy Raft fails its {what}: {failure.kind}: {failure.message}"
