"""A key-value store of texts: ``get``, ``put``, ``delete``, ``cas``, ``append`` and ``txn``.

    get                          -> the text, null where the key is absent
    put     value                -> (anything)
    delete                       -> (anything)
    cas     [expected, new]      -> (anything); expected null: the key must be absent
    append  value                -> (anything); an absent key counts as ""
    txn     {"compare": [[key, expected], ...], "then": [op, ...], "else": [op, ...]}
                                 -> {"succeeded": bool, "results": [text or null for each op]}

where an op of a transaction is ["get", key], ["put", key, text], ["delete", key] or
["append", key, text], and the result of one that is no get is null. A transaction has no key of
its own; it ties the keys that it touches together, and the others stay independent.

``kv-empty`` is the same store where an absent key reads as "" (Porcupine's test data).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from checker.history import MISMATCH, Operation
from checker.models import pieces, single_value
from checker.models.model import (
    DEAD,
    UNKNOWN,
    Call,
    CallError,
    Effect,
    Foresight,
    Key,
    Model,
    Specification,
    State,
    distinct,
    register_model,
)
from checker.models.projection import Projection

Absent = str | None
"""What an absent key reads as."""

_OPERATIONS = "get, put, delete, cas, append and txn"


def parser(absent: Absent) -> Callable[[Operation], Call | None]:
    """Translates operations into the words of ``single_value``; a transaction stays one.

    What most operations are is looked at first; anything else, and all that is odd, has time.
    """
    new = tuple.__new__

    def parse_operation(operation: Operation) -> Call | None:
        _, f, key, argument, result, outcome, _, _, _, _, _ = operation
        if type(key) is str:
            if f == "get":
                if outcome == "ok" and type(result) is str:
                    return new(Call, ("read", key, None, result, "observes"))
            elif outcome != "fail" and type(argument) is str:
                if f == "append":
                    return new(Call, ("append", key, argument, None, "applies"))
                if f == "put":
                    return new(Call, ("write", key, argument, None, "overwrites"))
        return _parse(absent, operation)

    return parse_operation


def _parse(absent: Absent, operation: Operation) -> Call | None:
    f, outcome, key = operation.f, operation.outcome, operation.key
    if f == "txn":
        return _parse_txn(absent, operation)
    if type(key) is not str:
        key = _key(key)
    if f == "get":
        if outcome != "ok":
            return None
        return single_value.read(key, _text_or_absent(absent, operation.result, "get returned"))
    if f == "put":
        value = _text(operation.argument, "the value of put")
        return None if outcome == "fail" else single_value.write(key, value)
    if f == "append":
        value = _text(operation.argument, "the value of append")
        return None if outcome == "fail" else single_value.append(key, value)
    if f == "cas":
        expected, new = single_value.pair_of(operation.argument, "cas")
        expected = _text_or_absent(absent, expected, "cas expects")
        new = _text(new, "the new value of cas")
        if outcome == "fail" and operation.error != MISMATCH:
            return None
        return single_value.compare_and_set(key, expected, new, swapped=outcome != "fail")
    if f == "delete":
        return None if outcome == "fail" else single_value.write(key, absent)
    raise CallError(f"a key-value store knows {_OPERATIONS}, not {f!r}")


def _key(key: Any) -> Key:
    if key is None:
        raise CallError("the operation has no key")
    return distinct(key)


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str):
        raise CallError(f"{what} must be a text, not {value!r}")
    return value


def _text_or_absent(absent: Absent, value: Any, what: str) -> Absent:
    if isinstance(value, str) or (value is None and absent is None):
        return value
    known = "a text" if absent is not None else "a text or null"
    raise CallError(f"{what} {value!r}; it must be {known}")


# Transactions. As a call: argument (compare, then, else), where compare is ((key, expected), ...)
# and a branch is ((f, key, text or None), ...); result (succeeded, (text or None, ...)).


def _parse_txn(absent: Absent, operation: Operation) -> Call | None:
    argument = operation.argument
    if not isinstance(argument, dict) or argument.keys() != {"compare", "then", "else"}:
        raise CallError(
            f'the value of txn must be a map of "compare", "then" and "else", not {argument!r}'
        )
    compare = tuple(
        (_key(key), _text_or_absent(absent, expected, "txn expects"))
        for key, expected in (
            single_value.pair_of(item, "a compare of txn") for item in _list(argument["compare"])
        )
    )
    then = tuple(_parse_op(op) for op in _list(argument["then"]))
    otherwise = tuple(_parse_op(op) for op in _list(argument["else"]))
    if operation.outcome == "fail":
        return None
    effect: Effect = "depends"
    if operation.outcome == "ok":
        succeeded, results = _parse_txn_result(absent, operation.result)
        branch = then if succeeded else otherwise
        if len(results) != len(branch):
            raise CallError(
                f"txn took a branch of {len(branch)} operations but returned {len(results)} results"
            )
        for (f, _, _), got in zip(branch, results, strict=True):
            if f != "get" and got is not None:
                raise CallError(f"the result of {f} in a txn must be null, not {got!r}")
            if f == "get" and got is None and absent is not None:
                raise CallError("a get in a txn returned null; here it must be a text")
        if all(f == "get" for f, _, _ in branch):
            effect = "observes"
        return Call("txn", None, (compare, then, otherwise), (succeeded, results), effect)
    if all(f == "get" for f, _, _ in then + otherwise):
        return None
    return Call("txn", None, (compare, then, otherwise), UNKNOWN, "applies")


def _list(value: Any) -> Sequence[Any]:
    if not isinstance(value, list | tuple):
        raise CallError(f"a list must stand in a txn where there is {value!r}")
    return value


def _parse_op(op: Any) -> tuple[str, Key, str | None]:
    fields = _list(op)
    f = fields[0] if fields else None
    if f in ("get", "delete") and len(fields) == 2:
        return f, _key(fields[1]), None
    if f in ("put", "append") and len(fields) == 3:
        return f, _key(fields[1]), _text(fields[2], f"the value of {f} in a txn")
    raise CallError(
        f'an operation of a txn must be ["get", key], ["put", key, text], ["delete", key] or '
        f'["append", key, text], not {op!r}'
    )


def _parse_txn_result(absent: Absent, result: Any) -> tuple[bool, tuple[Absent, ...]]:
    if (
        not isinstance(result, dict)
        or result.keys() != {"succeeded", "results"}
        or not isinstance(result["succeeded"], bool)
        or not isinstance(result["results"], list | tuple)
    ):
        raise CallError(
            f'the result of txn must be a map of "succeeded" (true or false) and "results" '
            f"(a list), not {result!r}"
        )
    results = tuple(result["results"])
    for got in results:
        if got is not None and not isinstance(got, str):
            raise CallError(f"a result in a txn must be a text or null, not {got!r}")
    return result["succeeded"], results


def keys_of(call: Call) -> tuple[Key, ...] | None:
    """The keys that a transaction compares, reads or writes, in order; None for other calls."""
    if call.f != "txn":
        return None
    compare, then, otherwise = call.argument
    keys = [key for key, _ in compare]
    keys.extend(key for _, key, _ in then + otherwise)
    return tuple(dict.fromkeys(keys))


def joint(absent: Absent, keys: Sequence[Key]) -> Specification:
    """The behaviour of several keys together; the state is the tuple of their values."""
    place = {key: at for at, key in enumerate(keys)}
    step = single_value.step

    def advance(state: State, call: Call) -> tuple[bool, State]:
        if call.f == "txn":
            return _advance_txn(absent, place, state, call.argument, call.result)
        at = place[call.key]
        allowed, value = step(state[at], call.f, call.argument, call.result)
        return allowed, (*state[:at], value, *state[at + 1 :])

    return Specification((absent,) * len(keys), advance)


def foresee_joint(absent: Absent, keys: Sequence[Key], calls: Sequence[Call]) -> Foresight:
    """As ``single_value.foresee``, key by key: the values that nobody can confirm are DEAD.

    A transaction that may depend on a key being different from what it expects (one that took the
    other branch, or of which nobody was told) counts as a mismatch of that key.
    """
    observed = {key: single_value.Observed() for key in keys}
    for call in calls:
        if call.f == "txn":
            _observe_txn(observed, call)
            continue
        of_key = observed[call.key]
        if call.f == "read":
            of_key.wanted.add(call.result)
        elif call.f == "cas":
            of_key.wanted.add(call.argument[0])
            of_key.mismatches |= not call.result
        elif call.f == "append":
            of_key.appends = True
    alive = {key: each.alive() for key, each in observed.items()}
    alive_at = [alive[key] for key in keys]

    def collapse(state: State) -> State:
        return tuple(
            value if value is DEAD or is_alive(value) else DEAD
            for value, is_alive in zip(state, alive_at, strict=True)
        )

    def useless(call: Call) -> bool:
        if call.f == "txn":
            _, then, otherwise = call.argument
            writes = [op for op in then + otherwise if op[0] != "get"]
        else:
            writes = [("put" if call.f == "write" else call.f, call.key, call.argument)]
        return all(
            observed[key].serves_nobody(alive[key], appended=value)
            if f == "append"
            else observed[key].serves_nobody(
                alive[key],
                written=absent if f == "delete" else value[1] if f == "cas" else value,
            )
            for f, key, value in writes
        )

    return Foresight(collapse, useless)


def _observe_txn(observed: dict[Key, single_value.Observed], call: Call) -> None:
    compare, then, otherwise = call.argument
    held = call.result is not UNKNOWN and call.result[0]
    for key, expected in compare:
        observed[key].wanted.add(expected)
        observed[key].mismatches |= not held
    for f, key, _ in then + otherwise:
        observed[key].appends |= f == "append"
    if call.result is not UNKNOWN:
        branch = then if held else otherwise
        for (f, key, _), got in zip(branch, call.result[1], strict=True):
            if f == "get":
                observed[key].wanted.add(got)


def _advance_txn(
    absent: Absent, place: dict[Key, int], state: State, argument: Any, result: Any
) -> tuple[bool, State]:
    compare, then, otherwise = argument
    succeeded = all(state[place[key]] == expected for key, expected in compare)
    values = list(state)
    results: list[Absent] = []
    for f, key, value in then if succeeded else otherwise:
        at = place[key]
        results.append(values[at] if f == "get" else None)
        if f == "put":
            values[at] = value
        elif f == "delete":
            values[at] = absent
        elif f == "append":
            values[at] = DEAD if values[at] is DEAD else (values[at] or "") + value
    allowed = result is UNKNOWN or result == (succeeded, tuple(results))
    return allowed, tuple(values)


def _store(name: str, absent: Absent, summary: str) -> Model:
    return Model(
        name=name,
        summary=summary,
        initial=absent,
        step=single_value.step,
        parse=parser(absent),
        keys_of=keys_of,
        ties=frozenset({"txn"}),
        joint=partial(joint, absent),
        foresee_joint=partial(foresee_joint, absent),
        needs=single_value.needs,
        foresee=single_value.foresee,
        clusters=single_value.clusters,
        reveals=single_value.reveals,
        projection=Projection(pieces.elements, partial(pieces.onto, absent)),
    )


@register_model
def kv() -> Model:
    """A key-value store in which an absent key reads as null."""
    return _store("kv", None, f"{_OPERATIONS}; an absent key reads as null")


@register_model
def kv_empty() -> Model:
    """A key-value store in which an absent key reads as the empty text."""
    return _store("kv-empty", "", f'{_OPERATIONS}; an absent key reads as ""')
