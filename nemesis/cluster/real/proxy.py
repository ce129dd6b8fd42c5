"""The fault proxy: TCP connections between processes go through it, in both directions.

A connection is two flows of bytes, one over each directed link of the two processes that it
connects; which of them has dialled does not matter (etcd sends what it has to say over connections
that the receiver has made). Who has dialled is known by the port that was dialled, where every
process has ports of its own for its peers, or by the process that owns the socket, or by the
address that it has; never by what is said.

As in a network that is cut, a new connection waits until both directions are open, and is
forgotten if it is given up meanwhile; what was under way arrives when the link is healed.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable

from nemesis.cluster.real.addresses import Address
from nemesis.cluster.real.links import DirectedLink, Links

_CHUNK = 1 << 14  # bytes
# So many chunks may be under way in a flow before the sender has to wait.
_WINDOW = 64

Identify = Callable[[Address, Address], str | None]
"""Given the address of a connection's client and the one that it has dialled, who it is."""


class ProxySockets:
    """Where the proxy listens, and from where it dials: on loopback."""

    def listening(self, target: str) -> socket.socket:
        """A socket on which connections to ``target`` are taken."""
        return socket.create_server(("127.0.0.1", 0))

    def dialling(self, source: str) -> socket.socket:
        """A socket that connects in the name of ``source``."""
        return socket.socket()


