"""Registers, key-value stores, and transactions of several keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from checker.history import MISMATCH
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

# Registers


def _ask_register(fs: Sequence[str]) -> Ask:
    def ask(random: Random, store: Store, keys: Sequence[str], client: int) -> Asked:
        f, key = random.choice(fs), random.choice(keys)
        if f == "read":
            return f, key, None
        if f == "write":
            return f, key, some_value(random)
        return f, key, [random.choice((None, 0, 1, 2)), some_value(random)]

    return ask


def _answer_register(random: Random, store: Store, asked: Asked, owner: Any) -> Answer:
    f, key, argument = asked
    if f == "read":
        return Answer(store.get(key))
    if f == "write":
        store[key] = argument
    elif _same(store.get(key), argument[0]):
        store[key] = argument[1]
    else:
        return Answer(argument, "fail", MISMATCH)
    return Answer(argument)


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and one == other


def _guess_register(random: Random, asked: Asked) -> Any:
    return random.choice((None, 0, 1, 2)) if asked[0] == "read" else NOTHING


# Key-value stores


def _ask_kv(absent: str | None) -> Ask:
    def branch(random: Random, keys: Sequence[str]) -> list[list[Any]]:
        ops: list[list[Any]] = []
        for _ in range(random.randrange(3)):
            f, key = random.choice(("get", "get", "put", "delete", "append")), random.choice(keys)
            ops.append([f, key, random.choice("ab")] if f in ("put", "append") else [f, key])
        return ops

    def ask(random: Random, store: Store, keys: Sequence[str], client: int) -> Asked:
        f = random.choice(("get", "get", "get", "put", "append", "append", "cas", "delete", "txn"))
        key = random.choice(keys)
        if f in ("put", "append"):
            return f, key, random.choice("ab")
        if f == "cas":
            return f, key, [random.choice((absent, "a", "b", "ab")), random.choice("ab")]
        if f == "txn":
            compare = [[key, random.choice((absent, "a", "b"))]] if random.random() < 0.7 else []
            then, otherwise = branch(random, keys), branch(random, keys)
            return f, None, {"compare": compare, "then": then, "else": otherwise}
        return f, key, None

    return ask


def _answer_kv(absent: str | None) -> Effect:
    def small(store: Store, f: str, key: Any, value: Any = None) -> Any:
        if f == "get":
            return store.get(key, absent)
        if f == "put":
            store[key] = value
        elif f == "append":
            store[key] = store.get(key, "") + value
        else:
            store.pop(key, None)
        return None

    def answer(random: Random, store: Store, asked: Asked, owner: Any) -> Answer:
        f, key, argument = asked
        if f == "cas":
            if store.get(key, absent) != argument[0]:
                return Answer(argument, "fail", MISMATCH)
            store[key] = argument[1]
            return Answer(argument)
        if f != "txn":
            return Answer(small(store, f, key, argument))
        held = all(store.get(k, absent) == expected for k, expected in argument["compare"])
        results = [small(store, *op) for op in argument["then" if held else "else"]]
        return Answer({"succeeded": held, "results": results})

    return answer


def _guess_kv(absent: str | None) -> Guess:
    texts = (absent, "a", "b", "ab", "ba", "aa")

    def guess(random: Random, asked: Asked) -> Any:
        f, _, argument = asked
        if f == "get":
            return random.choice(texts)
        if f != "txn":
            return NOTHING
        held = random.random() < 0.5
        branch = argument["then" if held else "else"]
        results = [random.choice(texts) if op[0] == "get" else None for op in branch]
        return {"succeeded": held, "results": results}

    return guess


# Transactions


def _ask_txn(write: str, alone: bool) -> Ask:
    def ask(random: Random, store: Store, keys: Sequence[str], client: int) -> Asked:
        if alone and random.random() < 0.5:
            f, key = random.choice(("append", "read")), random.choice(keys)
            return f, key, random.randrange(4) if f == "append" else None
        smalls: list[list[Any]] = []
        for _ in range(random.choice((1, 1, 2, 2, 3))):
            f = random.choice(("r", write))
            value = None if f == "r" else random.randrange(3)
            smalls.append([f, random.choice(keys), value])
        return "txn", None, smalls

    return ask


def _answer_txn(random: Random, store: Store, asked: Asked, owner: Any) -> Answer:
    f, key, argument = asked
    if f == "read":
        return Answer(list(store.get(key, [])))
    if f == "append":
        store[key] = [*store.get(key, []), argument]
        return Answer(argument)
    smalls: list[list[Any]] = []
    for small, name, value in argument:
        if small == "w":
            store[name] = value
        elif small == "append":
            store[name] = [*store.get(name, []), value]
        smalls.append([small, name, store.get(name) if small == "r" else value])
    return Answer(smalls)


def _guess_txn(draw: Callable[[Random], Any]) -> Guess:
    def guess(random: Random, asked: Asked) -> Any:
        f, _, argument = asked
        if f == "read":
            return draw(random)
        if f != "txn" or all(small != "r" for small, _, _ in argument):
            return NOTHING
        return [[s, k, draw(random) if s == "r" else value] for s, k, value in argument]

    return guess


def _a_list(random: Random) -> list[int]:
    return [random.randrange(3) for _ in range(random.randrange(3))]


REGISTER = Simulation(_ask_register(("read", "write")), _answer_register, _guess_register)
CAS_REGISTER = Simulation(
    _ask_register(("read", "write", "cas")), _answer_register, _guess_register
)
KV = Simulation(_ask_kv(None), _answer_kv(None), _guess_kv(None))
KV_EMPTY = Simulation(_ask_kv(""), _answer_kv(""), _guess_kv(""))
LIST_APPEND = Simulation(_ask_txn("append", True), _answer_txn, _guess_txn(_a_list))
MULTI_REGISTER = Simulation(
    _ask_txn("w", False), _answer_txn, _guess_txn(lambda random: random.choice((None, 0, 1, 2)))
)
