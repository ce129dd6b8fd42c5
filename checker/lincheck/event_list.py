"""The operations of a part in columns, for a search: by invocation, in a list that is cheap to cut.

Two operations that are pending at the same moment have different slots; a slot is used again as
soon as its operation has completed. So which of the pending operations are still to be done is a
mask of as many bits as the history is concurrent, however long it is: the same masks as those of a
frontier. (Wing and Gong's search as it is usually written remembers a bit for every operation of
the history.)
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heappop, heappush
from typing import NamedTuple

from checker.lincheck.parts import Entry
from checker.models.model import Call

NEVER = float("inf")
"""A rank after all others."""


class Crashed(NamedTuple):
    """A crashed operation: its rank, and its place in ``Columns.crashed_positions``."""

    invoked: int
    number: int


class Columns(NamedTuple):
    """Live operations (that complete) in order of invocation, and crashed mutations.

    ``invoked`` and ``completed`` are ranks; the lists end with one operation that is invoked after
    everything and never completes, where a walk ends. ``calls`` has numbers into ``distinct``.
    ``positions`` says where an operation stands among the part's entries. The crashed ones are
    grouped by call, in order of invocation.
    """

    positions: list[int]
    invoked: list[float]
    completed: list[float]
    calls: list[int]
    observes: list[bool]
    distinct: list[Call]
    crashed: dict[int, list[Crashed]]
    crashed_positions: list[int]


def columns_of(entries: Sequence[Entry]) -> Columns:
    """The entries in columns; crashed observations, which say nothing, are left out."""
    numbers: dict[Call, int] = {}
    positions: list[int] = []
    invoked: list[float] = []
    completed: list[float] = []
    calls: list[int] = []
    observes: list[bool] = []
    crashed: dict[int, list[Crashed]] = {}
    crashed_positions: list[int] = []
    for position, (call, begin, end, _) in enumerate(entries):
        if end is None:
            if call.effect != "observes":
                number = numbers.setdefault(call, len(numbers))
                crashed.setdefault(number, []).append(Crashed(begin, len(crashed_positions)))
                crashed_positions.append(position)
            continue
        positions.append(position)
        invoked.append(begin)
        completed.append(end)
        calls.append(numbers.setdefault(call, len(numbers)))
        observes.append(call[4] == "observes")
    invoked.append(NEVER)
    completed.append(NEVER)
    return Columns(
        positions,
        invoked,
        completed,
        calls,
        observes,
        list(numbers),
        crashed,
        crashed_positions,
    )


def slots_of(invoked: Sequence[float], completed: Sequence[float]) -> tuple[list[int], int]:
    """A slot for each operation (in order of invocation), and how many slots there are."""
    slots: list[int] = []
    free: list[int] = []
    busy: list[tuple[float, int]] = []
    used = 0
    for begin, end in zip(invoked, completed, strict=True):
        while busy and busy[0][0] < begin:
            free.append(heappop(busy)[1])
        if free:
            slot = free.pop()
        else:
            slot = used
            used += 1
        slots.append(slot)
        heappush(busy, (end, slot))
    return slots, used
