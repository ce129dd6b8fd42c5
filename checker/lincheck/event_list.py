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

NEVER = 1 << 62
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

    positions: Sequence[int]
    invoked: list[int]
    completed: list[int]
    calls: list[int]
    observes: list[bool]
    distinct: list[Call]
    crashed: dict[int, list[Crashed]]
    crashed_positions: list[int]


def columns_of(entries: Sequence[Entry]) -> Columns:
    """The entries (at least one) in columns; crashed observations say nothing and are left out."""
    all_calls: Sequence[Call]
    all_invoked: Sequence[int]
    all_completed: Sequence[int | None]
    all_calls, all_invoked, all_completed, _ = zip(*entries, strict=True)
    crashed: dict[int, list[Crashed]] = {}
    crashed_positions: list[int] = []
    numbers: dict[Call, int] = {}
    positions: Sequence[int] = range(len(entries))
    calls = [numbers.setdefault(call, len(numbers)) for call in all_calls]
    if None in all_completed:
        positions = [at for at in positions if all_completed[at] is not None]
        crashed_positions = [
            at
            for at, completed in enumerate(all_completed)
            if completed is None and all_calls[at].effect != "observes"
        ]
        for number, at in enumerate(crashed_positions):
            crashed.setdefault(calls[at], []).append(Crashed(all_invoked[at], number))
        all_calls = [all_calls[at] for at in positions]
        all_invoked = [all_invoked[at] for at in positions]
        all_completed = [all_completed[at] for at in positions]
        calls = [calls[at] for at in positions]
    return Columns(
        positions,
        [*all_invoked, NEVER],
        [*(NEVER if end is None else end for end in all_completed), NEVER],
        calls,
        [call[4] == "observes" for call in all_calls],
        list(numbers),
        crashed,
        crashed_positions,
    )


def slots_of(invoked: Sequence[int], completed: Sequence[int]) -> tuple[list[int], int]:
    """A slot for each operation (in order of invocation), and how many slots there are."""
    slots: list[int] = []
    free: list[int] = []
    busy: list[tuple[int, int]] = []
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
