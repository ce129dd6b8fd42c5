"""Checking by workers anywhere: the sections of one history are given out as tasks.

    judging = InTasks(executor, Budget(seconds=600))
    verdict = check_by(judging, history, get_model("kv"), judging.meter, certificate=True)

Theory of operation
-------------------
``judge_all`` goes through the sections in rounds and ends at the first that is impossible, that of
the least *place* (checker.lincheck.telling). A section's round depends on how far its search has to
go, not on who runs it, nor on what else runs; so a task says which sections are to be judged and
how many rounds each may have, and what it tells is always the same. Whoever does it may die, and
another do it again.

Tasks come in waves. The first gives each section the first round; its tasks are some thousand
operations each, in the order of the sections. What needs more is a task of its own in each wave
after that, which begins again and may have eight times as many rounds as in the one before: so no
hard section keeps others from their turn, and what is done twice is an eighth. When a section is
found impossible, only those are waited for that may come before it: tasks that would go further
are dropped and, where a part of them counts, handed out anew with as many rounds as that takes. So
the verdict is that of ``judge_all``, conflict and all, while the budget lasts.

The budget: the clock is looked at here, and all tasks are dropped when the time is up; a search may
hold ``memory`` in each process that does a task; ``configurations`` are counted as tasks tell them.

Operations travel as columns: that costs 1 us an operation, here. Sections that had to be translated
to be found (keys tied together by transactions) are judged here, one by one, and so is a history of
one section.
"""

from __future__ import annotations

import pickle
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from itertools import chain, count, repeat
from time import monotonic
from typing import NamedTuple, Protocol

from checker.errors import CheckerError
from checker.history import Operation, collector_paused
from checker.lincheck.budget import Budget, BudgetExhausted, Clock, Meter
from checker.lincheck.judge import TURNS, Finding, first_turns, judge, judge_all
from checker.lincheck.processes import ProcessDied
from checker.lincheck.sections import Section
from checker.lincheck.telling import Listener, Told, place_of, turn
from checker.models import get_model
from checker.models.model import Model

_OPERATIONS = 1 << 14
"""Operations of a task of the first wave: half a megabyte, 20 ms or more."""

_FIRST_ROUNDS, _MORE = 16, 8
"""Rounds of the second wave, and how many times more in each after it."""

_AHEAD = 3
"""Tasks handed out for each that can be done at once."""

_PATIENCE = 0.1
"""Seconds between two looks at the clock."""

_SLACK = 10.0
"""Seconds that a task goes on after the time is up, should nobody have dropped it."""

_SENT = len(Operation._fields) - 2
"""The indexes of its two events stay here: nobody judges by them."""


class Executor(Protocol):
    """Whoever does tasks: ``perform(task, is_dropped)``, once or again, in any process."""

    def slots(self) -> int:
        """How many tasks are done at once, now."""
        ...

    def submit(self, task: bytes) -> Hashable:
        """Hand out a task; it is known by what this returns."""
        ...

    def finished(self, tasks: Sequence[Hashable], patience: float) -> Sequence[Hashable]:
        """Those of the tasks that have ended; none, if none has after ``patience`` s. Raises
        ProcessDied if nobody is there any more."""
        ...

    def result(self, task: Hashable) -> bytes | None:
        """What ``perform`` returned; None if that was lost with who did it, and the task, which has
        not ended after all, is done again. Raises ProcessDied if whoever did it died, again and
        again."""
        ...

    def drop(self, tasks: Sequence[Hashable]) -> None:
        """Nobody waits for these any more; who is at one of them may end it."""
        ...


class _Task(NamedTuple):
    """Sections of these numbers, of so many, are to be judged in so many rounds.

    ``columns``: the operations of all, field by field; ``lengths``: how many each section has.
    ``spent``: configurations that were explored before.
    """

    model: str
    numbers: Sequence[int]
    sections: int
    lengths: Sequence[int]
    columns: Sequence[Sequence[object]]
    order: bool
    turns: int
    rounds: int
    spent: int
    seconds: float | None
    memory: int | None
    configurations: int | None


class _Done(NamedTuple):
    """What is told of the sections that are judged, and the configurations that were explored."""

    told: list[Told]
    explored: int


