"""Faults of links that the kernel does to packets, where every node has a network of its own.

Partitions and loss are rules of the firewall of whoever receives, slow links token buckets at
whoever sends. All are counted by the kernel.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from nemesis.cluster.protocol import Link
from nemesis.cluster.real.bandwidth import Bandwidth
from nemesis.cluster.real.firewall import Firewall

# A slow link is one that takes as long as was asked for to transmit so many bytes: a full packet.
_PACKET = 1_500
_SECOND = 1_000_000_000

_T = TypeVar("_T")


class PacketFaults:
    """By the firewall and the bandwidth of every node. What is done to several nodes is done to all
    of them at once, in threads."""

    def __init__(
        self, firewalls: Mapping[str, Firewall], bandwidths: Mapping[str, Bandwidth]
    ) -> None:
        self._firewalls = dict(firewalls)
        self._bandwidths = dict(bandwidths)

    def prepare(self) -> None:
        """Make what the rules stand in. Raises CommandError, as all that follows."""
        _at_once(firewall.prepare for firewall in self._firewalls.values())

    def cut(self, links: Iterable[Link]) -> None:
        """Drop all packets of these links."""
        _at_once(
            partial(self._firewalls[target].cut, sources)
            for target, sources in _by_target(links).items()
        )

    def lose(self, links: Iterable[Link], percent: int) -> None:
        """Drop so many of their packets."""
        _at_once(
            partial(self._firewalls[target].lose, sources, percent)
            for target, sources in _by_target(links).items()
        )

    def slow_down(self, links: Iterable[Link], longest: int) -> None:
        """Let a full packet take ``longest`` ns."""
        rate = _PACKET * _SECOND // longest
        _at_once(
            partial(self._bandwidths[source].limit, targets, rate)
            for source, targets in _by_target((to, of) for of, to in links).items()
        )

    def heal(self) -> None:
        """Let everything pass."""
        _at_once(each.heal for each in self._firewalls.values())
        _at_once(each.heal for each in self._bandwidths.values())

    def counted(self) -> dict[Link, Counter[str]]:
        """How many packets of each link were dropped or had to wait, by kind of fault; links that
        were left alone are left out."""
        found: dict[Link, Counter[str]] = {}
        dropped = _at_once(firewall.dropped for firewall in self._firewalls.values())
        delayed = _at_once(bandwidth.delayed for bandwidth in self._bandwidths.values())
        for node, counts in zip(self._firewalls, dropped, strict=True):
            for (fault, peer), count in counts.items():
                found.setdefault((peer, node), Counter())[fault] += count
        for node, waited in zip(self._bandwidths, delayed, strict=True):
            for peer, count in waited.items():
                found.setdefault((node, peer), Counter())["slow-link"] += count
        return {link: counts for link, counts in found.items() if counts.total()}


def _at_once(calls: Iterable[Callable[[], _T]]) -> list[_T]:
    """What the calls return, in their order; all end before the first error is raised."""
    with ThreadPoolExecutor() as threads:
        begun = [threads.submit(call) for call in calls]
    return [each.result() for each in begun]


def _by_target(links: Iterable[Link]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for source, target in links:
        found.setdefault(target, []).append(source)
    return found
