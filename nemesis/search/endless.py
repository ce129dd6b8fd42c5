"""Runs that never return: the smallest schedule that does not, found within a bounded time.

Theory of operation
-------------------
What tells a schedule that does not return from one that is slow is the time limit, two minutes of
the processor's time, and nobody can wait for each candidate as long. So it is searched with a guess
and decided by the limit:

- A candidate is given ten times as long as the slowest that returned took, of the processor's time,
  whatever the machine does beside it; at first that is one without any step. What takes longer is
  guessed not to return. It must be the processor that ends its time: what waits is something else.
- Each candidate that is taken costs all of that time, one that returns next to nothing. So what is
  likely to be taken, and leaves out much, comes first: the shortest start of the schedule, by
  bisection, as what comes after the step that does not return was never executed; all knobs at
  their defaults, at once. The rest is left to the shrinker of all other failures (shrink.py), as
  long as the budget lasts.
- The smallest is run under the whole limit. Only if that is reached, too, it is a run that never
  returns. If not, the guess was wrong, and one that was taken earlier is tried likewise; and then
  none, so that the schedule as it was drawn is kept, which has reached the limit twice.

Nothing that is wrong with the guess, nor a machine that is busy, makes the result wrong: it is not
so small then, or there is none.
"""

from __future__ import annotations

import signal
from time import monotonic
from typing import NamedTuple

import msgspec

from checker.verdict import Failure
from nemesis.outcome import Run
from nemesis.schedule import Knobs, Schedule
from nemesis.search.block import last_line
from nemesis.search.ending import Ending, ending_of, without_record
from nemesis.search.shrink import KEPT_KNOBS, shrink
from nemesis.search.shrinker import OutOfBudget, is_possible, with_steps
from nemesis.search.tally import ENDLESS
from nemesis.search.time_limit import TimeLimit, words_of
from nemesis.search.workers import LENIENCE
from nemesis.subjects.registry import subject_named

# What a search may cost: candidates, s of the processor's time, and, where the machine has other
# work, of the clock's; the last candidate may end after that.
_EXECUTIONS = 250
_PROCESSOR = 60.0
_CLOCK = 300.0
# Nothing goes on for longer, with what is confirmed then, in s of the clock's time.
_LONGEST = 1_200.0
# What a candidate may take of the processor's time: so many times as much as the slowest that
# returned, at least so many s, at most this part of the whole limit.
_TIMES_SLOWEST = 10
_LEAST = 1.0
_PART = 8
# And of the clock's, in s, and so many times as much: the machine has other work, perhaps.
_LEAST_CLOCK = 60.0
_TIMES_PROCESSOR = 20
# So many schedules at most are run under the whole limit, each once it has taken a candidate's time
# so often: what does so now and then would be shrunk to anything.
_CONFIRMED = 3
_TIMES = 2


class Smallest(NamedTuple):
    """The smallest schedule that does not return, None if there is none but the one that was drawn;
    how it was found, or why not; and after how many executions."""

    schedule: Schedule | None
    words: str
    executions: int


def smallest_endless(
    whole: Schedule, subject: str, limit: TimeLimit, how: str, last_words: str
) -> Smallest:
    """Shrink a schedule whose run was ended by this limit, so ``how``, and had written
    ``last_words``."""
    if how != words_of(signal.SIGPROF, limit):
        return Smallest(None, "it waits, and so would each candidate, as long by the clock", 0)
    search = _Search(whole, subject, limit, last_words)
    try:
        is_endless = search.begin()
        if is_endless:
            search.search()
    except OutOfBudget:
        is_endless = True
    had = f"{search.patience:.3g} s of processor time"
    if not is_endless:
        return Smallest(None, f"run once more, its schedule did not take {had}", search.executions)
    smallest = search.confirmed()
    if smallest is not None:
        words = f"candidates were given {had}, and the smallest the whole {limit.processor:g} s"
    elif search.taken:
        words = f"what is smaller took {had}, and was not seen to take {limit.processor:g} s"
    else:
        words = f"nothing smaller was found that took {had}"
    return Smallest(smallest, words, search.executions)


