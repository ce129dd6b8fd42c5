"""Memory of visited configurations, as integers, and what it holds in bytes.

A configuration in which crashed operations have been used is dominated by the same one with a
subset of them used: it can do no more. So for each key only the minimal sets (bit masks) are kept;
a key without any used dominates them all.
"""

from __future__ import annotations

from sys import getsizeof

from checker.lincheck.layers import Layers

_TUPLE_BYTES = getsizeof((0,))


class Visited:
    """``untouched`` has the keys that were visited without any crashed operation used."""

    __slots__ = ("_set_bytes", "_sets", "layers", "untouched")

    def __init__(self) -> None:
        self.untouched = Layers(set)
        self._sets = Layers(dict)
        self._set_bytes = 0
        self.layers = (self.untouched, self._sets)

    def dominates(self, key: int, used: int) -> bool:
        """Whether the key was visited with no more used than this; otherwise it now is."""
        table: dict[int, tuple[int, ...]] = self._sets.newest
        held = table.get(key)
        if held is None:
            for older in self._sets.older:
                if key in older:
                    table = older
                    held = table[key]
                    break
            else:
                table[key] = (used,)
                self._set_bytes += getsizeof(key) + _TUPLE_BYTES + getsizeof(used)
                return False
        for other in held:
            if other & used == other:
                return True
        kept = [other for other in held if other & used != used]
        table[key] = (*kept, used)
        self._set_bytes += (len(kept) + 1 - len(held)) * getsizeof(used)
        self._set_bytes += getsizeof(table[key]) - getsizeof(held)
        return False

    def held_bytes(self) -> int:
        """The bytes held, keys included."""
        untouched = self.untouched
        held = untouched.held_bytes() + self._sets.held_bytes() + self._set_bytes
        for table in (untouched.newest, *untouched.older):
            for key in table:
                # One stands for all.
                return held + len(untouched) * getsizeof(key)
        return held
