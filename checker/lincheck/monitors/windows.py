"""Which windows of slots contain a slot? Lists of what is open, taken at regular slots.

Members come in the order in which their windows begin, so what is open in a slot is what was open
at the last slot of which there is a list, and those that have begun since, which stand side by
side. The lists lie so far apart that together they have at most ``_MEAN`` members a slot, however
many windows are open at a time: the room is linear, a look-up costs what is open, and what began
lately. They are one list, cut by an index: a container for each slot would keep the garbage
collector busy for longer than all the rest takes.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

_MEAN = 4


class Windows:
    """Members with windows ``first[member]`` to ``last[member]``, both inclusive.

    ``members`` are in ascending order of ``first``; a window lies within the slots 0 to ``slots``.
    """

    __slots__ = ("_begun", "_listed", "_members", "_starts", "_width")

    def __init__(
        self, members: list[int], first: Sequence[int], last: Sequence[int], slots: int
    ) -> None:
        total = sum(last[member] - first[member] + 1 for member in members)
        width = 1
        while total > _MEAN * width * slots:
            width *= 2
        begun = [0] * (slots + 1)
        stale = bytearray(slots // width + 2)  # Has a window ended since the list before?
        for member in members:
            begun[first[member]] += 1
            stale[last[member] // width + 1] = 1
        begun = list(accumulate(begun))
        listed: list[int] = []
        starts: list[int] = []
        open_: list[int] = []
        have = 0
        for slot, count, ended in zip(
            range(0, slots + 1, width), begun[::width], stale, strict=False
        ):
            if ended:
                open_ = [member for member in open_ if last[member] >= slot]
            if have < count:
                open_ += members[have:count]
                have = count
            starts.append(len(listed))
            listed += open_
        starts.append(len(listed))
        self._members = members
        self._begun = begun
        self._listed = listed
        self._starts = starts
        self._width = width

    def around(self, slot: int) -> list[int]:
        """All members whose windows contain the slot; maybe others, which have ended before it."""
        width = self._width
        number = slot // width
        found = self._listed[self._starts[number] : self._starts[number + 1]]
        if width > 1:
            found += self._members[self._begun[number * width] : self._begun[slot]]
        return found
