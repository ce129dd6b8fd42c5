"""From operations to parts: what can be checked by itself, in the model's words.

Linearizability is local (Herlihy and Wing 1990): a history is linearizable if and only if its
operations on each object are. A key is an object; keys that a transaction ties together are one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from sys import getsizeof
from typing import Any, NamedTuple

from checker.history import Operation, collector_paused
from checker.lincheck.budget import Meter
from checker.models.model import (
    Call,
    CallError,
    Foresight,
    Key,
    Model,
    Specification,
)

_BETWEEN_LOOKS = 128
"""Operations translated between two reports."""

_MANY = 1 << 10
"""Operations from which on it pays to pause the garbage collector."""

_EVERY = 64
"""One of so many is measured."""

_ENTRY_BYTES = 96
"""An entry without its call, its place in a list, and what the list has to spare."""


class OperationError(Exception):
    """An operation that the model refuses to understand."""

    def __init__(self, operation: Operation, reason: str) -> None:
        super().__init__(reason)
        self.operation = operation
        self.reason = reason


class Entry(NamedTuple):
    """A call with its interval in the real-time order; ``completed`` None: it never ends."""

    call: Call
    invoked: int
    completed: int | None
    operation: Operation


@dataclass(slots=True)
class Part:
    """Entries that are checked together, in order of invocation."""

    keys: tuple[Key, ...]
    entries: list[Entry]
    specification: Specification
    foresight: Foresight | None = None
    joint: bool = False


def split(operations: Sequence[Operation], model: Model, meter: Meter | None = None) -> list[Part]:
    """The parts of a history, in order of their first operation.

    Operations that say nothing are left out. Raises OperationError for one that the model refuses,
    BudgetExhausted.
    """
    if len(operations) < _MANY:
        return _split(operations, model, meter)
    with collector_paused():
        return _split(operations, model, meter)


def _split(operations: Sequence[Operation], model: Model, meter: Meter | None) -> list[Part]:
    parse, new = model.parse, tuple.__new__
    groups: defaultdict[Any, list[Entry]] = defaultdict(list)
    ties: list[tuple[Entry, tuple[Key, ...]]] = []
    per_key, keys_of = model.per_key, model.keys_of
    held = 0
    for first in range(0, len(operations), _BETWEEN_LOOKS):
        some = operations[first : first + _BETWEEN_LOOKS]
        for operation in some:
            try:
                call = parse(operation)
            except CallError as error:
                raise OperationError(operation, str(error)) from None
            except RecursionError:
                raise OperationError(operation, "its values nest too deeply") from None
            if call is None:
                continue
            # As Entry(...) does, but without a call of a Python function.
            entry = new(Entry, (call, operation[6], operation[7], operation))
            if keys_of is not None and (keys := keys_of(call)) is not None:
                ties.append((entry, keys))
                continue
            groups[call[1] if per_key else None].append(entry)
        if meter is not None and len(some) == _BETWEEN_LOOKS:
            # Two of them stand for all.
            held += (len(some) * sum(_held_bytes(parse(each)) for each in some[::_EVERY])) // len(
                some[::_EVERY]
            )
            meter.hold(held)
    joint: list[Part] = _tie(groups, ties, model) if ties else []
    specification = model.specification()
    parts = [_single(key, entries, specification, model) for key, entries in groups.items()]
    # A part of nothing but crashed calls that serve nobody has no entries left.
    parts = [part for part in (*joint, *parts) if part.entries]
    if joint:
        parts.sort(key=lambda part: part.entries[0].invoked)
    return parts


def _held_bytes(call: Call | None) -> int:
    """What an entry with this call holds beside its operation."""
    return 0 if call is None else _ENTRY_BYTES + _tuple_bytes(call)


def _tuple_bytes(value: Any) -> int:
    """Texts, numbers and None belong to the operation."""
    if not isinstance(value, tuple):
        return getsizeof(value) if isinstance(value, frozenset) else 0
    return getsizeof(value) + sum(map(_tuple_bytes, value))


def _single(key: Key, entries: list[Entry], specification: Specification, model: Model) -> Part:
    keys = (key,) if model.per_key else ()
    if model.foresee is None:
        return Part(keys, entries, specification)
    foresight = model.foresee([entry[0] for entry in entries])
    if foresight is not None:
        entries = _without_useless(entries, foresight)
    return Part(keys, entries, specification, foresight)


def _without_useless(entries: list[Entry], foresight: Foresight) -> list[Entry]:
    """Only crashed ones are asked about; most parts have none."""
    if None not in [entry[2] for entry in entries]:
        return entries
    useless = foresight.useless
    return [e for e in entries if e.completed is not None or not useless(e.call)]


def _tie(
    groups: dict[Any, list[Entry]],
    ties: Sequence[tuple[Entry, tuple[Key, ...]]],
    model: Model,
) -> list[Part]:
    """Parts of keys that calls tie together; takes their groups out of ``groups``."""
    if model.joint is None:
        raise ValueError(f"the model {model.name!r} has calls of several keys but no joint()")
    root: dict[Key, Key] = {}

    def find(key: Key) -> Key:
        while (above := root.setdefault(key, key)) != key:
            root[key] = key = root[above]
        return key

    for _, keys in ties:
        for key in keys[1:]:
            root[find(key)] = find(keys[0])
    tied: dict[Key, list[Entry]] = {}
    parts: list[Part] = []
    for entry, keys in ties:
        if keys:
            tied.setdefault(find(keys[0]), []).append(entry)
        else:
            parts.append(Part((), [entry], model.joint(()), joint=True))
    members: dict[Key, list[Key]] = {name: [] for name in tied}
    for _, keys in ties:
        for key in keys:
            group = members[find(key)]
            if key not in group:
                group.append(key)
    for name, entries in tied.items():
        for key in members[name]:
            entries.extend(map(_beside_others, groups.pop(key, [])))
        entries.sort(key=lambda entry: entry.invoked)
        together = tuple(members[name])
        foresight, kept = None, entries
        if model.foresee_joint is not None:
            foresight = model.foresee_joint(together, [entry.call for entry in entries])
            kept = _without_useless(entries, foresight)
        parts.append(Part(together, kept, model.joint(together), foresight, joint=True))
    return parts


def _beside_others(entry: Entry) -> Entry:
    """A write of one key does not overwrite the others that it now shares a state with."""
    if entry.call.effect == "overwrites":
        return entry._replace(call=entry.call._replace(effect="applies"))
    return entry
