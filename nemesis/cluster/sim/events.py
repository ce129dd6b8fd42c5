"""Virtual time: a queue of what happens when."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any

Action = Callable[[Any], None]


class EventQueue:
    """Actions by time (ns) and, at equal times, in the order in which they were scheduled."""

    __slots__ = ("_heap", "_next_number", "executed", "is_halted", "now")

    def __init__(self) -> None:
        self.now = 0
        self.executed = 0
        # Set by an action to end ``run_until`` after it: somebody may wait for what it did.
        self.is_halted = False
        self._heap: list[tuple[int, int, Action, Any]] = []
        self._next_number = 0

    def at(self, time: int, action: Action, argument: Any) -> None:
        """Call ``action(argument)`` at ``time``, which must not lie in the past."""
        number = self._next_number
        self._next_number = number + 1
        heappush(self._heap, (time, number, action, argument))

    def run_until(self, time: int) -> bool:
        """Let everything happen that is due until ``time``, which then is the time.

        False if an action set ``is_halted``: then the time is that action's, and the rest is
        still to happen.
        """
        heap = self._heap
        executed = 0
        self.is_halted = False
        while heap and heap[0][0] <= time:
            self.now, _, action, argument = heappop(heap)
            executed += 1
            action(argument)
            if self.is_halted:
                break
        else:
            self.now = time
        self.executed += executed
        return not self.is_halted

    def clear(self) -> None:
        """Nothing is to happen any more."""
        self._heap.clear()
