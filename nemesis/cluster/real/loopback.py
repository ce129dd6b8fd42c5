"""Hosts that are all this machine: ports of 127.0.0.1, and the proxy between the servers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from random import Random

from nemesis.cluster.protocol import Link
from nemesis.cluster.real.addresses import Address
from nemesis.cluster.real.hosts import Hosts, Server
from nemesis.cluster.real.links import Links
from nemesis.cluster.real.processes import ServerProcess
from nemesis.cluster.real.proxy import Proxy
from nemesis.cluster.real.run_file import RunFile
from nemesis.cluster.real.sockets import free_port, owner_of


class Loopback(Hosts):
    """Servers reach each other through the proxy, clients reach them directly."""

    name = "loopback"

    def __init__(self, nodes: Iterable[str], run_file: RunFile, seed: int) -> None:
        super().__init__(nodes, run_file)
        self._links = Links(self.nodes, self.effects, Random(seed))
        self._proxy = Proxy(self._links)
        taken: set[int] = set()
        self._for_peers = {name: _new_address(taken) for name in self.nodes}
        self._for_clients = {name: _new_address(taken) for name in self.nodes}
        # Listeners of the proxy, by who dials whom.
        self._dialled: dict[Link, Address] = {}

    @classmethod
    def possible(cls) -> frozenset[str]:
        return frozenset({"partition", "grudge", "heal", "delay", "slow-link", "loss"})

    def listens_to_peers(self, node: str) -> Address:
        return self._for_peers[node]

    def listens_to_clients(self, node: str) -> Address:
        return self._for_clients[node]

    def peer(self, source: str, target: str) -> Address:
        return self._dialled.get((source, target), self._for_peers[target])

    def client(self, node: str) -> Address:
        return self._for_clients[node]

    async def prepare(self, *, one_address: bool) -> None:
        """Who has dialled is known by the listener, a separate one for each directed pair; or by
        the process that owns the socket, where all must dial the same."""
        for target in self.nodes:
            to = self._for_peers[target]
            if one_address:
                shared = await self._proxy.listen(self._identify, target, to)
                self._dialled |= {(source, target): shared for source in self.nodes}
                continue
            for source in self.nodes:
                if source != target:
                    listener = await self._proxy.listen(source, target, to)
                    self._dialled[source, target] = listener

    def _identify(self, client: Address, dialled: Address) -> str | None:
        pids = {name: pid for name, each in self.servers.items() if (pid := each.pid) is not None}
        return owner_of(client.port, dialled.port, pids)

    def add(
        self, node: str, command: Sequence[str], log: Path, environment: Mapping[str, str]
    ) -> Server:
        made = ServerProcess(node, command, log, self.run_file, environment)
        self.servers[node] = made
        return made

    async def disconnect(self) -> None:
        await self._proxy.close()

    def cut(self, links: Iterable[Link]) -> None:
        self._links.cut(links)

    def shape(self, links: Iterable[Link] | None, **changes: int | str) -> None:
        self._links.shape(links, **changes)

    def heal(self) -> None:
        self._links.heal()

    def traffic(self) -> dict[str, dict[str, int]]:
        return self._links.traffic()


def _new_address(taken: set[int]) -> Address:
    return Address("127.0.0.1", free_port(taken))
