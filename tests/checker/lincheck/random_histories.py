"""Random histories of containers: linearizable by construction, with crashed clients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from checker.history import Operation

Draw = Callable[[Random, Any, int], tuple[str, Any, Any, Any]]
"""draw(random, state, number) -> (f, argument, result, next state): a call that takes effect now."""


def run(random: Random, count: int, draw: Draw, state: Any, crash: float = 0.15) -> list[Operation]:
    """A linearizable history of ``count`` operations by up to four clients, some of which crash."""
    clock = iter(range(10 * count + 10))
    pending: list[list[Any]] = []  # [invoked, told or None]
    done: list[Operation] = []
    started = 0
    while started < count or pending:
        if started < count and (not pending or (len(pending) < 4 and random.random() < 0.5)):
            pending.append([next(clock), None, started])
            started += 1
            continue
        at = random.randrange(len(pending))
        invoked, told, number = pending[at]
        if told is None and random.random() < 0.5:
            # It will take effect before it completes; what it will be is drawn when it does.
            *told, state = draw(random, state, number)
            pending[at][1] = told
            continue
        del pending[at]
        draws = random.random()
        if told is None:
            *told, after = draw(random, state, number)
            if draws < crash / 2 or draws > 0.97:
                # It never took effect.
                crashed = draws < crash / 2
                end = None if crashed else next(clock)
                done.append(operation(number, told, invoked, end, "info" if crashed else "fail"))
                continue
            state = after
        if draws < crash:
            done.append(operation(number, told, invoked, None, "info"))
        else:
            done.append(operation(number, told, invoked, next(clock), "ok"))
    return sorted(done, key=lambda each: each.invoked)


def operation(
    number: int, told: Sequence[Any], invoked: int, completed: int | None, outcome: str
) -> Operation:
    f, argument, result = told
    return Operation(
        number, f, None, argument, result if outcome == "ok" else None, outcome, invoked, completed
    )


def with_another_answer(
    random: Random, operations: list[Operation], answers: dict[str, Callable[[Random], Any]]
) -> list[Operation]:
    """One completed answer replaced by another one."""
    told = [at for at, o in enumerate(operations) if o.outcome == "ok" and o.f in answers]
    if not told:
        return operations
    at = random.choice(told)
    changed = list(operations)
    changed[at] = changed[at]._replace(result=answers[changed[at].f](random))
    return changed


def draw_queue(peeks: float, empties: float) -> Draw:
    def draw(random: Random, state: Any, number: int) -> tuple[str, Any, Any, Any]:
        if random.random() < peeks:
            return "peek", None, state[0] if state else None, state
        if (not state and random.random() > empties) or random.random() < 0.45:
            return "enqueue", number, None, (*state, number)
        return "dequeue", None, state[0] if state else None, state[1:]

    return draw


def draw_set(reads: float, contains: float, removes: float, again: float) -> Draw:
    def draw(random: Random, state: Any, number: int) -> tuple[str, Any, Any, Any]:
        present, known = state
        kind = random.random()
        if kind < reads:
            return "read", None, random.sample(sorted(present), len(present)), state
        element = random.choice(sorted(known)) if known else number
        if kind < reads + contains:
            return "contains", element, element in present, state
        if kind < reads + contains + removes:
            return "remove", element, None, (present - {element}, known | {element})
        if random.random() > again:
            element = number
        return "add", element, None, (present | {element}, known | {element})

    return draw


def draw_list(reads: float) -> Draw:
    """Calls of a list: this part of them are reads."""

    def draw(random: Random, state: Any, number: int) -> tuple[str, Any, Any, Any]:
        if random.random() < reads:
            return "read", None, list(state), state
        return "append", number, None, (*state, number)

    return draw
