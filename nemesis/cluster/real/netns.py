"""Hosts that are network namespaces, connected by a bridge in a namespace of its own.

    n1 (10.77.0.1)   n2 (10.77.0.2)   n3 (10.77.0.3)     servers, on the ports of etcd
         | eth0           | eth0           | eth0
         | v1             | v2             | v3
    switch: bridge (10.77.0.254)                          clients, by sockets made in there

The namespace that we run in gets no address, no route and no rule. Partitions and loss are rules of
the firewall of whoever receives, slow links token buckets at whoever sends, each counted by the
kernel. What delays packets (netem) is not in every kernel: where delays are asked for, servers talk
through the proxy, which listens for each of them in the switch, at an address that stands for it
(10.77.0.101 for n1), and dials from those too: so it is those that rules are about. It is not in
the way otherwise: what is attacked is then what two kernels say to each other.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from nemesis.cluster.protocol import Link
from nemesis.cluster.real import namespaces
from nemesis.cluster.real.addresses import Address
from nemesis.cluster.real.bandwidth import Bandwidth
from nemesis.cluster.real.commands import run_command
from nemesis.cluster.real.firewall import Firewall
from nemesis.cluster.real.hosts import Server
from nemesis.cluster.real.links import Links
from nemesis.cluster.real.namespaces import Sockets
from nemesis.cluster.real.packet_faults import PacketFaults
from nemesis.cluster.real.packet_hosts import DEVICE, PEER_PORT, PacketHosts
from nemesis.cluster.real.processes import ProcessError, ServerProcess
from nemesis.cluster.real.proxy import Proxy, ProxySockets
from nemesis.cluster.real.run_file import RunFile
from nemesis.errors import UnsupportedFault

_NET = "10.77.0"
_SWITCH = 254
# What is added to the number of a node for the address that stands for it at the proxy.
_STANDS_FOR = 100
_BRIDGE = "br0"
# What only the proxy can do.
_BY_THE_PROXY = frozenset({"delay_min", "delay_max", "delayed_by"})


class Netns(PacketHosts):
    """If ``delays``, servers talk through the proxy. Raises ProcessError if this machine has no
    namespaces for us."""

    name = "netns"

    def __init__(
        self, nodes: Iterable[str], run_file: RunFile, seed: int, *, delays: bool = False
    ) -> None:
        super().__init__(nodes, run_file)
        why = namespaces.unavailable()
        if why is not None:
            raise ProcessError(f"hosts netns: {why}")
        self._numbers = {node: at for at, node in enumerate(self.nodes, 1)}
        begin = f"sb-{run_file.token[:8]}"
        self._switch = f"{begin}-switch"
        self._names = {node: f"{begin}-{node}" for node in self.nodes}
        self._links = Links(self.nodes, self.effects, Random(seed))
        self._delays = delays
        self._proxy: Proxy | None = None
        self._sockets: Sockets | None = None

    @classmethod
    def possible(cls) -> frozenset[str]:
        return frozenset({"partition", "grudge", "heal", "delay", "slow-link", "loss"})

    # -- Addresses -------------------------------------------------------------------------------

    def peer(self, source: str, target: str) -> Address:
        return Address(self._seen_as(target), PEER_PORT)

    def client(self, node: str) -> Address:
        return self.listens_to_clients(node)

    def address(self, node: str) -> str:
        return f"{_NET}.{self._numbers[node]}"

    def _seen_as(self, node: str) -> str:
        """The address that its peers have to do with."""
        return _stand_in(self._numbers[node]) if self._delays else self.address(node)

    # -- Beginning and end -----------------------------------------------------------------------

    async def prepare(self, *, one_address: bool) -> None:
        """They all know a server by one address anyway."""
        self.run_file.will_make("namespace", self._switch, *self._names.values())
        namespaces.create(self._switch)
        standing = [_stand_in(number) for number in self._numbers.values()] if self._delays else []
        namespaces.connect(
            self._switch, _BRIDGE, [f"{host}/24" for host in (f"{_NET}.{_SWITCH}", *standing)]
        )
        firewalls, bandwidths = {}, {}
        for node, name in self._names.items():
            namespaces.create(name)
            port = f"v{self._numbers[node]}"
            namespaces.plug_in(
                name, self._switch, _BRIDGE, port, DEVICE, f"{self.address(node)}/24"
            )
            peers = {other: self._seen_as(other) for other in self.nodes if other != node}
            run = partial(run_command, *namespaces.inside(name))
            firewalls[node] = Firewall(run, peers)
            bandwidths[node] = Bandwidth(run, DEVICE, peers)
        self.packet_faults = PacketFaults(firewalls, bandwidths)
        self.packet_faults.prepare()
        self._sockets = Sockets(self._switch)
        self.socket_factory = self._client_socket
        if self._delays:
            await self._listen(self._sockets)

    def _client_socket(self, wanted: Any) -> socket.socket:
        assert self._sockets is not None
        family, kind, protocol, *_ = wanted
        return self._sockets.make(family, kind, protocol)

    async def _listen(self, sockets: Sockets) -> None:
        names = {self.address(node): node for node in self.nodes}

        def identify(client: Address, _dialled: Address) -> str | None:
            return names.get(client.host)

        self._proxy = Proxy(self._links, _SocketsOfSwitch(sockets, self._numbers))
        for target in self.nodes:
            await self._proxy.listen(identify, target, self.listens_to_peers(target))

    def add(
        self, node: str, command: Sequence[str], log: Path, environment: Mapping[str, str]
    ) -> Server:
        words = (*namespaces.inside(self._names[node]), *command)
        made = ServerProcess(node, words, log, self.run_file, environment)
        self.servers[node] = made
        return made

    async def disconnect(self) -> None:
        if self._proxy is not None:
            await self._proxy.close()

    def remove(self) -> None:
        super().remove()
        if self._sockets is not None:
            self._sockets.close()
        for name in (*self._names.values(), self._switch):
            namespaces.remove(name)

    # -- Links -----------------------------------------------------------------------------------

    def shape_otherwise(self, links: list[Link], changes: dict[str, int | str]) -> None:
        if self._proxy is None and set(changes) <= _BY_THE_PROXY:
            raise UnsupportedFault(
                "no delays were foreseen when the servers were started: their packets do not pass "
                "the proxy"
            )
        self._links.shape(links, **changes)

    def heal(self) -> None:
        self._links.heal()
        super().heal()

    def traffic(self) -> dict[str, dict[str, int]]:
        told = self._links.traffic()
        for link, counts in super().traffic().items():
            told.setdefault(link, {}).update(counts)
        return told


class _SocketsOfSwitch(ProxySockets):
    """In the switch, where every node has an address that stands for it."""

    def __init__(self, sockets: Sockets, numbers: Mapping[str, int]) -> None:
        self._sockets = sockets
        self._numbers = numbers

    def listening(self, target: str) -> socket.socket:
        made = self._sockets.make()
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((_stand_in(self._numbers[target]), PEER_PORT))
        return made

    def dialling(self, source: str) -> socket.socket:
        made = self._sockets.make()
        made.bind((_stand_in(self._numbers[source]), 0))
        return made


def _stand_in(number: int) -> str:
    """The address of the proxy that stands for the node of this number."""
    return f"{_NET}.{_STANDS_FOR + number}"
