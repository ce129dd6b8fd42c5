"""A history cut into sections that can be judged by themselves, before anything is translated.

Linearizability is local (Herlihy and Wing 1990): a history is linearizable if and only if its
operations on each object are. A key is an object; keys that an operation ties together are one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from operator import itemgetter
from typing import NamedTuple

from checker.history import Operation
from checker.lincheck.budget import CHUNK, Budget, Meter
from checker.lincheck.parts import Part, split
from checker.models.model import CallError, Key, Model, distinct

_PLACE_BYTES = 9
_GROUP_BYTES = 360
"""What a place in a list holds, and a section: its list, its place among others, its keys."""

_EQUAL_TO_NOTHING_ELSE = {str, type(None)}
_PLAIN = {*_EQUAL_TO_NOTHING_ELSE, int}

_f_of, _key_of = itemgetter(1), itemgetter(2)


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
    meter = meter or Meter(Budget(None, None, None))
    meter.look(len(operations))
    keys = list(map(_key_of, operations))
    meter.look(len(operations))
    if not _are_plain(keys):
        keys = list(map(_distinct, keys))
    meter.look(len(operations))
    if keys and keys.count(keys[0]) == len(keys):
        return [Section((keys[0],), operations)]
    groups: defaultdict[Key, list[Operation]] = defaultdict(list)
    for first in range(0, len(keys), CHUNK):
        if first:
            meter.hold(_GROUP_BYTES * len(groups) + _PLACE_BYTES * first)
        end = first + CHUNK
        for key, operation in zip(keys[first:end], operations[first:end], strict=True):
            groups[key].append(operation)
    return [Section((key,), group) for key, group in groups.items()]


def _may_tie(operations: Sequence[Operation], model: Model) -> bool:
    ties = model.ties
    return ties is None or not ties.isdisjoint(map(_f_of, operations))


def _are_plain(keys: list[Key]) -> bool:
    """Whether keys that differ in a history differ in Python too, as they are."""
    try:
        kinds = set(map(type, set(keys)))
    except TypeError:
        return False
    # Nothing else equals a text; but 1 might have hidden a True.
    return kinds <= _EQUAL_TO_NOTHING_ELSE or set(map(type, keys)) <= _PLAIN


def _distinct(key: Key) -> Key:
    try:
        return distinct(key)
    except CallError:
        # No JSON value: the translation of the operation will refuse it.
        return repr(key)
