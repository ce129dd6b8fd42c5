"""What hosts have in common of which each has a network of its own, whoever makes it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from nemesis.cluster.protocol import Link
from nemesis.cluster.real.addresses import Address
from nemesis.cluster.real.hosts import Hosts
from nemesis.cluster.real.packet_faults import PacketFaults
from nemesis.cluster.real.run_file import RunFile

DEVICE = "eth0"
"""The network device of every host."""
PEER_PORT, CLIENT_PORT = 2380, 2379
"""Those of etcd; every host has its own."""


class PacketHosts(Hosts):
    """Their links are attacked by the kernel (packet_faults.py), which counts what it does."""

    def __init__(self, nodes: Iterable[str], run_file: RunFile) -> None:
        super().__init__(nodes, run_file)
        # Of nobody until all was prepared.
        self.packet_faults = PacketFaults({}, {})
        # What observe() has added to the effects.
        self._observed: Counter[str] = Counter()

    def address(self, node: str) -> str:
        """That of the host, without a port."""
        raise NotImplementedError(f"hosts {self.name} do not say what their addresses are")

    def shape_otherwise(self, links: list[Link], changes: dict[str, int | str]) -> None:
        """Change anything but loss and bandwidth. Raises UnsupportedFault."""
        raise NotImplementedError(f"hosts {self.name} do not say what else they can do")

    def listens_to_peers(self, node: str) -> Address:
        return Address(self.address(node), PEER_PORT)

    def listens_to_clients(self, node: str) -> Address:
        return Address(self.address(node), CLIENT_PORT)

    def cut(self, links: Iterable[Link]) -> None:
        self.packet_faults.cut(links)

    def shape(self, links: Iterable[Link] | None, **changes: int | str) -> None:
        chosen = self._all_links() if links is None else list(links)
        if changes.get("delayed_by") == "slow-link":
            self.packet_faults.slow_down(chosen, int(changes["delay_max"]))
        elif set(changes) == {"loss"}:
            self.packet_faults.lose(chosen, int(changes["loss"]))
        else:
            self.shape_otherwise(chosen, changes)

    def _all_links(self) -> list[Link]:
        return [(one, other) for one in self.nodes for other in self.nodes if one != other]

    def heal(self) -> None:
        self.packet_faults.heal()
        self.observe()

    def observe(self) -> None:
        seen: Counter[str] = Counter()
        for counts in self.packet_faults.counted().values():
            seen.update(counts)
        self.effects.update(seen - self._observed)
        self._observed = seen

    def traffic(self) -> dict[str, dict[str, int]]:
        return {
            f"{source}->{target}": dict(counts)
            for (source, target), counts in self.packet_faults.counted().items()
        }
