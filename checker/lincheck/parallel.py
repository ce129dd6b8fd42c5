"""Checking in several processes: the sections of one history are divided among them.

    verdict = check_parallel(history, get_model("kv"), jobs=4)

Theory of operation
-------------------
Sections are independent (Herlihy and Wing 1990, locality), so who judges which does not matter.
``judge_all`` goes through them in rounds, in each of which every section that is left has a turn;
it ends at the first that is impossible: the one of the least *place* (round, number). A section's
round depends on how far its search has to go, not on who runs it. So each process goes through its
own sections in rounds, too, and they share the least place found so far: a process stops when it
has passed it. When all have stopped, the least place is the one at which ``judge_all`` would have
ended, and the verdict is the same, conflict and all (while the budget lasts). An operation that the
model refuses counts as found in the same way, and is refused by the parent.

The first round shows which sections are hard. It is divided by the number of operations; then the
hard ones are divided anew, and begin again: they lose a few milliseconds each.

The budget holds over all: each process publishes what it has explored and holds, and looks at the
sums whenever it reports to its meter. The parent looks every few milliseconds: at the clock,
whether it was cancelled, at the sums; and ends all processes at once.

Cost: a fork and a translation of the orders that are found, 10 ms or so a process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from time import monotonic
from typing import NamedTuple

from checker.history import Event, History, Operation
from checker.lincheck.budget import Budget, BudgetExhausted, Clock, Meter
from checker.lincheck.checking import Verdict, check_by
from checker.lincheck.engine import Impossible, Outcome, Possible
from checker.lincheck.judge import TURNS, Finding, Judging, first_turns, judge, judge_all
from checker.lincheck.parts import OperationError
from checker.lincheck.processes import (
    ProcessDied,
    counters,
    in_processes,
    locked_counter,
    parent_is_gone,
    process_number,
)
from checker.lincheck.sections import Section
from checker.models.model import Model, ModelError

_PATIENCE = 0.01
"""Seconds between two looks of the parent."""

_GRACE = 10
"""Looks of the parent before it ends processes that do not notice that the budget is exhausted."""

_BATCH = 256
"""Findings that a process tells at once."""

_NOWHERE = (1 << 62) - 1


def check_parallel(
    history: History | Iterable[Event] | Iterable[Operation],
    model: Model,
    *,
    jobs: int,
    budget: Budget | None = None,
    certificate: bool = True,
    clock: Clock = monotonic,
    cancelled: Callable[[], bool] | None = None,
) -> Verdict:
    """As ``check``, in up to ``jobs`` processes; the same verdict, with the same evidence.

    Needs a system that can fork. A history of one key is judged by one process. A limit of
    configurations is not divided in the same way each time: where it is reached may differ.
    """
    judging = InProcesses(jobs, budget, clock, cancelled)
    return check_by(judging, history, model, judging.meter, certificate)


class InProcesses:
    """Judges sections in processes, as ``judge_all`` does in one; ``meter`` counts for all."""

    def __init__(
        self,
        jobs: int,
        budget: Budget | None = None,
        clock: Clock = monotonic,
        cancelled: Callable[[], bool] | None = None,
    ) -> None:
        self.meter = Meter(budget or Budget(), clock, self._look)
        self._jobs = jobs
        self._cancelled = cancelled
        # In a process other than the parent: what it publishes.
        self._board: _Board | None = None

    def __call__(
        self, parts: Sequence[Section], model: Model, meter: Meter, order: bool
    ) -> Iterator[Finding]:
        """A finding each, as they come; an impossible one is the last.

        Raises OperationError and ModelError.
        """
        jobs = min(self._jobs, len(parts))
        if jobs < 2:
            return judge_all(parts, model, meter, order)
        return _Sharing(self, parts, model, meter, order, jobs).findings()

    def publish_on(self, board: _Board) -> None:
        """In a process: show on this board what is spent from now on."""
        self._board = board

    def _look(self) -> bool:
        if self._board is None:
            return self._cancelled is not None and self._cancelled()
        return self._board.look()


class _Board:
    """Where processes show what they have spent: a slot each."""

    def __init__(self, slots: int, meter: Meter) -> None:
        self._explored = counters(slots)
        self._held = counters(slots)
        self._stopped = counters(1)
        self._meter = meter
        self._parent = process_number()
        self._slot = 0
        self._before = 0

    def take(self, slot: int) -> None:
        """In a process: this slot is mine."""
        self._slot = slot
        self._before = self._meter.explored

    def look(self) -> bool:
        """In a process: publish, and compare the sums with the budget.

        Returns whether nobody waits for an answer any more; raises BudgetExhausted.
        """
        meter, budget = self._meter, self._meter.budget
        self._explored[self._slot] = meter.explored - self._before
        self._held[self._slot] = meter.held
        explored, held = self.sums()
        if budget.configurations is not None and explored >= budget.configurations:
            raise BudgetExhausted(
                f"the budget of {budget.configurations} configurations is exhausted"
            )
        if budget.memory is not None and held > budget.memory:
            raise BudgetExhausted(
                f"the budget of {budget.memory} bytes of memory is exhausted: {held} are held"
            )
        return bool(self._stopped[0]) or parent_is_gone(self._parent)

    def sums(self) -> tuple[int, int]:
        """The configurations explored and the bytes held by all."""
        return sum(self._explored), sum(self._held)

    def stop(self) -> None:
        """Nobody is to go on."""
        self._stopped[0] = 1

    def nothing_is_held(self) -> None:
        """The processes have ended."""
        self._held[:] = [0] * len(self._held)


class _Told(NamedTuple):
    """What a process tells of a section.

    The positions of an order are those of the section's operations; of an impossible section that
    was ``translated``, those of its entries. No outcome: the budget ran out for this ``reason``, or
    the model refused an operation.
    """

    place: int
    outcome: Outcome | None
    reason: str = ""
    refused: bool = False
    translated: bool = False


class _Sharing:
    """One call of InProcesses: what parent and processes share."""

    def __init__(
        self,
        judging: InProcesses,
        parts: Sequence[Section],
        model: Model,
        meter: Meter,
        order: bool,
        jobs: int,
    ) -> None:
        self._judging = judging
        self._parts = parts
        self._model = model
        self._meter = meter
        self._order = order
        self._jobs = jobs
        self._turns = first_turns(len(parts), meter)
        # Places are numbers: round * sections + number.
        self._least = locked_counter(_NOWHERE)
        self._board = _Board(2 * jobs, meter)

    def findings(self) -> Iterator[Finding]:
        """The parent's side."""
        parts, lane = self._parts, self._meter.lane()
        left = set(range(len(parts)))
        found: _Told | None = None
        undecided: list[_Told] = []
        reason = ""
        try:
            for phase in range(2):
                for told in self._tell(phase, sorted(left), lane):
                    if told.refused or isinstance(told.outcome, Impossible):
                        found = told if found is None else min(found, told, key=_place)
                        continue
                    left.remove(self._number(told))
                    if told.outcome is None:
                        undecided.append(told)
                    else:
                        yield self._finding(told)
                if found is not None or not left:
                    break
        except (BudgetExhausted, ProcessDied) as error:
            reason = str(error)
        with suppress(BudgetExhausted):
            lane.spend(*self._board.sums())
        lane.release()
        if found is None:
            undecided += [_Told(number, None, reason) for number in left]
            yield from map(self._finding, sorted(undecided, key=self._number))
            return
        if found.refused:
            self._refuse(parts[self._number(found)])
        yield self._finding(found)

    def _tell(self, phase: int, numbers: list[int], lane: Meter) -> Iterator[_Told]:
        """What the processes tell of these sections; of all, after the second phase.

        Raises BudgetExhausted, ProcessDied.
        """
        groups = _balanced(numbers, self._parts, self._jobs)

        def work(at: int) -> Iterator[list[_Told]]:
            self._board.take(phase * self._jobs + at)
            self._judging.publish_on(self._board)
            return self._judge(groups[at], last=phase == 1)

        budget = self._meter.budget
        patience = min(_PATIENCE, budget.seconds or _PATIENCE)
        telling = in_processes(work, len(groups), patience=patience)
        looks_left = _GRACE
        try:
            for batch in telling:
                if batch is not None:
                    yield from batch
                try:
                    lane.spend(*self._board.sums())
                except BudgetExhausted:
                    # Whoever searches notices it, and tells what was found before.
                    self._board.stop()
                    looks_left -= 1
                    if not looks_left:
                        raise
        finally:
            telling.close()
            self._board.nothing_is_held()

    def _judge(self, numbers: Sequence[int], *, last: bool) -> Iterator[list[_Told]]:
        """A process's side: its sections in rounds, as ``judge_all``; one round, or to the last."""
        waiting: list[tuple[int, Meter, Judging]] = []
        queue: Iterable[tuple[int, Meter, Judging]] = (
            (number, lane, judge(self._parts[number], self._model, lane, self._order))
            for number in numbers
            for lane in (self._meter.lane(),)
        )
        batch: list[_Told] = []
        exhausted = ""
        start, turns = 0, self._turns
        while True:
            for number, lane, judging in queue:
                place = start + number
                if place > self._least.value:
                    yield batch
                    return
                told = self._turn(place, judging, turns, exhausted)
                if told is None:
                    waiting.append((number, lane, judging))
                    continue
                lane.release()
                batch.append(told)
                exhausted = told.reason
                if told.refused or isinstance(told.outcome, Impossible):
                    with self._least.get_lock():
                        self._least.value = min(self._least.value, place)
                if len(batch) >= _BATCH:
                    yield batch
                    batch = []
            if not waiting or not last:
                yield batch
                return
            queue, waiting, turns = waiting, [], TURNS
            start += len(self._parts)

    def _turn(self, place: int, judging: Judging, turns: int, exhausted: str) -> _Told | None:
        try:
            if exhausted:
                raise BudgetExhausted(exhausted)
            for _ in range(turns):
                next(judging)
        except StopIteration as stop:
            return _told(place, stop.value)
        except BudgetExhausted as error:
            return _Told(place, None, str(error))
        except (OperationError, ModelError):
            return _Told(place, None, refused=True)
        return None

    def _number(self, told: _Told) -> int:
        return told.place % len(self._parts)

    def _finding(self, told: _Told) -> Finding:
        section = self._parts[self._number(told)]
        if isinstance(told.outcome, Impossible) and told.translated:
            part = section.translated(self._model)
            operations = [entry.operation for entry in part.entries]
            return Finding(section, operations, told.outcome, part=part)
        return Finding(section, section.operations, told.outcome, told.reason)

    def _refuse(self, section: Section) -> None:
        """Raise here what the model raised there."""
        for _ in judge(section, self._model, self._meter.lane(), self._order):
            pass
        raise AssertionError("the model refuses the same operation each time")


def _place(told: _Told) -> int:
    return told.place


def _told(place: int, finding: Finding) -> _Told:
    outcome, section = finding.outcome, finding.section
    if isinstance(outcome, Possible) and outcome.order and finding.part is not None:
        # Ranks are used once, so they tell operations apart.
        positions = {operation.invoked: at for at, operation in enumerate(section.operations)}
        operations = finding.operations
        outcome = Possible([positions[operations[at].invoked] for at in outcome.order])
    return _Told(place, outcome, finding.reason, translated=finding.part is not None)


def _balanced(numbers: Sequence[int], parts: Sequence[Section], jobs: int) -> list[list[int]]:
    """Groups of about equal size, each in order: the largest goes to whoever has the least."""
    groups: list[list[int]] = [[] for _ in range(min(jobs, len(numbers)))]
    sizes = [0] * len(groups)
    for number in sorted(numbers, key=lambda number: -len(parts[number].operations)):
        least = sizes.index(min(sizes))
        groups[least].append(number)
        sizes[least] += len(parts[number].operations)
    for group in groups:
        group.sort()
    return groups
