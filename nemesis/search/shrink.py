"""Shrinking: the smallest schedule that still fails in the same way.

Theory of operation
-------------------
A schedule is re-executed with something left out or made simpler, and the change is kept if the run
still fails with the same kind of failure. First a long schedule is halved, again and again: half of
its steps, drawn at random. Then is tried, until nothing helps any more:

- leave out steps, many at once first (delta debugging, Zeller and Hildebrandt 2002);
- fewer replicas, spares, clients, keys; knobs at their defaults;
- each step in its mildest form: fields of faults at their defaults, the first client, less time.

In the end keys and values are named in the order of their use, and neighbours stand, where their
order does not matter, in that of their kinds.

Leaving out one step shifts every later random draw below the schedule (delays, time-outs), which
may hide a failure that is still there; so a candidate counts as failing if it does so under any of
some small seeds. That took schedules of the same failures from a median of 13 steps to 5 in a
prototype; a shrinker that works on the seed alone cannot do it at all.

Halving comes first since less time and plainer knobs make a failure rarer: of 200 halves of one
schedule four failed as it had been drawn, none once the rest had been made simple. That was left at
28 steps, where 5 are enough.

Schedules of macro-steps are shrunk in shrink_macro.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from random import Random

import msgspec

from nemesis.faults import Fault
from nemesis.run import SHOWN_AT_THE_END, Run, run
from nemesis.schedule import MILLISECOND, Knobs, Operate, Schedule, Step, encode_schedule
from nemesis.search.shrink_macro import shrink_macro
from nemesis.search.shrink_names import (
    clients_of,
    keys_of,
    with_clients_in_order,
    with_key_renamed,
    with_usual_names,
)
from nemesis.search.shrinker import (
    OutOfBudget,
    Shrinker,
    Shrunk,
    is_possible,
    with_knobs,
    with_steps,
)
from nemesis.subjects.own import Tested, subject_of, variant_of
from nemesis.subjects.subject import Subject
from nemesis.workloads import WORKLOADS

__all__ = ["Shrunk", "shrink"]

# Small seeds tried for each candidate: few as long as that makes the schedule smaller, then many.
_RESEEDS = (2, 8, 30)
# The most that are tried where many steps are left out at once, or one is only made simpler: such
# candidates are many, and each of them is worth little.
_RESEEDS_OF_MANY = 4
# As long as a schedule has more steps than this, halves of it are tried, so many in all.
_LONG = 12
_HALVES = 150
KEPT_KNOBS = frozenset({"workload", "clients", "replicas", "spares"})
"""Knobs that are no matter of more or less, and those that have a step of their own."""
# Knobs that must fit each other: a change of one alone is mostly impossible.
_TIME_OUTS = ("election_timeout_min", "election_timeout_max", "heartbeat_interval")


def shrink(
    failed: Run,
    tested: Tested,
    *,
    executions: int = 2_500,
    may_go_on: Callable[[], bool] = lambda: True,
    execute: Callable[[Schedule], Run] | None = None,
) -> Shrunk:
    """Shrink a failed run; it keeps the kind of its first failure.

    Ends when nothing makes it smaller, after so many ``executions``, or as soon as ``may_go_on``
    says no. ``execute`` runs the candidates, of no macro-steps, if that is not to be done in this
    process.
    """
    if not failed.verdict.failures:
        raise ValueError("only a run that failed can be shrunk")
    if failed.schedule.is_macro:
        variant = variant_of(tested, "macro-steps drive")
        return shrink_macro(failed, variant, executions, may_go_on)
    shrinker = _TimedShrinker(failed, subject_of(tested), executions, may_go_on, execute)
    shrinker.shrink()
    return Shrunk(shrinker.whole_run(), shrinker.executions)


class _TimedShrinker(Shrinker):
    def __init__(
        self,
        failed: Run,
        subject: Subject,
        executions: int,
        may_go_on: Callable[[], bool],
        execute: Callable[[Schedule], Run] | None,
    ) -> None:
        super().__init__(failed, executions, may_go_on)
        self._best = failed
        self._subject = subject
        self._execute_elsewhere = execute
        self._reseeds = _RESEEDS[0]
        # What the monitors convict can be looked for without the end of each run, as long as that
        # convicts what was to be shrunk.
        self._is_brief = (
            execute is None
            and self.kind not in SHOWN_AT_THE_END
            and self.kind in run(failed.schedule, subject, brief=True).verdict.kinds
        )
        # Candidates that are known not to fail.
        self._seen: set[bytes] = set()

    def shrink(self) -> None:
        try:
            self._halve()
            for reseeds in _RESEEDS:
                self._seen.clear()
                self._reseeds = reseeds
                while self._pass():
                    pass
            self.take_each(_in_order, self._take_milder)
        except OutOfBudget:
            return

    def whole_run(self) -> Run:
        """The best run, to its end."""
        return run(self.schedule, self._subject) if self._is_brief else self._best

    def _pass(self) -> bool:
        """Try everything once; whether anything helped."""
        before = self.schedule
        # Smaller clusters first: they make everything that follows cheaper.
        self.take_first(_smaller_clusters(before))
        self.leave_out(self._without)
        self.take_each(_simpler_knobs, self._take_milder)
        self.take_each(_simpler_steps, self._take_milder)
        return self.schedule != before

    # -- What is tried -----------------------------------------------------------------------------

    def _halve(self) -> None:
        random = Random(0)
        for seed in range(_HALVES):
            steps = self.schedule.steps
            if len(steps) <= _LONG:
                return
            kept = sorted(random.sample(range(len(steps)), len(steps) // 2))
            half = with_steps(self.schedule, (steps[at] for at in kept))
            self._take(msgspec.structs.replace(half, seed=seed), 0)

    def _without(self, start: int, stop: int) -> bool:
        reseeds = self._reseeds if stop - start == 1 else min(self._reseeds, _RESEEDS_OF_MANY)
        dropped = _dropped(self.schedule, start, stop)
        return any(self._take(candidate, reseeds) for candidate in dropped)

    # -- Whether it still fails --------------------------------------------------------------------

    def take(self, candidate: Schedule) -> bool:
        """Make the candidate the best if it fails under its own or some other small seed."""
        return self._take(candidate, self._reseeds)

    def _take_milder(self, candidate: Schedule) -> bool:
        return self._take(candidate, min(self._reseeds, _RESEEDS_OF_MANY))

    def _take(self, candidate: Schedule, reseeds: int) -> bool:
        knobs = self._subject.knobs(candidate.knobs)
        if knobs != candidate.knobs:
            # Of what it does not have, nothing can be made simpler.
            candidate = msgspec.structs.replace(candidate, knobs=knobs)
            if candidate == self.schedule:
                return False
        plain = encode_schedule(msgspec.structs.replace(candidate, seed=0))
        if plain in self._seen or not is_possible(candidate):
            return False
        seeds = dict.fromkeys((candidate.seed, *range(reseeds)))
        for seed in seeds:
            attempt = self._execute(msgspec.structs.replace(candidate, seed=seed))
            if self.kind in attempt.verdict.kinds:
                # What came after the failure was not executed.
                self._best, self.schedule = attempt, attempt.schedule
                return True
        self._seen.add(plain)
        return False

    def _execute(self, schedule: Schedule) -> Run:
        self.spend()
        if self._execute_elsewhere is not None:
            return self._execute_elsewhere(schedule)
        return run(schedule, self._subject, brief=self._is_brief)


def _dropped(schedule: Schedule, start: int, stop: int) -> Iterator[Schedule]:
    """Without the steps from ``start`` to before ``stop``: with the time that they took, given to
    the step before, so that what follows happens when it did; and without it."""
    steps = schedule.steps
    time = sum(step.wait for step in steps[start:stop])
    if start and time:
        before = msgspec.structs.replace(steps[start - 1], wait=steps[start - 1].wait + time)
        yield with_steps(schedule, (*steps[: start - 1], before, *steps[stop:]))
    yield with_steps(schedule, steps[:start] + steps[stop:])


def _smaller_clusters(schedule: Schedule) -> Iterator[Schedule]:
    for replicas in (3, 5, 7):
        if replicas < schedule.knobs.replicas:
            yield with_knobs(schedule, replicas=replicas)
    for spares in range(schedule.knobs.spares):
        yield with_knobs(schedule, spares=spares)


def _simpler_knobs(schedule: Schedule) -> Iterator[Schedule]:
    knobs = schedule.knobs
    if max(1, len(clients_of(schedule))) < knobs.clients:
        yield with_clients_in_order(schedule)
    keys = keys_of(schedule)
    for key in keys[1:]:
        yield with_key_renamed(schedule, key, keys[0])
    default = Knobs()
    alone = [(name,) for name in knobs.__struct_fields__ if name not in KEPT_KNOBS]
    for names in (_TIME_OUTS, *alone):
        plain = {name: getattr(default, name) for name in names}
        if any(getattr(knobs, name) != value for name, value in plain.items()):
            yield with_knobs(schedule, **plain)


def _simpler_steps(schedule: Schedule) -> Iterator[Schedule]:
    for at, step in enumerate(schedule.steps):
        for simpler in _simpler(step, schedule.knobs):
            steps = (*schedule.steps[:at], simpler, *schedule.steps[at + 1 :])
            yield with_steps(schedule, steps)


def _simpler(step: Step, knobs: Knobs) -> Iterator[Step]:
    if isinstance(step, Operate):
        for client in range(step.client):
            yield msgspec.structs.replace(step, client=client)
        yield from WORKLOADS[knobs.workload].simpler(step)
    elif isinstance(step, Fault):
        default = type(step)()
        for name in step.__struct_fields__:
            value = getattr(step, name)
            if name != "wait" and value != getattr(default, name):
                yield msgspec.structs.replace(step, **{name: getattr(default, name)})
                for shorter in _shorter_tuples(value):
                    yield msgspec.structs.replace(step, **{name: shorter})
    for wait in _shorter(step.wait):
        yield msgspec.structs.replace(step, wait=wait)


def _shorter_tuples(value: object) -> Iterator[tuple[object, ...]]:
    """Without one of its elements, if it has several."""
    if isinstance(value, tuple) and len(value) > 1:
        for at in range(len(value)):
            yield value[:at] + value[at + 1 :]


def _shorter(wait: int) -> Iterator[int]:
    """Nothing, half, and rounder times: whole hundreds of ms, tens, ones."""
    if wait:
        yield 0
    if wait >= 2 * MILLISECOND:
        yield wait // 2 // MILLISECOND * MILLISECOND
    for unit in (100 * MILLISECOND, 10 * MILLISECOND):
        if wait > unit and wait % unit:
            yield wait // unit * unit


def _in_order(schedule: Schedule) -> Iterator[Schedule]:
    """What only makes it read better."""
    usual = with_usual_names(schedule)
    if usual != schedule:
        yield usual
    steps = schedule.steps
    for at, (one, other) in enumerate(pairwise(steps)):
        if _rank(other) < _rank(one):
            yield with_usual_names(
                with_steps(schedule, (*steps[:at], other, one, *steps[at + 2 :]))
            )


def _rank(step: Step) -> str:
    """Neighbours stand in this order, if it does not matter."""
    return str(step.__struct_config__.tag)
