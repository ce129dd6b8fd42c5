"""Hosts that are containers of a Docker engine, on a private network of their own.

    n1-host (10.X.Y.11)  n2-host (10.X.Y.12)  n3-host (10.X.Y.13)    networks, firewalls, ports
         n1                   n2                   n3                servers

Every node has two containers. The first one, the host, does nothing, and has the address, the rules
and the ports that are published on 127.0.0.1; the second one, in which the server runs, shares its
network. So a server that is killed takes neither its address nor a partition with it, and rules can
be changed while it is frozen; and it lacks the right to change them itself. What servers write is
in the run directory, which they have at the same path.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from nemesis.cluster.protocol import Link
from nemesis.cluster.real.addresses import Address
from nemesis.cluster.real.bandwidth import Bandwidth
from nemesis.cluster.real.commands import CommandError
from nemesis.cluster.real.docker_client import asking, connect, overlaps
from nemesis.cluster.real.docker_image import ensure_image
from nemesis.cluster.real.docker_leftovers import marks_of, remove_left, remove_run
from nemesis.cluster.real.docker_server import ContainerServer, into_log
from nemesis.cluster.real.firewall import Firewall
from nemesis.cluster.real.hosts import Server
from nemesis.cluster.real.leftovers import CONTAINERS
from nemesis.cluster.real.packet_faults import PacketFaults
from nemesis.cluster.real.packet_hosts import CLIENT_PORT, DEVICE, PacketHosts
from nemesis.cluster.real.processes import ProcessError
from nemesis.cluster.real.run_file import RunFile
from nemesis.cluster.real.sockets import free_port
from nemesis.errors import UnsupportedFault

# Of the first node, in its network.
_FIRST = 11
# Networks that are tried until one overlaps with none that the engine knows.
_ATTEMPTS = 20


class DockerHosts(PacketHosts):
    """Raises ProcessError if there is no engine, or it does not do what it is asked."""

    name = "docker"

    def __init__(self, nodes: Iterable[str], run_file: RunFile) -> None:
        super().__init__(nodes, run_file)
        self._client = connect()
        self._begin = f"splitbrain-{run_file.token[:8]}"
        self._marks = marks_of(run_file.token)
        taken: set[int] = set()
        self._ports = {node: free_port(taken) for node in self.nodes}
        # The first three numbers of all addresses.
        self._net = ""
        self._image = ""
        self._hosts: dict[str, Any] = {}
        self._bandwidths: dict[str, Bandwidth] = {}
        self._unplugged: list[str] = []

    @classmethod
    def possible(cls) -> frozenset[str]:
        return frozenset({"partition", "grudge", "heal", "slow-link", "loss", "disconnect"})

    # -- Addresses -------------------------------------------------------------------------------

    def peer(self, source: str, target: str) -> Address:
        return self.listens_to_peers(target)

    def client(self, node: str) -> Address:
        return Address("127.0.0.1", self._ports[node])

    def address(self, node: str) -> str:
        return f"{self._net}.{_FIRST + self.nodes.index(node)}"

    # -- Beginning and end -----------------------------------------------------------------------

    async def prepare(self, *, one_address: bool) -> None:
        """They all know a server by one address anyway."""
        remove_left(self._client)
        self.run_file.will_make(CONTAINERS, self.run_file.token)
        self._image = ensure_image(self._client)
        self._make_network()
        with ThreadPoolExecutor() as threads:
            made = list(threads.map(self._make_host, self.nodes))
        self._hosts = dict(zip(self.nodes, made, strict=True))
        firewalls = {}
        for node in self.nodes:
            peers = {other: self.address(other) for other in self.nodes if other != node}
            run = partial(self._execute, node)
            firewalls[node] = Firewall(run, peers)
            self._bandwidths[node] = Bandwidth(run, DEVICE, peers)
        self.packet_faults = PacketFaults(firewalls, self._bandwidths)
        self.packet_faults.prepare()

    def _make_network(self) -> None:
        """On a net that nobody on the engine's machine has."""
        for attempt in range(_ATTEMPTS):
            self._net = f"10.{40 + secrets.randbelow(200)}.{secrets.randbelow(256)}"
            try:
                with asking("make a network"):
                    self._client.networks.create(
                        self._begin,
                        driver="bridge",
                        ipam={"Driver": "default", "Config": [{"Subnet": f"{self._net}.0/24"}]},
                        labels=self._marks,
                    )
            except ProcessError as error:
                if not overlaps(error) or attempt + 1 == _ATTEMPTS:
                    raise
            else:
                return

    def _make_host(self, node: str) -> Any:
        endpoint = {"IPAMConfig": {"IPv4Address": self.address(node)}}
        with asking(f"start the host of {node}"):
            made = self._client.containers.create(
                self._image,
                ["infinity"],
                entrypoint=["sleep"],
                name=f"{self._begin}-{node}-host",
                labels=self._marks,
                cap_add=["NET_ADMIN"],
                ports={f"{CLIENT_PORT}/tcp": ("127.0.0.1", self._ports[node])},
                network=self._begin,
                networking_config={self._begin: endpoint},
                log_config={"type": "none"},
            )
            made.start()
        return made

    def add(
        self, node: str, command: Sequence[str], log: Path, environment: Mapping[str, str]
    ) -> Server:
        words = into_log(command, log.absolute())
        directory = str(log.absolute().parent)
        with asking(f"make the container of {node}"):
            container = self._client.containers.create(
                self._image,
                words[1:],
                entrypoint=words[:1],
                name=f"{self._begin}-{node}",
                labels=self._marks,
                environment=dict(environment),
                network_mode=f"container:{self._hosts[node].id}",
                volumes={directory: {"bind": directory, "mode": "rw"}},
                # What it writes belongs to us.
                user=f"{os.getuid()}:{os.getgid()}",
                log_config={"type": "none"},
            )
        made = ContainerServer(node, container, log)
        self.servers[node] = made
        return made

    def remove(self) -> None:
        """All at once, also what was made half when that failed."""
        remove_run(self._client, self.run_file.token)
        self._client.close()

    def _execute(self, node: str, *words: str, content: str = "") -> str:
        """Run a program in the host of the node. Raises CommandError."""
        told = " ".join(words)
        try:
            with asking(f"run {told} in the host of {node}"):
                code, (output, errors) = self._hosts[node].exec_run(
                    ["sh", "-c", 'printf %s "$0" | "$@"', content, *words], demux=True
                )
        except ProcessError as error:
            raise CommandError(str(error)) from error
        if code:
            said = (errors or b"").decode(errors="replace").strip() or f"exit code {code}"
            raise CommandError(f"{told} in the host of {node}: {said}")
        return bytes(output or b"").decode()

    # -- Links -----------------------------------------------------------------------------------

    def shape_otherwise(self, links: list[Link], changes: dict[str, int | str]) -> None:
        raise UnsupportedFault(
            f"links of containers know loss and bandwidth, not {', '.join(sorted(changes))}"
        )

    def unplug(self, node: str) -> bool:
        if node in self._unplugged:
            return False
        # Its limits go with the device.
        self._bandwidths[node].heal()
        with asking(f"take {node} off the network"):
            self._client.api.disconnect_container_from_network(
                self._hosts[node].id, self._begin, force=True
            )
        self._unplugged.append(node)
        return self._device(node) is None

    def _plug_in(self, node: str) -> None:
        """With the address and the port that it had; the device may be another one."""
        with asking(f"bring {node} back to the network"):
            self._client.api.connect_container_to_network(
                self._hosts[node].id, self._begin, ipv4_address=self.address(node)
            )
        device = self._device(node)
        if device is None:
            raise ProcessError(f"{node} was not brought back to the network")
        self._bandwidths[node].move_to(device)

    def _device(self, node: str) -> str | None:
        """The one that has the node's address; None if none has."""
        for line in self._execute(node, "ip", "-oneline", "-4", "address").splitlines():
            _number, device, _inet, address, *_ = line.split()
            if address.partition("/")[0] == self.address(node):
                return device
        return None

    def heal(self) -> None:
        while self._unplugged:
            self._plug_in(self._unplugged.pop())
        super().heal()
