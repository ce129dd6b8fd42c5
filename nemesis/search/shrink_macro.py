"""Shrinking a schedule of macro-steps, to a local minimum.

Theory of operation
-------------------
There is an order of schedules, which ends in spelling (shrink_size.py), so of two different ones
one is smaller. A candidate is executed if it is smaller than the best so far, and taken if its
first failure is of the same kind. Candidates, from all of what may be tried:

- fewer steps (delta debugging), knobs as in the paper's Raft, fewer servers;
- each step milder: a server less in an election or a replication, an answer that is not held, a
  whole round in the place of a delivery, a put in the place of another operation;
- two steps less at once; a step less in return for a change of another one, such as a server more
  in its round;
- names of keys, values, clients and servers in the order of their use; where the order of steps
  does not matter, those of one server together, and elections first.

This is repeated until nothing helps. So the result is minimal under each of these, does not depend
on anything but the schedule and the variant, and shrinking it again leaves it as it is.

Nothing random is below macro-steps, so there are no seeds to be tried, and an execution takes a
millisecond: what is convicted before the end is not judged to its end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from checker.lincheck import KIND
from nemesis.macro.execution import MacroExecution
from nemesis.macro.scenario import PLAIN
from nemesis.macro.steps import MacroStep, Propose
from nemesis.outcome import Run, check_history
from nemesis.run import run
from nemesis.schedule import Knobs, Schedule, encode_schedule
from nemesis.search.shrink_names import (
    clients_of,
    keys_of,
    with_client_renamed,
    with_clients_in_order,
    with_key_renamed,
    with_usual_names,
)
from nemesis.search.shrink_servers import with_fewer_servers, with_servers_in_order
from nemesis.search.shrink_size import size_of
from nemesis.search.shrink_steps import (
    milder_steps,
    with_moved_steps,
    with_retries_as_first_attempts,
    without_one_for_another,
    without_pairs,
)
from nemesis.search.shrinker import (
    OutOfBudget,
    Shrinker,
    Shrunk,
    is_possible,
    with_knobs,
    with_steps,
)
from raft.replica import Variant

# Knobs that say which steps there can be.
_KEPT_KNOBS = frozenset({"workload", "replicas", "spares", "clients"})
# As the register's operations are called by the key-value service.
_OF_REGISTERS = {"read": "get", "write": "put"}


def shrink_macro(
    failed: Run, variant: Variant, executions: int, may_go_on: Callable[[], bool]
) -> Shrunk:
    """See nemesis.search.shrink.shrink."""
    shrinker = MacroShrinker(failed, variant, executions, may_go_on)
    shrinker.shrink()
    return Shrunk(run(shrinker.schedule, variant), shrinker.executions)


class MacroShrinker(Shrinker):
    """Shrinks one schedule."""

    def __init__(
        self, failed: Run, variant: Variant, executions: int, may_go_on: Callable[[], bool]
    ) -> None:
        super().__init__(failed, executions, may_go_on)
        self._variant = variant
        self._size = size_of(self.schedule)
        # Candidates that are known not to fail so.
        self._seen: set[bytes] = set()

    def shrink(self) -> None:
        """Try everything, until nothing helps or the budget is spent."""
        try:
            while self._pass():
                pass
        except OutOfBudget:
            return

    def _pass(self) -> bool:
        """Try everything once; whether anything helped."""
        before = self.schedule
        self.leave_out(self._without)
        self.take_first(_plain_knobs(self.schedule))
        self.take_each(with_fewer_servers)
        self.take_each(milder_steps)
        self.take_each(_simpler_knobs)
        self.take_each(_usual_names)
        if self.schedule == before:
            # These are many. They are worth it where the others are at their end.
            self.take_each(without_pairs)
            self.take_each(with_retries_as_first_attempts)
            self.take_each(without_one_for_another)
            self.take_each(_in_order)
        return self.schedule != before

    def _without(self, start: int, stop: int) -> bool:
        steps = self.schedule.steps
        return self.take(with_steps(self.schedule, steps[:start] + steps[stop:]))

    # -- Whether it still fails --------------------------------------------------------------------

    def take(self, candidate: Schedule) -> bool:
        """Make the candidate the best if it is smaller and fails first in the same way."""
        if size_of(candidate) >= self._size:
            return False
        spelled = encode_schedule(candidate)
        if spelled in self._seen or not (candidate.steps and is_possible(candidate)):
            return False
        executed = self._execute(candidate)
        if executed is None:
            self._seen.add(spelled)
            return False
        self.schedule = executed
        self._size = size_of(executed)
        return True

    def _execute(self, schedule: Schedule) -> Schedule | None:
        """As much of the schedule as it takes to fail in the same way; None if it does not."""
        self.spend()
        execution = MacroExecution(schedule.knobs, self._variant)
        for step in schedule.steps:
            assert isinstance(step, MacroStep)
            if not execution.perform(step):
                break
        failures = execution.failures
        if not failures and self.kind == KIND:
            history = execution.cluster.history.events
            failures = list(check_history(history, execution.workload.model).failures)
        if not failures or failures[0].kind != self.kind:
            return None
        return with_steps(schedule, execution.steps)


def _plain_knobs(schedule: Schedule) -> Iterator[Schedule]:
    """All knobs as they are if nobody says anything."""
    kept = {name: getattr(schedule.knobs, name) for name in _KEPT_KNOBS}
    yield msgspec.structs.replace(schedule, seed=0, knobs=msgspec.structs.replace(PLAIN, **kept))


def _simpler_knobs(schedule: Schedule) -> Iterator[Schedule]:
    knobs = schedule.knobs
    if knobs.workload == "register":
        yield _as_key_value(schedule)
    for name in Knobs.__struct_fields__:
        if name not in _KEPT_KNOBS and getattr(knobs, name) != getattr(PLAIN, name):
            yield with_knobs(schedule, **{name: getattr(PLAIN, name)})
    if knobs.reads == "lease" and not PLAIN.check_quorum:
        # Leases need it.
        yield with_knobs(schedule, reads=PLAIN.reads, check_quorum=False)
    keys = keys_of(schedule)
    for at, key in enumerate(keys):
        for other in keys[:at]:
            yield with_key_renamed(schedule, key, other)
    clients = clients_of(schedule)
    for at, client in enumerate(clients):
        for other_client in clients[:at]:
            yield with_client_renamed(schedule, client, other_client)


def _as_key_value(schedule: Schedule) -> Schedule:
    steps = (
        msgspec.structs.replace(step, f=_OF_REGISTERS.get(step.f, step.f))
        if isinstance(step, Propose)
        else step
        for step in schedule.steps
    )
    return with_knobs(with_steps(schedule, steps), workload="kv")


def _usual_names(schedule: Schedule) -> Iterator[Schedule]:
    yield msgspec.structs.replace(schedule, seed=0)
    yield with_clients_in_order(with_usual_names(schedule), PLAIN.clients)
    yield with_clients_in_order(schedule, PLAIN.clients)
    yield with_usual_names(schedule)
    for renamed in with_servers_in_order(schedule):
        yield with_clients_in_order(with_usual_names(renamed), PLAIN.clients)


def _in_order(schedule: Schedule) -> Iterator[Schedule]:
    for reordered in with_moved_steps(schedule):
        yield with_clients_in_order(with_usual_names(reordered), PLAIN.clients)
        yield reordered
