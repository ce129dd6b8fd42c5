"""A history cut into sections that can be judged by themselves, before anything is translated.

Linearizability is local (Herlihy and Wing 1990): a history is linearizable if and only if its
operations on each object are. A key is an object; keys that an operation ties together are one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from checker.history import Operation
from checker.lincheck.budget import CHUNK, Meter
from checker.lincheck.parts import Part, split
from checker.models.model import CallError, Key, Model, distinct

_PLACE_BYTES = 9
_GROUP_BYTES = 360
"""What a place in a list holds, and a section: its list, its place among others, its keys."""

_PLAIN = (str, int, type(None))


class Section(NamedTuple):
    """Operations that are judged together, in order of invocation.

    ``part``: the same, translated, where that had to be done to find the section.
    """

    keys: tuple[Key, ...]
    operations: Sequence[Operation]
    part: Part | None = None

    def translated(self, model: Model, meter: Meter | None = None) -> Part:
        """The section as a part for the engines; an empty one if its operations say nothing.

        Raises OperationError for an operation that the model refuses, BudgetExhausted.
        """
        if self.part is not None:
            return self.part
        parts = split(self.operations, model, meter)
        if not parts:
            return Part(self.keys, [], model.specification())
        assert len(parts) == 1, "what is untied and has one key is one part"
        return parts[0]


def until(operations: Sequence[Operation], rank: int) -> list[Operation]:
    """The operations as they were when the event of this rank had just happened.

    What was pending then is an operation of which nobody knows the outcome.
    """
    return [
        operation
        if operation.completed is not None and operation.completed <= rank
        else operation._replace(outcome="info", result=None, completed=None, error=None)
        for operation in operations
        if operation.invoked <= rank
    ]


def sections(
    operations: Sequence[Operation], model: Model, meter: Meter | None = None
) -> list[Section]:
    """The sections of a history, in order of their first operation.

    Raises OperationError for an operation that the model refuses, if it had to look at it;
    BudgetExhausted.
    """
    if not model.per_key:
        return [Section((), operations)]
    if model.keys_of is not None and _may_tie(operations, model):
        return [
            Section(part.keys, [entry.operation for entry in part.entries], part)
            for part in split(operations, model, meter)
        ]
    keys = [operation[2] for operation in operations]
    kinds = set(map(type, keys))
    if not kinds.issubset(_PLAIN):
        keys = list(map(_distinct, keys))
    if len(set(keys)) <= 1:
        return [Section((keys[0],), operations)] if keys else []
    groups: dict[Key, list[Operation]] = {}
    for first in range(0, len(keys), CHUNK):
        if meter is not None and first:
            meter.hold(_GROUP_BYTES * len(groups) + _PLACE_BYTES * first)
        end = first + CHUNK
        for key, operation in zip(keys[first:end], operations[first:end], strict=True):
            group = groups.get(key)
            if group is None:
                groups[key] = [operation]
            else:
                group.append(operation)
    return [Section((key,), group) for key, group in groups.items()]


def _may_tie(operations: Sequence[Operation], model: Model) -> bool:
    ties = model.ties
    return ties is None or any(operation[1] in ties for operation in operations)


def _distinct(key: Key) -> Key:
    try:
        return distinct(key)
    except CallError:
        # No JSON value: the translation of the operation will refuse it.
        return repr(key)
