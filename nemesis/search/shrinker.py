"""What shrinkers have in common: the best run so far, the budget, delta debugging."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import msgspec

from nemesis.errors import ScheduleError
from nemesis.outcome import Run
from nemesis.schedule import Schedule, Step, validate


class Shrunk(NamedTuple):
    """The smallest run found, and what it cost."""

    run: Run
    executions: int


class OutOfBudget(Exception):
    """No more executions may be spent."""


class Shrinker:
    """Base of the shrinkers: subclasses say what it means that a candidate fails in the same way,
    and what may be tried."""

    def __init__(self, failed: Run, executions: int, may_go_on: Callable[[], bool]) -> None:
        self.schedule = failed.schedule
        self.executions = 0
        self.kind = failed.verdict.failures[0].kind
        self._most = executions
        self._may_go_on = may_go_on

    def spend(self) -> None:
        """Count an execution; OutOfBudget if there is none left."""
        if self.executions >= self._most or not self._may_go_on():
            raise OutOfBudget
        self.executions += 1

    def take(self, candidate: Schedule) -> bool:
        """Make the candidate the best so far if it fails in the same way."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it takes")

    def leave_out(self, without: Callable[[int, int], bool]) -> None:
        """Delta debugging (Zeller and Hildebrandt 2002): leave out half of the steps, then quarters
        and so on, the last first. ``without`` tries to do without those from one index to before
        another, and says whether that has become the best."""
        size = max(1, len(self.schedule.steps) // 2)
        while size:
            at = len(self.schedule.steps)
            while at > 0:
                at = min(at, len(self.schedule.steps))
                start = max(0, at - size)
                without(start, at)
                at = start
            size //= 2

    def take_first(self, candidates: Iterable[Schedule]) -> bool:
        """Take the first of the candidates that fails in the same way; whether there was one."""
        return any(self.take(candidate) for candidate in candidates)

    def take_each(
        self,
        simpler: Callable[[Schedule], Iterator[Schedule]],
        take: Callable[[Schedule], bool] | None = None,
    ) -> None:
        """Take what can be taken, one change after the other, each made to the best so far."""
        take = take or self.take
        candidates = simpler(self.schedule)
        skip = 0
        while (candidate := next(candidates, None)) is not None:
            if take(candidate):
                # A change that is taken is no longer among those that can be made.
                candidates = simpler(self.schedule)
                for _ in range(skip):
                    next(candidates, None)
            else:
                skip += 1


def with_steps(schedule: Schedule, steps: Iterable[Step]) -> Schedule:
    """The schedule with other steps."""
    return msgspec.structs.replace(schedule, steps=tuple(steps))


def with_knobs(schedule: Schedule, **changes: object) -> Schedule:
    """The schedule with some knobs changed."""
    return msgspec.structs.replace(
        schedule, knobs=msgspec.structs.replace(schedule.knobs, **changes)
    )


def is_possible(schedule: Schedule) -> bool:
    """Whether knobs and steps go together: only then can it be saved and read again."""
    try:
        validate(schedule)
    except ScheduleError:
        return False
    return True
