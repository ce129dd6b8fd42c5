"""Histories to judge by weaker conditions."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import combinations
from random import Random
from typing import Any

from checker.history import MISMATCH, History, Operation
from checker.lincheck.conditions import GUARANTEES, session_guarantees
from checker.models import get_model
from checker.verdict import Validity
from tests.checker.histories import history

VALID, INVALID, UNKNOWN = Validity.VALID, Validity.INVALID, Validity.UNKNOWN
ALL_FOUR = " + ".join(GUARANTEES)

ROUNDS = int(os.environ.get("CONDITIONS_ROUNDS", "400"))
"""Random histories of each kind; more where somebody waits for them."""

SETS = [list(chosen) for size in range(1, 5) for chosen in combinations(GUARANTEES, size)]


def told(*operations: tuple[Any, ...], model: str = "register") -> History:
    """One operation after another, 10 ns each: (process, f, argument or result[, key])."""
    rows: list[tuple[Any, ...]] = []
    for at, (process, f, value, *key) in enumerate(operations):
        where = key[0] if key else "x"
        begin, end = 10 * at, 10 * at + 5
        if f == "read":
            rows.append((process, "invoke", f, where, None, None, begin))
            rows.append((process, "ok", f, where, value, None, end))
        elif f == "crashed":
            rows.append((process, "invoke", "write", where, value, None, begin))
            rows.append((process, "info", "write", where, value, "timed-out", end))
        elif f == "mismatch":
            rows.append((process, "invoke", "cas", where, value, None, begin))
            rows.append((process, "fail", "cas", where, value, MISMATCH, end))
        else:
            rows.append((process, "invoke", f, where, value, None, begin))
            rows.append((process, "ok", f, where, value, None, end))
    return history(*rows)


def verdict_of(given: History, *guarantees: str, model: str = "register") -> Validity:
    return session_guarantees(given.operations(), get_model(model), guarantees).validity


def history_of(operations: Sequence[Operation]) -> History:
    rows: list[tuple[int, tuple[Any, ...]]] = []
    for each in operations:
        process, f, key, argument = each.process, each.f, each.key, each.argument
        value = each.result if each.f == "read" else argument
        rows.append((each.invoked, (process, "invoke", f, key, argument)))
        end = each.invoked + 1 if each.completed is None else each.completed
        rows.append((end, (process, each.outcome, f, key, value, each.error)))
    return history(*[row for _, row in sorted(rows, key=lambda pair: pair[0])])


def random_sessions(random: Random, *, unique: bool) -> list[Operation]:
    """Up to three processes with few writes, reads and compare-and-sets, of one key or two."""
    keys = random.choice(["x", "xy"])
    accesses = random.randrange(2, 6)
    plans = [random.choice(["write", "read", "read", "cas", "mismatch"]) for _ in range(accesses)]
    if plans.count("write") + plans.count("cas") > 3:
        return random_sessions(random, unique=unique)
    values = list(range(1, accesses + 1)) if unique else [1, 2, 1, 2, 1]
    operations = []
    closed: set[int] = set()
    written = [at for at, plan in enumerate(plans) if plan in ("write", "cas")]
    place = {at: random.choice(keys) for at in range(accesses)}
    for at, f in enumerate(plans):
        key = place[at]
        seen = [values[w] for w in written if place[w] == key and w != at] + [None]
        process = random.choice([each for each in range(10) if each not in closed][:3])
        crashed = f in ("write", "cas") and random.random() < 0.2
        if crashed:
            closed.add(process)
        argument = None if f == "read" else values[at]
        if f in ("cas", "mismatch"):
            argument = [random.choice(seen), 99 if f == "mismatch" else values[at]]
        outcome = "info" if crashed else "fail" if f == "mismatch" else "ok"
        operations.append(
            Operation(
                process,
                "cas" if f == "mismatch" else f,
                key,
                argument,
                random.choice(seen) if f == "read" else None,
                outcome,
                2 * at,
                None if crashed else 2 * at + 1,
                MISMATCH if f == "mismatch" else None,
                2 * at,
                2 * at + 1,
            )
        )
    return operations
