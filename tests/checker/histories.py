"""Histories for tests: written by hand, drawn at random, and a brute-force oracle."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from random import Random
from typing import Any

from checker.history import MISMATCH, Event, History, Operation

Row = tuple[Any, ...]


def history(*rows: Row) -> History:
    """A history of rows (process, type, f, key, value[, error[, time]])."""
    events = []
    for index, row in enumerate(rows):
        process, type_, f, key, value, *rest = row
        error = rest[0] if rest else None
        time = rest[1] if len(rest) > 1 else None
        events.append(Event(index, process, type_, f, key, value, time, error))
    return History(events)


def oracle(operations: Sequence[Operation], initial: Any, apply: Any) -> bool:
    """Whether some order of the operations is legal; tries them all.

    ``apply(state, operation)`` gives (allowed, next state). Operations that failed without telling
    anything are left out, those with unknown outcome may be.
    """
    told = [o for o in operations if o.outcome != "fail" or o.error == MISMATCH]
    must = [o for o in told if o.completed is not None]
    may = [o for o in told if o.completed is None]
    for chosen in range(1 << len(may)):
        taken = must + [o for at, o in enumerate(may) if chosen >> at & 1]
        for order in permutations(taken):
            if respects_time(order) and is_legal(order, initial, apply):
                return True
    return False


def respects_time(order: Sequence[Operation]) -> bool:
    """No operation stands before one that had ended before it began."""
    return not any(
        later.completed is not None and later.completed < earlier.invoked
        for at, earlier in enumerate(order)
        for later in order[at + 1 :]
    )


def is_legal(order: Sequence[Operation], initial: Any, apply: Any) -> bool:
    state = initial
    for operation in order:
        allowed, state = apply(state, operation)
        if not allowed:
            return False
    return True


def apply_kv(state: dict[Any, Any], operation: Operation) -> tuple[bool, dict[Any, Any]]:
    """The key-value store (and, with read and write, the registers), as plainly as can be."""
    f, key, argument = operation.f, operation.key, operation.argument
    known = operation.outcome == "ok"
    if f in ("get", "read"):
        return not known or state.get(key) == operation.result, state
    if f in ("put", "write"):
        return True, {**state, key: argument}
    if f == "append":
        return True, {**state, key: (state.get(key) or "") + argument}
    if f == "delete":
        return True, {**state, key: None}
    if f == "cas":
        matches = state.get(key) == argument[0]
        if operation.outcome == "fail":
            return not matches, state
        return matches or not known, {**state, key: argument[1]} if matches else state
    assert f == "txn"
    held = all(state.get(key) == expected for key, expected in argument["compare"])
    results = []
    for f, key, *value in argument["then" if held else "else"]:
        results.append(state.get(key) if f == "get" else None)
        if f == "put":
            state = {**state, key: value[0]}
        elif f == "append":
            state = {**state, key: (state.get(key) or "") + value[0]}
        elif f == "delete":
            state = {**state, key: None}
    return not known or operation.result == {"succeeded": held, "results": results}, state


def random_history(random: Random, model: str, count: int, keys: str = "x") -> History:
    """A small history of ``count`` operations with few values: about half are linearizable.

    Some clients crash; some events share a time.
    """
    rows: list[Row] = []
    free, busy, next_process = [0, 1, 2], [], 3
    started = time = 0
    while started < count or busy:
        time += random.random() < 0.8
        if started < count and free and (not busy or random.random() < 0.5):
            process = free.pop(random.randrange(len(free)))
            f, key, value = _random_call(random, model, keys)
            rows.append((process, "invoke", f, key, value, None, time))
            busy.append((process, f, key, value))
            started += 1
            continue
        process, f, key, value = busy.pop(random.randrange(len(busy)))
        draw = random.random()
        if draw < 0.15:
            rows.append((process, "info", f, key, value, "timed-out", time))
            free.append(next_process)
            next_process += 1
            continue
        free.append(process)
        if draw < 0.22:
            rows.append((process, "fail", f, key, value, "refused", time))
        elif f == "cas" and draw < 0.5:
            rows.append((process, "fail", f, key, value, MISMATCH, time))
        else:
            result = _random_result(random, model, f, value)
            rows.append((process, "ok", f, key, result, None, time))
    return history(*rows)


def _random_value(random: Random, model: str) -> Any:
    return random.choice("ab") if model == "kv" else random.randrange(3)


def _random_call(random: Random, model: str, keys: str) -> tuple[str, str | None, Any]:
    key = random.choice(keys)
    kinds = {
        "register": ["read", "read", "write"],
        "cas-register": ["read", "write", "cas"],
        "kv": ["get", "get", "put", "append", "cas", "delete", "txn"],
    }
    f = random.choice(kinds[model])
    if f in ("put", "write", "append"):
        return f, key, _random_value(random, model)
    if f == "cas":
        expected = None if random.random() < 0.3 else _random_value(random, model)
        return f, key, [expected, _random_value(random, model)]
    if f == "txn":
        other = random.choice(keys)
        compare = [[key, random.choice([None, "a", "b"])]] if random.random() < 0.7 else []
        branches = [
            [["put", key, "a"], ["get", other]],
            [["append", other, "b"]],
            [["delete", key], ["get", key]],
            [["get", other]],
        ]
        value = {
            "compare": compare,
            "then": random.choice(branches),
            "else": random.choice(branches),
        }
        return f, None, value
    return f, key, None


def _random_result(random: Random, model: str, f: str, value: Any) -> Any:
    if f in ("get", "read"):
        if model == "kv":
            return random.choice([None, "a", "b", "ab", "bb"])
        return random.choice([None, 0, 1, 2])
    if f == "txn":
        held = random.random() < 0.6
        branch = value["then" if held else "else"]
        results = [random.choice([None, "a", "b"]) if op[0] == "get" else None for op in branch]
        return {"succeeded": held, "results": results}
    return value
