"""What servers run on, and the network between them: loopback, namespaces, containers.

A real cluster is a kind of server on hosts of some kind. The hosts give every server its
addresses, start it, and attack the links between servers; what a fault of theirs was seen to do
they count in ``effects``.
"""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from nemesis.cluster.protocol import Link
from nemesis.cluster.real.addresses import Address
from nemesis.cluster.real.run_file import RunFile
from nemesis.errors import UnsupportedFault


class Server(Protocol):
    """One server of a cluster: a process, or a container in which it runs."""

    name: str
    # What lets it stand still, for the history.
    stops_by: str

    @property
    def pid(self) -> int | None:
        """Of its process, as our /proc has it, if it runs."""
        ...

    @property
    def is_running(self) -> bool:
        """Whether there is a process, even if it is paused."""
        ...

    @property
    def is_paused(self) -> bool:
        """Whether it was paused, and not resumed; what has ended meanwhile is not."""
        ...

    def start(self) -> None:
        """Start it, on what it had on its disk; it need not be ready. Raises ProcessError."""
        ...

    def kill(self) -> bool:
        """SIGKILL; whether that is what has ended it."""
        ...

    def stop(self, patience: float) -> int | None:
        """SIGTERM, and SIGKILL after ``patience`` s; its exit code (of a signal: the negative
        number), None if it did not run."""
        ...

    def pause(self) -> bool:
        """Let it stand still; whether it was seen to."""
        ...

    def resume(self) -> bool:
        """Let it go on; whether it was seen to."""
        ...

    def ended_by_itself(self) -> int | None:
        """The exit code if it has ended without having been told to; None otherwise. It is told
        once."""
        ...

    def last_words(self) -> str:
        """The last lines of its log."""
        ...


SocketFactory = Callable[[Any], socket.socket]
"""Makes a socket of the family, type and protocol with which the tuple begins, as aiohttp wants."""


class Hosts:
    """Base of all kinds of hosts, a host for each node.

    Their life: made (addresses are known), ``prepare``, ``add`` for every node, the attack,
    ``disconnect`` while the servers still run, ``remove`` when they have ended.
    """

    name = "hosts"
    # Makes the sockets of clients, where they must not be of the namespace that we run in.
    socket_factory: SocketFactory | None = None

    def __init__(self, nodes: Iterable[str], run_file: RunFile) -> None:
        self.nodes = tuple(nodes)
        self.run_file = run_file
        # By kind of fault, how often it was seen to do something.
        self.effects: Counter[str] = Counter()
        self.servers: dict[str, Server] = {}

    @classmethod
    def possible(cls) -> frozenset[str]:
        """The kinds of faults that their links can receive."""
        raise NotImplementedError

    # -- Addresses -------------------------------------------------------------------------------

    def listens_to_peers(self, node: str) -> Address:
        """Where the server must listen for its peers."""
        raise NotImplementedError

    def listens_to_clients(self, node: str) -> Address:
        """Where the server must listen for clients."""
        raise NotImplementedError

    def peer(self, source: str, target: str) -> Address:
        """Where ``source`` reaches ``target``, which may be itself; known once all was
        prepared."""
        raise NotImplementedError

    def client(self, node: str) -> Address:
        """Where clients reach the server, by sockets of the factory if there is one."""
        raise NotImplementedError

    # -- Beginning and end -----------------------------------------------------------------------

    async def prepare(self, *, one_address: bool) -> None:
        """Make the network. If ``one_address``, all peers must know a server by the same one.
        Raises ProcessError if it cannot be made."""
        raise NotImplementedError

    def add(
        self, node: str, command: Sequence[str], log: Path, environment: Mapping[str, str]
    ) -> Server:
        """The server of a node: a command, what is in its environment beside ours, and the file to
        which its output is appended. It is not started yet."""
        raise NotImplementedError

    async def disconnect(self) -> None:
        """Break whatever connections between servers go through us."""

    def remove(self) -> None:
        """Take back what was made, the servers too if any is left."""
        for server in self.servers.values():
            server.kill()

    # -- Links -----------------------------------------------------------------------------------

    def cut(self, links: Iterable[Link]) -> None:
        """Let nothing through over these directed links from now on."""
        raise NotImplementedError

    def shape(self, links: Iterable[Link] | None, **changes: int | str) -> None:
        """Change how these links, or all if None, treat what is sent: see StreamShape. Raises
        UnsupportedFault."""
        raise NotImplementedError

    def unplug(self, node: str) -> bool:
        """Take the node off the network, for clients, too; whether it was seen to be. Raises
        UnsupportedFault."""
        raise UnsupportedFault(f"hosts {self.name} cannot receive the fault disconnect")

    def heal(self) -> None:
        """Mend all links, and plug all nodes in."""
        raise NotImplementedError

    def observe(self) -> None:
        """Bring ``effects`` up to date, where somebody else counts."""

    def traffic(self) -> dict[str, dict[str, int]]:
        """By link ("n1->n2"), what faults were seen to do to it, for the history; links that were
        left alone are left out."""
        raise NotImplementedError
