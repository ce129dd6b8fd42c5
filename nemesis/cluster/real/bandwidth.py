"""How fast one host may send to its peers, and how many packets had to wait for that.

A token bucket (tc-tbf(8)) for each peer, in a class of its own (tc-htb(8)), to which packets are
assigned by their destination; everything else passes. What waits longest is thrown away when the
queue is full, as at any bottleneck, and TCP sends it again.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping

from nemesis.cluster.real.commands import Run

# Enough for a packet of a usual network: a larger one would never leave. Bytes.
_BURST = 2_000
# What may wait: as much as leaves in that time, in s, but some packets at least, in bytes.
_LONGEST_QUEUE = 1
_SHORTEST_QUEUE = 8_000
# No limit, as far as anybody here could tell; bytes a second.
_FAST = 1_000_000_000
# Of classes and buckets the first peer has this number, in hexadecimal as tc(8) has it.
_FIRST = 0x100


class Bandwidth:
    """By tc(8), which ``run`` runs on the host, for its ``device``; ``addresses`` are
    those to which packets for its peers go."""

    def __init__(self, run: Run, device: str, addresses: Mapping[str, str]) -> None:
        self._run = run
        self._device = device
        self._addresses = dict(addresses)
        self._numbers = {peer: f"{_FIRST + at:x}" for at, peer in enumerate(sorted(addresses))}
        # Bytes a second, by peer.
        self._rates: dict[str, int] = {}
        # What had to wait at buckets that are gone.
        self._before: Counter[str] = Counter()

    def move_to(self, device: str) -> None:
        """The host's device is another one now, as yet without limits."""
        self._device = device

    def limit(self, peers: Iterable[str], rate: int) -> None:
        """Send no more than ``rate`` bytes a second to each of these peers. Raises CommandError,
        as all that follows."""
        self._take_down()
        self._rates |= dict.fromkeys(peers, rate)
        device = f"dev {self._device}"
        commands = [
            f"qdisc add {device} root handle 1: htb default 1",
            f"class add {device} parent 1: classid 1:1 htb rate {_FAST}bps quantum 60000",
        ]
        for peer, rate in self._rates.items():
            number = self._numbers[peer]
            queue = max(_SHORTEST_QUEUE, rate * _LONGEST_QUEUE)
            commands += [
                f"class add {device} parent 1: classid 1:{number} htb rate {_FAST}bps "
                "quantum 60000",
                f"qdisc add {device} parent 1:{number} handle {number}: "
                f"tbf rate {rate}bps burst {_BURST} limit {queue}",
                f"filter add {device} parent 1: protocol ip u32 "
                f"match ip dst {self._addresses[peer]}/32 flowid 1:{number}",
            ]
        self._run("tc", "-batch", "-", content="\n".join(commands))

    def heal(self) -> None:
        """Send as fast as may be. What waits is lost."""
        self._take_down()
        self._rates.clear()

    def delayed(self) -> Counter[str]:
        """How often a packet had to wait in all, by the peer that it was for."""
        if not self._rates:
            return self._before
        told = self._run("tc", "-s", "-j", "qdisc", "show", "dev", self._device)
        waited = {each["handle"]: each["overlimits"] for each in json.loads(told)}
        return self._before + Counter(
            {peer: waited.get(f"{self._numbers[peer]}:", 0) for peer in self._rates}
        )

    def _take_down(self) -> None:
        if self._rates:
            self._before = self.delayed()
            self._run("tc", "qdisc", "del", "dev", self._device, "root")