def perform(
    task: bytes, is_dropped: Callable[[], bool] | None = None, clock: Clock = monotonic
) -> bytes:
    """Do a task. ``is_dropped`` is asked every few hundred configurations whether to end it."""
    what = _Task._make(pickle.loads(task))
    model = get_model(what.model)
    deadline = None if what.seconds is None else clock() + what.seconds + _SLACK

    def may_end() -> bool:
        if deadline is not None and clock() > deadline:
            return True
        return is_dropped is not None and is_dropped()

    meter = Meter(Budget(None, what.configurations, what.memory), clock, may_end)
    told: list[Told] = []
    # That the budget is exhausted is noticed by each section.
    with suppress(BudgetExhausted):
        meter.spend(what.spent, 0)
    for number, operations in zip(what.numbers, _operations(what), strict=True):
        one = _judged(Section((), operations), number, what, model, meter)
        if one is not None:
            told.append(one)
            if one.ends_it:
                break
    return pickle.dumps((told, meter.explored - what.spent), pickle.HIGHEST_PROTOCOL)


def _judged(section: Section, number: int, what: _Task, model: Model, meter: Meter) -> Told | None:
    """None: more rounds are needed."""
    lane = meter.lane()
    judging = judge(section, model, lane, what.order)
    try:
        for at in range(what.rounds):
            place = at * what.sections + number
            told = turn(place, judging, TURNS if at else what.turns)
            if told is not None:
                return told
        return None
    finally:
        judging.close()
        lane.release()


def _operations(what: _Task) -> Iterator[Sequence[Operation]]:
    """Those of each section."""
    unsent = repeat(None)
    make = partial(tuple.__new__, Operation)
    with collector_paused():
        operations = list(map(make, zip(*what.columns, unsent, unsent, strict=False)))
    first = 0
    for length in what.lengths:
        yield operations[first : first + length]
        first += length


class InTasks:
    """Judges sections by an executor, as ``judge_all`` does here; ``meter`` counts for all.
    ``kept_here``: why nothing was handed out, but judged here; empty if it was.

    Raises CheckerError for a model that ``get_model`` does not know: it could not be had elsewhere.
    """

    def __init__(
        self,
        executor: Executor,
        budget: Budget | None = None,
        clock: Clock = monotonic,
        cancelled: Callable[[], bool] | None = None,
    ) -> None:
        self.meter = Meter(budget or Budget(), clock, cancelled)
        self.kept_here = ""
        self._executor = executor
        self._clock = clock
        self._began = clock()

    def __call__(
        self, parts: Sequence[Section], model: Model, meter: Meter, order: bool
    ) -> Iterator[Finding]:
        """A finding each, as they come; an impossible one is the last.

        Raises OperationError and ModelError.
        """
        if len(parts) < 2:
            self.kept_here = "it cannot be divided"
        elif any(section.part is not None for section in parts):
            self.kept_here = "its operations tie keys together"
        if self.kept_here:
            return judge_all(parts, model, meter, order)
        if get_model(model.name) is not model:
            raise CheckerError(f"{model.name}: others know another model of this name")
        return _Giving(self._executor, parts, model, meter, order, self._seconds).findings()

    def _seconds(self) -> float | None:
        """What is left of the time."""
        seconds = self.meter.budget.seconds
        return None if seconds is None else max(0.0, self._began + seconds - self._clock())


class _Given(NamedTuple):
    """Sections that a task is about, and the rounds that it may have."""

    numbers: Sequence[int]
    rounds: int


