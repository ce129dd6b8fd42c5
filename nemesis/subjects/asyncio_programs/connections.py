"""Connections between programs, over ``nemesis.subjects.streams``, and the servers that take them.

A connection to a host on which nobody listens is refused, one to a host that does not answer times
out. Bytes for a connection that was closed break it.
"""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Callable
from random import Random
from typing import Any, NamedTuple

from nemesis.subjects.asyncio_programs.addresses import Hosts, Ports
from nemesis.subjects.asyncio_programs.loop import VirtualLoop
from nemesis.subjects.asyncio_programs.stream_transport import StreamTransport
from nemesis.subjects.streams import Broken, Ended, Opened, Received, Segment, Streams

Factory = Callable[[], asyncio.BaseProtocol]


class _Purpose(NamedTuple):
    """Which ports a connection is between; it goes with the opening."""

    source_port: int
    target_port: int


class Connections:
    """The servers and connections of one process."""

    def __init__(
        self,
        loop: VirtualLoop,
        hosts: Hosts,
        send: Callable[[Any], None],
        random: Random,
        *,
        resend_after: int,
        give_up_after: int,
    ) -> None:
        self.loop = loop
        self.hosts = hosts
        self.is_dead = False
        self.random = random
        self.streams = Streams(
            hosts.own, random, resend_after=resend_after, give_up_after=give_up_after
        )
        self.listening: dict[int, Server] = {}
        self._send = send
        self._ports = Ports()
        self._transports: dict[int, StreamTransport] = {}
        self._opening: dict[int, tuple[asyncio.Future[StreamTransport], Factory]] = {}
        # Those that have written since messages were last taken from here.
        self._written: dict[int, StreamTransport] = {}
        # Called when the program writes.
        self.on_write: Callable[[], None] = _nothing

    # -- What the program asks for ---------------------------------------------------------------

    async def connect(self, factory: Factory, host: object, port: int) -> StreamTransport:
        """Open a connection. Raises ConnectionRefusedError, TimeoutError."""
        target = self.hosts.resolve(host)
        purpose = _Purpose(self._ports.choose(None, self.listening), port)
        name = self.streams.connect(target, self.loop.now, purpose)
        opened: asyncio.Future[StreamTransport] = self.loop.create_future()
        self._opening[name] = (opened, factory)
        return await opened

    def listen(self, factory: Factory, host: object, port: int | None) -> Server:
        """A server, which is yet to be started. Raises OSError if the port is in use."""
        if not isinstance(host, list | tuple):
            host = [host]
        for each in host:
            self.hosts.local(each)
        return Server(self, factory, self._ports.choose(port, self.listening))

    def write(self, transport: StreamTransport) -> None:
        """The transport has something to send."""
        self._written[transport.connection] = transport
        self.on_write()

    def end(self, connection: int) -> None:
        """End this half of a connection, after all that was written."""
        self._flush(connection)
        self.streams.end(connection, self.loop.now)

    def abort(self, connection: int) -> None:
        """Drop the connection, and what was written."""
        self._written.pop(connection, None)
        self.streams.abort(connection)

    def forget(self, connection: int) -> None:
        """The program has done with the transport; what arrives is refused from now on."""
        self._transports.pop(connection, None)

    # -- What happens ----------------------------------------------------------------------------

    def receive(self, segment: Segment) -> None:
        """A segment arrives."""
        if self._is_refused(segment):
            self._send(
                Segment(segment.target, segment.source, segment.connection, "reset", 0, 0, None)
            )
            return
        for event in self.streams.receive(segment, self.loop.now):
            self.loop.deliver(self._on_event, event)
        transport = self._transports.get(segment.connection)
        if transport is not None:
            waiting = self.streams.waiting(segment.connection)
            if transport.is_writing_paused:
                self.loop.deliver(transport.see_progress, waiting)
            else:
                transport.see_progress(waiting)

    def tick(self) -> None:
        """Time has passed."""
        for event in self.streams.tick(self.loop.now):
            self.loop.deliver(self._on_event, event)

    def take(self) -> bool:
        """Hand over to the network what there is to send; whether any of it says anything."""
        for connection in list(self._written):
            self._flush(connection)
        says = False
        for segment in self.streams.take():
            says = says or segment.kind == "data"
            self._send(segment)
        return says

    def die(self) -> None:
        """The process is gone."""
        self.is_dead = True
        self._transports.clear()
        self._opening.clear()

    def _is_refused(self, segment: Segment) -> bool:
        """Whether somebody opens a connection to a port on which nobody listens."""
        if segment.kind != "open" or segment.acknowledged:
            return False
        if self.streams.peer(segment.connection) is not None:
            return False
        return segment.payload.target_port not in self.listening

    def _flush(self, connection: int) -> None:
        transport = self._written.pop(connection, None)
        if transport is not None:
            self.streams.send(connection, transport.take_written(), self.loop.now)

    def _on_event(self, event: Opened | Received | Ended | Broken) -> None:
        name = event.connection
        if isinstance(event, Opened):
            self._on_opened(event)
            return
        transport = self._transports.get(name)
        if isinstance(event, Broken):
            if name in self._opening:
                opened, _ = self._opening.pop(name)
                if not opened.done():
                    opened.set_exception(_why(event.reason, is_opening=True))
            elif transport is not None:
                self._written.pop(name, None)
                transport.lose(_why(event.reason))
        elif transport is None or transport.is_closing():
            # Bytes for a socket that was closed are answered by a reset (RFC 9293, 3.10.7).
            if isinstance(event, Received):
                self.abort(name)
        elif isinstance(event, Received):
            transport.receive(event.payload)
        else:
            transport.receive_end()

    def _on_opened(self, event: Opened) -> None:
        name = event.connection
        source, target = event.purpose
        if name in self._opening:
            opened, factory = self._opening.pop(name)
            if opened.done():
                # Nobody waits for it any more.
                self.abort(name)
                return
            transport = self._make(name, factory, source, (event.peer, target))
            opened.set_result(transport)
            return
        server = self.listening.get(target)
        if server is None:
            self.abort(name)
            return
        self._make(name, server.factory, target, (event.peer, source))

    def _make(
        self, name: int, factory: Factory, port: int, peer: tuple[str, int]
    ) -> StreamTransport:
        transport = StreamTransport(self, name, factory(), port, peer)
        self._transports[name] = transport
        transport.protocol.connection_made(transport)
        return transport


