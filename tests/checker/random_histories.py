"""Random histories of every model: right by construction, or with one answer changed.

A seeded scheduler lets clients invoke, lets pending operations take effect at a random moment
within their intervals, and lets them complete. What they answer comes from a simulation
(tests/checker/simulations). An operation that crashes may still take effect later, or never.
Values are few, so that most occur more than once.
"""

from __future__ import annotations

from random import Random

from checker.history import MISMATCH, Operation
from tests.checker.simulations.named import simulation_of, with_unique_values
from tests.checker.simulations.simulation import NOTHING, Answer, Asked, Simulation, Store


class _Pending:
    """An operation under way; ``answer`` is there once it has taken effect."""

    __slots__ = ("answer", "asked", "client", "invoked", "process", "slot")

    def __init__(self, slot: int, client: int, process: int, asked: Asked, invoked: int) -> None:
        self.slot = slot
        self.client = client
        self.process = process
        self.asked = asked
        self.invoked = invoked
        self.answer: Answer | None = None


def random_operations(
    random: Random,
    model_name: str,
    count: int,
    *,
    concurrency: int = 3,
    crash_rate: float = 0.1,
    wrong_rate: float = 0.5,
    keys: int = 1,
    unique: bool = False,
) -> list[Operation]:
    """``count`` operations in order of invocation, of ``concurrency`` clients and ``keys`` keys.

    Each crashes with a chance of ``crash_rate``. With a chance of ``wrong_rate`` one answer is
    changed, so the history may be impossible; otherwise it is linearizable. ``unique``: no value
    is written, inserted or added twice, where the model has such values; a counter counts by ones.
    """
    simulation = simulation_of(model_name)
    if unique:
        simulation = with_unique_values(simulation, model_name)
    names = "xyzuvw"[:keys] if keys <= 6 else [f"k{at}" for at in range(keys)]
    operations: list[Operation | None] = [None] * count
    store: Store = {}
    processes = list(range(concurrency))
    idle = list(range(concurrency))
    pending: list[_Pending] = []
    crashed: list[_Pending] = []
    started = rank = 0
    while started < count or pending:
        draw = random.random()
        if started < count and idle and (not pending or draw < 0.4):
            client = idle.pop(random.randrange(len(idle)))
            asked = simulation.ask(random, store, names, client)
            pending.append(_Pending(started, client, processes[client], asked, rank))
            started += 1
            rank += 1
            continue
        if crashed and draw > 0.9:
            late = crashed.pop(random.randrange(len(crashed)))
            simulation.answer(random, store, late.asked, late.process)
            continue
        at = random.randrange(len(pending))
        each = pending[at]
        crashes = random.random() < crash_rate
        if each.answer is None and not (crashes and random.random() < 0.5):
            each.answer = simulation.answer(random, store, each.asked, each.process)
            if each.answer is None and random.random() < 0.2:
                each.answer = Answer(None, "fail", "timeout")
            continue
        pending.pop(at)
        idle.append(each.client)
        if crashes or each.answer is None:
            if each.answer is None and random.random() < 0.5:
                crashed.append(each)
            processes[each.client] += concurrency
            operations[each.slot] = _operation(each, None, rank)
        else:
            operations[each.slot] = _operation(each, each.answer, rank)
        rank += 1
    found = [operation for operation in operations if operation is not None]
    if random.random() < wrong_rate:
        _change_one(random, found, simulation)
    return found


def _operation(pending: _Pending, answer: Answer | None, rank: int) -> Operation:
    f, key, argument = pending.asked
    return Operation(
        pending.process,
        f,
        key,
        argument,
        None if answer is None else answer.result,
        "info" if answer is None else answer.outcome,
        pending.invoked,
        None if answer is None else rank,
        None if answer is None else answer.error,
        pending.invoked,
        rank,
    )


def _change_one(random: Random, operations: list[Operation], simulation: Simulation) -> None:
    """Change what one operation answers; if none of them answers anything, its ``f``."""
    places = list(range(len(operations)))
    random.shuffle(places)
    for at in places:
        operation = operations[at]
        if operation.f == "cas" and operation.outcome != "info":
            if operation.error == MISMATCH:
                operations[at] = operation._replace(outcome="ok", error=None)
            elif operation.outcome == "ok":
                operations[at] = operation._replace(outcome="fail", error=MISMATCH)
            return
        if operation.outcome != "ok":
            continue
        asked = (operation.f, operation.key, operation.argument)
        for _ in range(5):
            guess = simulation.guess(random, asked)
            if guess is not NOTHING and guess != operation.result:
                operations[at] = operation._replace(result=guess)
                return
    for at in places:
        operation = operations[at]
        if operation.outcome == "ok" and operation.f == "acquire":
            operations[at] = operation._replace(f="release")
            return