class _Giving:
    """One call of InTasks."""

    def __init__(
        self,
        executor: Executor,
        parts: Sequence[Section],
        model: Model,
        meter: Meter,
        order: bool,
        seconds: Callable[[], float | None],
    ) -> None:
        self._executor = executor
        self._parts = parts
        self._model = model
        self._meter = meter
        self._order = order
        self._seconds = seconds
        self._listener = Listener(parts, model, meter, order)
        self._turns = first_turns(len(parts), meter)
        self._pending: dict[Hashable, _Given] = {}
        self._left = set(range(len(parts)))
        self._found: Told | None = None
        self._undecided: list[Told] = []
        self._explored = 0

    def findings(self) -> Iterator[Finding]:
        """Wave after wave."""
        lane, reason = self._meter.lane(), ""
        before = 0
        try:
            for rounds in chain((1,), (_FIRST_ROUNDS * _MORE**at for at in count())):
                yield from self._wave(before, rounds, lane)
                if self._found is not None or not self._left:
                    break
                before = rounds
        except (BudgetExhausted, ProcessDied) as error:
            reason = str(error)
        finally:
            self._executor.drop(list(self._pending))
        if self._found is None:
            yield from self._listener.undecided(self._undecided, self._left, reason)
            return
        yield self._listener.last(self._found)

    def _wave(self, before: int, rounds: int, lane: Meter) -> Iterator[Finding]:
        """All sections that are left, up to so many rounds, as far as what was found leaves any
        that were not had ``before``. Raises BudgetExhausted, ProcessDied."""
        queue = deque(self._groups() if not before else ((at,) for at in sorted(self._left)))
        while True:
            most = max(1, _AHEAD * self._executor.slots()) if queue else 0
            while queue and len(self._pending) < most:
                numbers = queue.popleft()
                given = _Given(numbers, self._rounds(numbers[0], rounds))
                if given.rounds > before:
                    self._pending[self._executor.submit(self._task(given))] = given
                    lane.spend(self._explored, 0)
            if not self._pending:
                return
            for task in self._executor.finished(list(self._pending), _PATIENCE):
                if task in self._pending:
                    yield from self._take(task)
                    queue.extend(self._dropped())
            lane.spend(self._explored, 0)

    def _groups(self) -> Iterator[Sequence[int]]:
        """Sections side by side, until they have enough operations."""
        group: list[int] = []
        size = 0
        for number, section in enumerate(self._parts):
            if group and size + len(section.operations) > _OPERATIONS:
                yield group
                group, size = [], 0
            group.append(number)
            size += len(section.operations)
        yield group

    def _rounds(self, number: int, rounds: int) -> int:
        """How many a section may have, so that it comes before what was found."""
        if self._found is None:
            return rounds
        last, at = divmod(self._found.place, len(self._parts))
        return min(rounds, last + (number < at))

    def _task(self, given: _Given) -> bytes:
        numbers, rounds = given
        budget = self._meter.budget
        every = [self._parts[number].operations for number in numbers]
        task = _Task(
            model=self._model.name,
            numbers=numbers,
            sections=len(self._parts),
            lengths=[len(operations) for operations in every],
            columns=_columns(chain.from_iterable(every)),
            order=self._order,
            turns=self._turns,
            rounds=rounds,
            spent=self._explored,
            seconds=self._seconds(),
            memory=budget.memory,
            configurations=budget.configurations,
        )
        return pickle.dumps(tuple(task), pickle.HIGHEST_PROTOCOL)

    def _take(self, task: Hashable) -> Iterator[Finding]:
        """What a task that has ended tells."""
        numbers = self._pending[task].numbers
        try:
            result = self._executor.result(task)
        except ProcessDied as error:
            done = _Done([Told(number, None, str(error)) for number in numbers], 0)
        else:
            if result is None:
                return
            done = _Done._make(pickle.loads(result))
        del self._pending[task]
        self._explored += done.explored
        for told in done.told:
            if told.ends_it:
                found = self._found
                self._found = told if found is None else min(found, told, key=place_of)
                return
            self._left.remove(self._listener.number(told))
            if told.outcome is None:
                self._undecided.append(told)
            else:
                yield self._listener.finding(told)

    def _dropped(self) -> list[Sequence[int]]:
        """The sections of tasks that go further than need be; these are dropped."""
        further = {
            task: given
            for task, given in self._pending.items()
            if self._rounds(given.numbers[0], given.rounds) < given.rounds
        }
        if further:
            self._executor.drop(list(further))
        for task in further:
            del self._pending[task]
        return [given.numbers for given in further.values()]


def _columns(operations: Iterable[Operation]) -> Sequence[Sequence[object]]:
    with collector_paused():
        return list(zip(*operations, strict=True))[:_SENT]