def _nothing() -> None:
    pass


def _why(reason: str, *, is_opening: bool = False) -> OSError:
    if reason == "timed-out":
        return TimeoutError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))
    number = errno.ECONNREFUSED if is_opening else errno.ECONNRESET
    return OSError(number, os.strerror(number))


class Server(asyncio.AbstractServer):
    """What ``asyncio.start_server`` returns."""

    def __init__(self, connections: Connections, factory: Factory, port: int) -> None:
        self.factory = factory
        self.port = port
        self._connections = connections
        self._is_closed = False
        self._closed = connections.loop.create_future()

    @property
    def sockets(self) -> tuple[()]:
        """None are real."""
        return ()

    def get_loop(self) -> asyncio.AbstractEventLoop:
        return self._connections.loop

    def is_serving(self) -> bool:
        return self._connections.listening.get(self.port) is self

    async def start_serving(self) -> None:
        if not self._is_closed:
            self._connections.listening[self.port] = self

    async def serve_forever(self) -> None:
        await self.start_serving()
        try:
            await self._connections.loop.create_future()
        except asyncio.CancelledError:
            self.close()
            raise

    def close(self) -> None:
        if self.is_serving():
            del self._connections.listening[self.port]
        self._is_closed = True
        if not self._closed.done():
            self._closed.set_result(None)

    async def wait_closed(self) -> None:
        await asyncio.shield(self._closed)

    async def __aenter__(self) -> Server:
        return self

    async def __aexit__(self, *_error: object) -> None:
        self.close()
        await self.wait_closed()
