"""Connections between programs: transports over ``nemesis.subjects.streams``.

What is written while one callback after the other runs travels as one message, as an operating
system would gather it; where a message ends, its receiver cannot tell, for some arrive in pieces. A
connection to a host on which nobody listens is refused. Who does not read is not sent more, and who
writes faster than the other side acknowledges is told to pause.
"""

from __future__ import annotations

import asyncio
import errno
import os
from collections import deque
from collections.abc import Callable
from random import Random
from typing import Any, Final, NamedTuple

from nemesis.subjects.asyncio_programs.addresses import Hosts, Ports
from nemesis.subjects.asyncio_programs.errors import ProcessGone
from nemesis.subjects.asyncio_programs.loop import VirtualLoop
from nemesis.subjects.streams import Broken, Ended, Opened, Received, Segment, Streams

# How many bytes may be on their way before a writer is told to pause, unless it says otherwise.
_HIGH_WATER: Final = 1 << 16
# One in so many messages arrives in two pieces.
_IN_PIECES: Final = 8

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

    # -- What the program asks for ---------------------------------------------------------------

    async def connect(self, factory: Factory, host: object, port: int) -> StreamTransport:
        """Open a connection. Raises ConnectionRefusedError, TimeoutError."""
        target = self.hosts.resolve(host)
        purpose = _Purpose(self._ports.choose(None, self.listening), port)
        name = self.streams.connect(target, self.loop.now, purpose)
        opened: asyncio.Future[StreamTransport] = self.loop.create_future()
        self._opening[name] = (opened, factory)
        try:
            return await opened
        except asyncio.CancelledError:
            self._opening.pop(name, None)
            self.abort(name)
            raise

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


def _why(reason: str, *, is_opening: bool = False) -> OSError:
    if reason == "timed-out":
        return TimeoutError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))
    number = errno.ECONNREFUSED if is_opening else errno.ECONNRESET
    return OSError(number, os.strerror(number))


class StreamTransport(asyncio.Transport):
    """One side of a connection, as a program holds it."""

    def __init__(
        self,
        connections: Connections,
        connection: int,
        protocol: Any,
        port: int,
        peer: tuple[str, int],
    ) -> None:
        super().__init__({"sockname": (connections.hosts.own, port), "peername": peer})
        self.connection = connection
        self.protocol = protocol
        self._connections = connections
        self._written: list[bytes] = []
        # Of what is written and not yet sent, and of each message that is not yet acknowledged.
        self._written_size = 0
        self._sent_sizes: deque[int] = deque()
        self._high_water = _HIGH_WATER
        self._low_water = _HIGH_WATER // 4
        self._is_closing = False
        self._has_ended = False
        self.is_writing_paused = False
        self._is_reading = True
        # What arrived while the program did not read; None stands for the end.
        self._unread: deque[bytes | None] = deque()

    # -- Reading -----------------------------------------------------------------------------------

    def receive(self, data: bytes) -> None:
        """Bytes arrive, some of them in two pieces."""
        random = self._connections.random
        if len(data) > 1 and not random.randrange(_IN_PIECES):
            at = random.randrange(1, len(data))
            self._unread.extend((data[:at], data[at:]))
        else:
            self._unread.append(data)
        self._hand_over()

    def receive_end(self) -> None:
        """The other side will send nothing more."""
        self._unread.append(None)
        self._hand_over()

    def _hand_over(self) -> None:
        """Hand one piece to the protocol; the next one when what it does about it is done."""
        if not self._unread or not self._is_reading or self.is_closing():
            return
        self._hand_to_protocol(self._unread.popleft())
        if self._unread:
            self._connections.loop.call_soon(self._hand_over)

    def _hand_to_protocol(self, data: bytes | None) -> None:
        if data is None:
            if not self.protocol.eof_received():
                self.close()
        elif isinstance(self.protocol, asyncio.BufferedProtocol):
            while data:
                buffer = memoryview(self.protocol.get_buffer(len(data)))
                size = min(len(buffer), len(data))
                buffer[:size] = data[:size]
                data = data[size:]
                self.protocol.buffer_updated(size)
        else:
            self.protocol.data_received(data)

    def is_reading(self) -> bool:
        return self._is_reading and not self.is_closing()

    def pause_reading(self) -> None:
        self._is_reading = False

    def resume_reading(self) -> None:
        if not self._is_reading:
            self._is_reading = True
            self._connections.loop.call_soon(self._hand_over)

    # -- Writing -----------------------------------------------------------------------------------

    def write(self, data: Any) -> None:
        if self._connections.is_dead:
            raise ProcessGone
        if self._has_ended:
            raise RuntimeError("Cannot call write() after write_eof()")
        if not isinstance(data, bytes | bytearray | memoryview):
            raise TypeError(f"data must be a bytes-like object, not {type(data).__name__!r}")
        if self._is_closing or not data or not self._connections.loop.is_running_now:
            return
        self._written.append(bytes(data))
        self._written_size += len(data)
        self._connections.write(self)
        self._heed_water()

    def writelines(self, list_of_data: Any) -> None:
        self.write(b"".join(list_of_data))

    def take_written(self) -> bytes:
        """What was written since this was last asked: it is sent now."""
        written = b"".join(self._written)
        self._written.clear()
        self._sent_sizes.append(self._written_size)
        self._written_size = 0
        return written

    def see_progress(self, waiting: int) -> None:
        """So many messages are not acknowledged; the writer may be told to go on."""
        while len(self._sent_sizes) > waiting:
            self._sent_sizes.popleft()
        self._heed_water()

    def _heed_water(self) -> None:
        size = self._written_size + sum(self._sent_sizes)
        if self.is_writing_paused:
            if size <= self._low_water:
                self.is_writing_paused = False
                self.protocol.resume_writing()
        elif size > self._high_water:
            self.is_writing_paused = True
            self.protocol.pause_writing()

    def write_eof(self) -> None:
        if self._connections.is_dead:
            raise ProcessGone
        if not self._has_ended and not self._is_closing:
            self._has_ended = True
            self._connections.end(self.connection)

    def can_write_eof(self) -> bool:
        return True

    def get_write_buffer_size(self) -> int:
        return self._written_size + sum(self._sent_sizes)

    def get_write_buffer_limits(self) -> tuple[int, int]:
        return self._low_water, self._high_water

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        if high is None:
            high = _HIGH_WATER if low is None else 4 * low
        if low is None:
            low = high // 4
        if not high >= low >= 0:
            raise ValueError(f"high ({high!r}) must be >= low ({low!r}) must be >= 0")
        self._high_water, self._low_water = high, low
        self._heed_water()

    # -- The end -----------------------------------------------------------------------------------

    def is_closing(self) -> bool:
        return self._is_closing or self._connections.is_dead

    def close(self) -> None:
        # A transport that nobody holds may be closed by the garbage collector, at any time.
        if self.is_closing() or not self._connections.loop.is_running_now:
            return
        self._connections.end(self.connection)
        self.lose(None)

    def abort(self) -> None:
        if self.is_closing() or not self._connections.loop.is_running_now:
            return
        self._connections.abort(self.connection)
        self.lose(None)

    def lose(self, error: OSError | None) -> None:
        """The connection is no more; the protocol is told why."""
        if not self._is_closing:
            self._is_closing = True
            self._unread.clear()
            self._connections.forget(self.connection)
            self._connections.loop.call_soon(self.protocol.connection_lost, error)

    def get_protocol(self) -> asyncio.BaseProtocol:
        protocol: asyncio.BaseProtocol = self.protocol
        return protocol

    def set_protocol(self, protocol: Any) -> None:
        self.protocol = protocol


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
