"""Memory of visited configurations, as integers, and what it holds in bytes.

A configuration in which crashed operations have been used is dominated by the same one with a
subset of them used: it can do no more. So for each key only the minimal sets (bit masks) are kept;
a key without any used dominates them all.
"""

from __future__ import annotations

from sys import getsizeof


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
        held = getsizeof(untouched) + getsizeof(self._sets) + self._set_bytes
        for key in untouched:
            return held + len(untouched) * getsizeof(key)
        return held


_TUPLE_BYTES = getsizeof((0,))
