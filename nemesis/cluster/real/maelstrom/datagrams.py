"""Directed links between nodes, that treat every message by itself.

A message is sent once, and arrives late, twice, overtaken by others, or not at all. It is never
changed. A healthy link delivers at once and in order; what is sent over a cut link is dropped, what
was under way when it was cut arrives.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from random import Random

from nemesis.cluster.protocol import Link, LinkShape

MILLISECOND = 1_000_000

HEALTHY = LinkShape(0, 0)
# How long a message that is held back may be overtaken, and how late its double may come, at least,
# in ns; and in multiples of the link's longest delay.
_HOLD = 200 * MILLISECOND
_HOLD_FACTOR = 3

Deliver = Callable[[str, bytes], None]
"""Hand a line to a node."""

At = Callable[[int, Callable[[], None]], None]
"""Do something after so many ns."""


@dataclass(slots=True)
class Traffic:
    """What a link has seen; the evidence that a fault did something."""

    dropped: int = 0
    lost: int = 0
    delayed: int = 0
    doubled: int = 0
    held_back: int = 0


class Datagrams:
    """All links of a cluster. Times in ns, rates per cent.

    ``effects`` counts, by kind of fault, the messages that it hit. What is random is drawn from
    ``random``.
    """

    def __init__(
        self,
        nodes: Iterable[str],
        effects: Counter[str],
        random: Random,
        deliver: Deliver,
        now: Callable[[], int],
        later: At,
    ) -> None:
        names = tuple(nodes)
        self._links = [(one, other) for one in names for other in names if one != other]
        self._effects = effects
        self._draw = random.random
        self._deliver = deliver
        self._now = now
        self._later = later
        self._cut: set[Link] = set()
        self._shapes: dict[Link, LinkShape] = {}
        self._last_arrival: dict[Link, int] = {}
        self._traffic = {link: Traffic() for link in self._links}

    def send(self, source: str, target: str, line: bytes) -> None:
        """Put a line on the link from ``source`` to ``target``."""
        link = (source, target)
        if link in self._cut:
            self._effects["partition"] += 1
            self._traffic[link].dropped += 1
            return
        shape = self._shapes.get(link, HEALTHY)
        now = self._now()
        if shape is HEALTHY:
            if self._last_arrival.get(link, 0) <= now:
                self._deliver(target, line)
            else:
                self._arrive(link, self._last_arrival[link] - now, line)
            return
        self._send_over(link, shape, now, line)

    def _send_over(self, link: Link, shape: LinkShape, now: int, line: bytes) -> None:
        """Over a link that is not healthy."""
        draw, effects, traffic = self._draw, self._effects, self._traffic[link]
        if shape.loss and draw() * 100 < shape.loss:
            effects["loss"] += 1
            traffic.lost += 1
            return
        low = min(shape.delay_min, shape.delay_max)
        delay = low + int(draw() * (shape.delay_max - low))
        hold = max(_HOLD, _HOLD_FACTOR * shape.delay_max)
        if shape.delayed_by:
            effects[shape.delayed_by] += 1
            traffic.delayed += 1
        if shape.duplicate and draw() * 100 < shape.duplicate:
            effects["duplicate"] += 1
            traffic.doubled += 1
            self._arrive(link, delay + int(draw() * hold), line)
        if shape.reorder and draw() * 100 < shape.reorder:
            effects["reorder"] += 1
            traffic.held_back += 1
            self._arrive(link, delay + int(draw() * hold), line)
            return
        arrival = max(now + delay, self._last_arrival.get(link, 0))
        self._last_arrival[link] = arrival
        self._arrive(link, arrival - now, line)

    def _arrive(self, link: Link, delay: int, line: bytes) -> None:
        self._later(delay, lambda: self._deliver(link[1], line))

    def cut(self, links: Iterable[Link]) -> None:
        """Drop what is sent over these links from now on."""
        self._cut.update(links)

    def shape(self, links: Iterable[Link] | None, **changes: int | str) -> None:
        """Change fields of the LinkShape of these links, or of all if None."""
        for link in self._links if links is None else links:
            shape = self._shapes.get(link, HEALTHY)
            self._shapes[link] = shape._replace(**changes)  # type: ignore[arg-type]

    def heal(self) -> None:
        """Mend all; links deliver in order of sending again from here on."""
        self._cut.clear()
        self._shapes.clear()
        self._last_arrival.clear()

    def traffic(self) -> dict[str, dict[str, int]]:
        """By link, what faults did to it, for the history; links that were left alone are left
        out."""
        told = {}
        for (source, target), traffic in self._traffic.items():
            seen = {
                name: count
                for name in ("dropped", "lost", "delayed", "doubled", "held_back")
                if (count := getattr(traffic, name))
            }
            if seen:
                told[f"{source}->{target}"] = seen
        return told
