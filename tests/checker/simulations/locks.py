"""Locks and semaphores.

The state of a key of a lock is a list: the owner, or the token, of each acquisition that is held.
"""

from __future__ import annotations

from collections.abc import Sequence
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
)


def _ask_lock(permits: int | None, kind: str = "") -> Ask:
    def ask(random: Random, store: Store, keys: Sequence[str], client: int) -> Asked:
        key = random.choice(keys)
        if kind == "fencing-lock" and random.random() < 0.25:
            return "holder", key, None
        f = "release" if random.random() < (0.8 if store.get(key) else 0.05) else "acquire"
        if permits is not None:
            return f, key, random.choice((None, 1, 1, 2)) if permits > 1 else None
        return f, key, None if random.random() < 0.3 else random.randrange(2)

    return ask


def _answer_lock(kind: str) -> Effect:
    def answer(random: Random, store: Store, asked: Asked, process: Any) -> Answer | None:
        f, key, argument = asked
        owner = process if argument is None else argument
        held = store.setdefault(key, [])
        if f == "holder":
            return Answer(held[-1] if held else None)
        if f == "acquire":
            if held and (kind != "reentrant-mutex" or held[-1] != owner):
                return None
            held.append(owner)
            if kind != "fencing-lock":
                return Answer(argument)
            store["last", key] = store.get(("last", key), 0) + random.choice((1, 1, 2))
            return Answer(store["last", key])
        if not held or (kind != "mutex" and held[-1] != owner):
            return None
        held.pop()
        return Answer(argument)

    return answer


def _guess_lock(kind: str) -> Guess:
    def guess(random: Random, asked: Asked) -> Any:
        if kind == "fencing-lock" and asked[0] == "acquire":
            return random.randrange(5)
        return random.choice((None, 0, 1)) if asked[0] == "holder" else NOTHING

    return guess


def _answer_semaphore(permits: int) -> Effect:
    def answer(random: Random, store: Store, asked: Asked, owner: Any) -> Answer | None:
        f, key, argument = asked
        wanted = 1 if argument is None else argument
        after = store.get(key, 0) + (wanted if f == "acquire" else -wanted)
        if not 0 <= after <= permits:
            return None
        store[key] = after
        return Answer(argument)

    return answer


def lock(kind: str) -> Simulation:
    return Simulation(_ask_lock(None, kind), _answer_lock(kind), _guess_lock(kind))


def semaphore(permits: int) -> Simulation:
    return Simulation(_ask_lock(permits), _answer_semaphore(permits), _guess_lock("semaphore"))
