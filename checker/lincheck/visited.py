"""Memory of visited configurations, as integers, and what it holds in bytes.

A configuration in which crashed operations have been used is dominated by the same one with a
subset of them used: it can do no more. So for each key only the minimal sets (bit masks) are kept;
a key without any used dominates them all.
"""

from __future__ import annotations

from sys import getsizeof
from typing import Any

from checker.lincheck.budget import BETWEEN_LOOKS


class Visited:
    """``untouched`` has the keys that were visited without any crashed operation used."""

    __slots__ = ("_set_bytes", "_sets", "untouched")

    def __init__(self) -> None:
        self.untouched: set[int] = set()
        self._sets: dict[int, tuple[int, ...]] = {}
        self._set_bytes = 0

    def dominates(self, key: int, used: int) -> bool:
        """Whether the key was visited with no more used than this; otherwise it now is."""
        held = self._sets.get(key)
        if held is None:
            self._sets[key] = (used,)
            self._set_bytes += getsizeof(key) + _TUPLE_BYTES + getsizeof(used)
            return False
        for other in held:
            if other & used == other:
                return True
        kept = [other for other in held if other & used != used]
        self._sets[key] = (*kept, used)
        self._set_bytes += (len(kept) + 1 - len(held)) * getsizeof(used)
        self._set_bytes += getsizeof(self._sets[key]) - getsizeof(held)
        return False

    def held_bytes(self) -> int:
        """The bytes held, keys included."""
        untouched = self.untouched
        held = table_bytes(untouched) + table_bytes(self._sets) + self._set_bytes
        for key in untouched:
            return held + len(untouched) * getsizeof(key)
        return held


def table_bytes(table: set[int] | dict[int, Any]) -> int:
    """The bytes of a table; if it is about to grow, also those of the new one, for a moment.

    CPython doubles a dictionary that is two thirds full, and makes a set that is three fifths full
    two or (small ones) four times as large.
    """
    size = getsizeof(table)
    used = len(table) + BETWEEN_LOOKS
    if isinstance(table, set):
        slots = (size - _EMPTY_SET) // 16
        if 5 * used < 3 * slots or slots == 0:
            return size
        return size + size * (4 if len(table) <= 50_000 else 2)
    slots = 1 << (size // 15).bit_length() - 1
    return size if 3 * used < 2 * slots or slots < 8 else 3 * size


_EMPTY_SET = getsizeof(set())
_TUPLE_BYTES = getsizeof((0,))
