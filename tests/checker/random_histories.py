"""Random histories of every model: right by construction, or with one answer changed.

A seeded scheduler lets clients invoke, lets pending operations take effect at a random moment
within their intervals, and lets them complete. What they answer comes from a plain simulation that
knows nothing of ``checker.models``. An operation that crashes may still take effect later, or
never. Values are few, so that most occur more than once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Any, NamedTuple

from checker.history import MISMATCH, Operation

MODEL_NAMES = (
    "register",
    "cas-register",
    "kv",
    "kv-empty",
    "counter",
    "mutex",
    "owner-mutex",
    "reentrant-mutex",
    "fencing-lock",
    "semaphore:2",
    "fifo-queue",
    "stack",
    "priority-queue",
    "set",
    "g-set",
    "list-append",
    "multi-register",
    "unique-ids",
    "bank",
)
"""Every model that ``random_operations`` knows; ``semaphore`` with any number of permits."""

Asked = tuple[str, Any, Any]
"""f, key and argument of an invocation."""

Store = dict[Any, Any]
"""The simulated state, key by key."""


class Answer(NamedTuple):
    """What a call answers; an outcome ``fail`` without the error ``mismatch`` changed nothing."""

    result: Any = None
    outcome: str = "ok"
    error: str | None = None


class Simulation(NamedTuple):
    """``ask(random, store, keys, client)`` draws a call, ``answer(random, store, asked, owner)``
    lets it take effect, None if it cannot yet; ``guess(random, asked)`` draws a wrong result."""

    ask: Callable[[Random, Store, Sequence[str], int], Asked]
    answer: Callable[[Random, Store, Asked, Any], Answer | None]
    guess: Callable[[Random, Asked], Any]


class _Pending:
    """An operation under way; ``answer`` is there once it has taken effect."""

    __slots__ = ("answer", "asked", "client", "invoked", "process", "slot")

    def __init__(self, slot: int, client: int, process: int, asked: Asked, invoked: int) -> None:
        self.slot = slot
        self.client = client
        self.process = process
        self.asked = asked
        self.invoked = invoked
        self.answer: Answer | None = None


def random_operations(
    random: Random,
    model_name: str,
    count: int,
    *,
    concurrency: int = 3,
    crash_rate: float = 0.1,
    wrong_rate: float = 0.5,
    keys: int = 1,
    unique: bool = False,
) -> list[Operation]:
    """``count`` operations in order of invocation, of ``concurrency`` clients and ``keys`` keys.

    Each crashes with a chance of ``crash_rate``. With a chance of ``wrong_rate`` one answer is
    changed, so the history may be impossible; otherwise it is linearizable. ``unique``: no value
    is written, inserted or added twice, where the model has such values; a counter counts by ones.
    """
    simulation = _simulation(model_name)
    if unique:
        simulation = _with_unique_values(simulation, model_name)
    names = "xyzuvw"[:keys] if keys <= 6 else [f"k{at}" for at in range(keys)]
    operations: list[Operation | None] = [None] * count
    store: Store = {}
    processes = list(range(concurrency))
    idle = list(range(concurrency))
    pending: list[_Pending] = []
    crashed: list[_Pending] = []
    started = rank = 0
    while started < count or pending:
        draw = random.random()
        if started < count and idle and (not pending or draw < 0.4):
            client = idle.pop(random.randrange(len(idle)))
            asked = simulation.ask(random, store, names, client)
            pending.append(_Pending(started, client, processes[client], asked, rank))
            started += 1
            rank += 1
            continue
        if crashed and draw > 0.9:
            late = crashed.pop(random.randrange(len(crashed)))
            simulation.answer(random, store, late.asked, late.process)
            continue
        at = random.randrange(len(pending))
        each = pending[at]
        crashes = random.random() < crash_rate
        if each.answer is None and not (crashes and random.random() < 0.5):
            each.answer = simulation.answer(random, store, each.asked, each.process)
            if each.answer is None and random.random() < 0.2:
                each.answer = Answer(None, "fail", "timeout")
            continue
        pending.pop(at)
        idle.append(each.client)
        if crashes or each.answer is None:
            if each.answer is None and random.random() < 0.5:
                crashed.append(each)
            processes[each.client] += concurrency
            operations[each.slot] = _operation(each, None, rank)
        else:
            operations[each.slot] = _operation(each, each.answer, rank)
        rank += 1
    found = [operation for operation in operations if operation is not None]
    if random.random() < wrong_rate:
        _change_one(random, found, simulation)
    return found


def _operation(pending: _Pending, answer: Answer | None, rank: int) -> Operation:
    f, key, argument = pending.asked
    return Operation(
        pending.process,
        f,
        key,
        argument,
        None if answer is None else answer.result,
        "info" if answer is None else answer.outcome,
        pending.invoked,
        None if answer is None else rank,
        None if answer is None else answer.error,
        pending.invoked,
        rank,
    )


def _change_one(random: Random, operations: list[Operation], simulation: Simulation) -> None:
    """Change what one operation answers; if none of them answers anything, its ``f``."""
    places = list(range(len(operations)))
    random.shuffle(places)
    for at in places:
        operation = operations[at]
        if operation.f == "cas" and operation.outcome != "info":
            if operation.error == MISMATCH:
                operations[at] = operation._replace(outcome="ok", error=None)
            elif operation.outcome == "ok":
                operations[at] = operation._replace(outcome="fail", error=MISMATCH)
            return
        if operation.outcome != "ok":
            continue
        asked = (operation.f, operation.key, operation.argument)
        for _ in range(5):
            guess = simulation.guess(random, asked)
            if guess is not _NOTHING and guess != operation.result:
                operations[at] = operation._replace(result=guess)
                return
    for at in places:
        operation = operations[at]
        if operation.outcome == "ok" and operation.f == "acquire":
            operations[at] = operation._replace(f="release")
            return


def _with_unique_values(simulation: Simulation, model_name: str) -> Simulation:
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
        if guessed is _NOTHING or model_name == "counter" or asked[0] not in _TAKES_OUT:
            return guessed
        if isinstance(guessed, list):
            return random.sample(used[1:], min(len(used) - 1, random.randrange(4)))
        return random.choice(used)

    return Simulation(ask, simulation.answer, guess)


_PUTS_IN = ("put", "write", "enqueue", "push", "insert", "add", "append")
_TAKES_OUT = ("read", "get", "dequeue", "pop", "poll", "peek")

_NOTHING = object()
"""What a call answers whose answer says nothing."""


def _value(random: Random) -> Any:
    return True if random.random() < 0.03 else random.randrange(3)


# Registers


def _ask_register(fs: Sequence[str]) -> Callable[[Random, Store, Sequence[str], int], Asked]:
    def ask(random: Random, store: Store, keys: Sequence[str], client: int) -> Asked:
        f, key = random.choice(fs), random.choice(keys)
        if f == "read":
            return f, key, None
        if f == "write":
            return f, key, _value(random)
        return f, key, [random.choice((None, 0, 1, 2)), _value(random)]

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
    return random.choice((None, 0, 1, 2)) if asked[0] == "read" else _NOTHING


# Key-value stores


def _ask_kv(absent: str | None) -> Callable[[Random, Store, Sequence[str], int], Asked]:
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


def _answer_kv(absent: str | None) -> Callable[[Random, Store, Asked, Any], Answer]:
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


def _guess_kv(absent: str | None) -> Callable[[Random, Asked], Any]:
    texts = (absent, "a", "b", "ab", "ba", "aa")

    def guess(random: Random, asked: Asked) -> Any:
        f, _, argument = asked
        if f == "get":
            return random.choice(texts)
        if f != "txn":
            return _NOTHING
        held = random.random() < 0.5
        branch = argument["then" if held else "else"]
        results = [random.choice(texts) if op[0] == "get" else None for op in branch]
        return {"succeeded": held, "results": results}

    return guess


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
    return _NOTHING if asked[0] == "add" else random.randrange(-1, 4)


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
    return [random.randrange(8, 13) for _ in range(3)] if asked[0] == "read" else _NOTHING


# Locks: the state of a key is a list of (owner, permits or token) for each acquisition held


def _ask_lock(
    permits: int | None, kind: str = ""
) -> Callable[[Random, Store, Sequence[str], int], Asked]:
    def ask(random: Random, store: Store, keys: Sequence[str], client: int) -> Asked:
        key = random.choice(keys)
        if kind == "fencing-lock" and random.random() < 0.25:
            return "holder", key, None
        f = "release" if random.random() < (0.8 if store.get(key) else 0.05) else "acquire"
        if permits is not None:
            return f, key, random.choice((None, 1, 1, 2)) if permits > 1 else None
        return f, key, None if random.random() < 0.3 else random.randrange(2)

    return ask


def _answer_lock(kind: str) -> Callable[[Random, Store, Asked, Any], Answer | None]:
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


def _guess_lock(kind: str) -> Callable[[Random, Asked], Any]:
    def guess(random: Random, asked: Asked) -> Any:
        if kind == "fencing-lock" and asked[0] == "acquire":
            return random.randrange(5)
        return random.choice((None, 0, 1)) if asked[0] == "holder" else _NOTHING

    return guess


def _answer_semaphore(permits: int) -> Callable[[Random, Store, Asked, Any], Answer | None]:
    def answer(random: Random, store: Store, asked: Asked, owner: Any) -> Answer | None:
        f, key, argument = asked
        wanted = 1 if argument is None else argument
        after = store.get(key, 0) + (wanted if f == "acquire" else -wanted)
        if not 0 <= after <= permits:
            return None
        store[key] = after
        return Answer(argument)

    return answer


# Queues


def _ask_queue(insert: str, remove: str) -> Callable[[Random, Store, Sequence[str], int], Asked]:
    fs = (insert, insert, insert, remove, remove, "peek")

    def ask(random: Random, store: Store, keys: Sequence[str], client: int) -> Asked:
        f = random.choice(fs)
        value = random.randrange(3) if insert == "insert" else _value(random)
        return f, random.choice(keys), value if f == insert else None

    return ask


def _answer_queue(
    insert: str, pick: Callable[[list[Any]], int]
) -> Callable[[Random, Store, Asked, Any], Answer]:
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


def _guess_queue(insert: str) -> Callable[[Random, Asked], Any]:
    def guess(random: Random, asked: Asked) -> Any:
        return _NOTHING if asked[0] == insert else random.choice((None, 0, 1, 2))

    return guess


def _queue(insert: str, remove: str, pick: Callable[[list[Any]], int]) -> Simulation:
    return Simulation(_ask_queue(insert, remove), _answer_queue(insert, pick), _guess_queue(insert))


# Sets


def _ask_set(fs: Sequence[str]) -> Callable[[Random, Store, Sequence[str], int], Asked]:
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
    return random.random() < 0.5 if asked[0] == "contains" else _NOTHING


# Transactions


def _ask_txn(write: str, alone: bool) -> Callable[[Random, Store, Sequence[str], int], Asked]:
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


def _guess_txn(draw: Callable[[Random], Any]) -> Callable[[Random, Asked], Any]:
    def guess(random: Random, asked: Asked) -> Any:
        f, _, argument = asked
        if f == "read":
            return draw(random)
        if f != "txn" or all(small != "r" for small, _, _ in argument):
            return _NOTHING
        return [[s, k, draw(random) if s == "r" else value] for s, k, value in argument]

    return guess


def _a_list(random: Random) -> list[int]:
    return [random.randrange(3) for _ in range(random.randrange(3))]


def _least(elements: list[Any]) -> int:
    return min(range(len(elements)), key=elements.__getitem__)


def _simulation(model_name: str) -> Simulation:
    if model_name.startswith("semaphore"):
        permits = int(model_name.partition(":")[2] or 1)
        return Simulation(_ask_lock(permits), _answer_semaphore(permits), _guess_lock("semaphore"))
    try:
        return _SIMULATIONS[model_name]
    except KeyError:
        known = ", ".join(MODEL_NAMES)
        raise ValueError(f"no histories of the model {model_name!r} (known: {known})") from None


def _lock(kind: str) -> Simulation:
    return Simulation(_ask_lock(None, kind), _answer_lock(kind), _guess_lock(kind))


_SIMULATIONS: dict[str, Simulation] = {
    "register": Simulation(_ask_register(("read", "write")), _answer_register, _guess_register),
    "cas-register": Simulation(
        _ask_register(("read", "write", "cas")), _answer_register, _guess_register
    ),
    "kv": Simulation(_ask_kv(None), _answer_kv(None), _guess_kv(None)),
    "kv-empty": Simulation(_ask_kv(""), _answer_kv(""), _guess_kv("")),
    "counter": Simulation(_ask_counter, _answer_counter, _guess_counter),
    "mutex": _lock("mutex"),
    "owner-mutex": _lock("owner-mutex"),
    "reentrant-mutex": _lock("reentrant-mutex"),
    "fencing-lock": _lock("fencing-lock"),
    "fifo-queue": _queue("enqueue", "dequeue", lambda elements: 0),
    "stack": _queue("push", "pop", lambda elements: len(elements) - 1),
    "priority-queue": _queue("insert", "poll", _least),
    "set": Simulation(_ask_set(("add", "remove", "contains", "read")), _answer_set, _guess_set),
    "g-set": Simulation(_ask_set(("add", "add", "read")), _answer_set, _guess_set),
    "list-append": Simulation(_ask_txn("append", True), _answer_txn, _guess_txn(_a_list)),
    "multi-register": Simulation(
        _ask_txn("w", False), _answer_txn, _guess_txn(lambda r: r.choice((None, 0, 1, 2)))
    ),
    "unique-ids": Simulation(_ask_id, _answer_id, _guess_id),
    "bank": Simulation(_ask_bank, _answer_bank, _guess_bank),
}
