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

from checker.history import Event, History, Operation
from checker.lincheck.budget import Budget, BudgetExhausted, Clock, Meter
from checker.lincheck.checking import Verdict, check_by
from checker.lincheck.judge import TURNS, Finding, Judging, first_turns, judge, judge_all
from checker.lincheck.processes import (
    ProcessDied,
    counters,
    in_processes,
    locked_counter,
    parent_is_gone,
    process_number,
)
from checker.lincheck.sections import Section
from checker.lincheck.telling import Listener, Told, place_of, turn
from checker.models.model import Model

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
        self._listener = Listener(parts, model, meter, order)
        self._turns = first_turns(len(parts), meter)
        self._least = locked_counter(_NOWHERE)
        self._board = _Board(2 * jobs, meter)

    def findings(self) -> Iterator[Finding]:
        """The parent's side."""
        parts, lane = self._parts, self._meter.lane()
        left = set(range(len(parts)))
        found: Told | None = None
        undecided: list[Told] = []
        reason = ""
        try:
            for phase in range(2):
                for told in self._tell(phase, sorted(left), lane):
                    if told.ends_it:
                        found = told if found is None else min(found, told, key=place_of)
                        continue
                    left.remove(self._listener.number(told))
                    if told.outcome is None:
                        undecided.append(told)
                    else:
                        yield self._listener.finding(told)
                if found is not None or not left:
                    break
        except (BudgetExhausted, ProcessDied) as error:
            reason = str(error)
        with suppress(BudgetExhausted):
            lane.spend(*self._board.sums())
        lane.release()
        if found is None:
            yield from self._listener.undecided(undecided, left, reason)
            return
        yield self._listener.last(found)

    def _tell(self, phase: int, numbers: list[int], lane: Meter) -> Iterator[Told]:
        """What the processes tell of these sections; of all, after the second phase.

        Raises BudgetExhausted, ProcessDied.
        """
        groups = _balanced(numbers, self._parts, self._jobs)

        def work(at: int) -> Iterator[list[Told]]:
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

    def _judge(self, numbers: Sequence[int], *, last: bool) -> Iterator[list[Told]]:
        """A process's side: its sections in rounds, as ``judge_all``; one round, or to the last."""
        waiting: list[tuple[int, Meter, Judging]] = []
        queue: Iterable[tuple[int, Meter, Judging]] = (
            (number, lane, judge(self._parts[number], self._model, lane, self._order))
            for number in numbers
            for lane in (self._meter.lane(),)
        )
        batch: list[Told] = []
        exhausted = ""
        start, turns = 0, self._turns
        while True:
            for number, lane, judging in queue:
                place = start + number
                if place > self._least.value:
                    yield batch
                    return
                told = Told(place, None, exhausted) if exhausted else turn(place, judging, turns)
                if told is None:
                    waiting.append((number, lane, judging))
                    continue
                lane.release()
                batch.append(told)
                exhausted = told.reason
                if told.ends_it:
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
