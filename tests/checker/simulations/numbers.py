"""Counters, identifiers, and the balances of accounts."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

from tests.checker.simulations.simulation import (
    NOTHING,
    Answer,
    Asked,
    Simulation,
    Store,
)

# Counters, ids


def _ask_counter(random: Random, store: Store, keys: Sequence[str], client: int) -> Asked:
    f = random.choice(("read", "add", "add", "add-and-get"))
    return f, random.choice(keys), None if f == "read" else random.choice((-1, 1, 1, 2))


def _answer_counter(random: Random, store: Store, asked: Asked, owner: Any) -> Answer:
    f, key, delta = asked
    if f != "read":
        store[key] = store.get(key, 0) + delta
    return Answer(delta if f == "add" else store.get(key, 0))


def _guess_counter(random: Random, asked: Asked) -> Any:
    return NOTHING if asked[0] == "add" else random.randrange(-1, 4)


def _ask_id(random: Random, store: Store, keys: Sequence[str], client: int) -> Asked:
    return "generate", None, None


def _answer_id(random: Random, store: Store, asked: Asked, owner: Any) -> Answer:
    store[None] = store.get(None, 0) + random.choice((1, 1, 2))
    return Answer(store[None])


def _guess_id(random: Random, asked: Asked) -> Any:
    return random.randrange(1, 8)


# Banks: the state of a key is the balances of three accounts


def _ask_bank(random: Random, store: Store, keys: Sequence[str], client: int) -> Asked:
    key = random.choice(keys)
    if random.random() < 0.4:
        return "read", key, None
    source = random.randrange(3)
    return "transfer", key, [source, (source + random.choice((1, 2))) % 3, random.randrange(9)]


def _answer_bank(random: Random, store: Store, asked: Asked, owner: Any) -> Answer:
    f, key, argument = asked
    balances = store.setdefault(key, [10, 10, 10])
    if f == "read":
        return Answer([*balances])
    source, target, amount = argument
    if balances[source] < amount:
        return Answer(argument, "fail", "too little")
    balances[source] -= amount
    balances[target] += amount
    return Answer(argument)


def _guess_bank(random: Random, asked: Asked) -> Any:
    return [random.randrange(8, 13) for _ in range(3)] if asked[0] == "read" else NOTHING


COUNTER = Simulation(_ask_counter, _answer_counter, _guess_counter)
UNIQUE_IDS = Simulation(_ask_id, _answer_id, _guess_id)
BANK = Simulation(_ask_bank, _answer_bank, _guess_bank)
