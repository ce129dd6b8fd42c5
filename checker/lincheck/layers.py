"""Tables that grow by factors, held to a limit of memory that does not.

CPython doubles a dictionary that is two thirds full, and makes a set that is three fifths full two
or (small ones) four times as large; old and new exist together for a moment. A search that ended
where there is no room for that would end at half of its memory. So a table that may grow no more is
left as it is, and another one is begun beside it: a *layer*. Each layer takes a third or more of
what room there was, so there are few. As long as everything fits there is one, which is used as any
table is.
"""

from __future__ import annotations

from collections.abc import Sequence
from sys import getsizeof
from typing import Any

from checker.lincheck.budget import BETWEEN_LOOKS, Meter

_EMPTY_SET = getsizeof(set())

_LEAST = 32
"""With less room than such a part of the memory no other layer is begun: a search ends."""


class Layers:
    """Sets or dictionaries: the ``newest``, to which is added, and the ``older`` ones, that stay as
    they are. What is in one is in no other."""

    __slots__ = ("_counted", "_make", "newest", "older")

    def __init__(self, make: type[set[Any]] | type[dict[Any, Any]]) -> None:
        self._make = make
        self._counted = 0
        self.newest: Any = make()
        self.older: list[Any] = []

    def __len__(self) -> int:
        return len(self.newest) + sum(map(len, self.older))

    def held_bytes(self) -> int:
        """The bytes of the tables, without what is in them."""
        return getsizeof(self.newest) + sum(map(getsizeof, self.older))

    def growth(self) -> int:
        """The bytes of a new table, if the newest is about to grow; else 0.

        To be asked at each report: by as much as since the last one it may get longer.
        """
        count = len(self.newest)
        used = count + max(BETWEEN_LOOKS, 2 * (count - self._counted))
        self._counted = count
        return growth_bytes(self.newest, used)

    def leave(self) -> None:
        """Begin another layer."""
        self.older.append(self.newest)
        self.newest = self._make()
        self._counted = 0


def growth_bytes(table: set[Any] | dict[Any, Any], used: int) -> int:
    """The bytes of the new table that a table gets when so many are in it; 0 if it gets none."""
    size = getsizeof(table)
    if isinstance(table, set):
        slots = (size - _EMPTY_SET) // 16
        if 5 * used < 3 * slots or slots == 0:
            return 0
        return size * (4 if len(table) <= 50_000 else 2)
    slots = 1 << (size // 15).bit_length() - 1
    return 0 if 3 * used < 2 * slots or slots < 8 else 2 * size


def make_room(tables: Sequence[Layers], held: int, meter: Meter) -> int:
    """What to report of ``held`` bytes; to be asked at each report.

    Tables that are about to grow, for which there is no room, are left. If there is not even room
    for another layer worth the name, the answer is more than may be held.
    """
    memory = meter.budget.memory
    foreseen = held
    for table in tables:
        growth = table.growth()
        if growth and memory is not None:
            room = meter.room() - foreseen
            if growth > room > memory // _LEAST:
                table.leave()
            else:
                foreseen += growth
    return foreseen if memory is not None and foreseen > meter.room() else held
