"""A simulated network: directed links with delay, loss, duplicates, reordering and cuts.

A link delivers in order unless it is told to reorder. A message is dropped when it is sent over a
cut link; one that is already under way arrives, however late.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from random import Random
from typing import Any, Final

from nemesis.cluster.protocol import Link, LinkShape
from nemesis.cluster.sim.events import Action, EventQueue

# How long a message that is held back may be overtaken, in multiples of the link's longest delay.
_HOLD: Final = 20


class SimulatedNetwork:
    """Draws from its own generator only; times in ns, rates per cent."""

    def __init__(
        self,
        queue: EventQueue,
        random: Random,
        effects: Counter[str],
        healthy: LinkShape,
        receivers: dict[str, Action],
    ) -> None:
        self._queue = queue
        self._draw = random.random
        self._effects = effects
        self._healthy = healthy
        self._default = healthy
        # By name, whom a message is handed to when it arrives.
        self._receivers = receivers
        self._shapes: dict[Link, LinkShape] = {}
        self._cut: set[Link] = set()
        self._last_arrival: dict[Link, int] = {}

    def send(self, source: str, target: str, message: Any) -> None:
        """Put a message on the link from ``source`` to ``target``."""
        link = (source, target)
        if link in self._cut:
            self._effects["partition"] += 1
            return
        shape = self._default
        if self._shapes:
            shape = self._shapes.get(link, shape)
        queue = self._queue
        receive = self._receivers[target]
        arrival = queue.now + shape[0] + int(self._draw() * (shape[1] - shape[0]))
        if shape is not self._healthy:
            _, delay_max, loss, duplicate, reorder, delayed_by = shape
            draw = self._draw
            if loss and draw() * 100 < loss:
                self._effects["loss"] += 1
                return
            if delayed_by:
                self._effects[delayed_by] += 1
            if duplicate and draw() * 100 < duplicate:
                self._effects["duplicate"] += 1
                queue.at(arrival + int(draw() * _HOLD * delay_max), receive, message)
            if reorder and draw() * 100 < reorder:
                self._effects["reorder"] += 1
                queue.at(arrival + int(draw() * _HOLD * delay_max), receive, message)
                return
        last = self._last_arrival.get(link, 0)
        if arrival < last:
            arrival = last
        self._last_arrival[link] = arrival
        queue.at(arrival, receive, message)

    def cut(self, links: Iterable[Link]) -> None:
        """Drop what is sent over these links from now on."""
        self._cut.update(links)

    def reshape(self, links: Iterable[Link] | None, changes: dict[str, int | str]) -> None:
        """Change how these links treat messages; all of them, present and future, if None."""
        if links is None:
            self._default = self._default._replace(**changes)  # type: ignore[arg-type]
            for link, shape in self._shapes.items():
                self._shapes[link] = shape._replace(**changes)  # type: ignore[arg-type]
            return
        for link in links:
            shape = self._shapes.get(link, self._default)
            self._shapes[link] = shape._replace(**changes)  # type: ignore[arg-type]

    def heal(self) -> None:
        """Mend everything; links deliver in order of sending again from here on."""
        self._default = self._healthy
        self._shapes.clear()
        self._cut.clear()
        self._last_arrival.clear()
