"""Directed links between processes: what is done to the bytes that one sends to another.

A link does to a TCP connection what a bad network would: bytes come late, they wait (a partition,
or a lost segment that is sent again), or the connection breaks. Bytes are never changed, and never
left out in the middle of a connection that goes on: TCP would not let that happen.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from random import Random
from typing import Any

from nemesis.cluster.protocol import Link
from nemesis.errors import UnsupportedFault

MILLISECOND = 1_000_000  # ns

# After so long TCP sends a lost segment again (Linux: the least retransmission time-out).
_RETRANSMISSION = 200 * MILLISECOND
# So many of a hundred losses break the connection; the others only stall it.
_RESETS = 20


@dataclass(frozen=True, slots=True)
class StreamShape:
    """How a link treats a stream; delays in ns, loss per cent of the chunks."""

    delay_min: int = 0
    delay_max: int = 0
    loss: int = 0
    # Bytes a second; 0: no limit.
    bandwidth: int = 0
    # Which fault asked for a longer delay ("delay", "slow-link"), or "".
    delayed_by: str = ""


HEALTHY = StreamShape()
_FIELDS = frozenset(field.name for field in fields(StreamShape))


@dataclass(slots=True)
class Traffic:
    """What a link has seen; the evidence that a fault did something."""

    forwarded: int = 0
    # Bytes that came while the link was cut, and those of them that never arrived.
    held: int = 0
    dropped: int = 0
    # Connections that were asked for while the link was cut.
    refused: int = 0
    # Chunks that came late, chunks that were lost, connections that were broken by it.
    delayed: int = 0
    lost: int = 0
    resets: int = 0


class DirectedLink:
    """From one process to another, all their connections together."""

    __slots__ = ("_free_at", "_healed", "name", "shape", "traffic")

    def __init__(self, name: Link) -> None:
        self.name = name
        self.shape = HEALTHY
        self.traffic = Traffic()
        self._healed = asyncio.Event()
        self._healed.set()
        # When the bytes sent before will have gone through, where there is a limit.
        self._free_at = 0

    @property
    def is_cut(self) -> bool:
        """Whether nothing gets through now."""
        return not self._healed.is_set()

    def cut(self) -> None:
        """Let nothing through from now on."""
        self._healed.clear()

    def heal(self) -> None:
        """Let through what waits, and what comes, as ordinary links do."""
        self._healed.set()
        self.shape = HEALTHY
        self._free_at = 0

    async def healed(self) -> None:
        """Wait until the link is not cut."""
        await self._healed.wait()

    def transmission(self, now: int, size: int) -> int:
        """When ``size`` bytes that are sent ``now`` will have left, as the bandwidth allows."""
        if not self.shape.bandwidth:
            return now
        self._free_at = max(now, self._free_at) + size * 1_000_000_000 // self.shape.bandwidth
        return self._free_at


class Links:
    """All links of a cluster, and what each fault is seen to do to them.

    ``effects`` counts, by kind of fault, the chunks and connections that it hit. What is random is
    drawn from ``random``.
    """

    def __init__(self, nodes: Iterable[str], effects: Counter[str], random: Random) -> None:
        names = tuple(nodes)
        self.effects = effects
        self._random = random
        self._all = {
            (source, target): DirectedLink((source, target))
            for source in names
            for target in names
            if source != target
        }

    def __getitem__(self, link: Link) -> DirectedLink:
        return self._all[link]

    def cut(self, links: Iterable[Link]) -> None:
        """Let nothing through over these links."""
        for link in links:
            self._all[link].cut()

    def shape(self, links: Iterable[Link] | None, **changes: Any) -> None:
        """Change fields of the StreamShape of these links, or of all if None. Raises
        UnsupportedFault for what cannot happen to a stream (duplicates, another order)."""
        unknown = sorted(set(changes) - _FIELDS)
        if unknown:
            raise UnsupportedFault(
                f"links of real processes are TCP: {', '.join(unknown)} cannot happen to a stream"
            )
        for link in self._all if links is None else links:
            found = self._all[link]
            found.shape = replace(found.shape, **changes)

    def heal(self) -> None:
        """Mend all."""
        for link in self._all.values():
            link.heal()

    def due(self, link: DirectedLink, size: int, now: int) -> int | None:
        """When a chunk of ``size`` bytes that is sent ``now`` arrives; None if the connection
        breaks."""
        shape = link.shape
        if shape is HEALTHY:
            return now
        due = link.transmission(now, size)
        if shape.delay_max:
            due += self._random.randint(min(shape.delay_min, shape.delay_max), shape.delay_max)
        if shape.delayed_by:
            link.traffic.delayed += 1
            self.effects[shape.delayed_by] += 1
        if shape.loss and self._random.random() * 100 < shape.loss:
            link.traffic.lost += 1
            self.effects["loss"] += 1
            if self._random.random() * 100 < _RESETS:
                link.traffic.resets += 1
                return None
            due += _RETRANSMISSION
        return due

    def note_held(self, link: DirectedLink, size: int) -> None:
        """Bytes came to a cut link."""
        link.traffic.held += size
        self.effects["partition"] += 1

    def note_refused(self, link: DirectedLink) -> None:
        """A connection was asked for over a cut link."""
        link.traffic.refused += 1
        self.effects["partition"] += 1

    def traffic(self) -> dict[str, dict[str, int]]:
        """By link, what a fault did to it, for the history; links that were left alone are left
        out."""
        told = {}
        for (source, target), link in self._all.items():
            seen = {
                name: count
                for name in ("held", "dropped", "refused", "delayed", "lost", "resets")
                if (count := getattr(link.traffic, name))
            }
            if seen:
                told[f"{source}->{target}"] = seen
        return told
