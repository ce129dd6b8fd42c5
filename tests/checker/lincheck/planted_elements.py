"""Long histories of objects made of elements, with one wrong answer of a kind near their end."""

from __future__ import annotations

from random import Random
from typing import Any

from checker.history import Operation

CLIENTS = 10

KINDS = ("lost", "stale", "swapped", "twice", "phantom", "early")
"""An element is missing; the answer of an earlier read; two elements change places; one is there
twice; one that nobody wrote; one written only after the read had ended."""

MODELS = {
    "list-append": "append",
    "g-set": "add",
    "set": "add",
    "kv": "append",
    "kv-empty": "append",
}
"""What writes an element."""

UNORDERED = {"g-set", "set"}
"""Whose answers have no order, and each element once."""


def kinds_of(model: str) -> tuple[str, ...]:
    return tuple(k for k in KINDS if model not in UNORDERED or k not in ("swapped", "twice"))


def recorded(model: str, count: int, gets: float, seed: int) -> list[Operation]:
    """Linearizable: a seeded scheduler picks which client invokes, takes effect or completes.

    Elements are their numbers; of texts, the number and a semicolon.
    """
    random, f = Random(f"{model} {seed}"), MODELS[model]
    is_text = model.startswith("kv")
    operations: list[Any] = [None] * count
    elements: list[Any] = []
    stage = [0] * CLIENTS
    open_: list[Any] = [None] * CLIENTS
    rank = begun = ended = 0
    while ended < count:
        client = random.randrange(CLIENTS)
        if stage[client] == 0:
            if begun == count:
                continue
            is_read = random.random() < gets
            open_[client] = (begun, is_read, rank, None)
            begun, rank = begun + 1, rank + 1
        elif stage[client] == 1:
            at, is_read, invoked, _ = open_[client]
            if not is_read:
                elements.append(f"{at};" if is_text else at)
            open_[client] = (at, is_read, invoked, len(elements))
        else:
            at, is_read, invoked, length = open_[client]
            element = f"{at};" if is_text else at
            key = "k" if is_text else None
            if is_read:
                read = "get" if is_text else "read"
                operations[at] = (client, read, key, None, length, "ok", invoked, rank)
            else:
                operations[at] = (client, f, key, element, None, "ok", invoked, rank)
            ended, rank = ended + 1, rank + 1
        stage[client] = (stage[client] + 1) % 3
    # Ranks are the indexes of the events, too.
    return [_operation(row, elements) for row in operations]


def _operation(row: Any, elements: list[Any]) -> Operation:
    client, f, key, argument, length, outcome, invoked, completed = row
    result = None if length is None else elements[:length]
    return Operation(
        client, f, key, argument, result, outcome, invoked, completed, None, invoked, completed
    )


def planted(model: str, kind: str, count: int, gets: float, seed: int = 1) -> list[Operation]:
    """A history in which a read near the end is wrong in this way."""
    operations = recorded(model, count, gets, seed)
    random = Random(f"{kind} {seed}")
    reads = [at for at, o in enumerate(operations) if o.f in ("get", "read") and o.result]
    at = next((at for at in reads if at > count * 0.9), reads[-1])
    answer = list(operations[at].result)
    place = random.randrange(len(answer) // 4, len(answer) // 2)
    if kind == "lost":
        del answer[place]
    elif kind == "stale":
        answer = answer[: len(answer) // 3]
    elif kind == "swapped":
        answer[place], answer[place + 50] = answer[place + 50], answer[place]
    elif kind == "twice":
        answer.insert(place + 50, answer[place])
    elif kind == "phantom":
        answer.insert(place, "never;" if model.startswith("kv") else -1)
    else:
        later = (o for o in operations[at + CLIENTS * 3 :] if o.argument is not None)
        written = next(o.argument for o in later if o.invoked > (operations[at].completed or 0))
        answer.append(written)
    operations[at] = operations[at]._replace(result=answer)
    return _told(model, operations)


def right(model: str, count: int, gets: float, seed: int = 1) -> list[Operation]:
    """The same with the right answer."""
    return _told(model, recorded(model, count, gets, seed))


def _told(model: str, operations: list[Operation]) -> list[Operation]:
    """Texts, where the elements are pieces of one."""
    if not model.startswith("kv"):
        return operations
    absent = "" if model == "kv-empty" else None
    return [
        o._replace(result="".join(o.result) or absent) if o.f == "get" else o for o in operations
    ]
