"""Which windows of slots contain a slot? An interval tree without a tree.

Give each window, from slot ``a`` to slot ``b``, the number in it that is divisible by the highest
power of two (numbers being doubled slots, so that a window of one slot has two). That number is the
node of the window: a window that contains a number has its node among that number's ancestors in
the binary tree in which the odd numbers are leaves. There is one ancestor a level, so a look-up
visits at most 1 + log2 nodes of the widest window's length (Edelsbrunner's interval tree, on
integers).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence


class Windows:
    """Members with windows ``first[member]`` to ``last[member]``, both inclusive."""

    __slots__ = ("_masks", "_nodes")

    def __init__(self, members: Iterable[int], first: Sequence[int], last: Sequence[int]) -> None:
        nodes: dict[int, list[int]] = {}
        levels = set()
        for member in members:
            highest = 2 * last[member] + 1
            level = (highest ^ 2 * first[member]).bit_length() - 1
            node = highest >> level << level
            levels.add(level)
            if node in nodes:
                nodes[node].append(member)
            else:
                nodes[node] = [member]
        self._nodes = nodes
        self._masks = [(level + 1, 1 << level) for level in sorted(levels)]

    def around(self, slot: int) -> list[int]:
        """The members whose windows contain the slot, and maybe others near it."""
        doubled = 2 * slot
        nodes = self._nodes
        found: list[int] = []
        for level, bit in self._masks:
            node = doubled >> level << level | bit
            if node in nodes:
                found += nodes[node]
        return found
