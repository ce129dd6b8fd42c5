"""The simulation of each model, by the model's name; and one that puts in no value twice."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

from tests.checker.simulations import containers, locks, numbers, stores
from tests.checker.simulations.simulation import NOTHING, Asked, Simulation, Store

_SIMULATIONS = {
    "register": stores.REGISTER,
    "cas-register": stores.CAS_REGISTER,
    "kv": stores.KV,
    "kv-empty": stores.KV_EMPTY,
    "counter": numbers.COUNTER,
    "mutex": locks.lock("mutex"),
    "owner-mutex": locks.lock("owner-mutex"),
    "reentrant-mutex": locks.lock("reentrant-mutex"),
    "fencing-lock": locks.lock("fencing-lock"),
    "semaphore:2": locks.semaphore(2),
    "fifo-queue": containers.FIFO_QUEUE,
    "stack": containers.STACK,
    "priority-queue": containers.PRIORITY_QUEUE,
    "set": containers.SET,
    "g-set": containers.G_SET,
    "list-append": stores.LIST_APPEND,
    "multi-register": stores.MULTI_REGISTER,
    "unique-ids": numbers.UNIQUE_IDS,
    "bank": numbers.BANK,
}

MODEL_NAMES = tuple(_SIMULATIONS)
"""Every model that is simulated; ``semaphore`` with any number of permits."""

_PUTS_IN = ("put", "write", "enqueue", "push", "insert", "add", "append")
_TAKES_OUT = ("read", "get", "dequeue", "pop", "poll", "peek")


def simulation_of(model_name: str) -> Simulation:
    if model_name.startswith("semaphore"):
        return locks.semaphore(int(model_name.partition(":")[2] or 1))
    try:
        return _SIMULATIONS[model_name]
    except KeyError:
        known = ", ".join(MODEL_NAMES)
        raise ValueError(f"no histories of the model {model_name!r} (known: {known})") from None


def with_unique_values(simulation: Simulation, model_name: str) -> Simulation:
    """The same with numbers that count up in the place of the values that are put in."""
    used: list[Any] = ["" if model_name == "kv-empty" else None]
    texts = model_name.startswith("kv")

    def fresh() -> Any:
        used.append(str(len(used)) if texts else len(used))
        return used[-1]

    def ask(random: Random, store: Store, keys: Sequence[str], client: int) -> Asked:
        f, key, argument = simulation.ask(random, store, keys, client)
        if model_name == "counter":
            return ("add", key, 1) if f == "add" else ("read", key, None)
        if texts and f in ("append", "txn", "delete"):
            return "put", key or keys[0], fresh()
        if f == "txn":
            return f, key, [[s, k, None if s == "r" else fresh()] for s, k, _ in argument]
        if f == "cas":
            return f, key, [random.choice((store.get(key, argument[0]), *used[-4:])), fresh()]
        if f in ("contains", "remove"):
            return f, key, random.choice(used[-6:]) or 0
        return f, key, fresh() if f in _PUTS_IN else argument

    def guess(random: Random, asked: Asked) -> Any:
        guessed = simulation.guess(random, asked)
        if guessed is NOTHING or model_name == "counter" or asked[0] not in _TAKES_OUT:
            return guessed
        if isinstance(guessed, list):
            return random.sample(used[1:], min(len(used) - 1, random.randrange(4)))
        return random.choice(used)

    return Simulation(ask, simulation.answer, guess)
