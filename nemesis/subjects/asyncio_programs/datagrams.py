"""Datagrams between programs: each is a message of the simulated network, and fares as one."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from nemesis.subjects.asyncio_programs.addresses import Address, Hosts, Ports
from nemesis.subjects.asyncio_programs.environment import refuse
from nemesis.subjects.asyncio_programs.errors import ProcessGone
from nemesis.subjects.asyncio_programs.loop import VirtualLoop

# The most bytes that UDP carries over IPv4.
_LARGEST: Final = 65_507


class Datagram(NamedTuple):
    """What travels over the network."""

    source: str
    target: str
    source_port: int
    target_port: int
    data: bytes


class Datagrams:
    """The datagram sockets of one process, by port."""

    def __init__(self, loop: VirtualLoop, hosts: Hosts, send: Callable[[Any], None]) -> None:
        self.loop = loop
        self.hosts = hosts
        self._send = send
        self.is_dead = False
        self.open: dict[int, DatagramTransport] = {}
        self._has_sent = False
        self._ports = Ports()

    def bind(
        self,
        protocol: asyncio.DatagramProtocol,
        local: Address | None,
        remote: Address | None,
    ) -> DatagramTransport:
        """Open a socket. Raises OSError if its port is in use."""
        if local is not None:
            self.hosts.local(local[0])
        port = self._ports.choose(local[1] if local else None, self.open)
        peer = None if remote is None else (self.hosts.resolve(remote[0]), remote[1])
        transport = DatagramTransport(self, protocol, port, peer)
        self.open[port] = transport
        return transport

    def send(self, datagram: Datagram) -> None:
        """Hand a datagram over to the network."""
        self._has_sent = True
        self._send(datagram)

    def take_whether_sent(self) -> bool:
        """Whether any was sent since this was last asked."""
        has_sent, self._has_sent = self._has_sent, False
        return has_sent

    def receive(self, datagram: Datagram) -> None:
        """One arrives; where nobody listens, nobody is told."""
        transport = self.open.get(datagram.target_port)
        if transport is not None:
            transport.receive(datagram)


class DatagramTransport(asyncio.DatagramTransport):
    """One socket."""

    def __init__(
        self,
        datagrams: Datagrams,
        protocol: asyncio.DatagramProtocol,
        port: int,
        peer: Address | None,
    ) -> None:
        super().__init__({"sockname": (datagrams.hosts.own, port), "peername": peer})
        self._datagrams = datagrams
        self._protocol = protocol
        self._port = port
        self._peer = peer
        self._is_closing = False

    def receive(self, datagram: Datagram) -> None:
        """Hand a datagram to the protocol, unless it is from another than the one peer there is."""
        sender = (datagram.source, datagram.source_port)
        if self._peer is None or sender == self._peer:
            self._protocol.datagram_received(datagram.data, sender)

    def sendto(self, data: Any, addr: Any = None) -> None:
        datagrams = self._datagrams
        if datagrams.is_dead:
            raise ProcessGone
        if self._is_closing or not datagrams.loop.is_running_now:
            return
        if addr is None:
            addr = self._peer
        elif self._peer is not None and addr != self._peer:
            raise ValueError(f"Invalid address: must be None or {self._peer}")
        if addr is None:
            raise ValueError("sendto needs an address, as the endpoint has no remote one")
        if len(data) > _LARGEST:
            self._protocol.error_received(OSError(errno.EMSGSIZE, "Message too long"))
            return
        target = datagrams.hosts.resolve(addr[0])
        datagrams.send(Datagram(datagrams.hosts.own, target, self._port, int(addr[1]), bytes(data)))

    def is_closing(self) -> bool:
        return self._is_closing or self._datagrams.is_dead

    def close(self) -> None:
        if self.is_closing() or not self._datagrams.loop.is_running_now:
            return
        self._is_closing = True
        del self._datagrams.open[self._port]
        self._datagrams.loop.call_soon(self._protocol.connection_lost, None)

    abort = close

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self._protocol

    def set_protocol(self, protocol: Any) -> None:
        self._protocol = protocol


def refuse_options(what: str, options: dict[str, Any], harmless: frozenset[str]) -> None:
    """Refuse the options of an endpoint that mean something here and are not simulated."""
    for name, value in options.items():
        if value and name not in harmless:
            raise refuse(f"{what} with {name}", "it without that option")
