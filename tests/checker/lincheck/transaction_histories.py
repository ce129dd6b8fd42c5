"""Transactions over lists: linearizable by construction, and with one wrong answer of a kind."""

from __future__ import annotations

from random import Random
from typing import Any

from checker.history import Operation

KINDS = ("lost", "swapped", "stale", "skewed")
"""An element is missing; two change places; the answer is that of long before; a read of another
list in the same transaction is that of long before."""


def transactions(
    seed: int,
    count: int,
    *,
    clients: int = 5,
    keys: int = 3,
    reads: float = 0.5,
    twice: float = 0.0,
    smalls: int = 4,
) -> list[Operation]:
    """A seeded scheduler picks which client invokes, takes effect or completes.

    ``reads``: the share of reads; ``twice``: of appends whose element was appended before.
    """
    random = Random(seed)
    lists: dict[str, list[int]] = {}
    open_: list[Any] = [None] * clients
    found: list[Operation] = []
    rank = begun = elements = 0
    while len(found) < count:
        client = random.randrange(clients)
        if open_[client] is None:
            if begun == count:
                continue
            asked: list[list[Any]] = []
            for _ in range(random.randint(1, smalls)):
                key = f"k{random.randrange(keys)}"
                if random.random() < reads:
                    asked.append(["r", key, None])
                elif elements and random.random() < twice:
                    asked.append(["append", key, random.randrange(elements)])
                else:
                    asked.append(["append", key, elements])
                    elements += 1
            open_[client] = [rank, asked, None]
            begun, rank = begun + 1, rank + 1
        elif open_[client][2] is None:
            open_[client][2] = [_answered(lists, *small) for small in open_[client][1]]
        else:
            invoked, asked, told = open_[client]
            found.append(
                Operation(
                    client, "txn", None, asked, told, "ok", invoked, rank, None, invoked, rank
                )
            )
            open_[client], rank = None, rank + 1
    return sorted(found, key=lambda operation: operation.invoked)


def _answered(lists: dict[str, list[int]], f: str, key: str, element: Any) -> list[Any]:
    if f == "r":
        return [f, key, list(lists.get(key, ()))]
    lists.setdefault(key, []).append(element)
    return [f, key, element]


def lying(operations: list[Operation], kind: str, seed: int = 1) -> list[Operation]:
    """The history in which a read of its second half is wrong in this way."""
    random = Random(f"{kind} {seed}")
    for at in range(len(operations) // 2, len(operations)):
        told = [list(small) for small in operations[at].result]
        read = [place for place, (f, _, value) in enumerate(told) if f == "r" and len(value) > 8]
        keys = {key for _, key, _ in told}
        if not read or len(keys) < (2 if kind == "skewed" else 1):
            continue
        value = list(told[read[-1]][2])
        place = random.randrange(len(value) // 2)
        if kind == "lost":
            del value[place]
        elif kind == "swapped":
            value[place], value[place + 1] = value[place + 1], value[place]
        else:
            value = value[: len(value) // 2]
        told[read[-1]][2] = value
        return [*operations[:at], operations[at]._replace(result=told), *operations[at + 1 :]]
    raise ValueError("no read of the second half has enough elements")


def damaged(operations: list[Operation], random: Random) -> list[Operation]:
    """A short history with some answers changed, and some operations crashed."""
    left = list(operations)
    for _ in range(random.choice((0, 1, 1, 2))):
        at = random.randrange(len(left))
        told = [list(small) for small in left[at].result]
        small = random.choice(told)
        if small[0] == "r":
            small[2] = _another(small[2], random)
            left[at] = left[at]._replace(result=told)
    return [
        o._replace(outcome="info", result=None, completed=None) if random.random() < 0.15 else o
        for o in left
    ]


def _another(answer: list[int], random: Random) -> list[int]:
    shuffled = random.sample(answer, len(answer))
    shorter = answer[: random.randrange(len(answer) + 1)]
    return random.choice((shuffled, shorter, answer[1:], [*answer, random.randrange(8)]))
