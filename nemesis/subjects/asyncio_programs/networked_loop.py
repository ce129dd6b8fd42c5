"""The event loop with its way to the simulated network."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from random import Random
from typing import Any, Final

from nemesis.subjects.asyncio_programs.addresses import Hosts
from nemesis.subjects.asyncio_programs.connections import Connections, Server
from nemesis.subjects.asyncio_programs.datagrams import (
    Datagrams,
    DatagramTransport,
    refuse_options,
)
from nemesis.subjects.asyncio_programs.environment import refuse
from nemesis.subjects.asyncio_programs.loop import VirtualLoop
from nemesis.subjects.asyncio_programs.stream_transport import StreamTransport
from nemesis.subjects.subject import Machine

# Options that change nothing where there are no sockets.
_HARMLESS: Final = frozenset(
    (
        "all_errors",
        "allow_broadcast",
        "backlog",
        "family",
        "flags",
        "happy_eyeballs_delay",
        "interleave",
        "keep_alive",
        "proto",
        "reuse_address",
        "reuse_port",
        "server_hostname",
        "ssl_handshake_timeout",
        "ssl_shutdown_timeout",
    )
)


class NetworkedLoop(VirtualLoop):
    """Endpoints, connections and servers are simulated ones."""

    datagrams: Datagrams
    connections: Connections

    def connect_to(
        self,
        machine: Machine,
        send: Callable[[Any], None],
        random: Random,
        resend_after: int,
        give_up_after: int,
    ) -> None:
        """Connect the host that this loop runs on to the network."""
        hosts = Hosts(machine.name, machine.knobs.servers)
        self.datagrams = Datagrams(self, hosts, send)
        self.connections = Connections(
            self, hosts, send, random, resend_after=resend_after, give_up_after=give_up_after
        )

    async def create_datagram_endpoint(
        self,
        protocol_factory: Callable[[], Any],
        local_addr: Any = None,
        remote_addr: Any = None,
        **options: Any,
    ) -> tuple[DatagramTransport, Any]:
        refuse_options("a datagram endpoint", options, _HARMLESS)
        protocol = protocol_factory()
        transport = self.datagrams.bind(protocol, local_addr, remote_addr)
        self.call_soon(protocol.connection_made, transport)
        await asyncio.sleep(0)
        return transport, protocol

    async def create_connection(
        self,
        protocol_factory: Callable[[], Any],
        host: str | None = None,
        port: int | None = None,
        **options: Any,
    ) -> tuple[StreamTransport, Any]:
        refuse_options("a connection", options, _HARMLESS)
        if port is None:
            raise refuse("a connection without a port", "one with a port")
        transport = await self.connections.connect(protocol_factory, host, int(port))
        return transport, transport.protocol

    async def create_server(  # type: ignore[override]
        self,
        protocol_factory: Callable[[], Any],
        host: Any = None,
        port: int | None = None,
        *,
        start_serving: bool = True,
        **options: Any,
    ) -> Server:
        refuse_options("a server", options, _HARMLESS)
        server = self.connections.listen(protocol_factory, host, port)
        if start_serving:
            await server.start_serving()
            await asyncio.sleep(0)
        return server
