"""Queues, stacks and sets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from tests.checker.simulations.simulation import (
    NOTHING,
    Answer,
    Ask,
    Asked,
    Effect,
    Guess,
    Simulation,
    Store,
    some_value,
)

# Queues


def _ask_queue(insert: str, remove: str) -> Ask:
    fs = (insert, insert, insert, remove, remove, "peek")

    def ask(random: Random, store: Store, keys: Sequence[str], client: int) -> Asked:
        f = random.choice(fs)
        value = random.randrange(3) if insert == "insert" else some_value(random)
        return f, random.choice(keys), value if f == insert else None

    return ask


def _answer_queue(insert: str, pick: Callable[[list[Any]], int]) -> Effect:
    def answer(random: Random, store: Store, asked: Asked, owner: Any) -> Answer:
        f, key, argument = asked
        elements = store.setdefault(key, [])
        if f == insert:
            elements.append(argument)
            return Answer(argument)
        if not elements:
            return Answer(None)
        at = pick(elements)
        return Answer(elements[at] if f == "peek" else elements.pop(at))

    return answer


def _guess_queue(insert: str) -> Guess:
    def guess(random: Random, asked: Asked) -> Any:
        return NOTHING if asked[0] == insert else random.choice((None, 0, 1, 2))

    return guess


def _queue(insert: str, remove: str, pick: Callable[[list[Any]], int]) -> Simulation:
    return Simulation(_ask_queue(insert, remove), _answer_queue(insert, pick), _guess_queue(insert))


# Sets


def _ask_set(fs: Sequence[str]) -> Ask:
    def ask(random: Random, store: Store, keys: Sequence[str], client: int) -> Asked:
        f = random.choice(fs)
        return f, random.choice(keys), None if f == "read" else random.randrange(4)

    return ask


def _answer_set(random: Random, store: Store, asked: Asked, owner: Any) -> Answer:
    f, key, element = asked
    elements = store.setdefault(key, [])
    if f == "read":
        return Answer(random.sample(elements, len(elements)))
    if f == "contains":
        return Answer(element in elements)
    if f == "add" and element not in elements:
        elements.append(element)
    elif f == "remove" and element in elements:
        elements.remove(element)
    return Answer(element)


def _guess_set(random: Random, asked: Asked) -> Any:
    if asked[0] == "read":
        return random.sample(range(4), random.randrange(4))
    return random.random() < 0.5 if asked[0] == "contains" else NOTHING


def _least(elements: list[Any]) -> int:
    return min(range(len(elements)), key=elements.__getitem__)


FIFO_QUEUE = _queue("enqueue", "dequeue", lambda elements: 0)
STACK = _queue("push", "pop", lambda elements: len(elements) - 1)
PRIORITY_QUEUE = _queue("insert", "poll", _least)
SET = Simulation(_ask_set(("add", "remove", "contains", "read")), _answer_set, _guess_set)
G_SET = Simulation(_ask_set(("add", "add", "read")), _answer_set, _guess_set)