class Proxy:
    """The listeners of a cluster, and the connections that were made through them."""

    def __init__(self, links: Links, sockets: ProxySockets | None = None) -> None:
        self._links = links
        self._sockets = sockets or ProxySockets()
        self._servers: list[asyncio.Server] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def listen(self, who: str | Identify, target: str, to: Address) -> Address:
        """Take connections to ``target`` where it says, and pass them on to ``to``.

        ``who`` dials there: a process by name, or how to find out.
        """

        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._tasks.add(task)
            try:
                source = who if isinstance(who, str) else _identify(who, writer)
                if source is not None and source != target:
                    await self._connect(source, target, to, reader, writer)
            except asyncio.CancelledError:
                # The proxy is closed. A task of a server that ends as cancelled would be reported.
                pass
            finally:
                _abort(writer)
                self._tasks.discard(task)

        listening = self._sockets.listening(target)
        server = await asyncio.start_server(accept, sock=listening, limit=_CHUNK)
        self._servers.append(server)
        host, port = server.sockets[0].getsockname()[:2]
        return Address(host, port)

    async def close(self) -> None:
        """Break all connections and listen no more."""
        for server in self._servers:
            server.close()
        for task in list(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(list(self._tasks), timeout=5)
        self._servers.clear()

    async def _connect(
        self,
        source: str,
        target: str,
        to: Address,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        there, back = self._links[(source, target)], self._links[(target, source)]
        inlet = _Inlet(self._links, there, reader)
        try:
            for link in (there, back):
                if link.is_cut:
                    self._links.note_refused(link)
            while there.is_cut or back.is_cut:
                await there.healed()
                await back.healed()
            if inlet.has_ended or writer.is_closing():
                # It was given up before it came about: nothing of it may arrive.
                return
            await self._exchange(there, back, inlet, writer, to)
        finally:
            inlet.close()

    async def _exchange(
        self,
        there: DirectedLink,
        back: DirectedLink,
        inlet: _Inlet,
        writer: asyncio.StreamWriter,
        to: Address,
    ) -> None:
        try:
            far_reader, far_writer = await self._dial(there.name[0], to)
        except OSError:
            return
        far_inlet = _Inlet(self._links, back, far_reader)
        try:
            async with asyncio.TaskGroup() as flows:
                flows.create_task(self._flow(inlet, far_writer, back, writer))
                flows.create_task(self._flow(far_inlet, writer, there, far_writer))
        except* _Broken:
            pass
        finally:
            far_inlet.close()
            _abort(far_writer)

    async def _dial(
        self, source: str, to: Address
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect in the name of ``source``. Raises OSError."""
        dialling = self._sockets.dialling(source)
        try:
            dialling.setblocking(False)
            await asyncio.get_running_loop().sock_connect(dialling, to)
            return await asyncio.open_connection(sock=dialling, limit=_CHUNK)
        except BaseException:
            dialling.close()
            raise

    async def _flow(
        self,
        inlet: _Inlet,
        writer: asyncio.StreamWriter,
        way_back: DirectedLink,
        sender: asyncio.StreamWriter,
    ) -> None:
        """Pass on what comes in until it ends. Raises _Broken if the connection breaks."""
        outlet = _Outlet(self._links, inlet.link, writer)
        try:
            while await outlet.deliver(*await inlet.chunks.get()):
                pass
        except OSError:
            # The receiver has gone. That the sender hears of it takes the way back.
            await way_back.healed()
            _abort(sender)
            raise _Broken from None
        finally:
            inlet.link.traffic.dropped += outlet.waiting + inlet.drop()


class _Broken(Exception):
    """The connection breaks: both ends are told."""


# When it is due, and the bytes: none at the end of the stream, None where the connection breaks.
_Chunk = tuple[int, bytes | None]


class _Inlet:
    """The near end of a flow: takes in what is sent, also while nothing can be passed on, as far
    as the window goes."""

    def __init__(self, links: Links, link: DirectedLink, reader: asyncio.StreamReader) -> None:
        self.link = link
        self.chunks: asyncio.Queue[_Chunk] = asyncio.Queue(_WINDOW)
        # Whether the sender has closed, or broken, the connection.
        self.has_ended = False
        self._links = links
        self._reader = reader
        self._task = asyncio.create_task(self._read())

    def drop(self) -> int:
        """Throw away what came in and was not passed on: how many bytes."""
        count = 0
        while not self.chunks.empty():
            _, data = self.chunks.get_nowait()
            count += len(data or b"")
        return count

    def close(self) -> None:
        """Read no more."""
        self._task.cancel()

    async def _read(self) -> None:
        last = 0
        while not self.has_ended:
            data: bytes | None = None
            try:
                data = await self._reader.read(_CHUNK)
            except OSError:
                data = b""
            due: int | None = last
            if data:
                due = self._links.due(self.link, len(data), time.monotonic_ns())
                if self.link.is_cut:
                    self._links.note_held(self.link, len(data))
            else:
                self.has_ended = True
            if due is None:
                due, data = last, None
                self.has_ended = True
            last = max(last, due)
            await self.chunks.put((last, data))


class _Outlet:
    """The far end of a flow."""

    def __init__(self, links: Links, link: DirectedLink, writer: asyncio.StreamWriter) -> None:
        self._link = link
        self._links = links
        self._writer = writer
        # How many bytes wait at a cut now.
        self.waiting = 0

    async def deliver(self, due: int, data: bytes | None) -> bool:
        """Hand over a chunk at its time; False if it was the end. Raises OSError if the receiver
        has gone, _Broken where the connection breaks."""
        left = due - time.monotonic_ns()
        if left > 0:
            await asyncio.sleep(left / 1_000_000_000)
        if data is None:
            raise _Broken
        if self._link.is_cut:
            self.waiting = len(data)
            await self._link.healed()
            self.waiting = 0
        if self._writer.is_closing():
            raise ConnectionResetError
        if not data:
            if self._writer.can_write_eof():
                self._writer.write_eof()
            return False
        self._writer.write(data)
        await self._writer.drain()
        self._link.traffic.forwarded += len(data)
        return True


def _identify(who: Identify, writer: asyncio.StreamWriter) -> str | None:
    client = writer.get_extra_info("peername")
    own = writer.get_extra_info("sockname")
    return who(Address(*client[:2]), Address(*own[:2])) if client and own else None


def _abort(writer: asyncio.StreamWriter) -> None:
    """Reset the connection: what it had left to send is thrown away."""
    writer.transport.abort()
