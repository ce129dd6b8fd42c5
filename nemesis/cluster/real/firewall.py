"""The firewall of one host: packets from its peers that it drops, and how many it has dropped.

Everything is done where packets arrive, by the address that they come from: a directed link is
cut, or lossy, at its far end. Packets to and from anybody else pass.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from nemesis.cluster.real.commands import Run

# A chain of our own, so that other people's rules stay as they are.
_CHAIN = "SPLITBRAIN"
_COUNTED = re.compile(
    rf'^\[(?P<packets>\d+):\d+\] -A {_CHAIN} .*--comment "?(?P<fault>\w+):(?P<peer>[^"\s]+)"? ',
    re.MULTILINE,
)


class Firewall:
    """By iptables(8), which ``run`` runs on the host; ``addresses`` are those from
    which its peers' packets come."""

    def __init__(self, run: Run, addresses: Mapping[str, str]) -> None:
        self._run = run
        self._addresses = dict(addresses)
        self._cut: set[str] = set()
        # Per cent of the packets, by peer.
        self._loss: dict[str, int] = {}
        self._has_rules = False
        # What rules that are gone have dropped.
        self._before: Counter[tuple[str, str]] = Counter()

    def prepare(self) -> None:
        """Let what arrives come by our rules. Raises CommandError, as all that follows."""
        self._restore([f"-A INPUT -j {_CHAIN}"])

    def cut(self, peers: Iterable[str]) -> None:
        """Drop whatever comes from these peers."""
        self._cut.update(peers)
        self._replace()

    def lose(self, peers: Iterable[str], percent: int) -> None:
        """Drop so many of the packets that come from these peers, at random."""
        self._loss |= dict.fromkeys(peers, percent)
        self._replace()

    def heal(self) -> None:
        """Let everything pass."""
        if self._cut or self._loss:
            self._cut.clear()
            self._loss.clear()
            self._replace()

    def dropped(self) -> Counter[tuple[str, str]]:
        """How many packets were dropped in all, by "partition" or "loss" and the peer that they
        came from."""
        if not self._has_rules:
            return self._before
        saved = self._run("iptables-save", "-c", "-t", "filter")
        now = {
            (found["fault"], found["peer"]): int(found["packets"])
            for found in _COUNTED.finditer(saved)
        }
        return self._before + Counter(now)

    def _replace(self) -> None:
        """Put our present rules in the place of those before, whose counts are kept."""
        self._before = self.dropped()
        rules = [
            f"-A {_CHAIN} -s {self._addresses[peer]} -m comment --comment partition:{peer} -j DROP"
            for peer in sorted(self._cut)
        ]
        rules += [
            f"-A {_CHAIN} -s {self._addresses[peer]} -m comment --comment loss:{peer} "
            f"-m statistic --mode random --probability {percent / 100:.2f} -j DROP"
            for peer, percent in sorted(self._loss.items())
        ]
        self._restore(rules)
        self._has_rules = bool(rules)

    def _restore(self, rules: Iterable[str]) -> None:
        """All at once; a chain that is named is made, or emptied."""
        content = "\n".join(("*filter", f":{_CHAIN} - [0:0]", *rules, "COMMIT", ""))
        self._run("iptables-restore", "--noflush", "-w", content=content)
