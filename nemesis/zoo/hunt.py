"""The hunt for one bug: executions until it is convicted by its own kind of failure."""

from __future__ import annotations

from collections import Counter
from time import process_time

import msgspec

from nemesis.outcome import Run
from nemesis.run import run
from nemesis.schedule import encode_schedule
from nemesis.search.ensemble import STRATEGIES
from nemesis.search.shrink import shrink
from nemesis.search.time_limit import TimeLimit, within
from raft.bugs import get_bug
from raft.replica import HEALTHY, Variant

# Far apart, so that no two hunts of one bug draw the same schedules.
FAR_APART = 10_000_000
# A shrink takes no longer than this.
_SHRINKING = TimeLimit(processor=30.0, clock=600.0)


class Hunt(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be hunted: executions are those of the seeds that belong to ``start``."""

    bug: str
    start: int = 1
    budget: int = 20_000
    strategy: str = "ensemble"
    must_shrink: bool = True


class Shrunk(msgspec.Struct, frozen=True, kw_only=True):
    """The smallest run that fails as the one that was found: ``steps`` before and after; the
    ``schedule`` as it is saved; what the healthy Raft does wrong in it, which must be nothing."""

    steps_before: int
    steps: int
    is_macro: bool
    seconds: float
    executions: int
    schedule: bytes
    healthy_failures: tuple[str, ...]


class Catch(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a hunt. ``executions`` until the bug was convicted by one of its own kinds of
    failure, ``kind``; None if it was not within the budget. ``seconds`` are of processor time.
    ``others`` counts runs that failed otherwise, which is no conviction."""

    hunt: Hunt
    executions: int | None
    seconds: float
    kind: str | None = None
    seed: int | None = None
    others: dict[str, int] = {}
    shrunk: Shrunk | None = None


def hunt(what: Hunt) -> Catch:
    """Hunt a bug. Raises UnknownBug."""
    bug = get_bug(what.bug)
    search = STRATEGIES[what.strategy]
    others: Counter[str] = Counter()
    began = process_time()
    for at in range(what.budget):
        seed = what.start * FAR_APART + at
        found = search(seed, bug.variant)
        if not found.verdict.failures:
            continue
        kind = found.verdict.failures[0].kind
        if kind not in bug.convicted_by:
            others[kind] += 1
            continue
        return Catch(
            hunt=what,
            executions=at + 1,
            seconds=process_time() - began,
            kind=kind,
            seed=seed,
            others=dict(others),
            shrunk=_shrink(found, bug.variant) if what.must_shrink else None,
        )
    return Catch(hunt=what, executions=None, seconds=process_time() - began, others=dict(others))


def _shrink(found: Run, variant: Variant) -> Shrunk:
    began = process_time()
    smallest = shrink(found, variant, may_go_on=within(_SHRINKING))
    seconds = process_time() - began
    schedule = smallest.run.schedule
    healthy = run(schedule, HEALTHY).verdict
    return Shrunk(
        steps_before=len(found.schedule.steps),
        steps=len(schedule.steps),
        is_macro=schedule.is_macro,
        seconds=seconds,
        executions=smallest.executions,
        schedule=encode_schedule(schedule),
        healthy_failures=tuple(f"{each.kind}: {each.message}" for each in healthy.failures),
    )
