"""Small random histories of every model, recorded from an object that keeps its promises, mostly."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from checker.history import Event, History, Operation
from checker.models import Model, get_model

Draw = Callable[[Random], tuple[str, Any, Any]]
"""An operation to invoke: f, key, value."""

Answer = tuple[str, Any, str | None]
"""The type, value and error of a completion."""


def _ok(*values: Any) -> list[Answer]:
    return [("ok", value, None) for value in values]


def _answers(model: str, f: str, value: Any) -> list[Answer]:
    """What such an operation may answer, right or wrong."""
    numbers = _ok(None, 0, 1, 2)
    if model == "unique-ids":
        return _ok(*range(9))
    if model in ("fifo-queue", "stack", "priority-queue"):
        return numbers if f not in ("enqueue", "push", "insert") else _ok(value)
    if model in ("set", "g-set"):
        if f == "contains":
            return _ok(True, False)
        return _ok([], [0], [1], [0, 1]) if f == "read" else _ok(value)
    if model == "counter":
        return _ok(*range(-2, 6)) if f != "add" else _ok(value)
    if model == "fencing-lock" and f == "acquire":
        return _ok(*range(1, 9))
    if model in ("multi-register", "list-append") and f == "txn":
        lists = [[], [0], [1], [0, 1], [1, 0]]
        results: list[list[Any]] = [[]]
        for small, key, given in value:
            reads = (None, 0, 1) if model == "multi-register" else lists
            answers = reads if small == "r" else (given,)
            results = [[*before, [small, key, answer]] for before in results for answer in answers]
        return _ok(*results)
    if model == "list-append":
        return _ok([], [0], [1], [0, 1], [1, 0]) if f == "read" else _ok(value)
    if model == "kv" and f == "txn":
        results = [(s, g) for s in (True, False) for g in (None, "a", "b", "ab")]
        return _ok(
            *(
                {
                    "succeeded": s,
                    "results": [
                        g if o[0] == "get" else None for o in value["then" if s else "else"]
                    ],
                }
                for s, g in results
            )
        )
    if f == "cas":
        return [("ok", value, None), ("fail", value, "mismatch")]
    if f == "get":
        return _ok(None, "a", "b", "ab", "ba")
    return numbers if f == "read" else _ok(value)


def _draw(model: str, random: Random) -> tuple[str, Any, Any]:
    number, key = random.randrange(3), random.choice("xxy")
    if model in ("register", "cas-register"):
        f = random.choice(["read", "read", "write", "cas"][: 4 if model == "cas-register" else 3])
        value = [random.choice([None, 0, 1, 2]), number] if f == "cas" else number
        return f, None, None if f == "read" else value
    if model == "kv":
        f = random.choice(["get", "get", "put", "append", "cas", "delete", "txn"])
        if f == "txn":
            then, other = [["put", key, "a"], ["get", "x"]], [["append", "y", "b"]]
            return (
                f,
                None,
                {"compare": [["x", random.choice([None, "a"])]], "then": then, "else": other},
            )
        text = random.choice("ab")
        return f, key, {"get": None, "delete": None, "cas": [None, text]}.get(f, text)
    if model.endswith("mutex") or model == "fencing-lock":
        return random.choice(["acquire", "acquire", "release"]), None, random.choice("AB")
    if model.startswith("semaphore"):
        return random.choice(["acquire", "acquire", "release"]), None, random.choice([1, 2])
    if model == "counter":
        f = random.choice(["read", "add", "add-and-get"])
        return f, None, None if f == "read" else number
    if model in ("set", "g-set"):
        known = ["add", "add", "read", "remove", "contains"][: 5 if model == "set" else 3]
        f = random.choice(known)
        return f, None, None if f == "read" else number % 2
    if model == "unique-ids":
        return "generate", None, None
    if model in ("multi-register", "list-append"):
        write = "w" if model == "multi-register" else "append"
        if model == "list-append" and random.random() < 0.5:
            f = random.choice(["append", "read"])
            return f, key, number % 2 if f == "append" else None
        smalls = [["r", key, None], [write, random.choice("xy"), number % 2], ["r", "y", None]]
        return "txn", None, random.sample(smalls, random.choice([1, 1, 2]))
    inserts = {"fifo-queue": ("enqueue", "dequeue"), "stack": ("push", "pop")}
    insert, remove = inserts.get(model, ("insert", "poll"))
    f = random.choice([insert, insert, remove, remove, "peek"])
    return f, None, number if f == insert else None


MODELS = (
    "register", "cas-register", "kv", "mutex", "owner-mutex", "reentrant-mutex", "fencing-lock",
    "semaphore:2", "counter", "g-set", "set", "fifo-queue", "stack", "priority-queue",
    "multi-register", "list-append", "unique-ids",
)  # fmt: skip


def recorded(
    random: Random, name: str, count: int, *, lies: float = 0.8, lie: float = 0.4
) -> History:
    """A history of ``count`` operations; with probability ``lies`` each answer may, with
    probability ``lie``, be false."""
    model = get_model(name)
    specification = model.specification() if model.joint is None else model.joint(("x", "y"))
    state = specification.initial
    events: list[Event] = []
    lying = random.random() < lies
    false = {number for number in range(count) if lying and random.random() < lie}
    open_: dict[int, tuple[str, Any, Any, int]] = {}
    done: dict[int, Answer] = {}
    free, started = [0, 1, 2], 0
    while started < count or open_:
        action = random.random()
        if started < count and free and (not open_ or action < 0.4):
            process = free.pop(random.randrange(len(free)))
            f, key, value = _draw(name, random)
            open_[process] = (f, key, value, started)
            events.append(Event(len(events), process, "invoke", f, key, value))
            started += 1
            continue
        process = random.choice(sorted(open_))
        f, key, value, number = open_[process]
        if process not in done:
            answers = _answers(name, f, value)
            random.shuffle(answers)
            for answer in answers:
                fits, after = _try(model, specification.advance, state, (f, key, value), answer)
                if fits:
                    state, done[process] = after, answer
                    break
            if number in false:
                done[process] = random.choice(answers)
            if process in done and random.random() < 0.6:
                continue  # It happened; that it completes, others may see first.
        type_, result, error = done.pop(process, ("info", None, "timed-out"))
        if random.random() < 0.12:
            type_, result, error = "info", None, "timed-out"
        del open_[process]
        events.append(Event(len(events), process, type_, f, key, result, None, error))
        free.append(process if type_ != "info" else 3 + len(events))
    return History(events)


def _try(
    model: Model, advance: Any, state: Any, asked: tuple[str, Any, Any], answer: Answer
) -> tuple[bool, Any]:
    f, key, value = asked
    type_, result, error = answer
    call = model.parse(Operation(0, f, key, value, result, type_, 0, 1, error))
    if call is None:
        return True, state
    allowed, after = advance(state, call)
    return bool(allowed), after


def operations_of(names: Sequence[int], history: History) -> list[Operation]:
    """The operations with these invocations."""
    return [operation for operation in history.operations() if operation.invocation in names]