class _Search:
    """``taken``: the schedules that were taken, each smaller than the one before."""

    def __init__(self, whole: Schedule, subject: str, limit: TimeLimit, last_words: str) -> None:
        self.executions = 0
        self.taken: list[Schedule] = []
        self._whole = whole
        self._subject = subject
        self._limit = limit
        # Of what it wrote, None if that is another each time and tells nothing.
        self._last_line: str | None = last_line("", last_words)
        self._began = monotonic()
        # In s of the processor's time: all that was run, and the longest that returned.
        self._spent = 0.0
        self._slowest = 0.0

    @property
    def patience(self) -> float:
        """What a candidate may take of the processor's time, in s."""
        return min(self._most, max(_LEAST, _TIMES_SLOWEST * self._slowest))

    @property
    def _most(self) -> float:
        return self._limit.processor / _PART

    # -- What is tried -----------------------------------------------------------------------------

    def begin(self) -> bool:
        """Measure, and look whether the whole is what it should be."""
        empty = with_steps(self._whole, ())
        without_steps = self._ending(empty, self._most)
        ending = self._ending(self._whole, self.patience)
        if ending is None:
            return False
        if last_line("", ending.last_words) != self._last_line:
            self._last_line = None
        if without_steps is not None and self._is_same(without_steps):
            self.taken.append(empty)
        return True

    def search(self) -> None:
        """As long as the budget lasts. Raises OutOfBudget."""
        self._shorten()
        self._simplify()
        shrink(
            self._as_run(self._smallest, is_endless=True),
            subject_named(self._subject),
            executions=_EXECUTIONS,
            may_go_on=self._may_go_on,
            execute=lambda candidate: self._as_run(candidate, is_endless=self._take(candidate)),
        )

    def confirmed(self) -> Schedule | None:
        """The smallest that was taken, if it reaches the whole limit; or else one of the first that
        were."""
        at = len(self.taken)
        for _ in range(_CONFIRMED):
            if not at:
                break
            try:
                if self._reaches_limit(self.taken[at - 1]):
                    return self.taken[at - 1]
            except OutOfBudget:
                break
            at //= 4
        return None

    @property
    def _smallest(self) -> Schedule:
        return self.taken[-1] if self.taken else self._whole

    def _shorten(self) -> None:
        """To its shortest start, by bisection."""
        returns, does_not = 0, len(self._smallest.steps)
        while does_not - returns > 1:
            middle = (returns + does_not) // 2
            if self._take(with_steps(self._whole, self._whole.steps[:middle])):
                does_not = middle
            else:
                returns = middle

    def _simplify(self) -> None:
        """All knobs at their defaults."""
        smallest = self._smallest
        kept = {name: getattr(smallest.knobs, name) for name in KEPT_KNOBS}
        knobs = subject_named(self._subject).knobs(Knobs(**kept))
        if knobs != smallest.knobs:
            self._take(msgspec.structs.replace(smallest, knobs=knobs))

    # -- Whether it returns ------------------------------------------------------------------------

    def _take(self, candidate: Schedule) -> bool:
        """Whether it is taken. Raises OutOfBudget."""
        if not is_possible(candidate):
            return False
        if self.executions >= _EXECUTIONS or not self._may_go_on():
            raise OutOfBudget
        self.executions += 1
        ending = self._ending(candidate, self.patience)
        if ending is None or not self._is_same(ending):
            return False
        self.taken.append(candidate)
        return True

    def _reaches_limit(self, schedule: Schedule) -> bool:
        for seconds in (*[self.patience] * _TIMES, self._limit.processor):
            ending = self._ending(schedule, seconds)
            if ending is None or not self._is_same(ending):
                return False
        return True

    def _ending(self, schedule: Schedule, processor: float) -> Ending | None:
        """How it ended if it took so much of the processor's time; None if not."""
        limit = TimeLimit(processor, self._clock(processor))
        ending = ending_of(schedule, self._subject, limit)
        if isinstance(ending, float):
            self._spent += ending
            self._slowest = max(self._slowest, ending)
            return None
        self._spent += processor
        return ending if ending.how == words_of(signal.SIGPROF, limit) else None

    def _is_same(self, ending: Ending) -> bool:
        return self._last_line in (None, last_line("", ending.last_words))

    def _clock(self, processor: float) -> float:
        left = self._began + _LONGEST - monotonic()
        if left <= 0:
            raise OutOfBudget
        return min(max(_LEAST_CLOCK, _TIMES_PROCESSOR * processor), left / LENIENCE)

    def _may_go_on(self) -> bool:
        return self._spent < _PROCESSOR and monotonic() < self._began + _CLOCK

    def _as_run(self, schedule: Schedule, *, is_endless: bool) -> Run:
        failures = [Failure(ENDLESS, "it does not return")] if is_endless else []
        return without_record(schedule, self._subject, *failures)
