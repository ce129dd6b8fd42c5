"""What a frontier of configurations holds, in bytes: counted, not guessed.

A search reports every few hundred configurations, so counting must cost next to nothing. What has
a length is multiplied; the dictionaries that hold the masks of a state are all measured while they
are few, and otherwise now and then: again when as many configurations were explored as half of
what there was to measure, and in between their mean is taken for all. So measuring costs a few
percent of the search, and what was not measured is at most a fraction of the whole.

The steps by which configurations came about form a tree; those that no configuration goes back to
are gone. They are counted by walking back from all configurations, marking what was met.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from sys import getsizeof
from typing import Any

from checker.models.model import State

Trace = list[Any] | None
"""The operations linearized so far, the last one first: [operation, trace before, mark], where the
operation is ~operation for one that hides, and the mark is for counting."""

Frontier = dict[State, dict[int, Trace]]
"""The masks held in a state, with how each came about (None unless the engine records it)."""

_FEW = 64
"""Dictionaries that are measured at every report."""

_LATE_BYTES = getsizeof((None,) * 4)
"""A configuration that waits to be extended."""

_STEP_BYTES = getsizeof([None, None, None])


class Accounts:
    """The bytes that a frontier holds.

    ``beside``: what its caller holds for it. ``kept`` has other frontiers that it may come back to;
    ``shared``: how many steps another engine holds anyway. ``crowd``: configurations of the state
    that has most.
    """

    # Defaults of the class: most engines end before they report for the first time.
    beside = 0
    kept: Sequence[Frontier] = ()
    shared = 0
    steps = 0
    crowd = 1
    _each_bytes = _each_holds = 0.0
    _masks = 1
    _measure_at = 0

    def __init__(self, *, record: bool) -> None:
        self.record = record

    def held(
        self,
        explored: int,
        settled: Sequence[Frontier],
        reached: Sequence[Frontier],
        late: Sequence[tuple[State, int, bool, Trace]],
        mask: int,
    ) -> int:
        """All bytes.

        ``settled`` are the frontiers that hold masks of their own, of so many bytes each; those in
        ``reached`` are the masks of what is ``late``.
        """
        own = sum(map(len, settled))
        dictionaries = own + sum(map(len, reached))
        due = explored >= self._measure_at
        if due or dictionaries <= _FEW:
            self._measure(settled, reached, own, dictionaries)
        masks = round(self._each_holds * own) + len(late)
        if due:
            cost = dictionaries
            if self.record:
                self.steps = self._walk(settled, late)
                self._masks = masks
                cost += self.steps + masks
            self._measure_at = explored + cost // 2
        size = sum(map(getsizeof, settled)) + sum(map(getsizeof, reached)) + getsizeof(late)
        size += round(self._each_bytes * dictionaries)
        size += mask * masks + _LATE_BYTES * len(late)
        if self.record:
            # Since they were counted each new configuration brought a step; if there are fewer, the
            # steps of the others are gone.
            more = masks - self._masks
            steps = self.steps + more if more >= 0 else self.steps * masks // self._masks
            size += _STEP_BYTES * max(steps - self.shared, 0)
        return size + self.beside

    def _measure(
        self,
        settled: Sequence[Frontier],
        reached: Sequence[Frontier],
        own: int,
        dictionaries: int,
    ) -> None:
        size = holds = 0
        crowd = 1
        for frontier in settled:
            for held in frontier.values():
                size += getsizeof(held)
                count = len(held)
                holds += count
                if count > crowd:
                    crowd = count
        for frontier in reached:
            for held in frontier.values():
                size += getsizeof(held)
                if len(held) > crowd:
                    crowd = len(held)
        self.crowd = crowd
        self._each_bytes = size / max(dictionaries, 1)
        self._each_holds = holds / max(own, 1)

    def _walk(
        self,
        settled: Sequence[Frontier],
        late: Sequence[tuple[State, int, bool, Trace]],
    ) -> int:
        mark = object()
        count = 0
        for frontier in (*settled, *self.kept):
            for held in frontier.values():
                count += _mark(held.values(), mark)
        return count + _mark((trace for _, _, _, trace in late), mark)


def _mark(traces: Iterable[Trace], mark: object) -> int:
    """How many steps these traces have that were not marked yet."""
    count = 0
    for trace in traces:
        step = trace
        while step is not None and step[2] is not mark:
            step[2] = mark
            count += 1
            step = step[1]
    return count
