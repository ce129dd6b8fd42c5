"""The other servers: one connection to each, one from each, and what waits to be sent.

Raft tolerates that messages are lost. So what cannot be sent waits in a queue of bounded length,
from which the oldest is dropped; nothing here ever waits for a peer.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Callable, Iterable
from random import Random
from typing import Final, Protocol

from raft.server.config import Address, Limits
from raft.server.connection import LOG, Incoming, Outgoing
from raft.server.frames import VERSION, Hello, PeerMessage, Welcome, encode_frame
from raft.server.trace import TraceClock

# How long to wait before connecting again, in s: twice as long each time, between these two, less a
# random part of up to a half, so that servers which lost each other together do not come together.
_FIRST_DELAY: Final = 0.05
_LONGEST_DELAY: Final = 1.0
_CONNECT_TIMEOUT: Final = 2.0
# What is handed to the system at once, about.
_WRITE_BYTES: Final = 1 << 18


class Membership(Protocol):
    """What the handshake must know of the cluster; the server says so."""

    def configuration_index_of(self, member: str) -> int | None:
        """By which entry of the log the member belongs to the cluster; None if it does not."""
        ...

    def commit_index(self) -> int:
        """Up to where this server knows what is committed."""
        ...

    def let_in(self, member: str, configuration_index: int) -> None:
        """A server was let in that belongs to the cluster by an entry which is not committed here:
        it must be answered, too."""
        ...


class Peer:
    """One other server, as far as sending to it goes."""

    def __init__(self, peers: Peers, name: str, address: Address) -> None:
        self.name = name
        self.address = address
        self._peers = peers
        self._queue: deque[tuple[PeerMessage, bytes]] = deque()
        self._queued_bytes = 0
        self._connection: Outgoing | None = None
        self._lost = asyncio.Event()
        self._why_not = ""
        self.has_been_open = False
        self._task = asyncio.create_task(self._stay_connected())
        self._task.add_done_callback(self._on_end)

    @property
    def is_connected(self) -> bool:
        """Whether messages can be sent, as far as is known."""
        return self._connection is not None and self._connection.member is not None

    def send(self, message: PeerMessage) -> None:
        """Let it wait for the next ``send_waiting``; the oldest that waits may have to go."""
        frame = encode_frame(message, self._peers.clock.read())
        self._queue.append((message, frame))
        self._queued_bytes += len(frame)
        limits = self._peers.limits
        while len(self._queue) > limits.queue_messages or self._queued_bytes > limits.queue_bytes:
            dropped, frame = self._queue.popleft()
            self._queued_bytes -= len(frame)
            self._peers.dropped(dropped)

    def send_waiting(self) -> None:
        """Send what waits, at once, as far as there is room for it."""
        connection = self._connection
        queue = self._queue
        while queue and connection is not None and connection.has_room:
            frames = []
            size = 0
            while queue and size < _WRITE_BYTES:
                _, frame = queue.popleft()
                frames.append(frame)
                size += len(frame)
            self._queued_bytes -= size
            connection.write(b"".join(frames))

    def _on_open(self) -> None:
        LOG.info("connected to %s at %s", self.name, self.address)
        self._why_not = ""
        self.has_been_open = True
        self.send_waiting()

    def _on_lost(self, reason: str) -> None:
        self._connection = None
        self._lost.set()
        self._note(reason)
        self._peers.link_lost(self.name)

    def _note(self, reason: str) -> None:
        """Say why there is no connection: once, not at every attempt."""
        if reason != self._why_not:
            self._why_not = reason
            LOG.warning("no connection to %s at %s: %s", self.name, self.address, reason)

    def _on_end(self, task: asyncio.Task[None]) -> None:
        """It ends when it is closed. An error that nobody thought of would else be seen by whoever
        closes it: when the server stops."""
        if not task.cancelled() and (error := task.exception()) is not None:
            LOG.critical("%s is not connected to any more", self.name, exc_info=error)

    async def _stay_connected(self) -> None:
        delay = _FIRST_DELAY
        while True:
            self.has_been_open = False
            self._lost.clear()
            try:
                # Not wait_for: until Python 3.12 it may lose a cancellation (bpo-37658), and
                # whoever closes this peer would wait for ever.
                async with asyncio.timeout(_CONNECT_TIMEOUT):
                    await self._connect()
            except (OSError, TimeoutError, ssl.SSLError) as error:
                self._note(str(error) or "timed out")
            else:
                await self._lost.wait()
            self._connection = None
            delay = _FIRST_DELAY if self.has_been_open else min(2 * delay, _LONGEST_DELAY)
            await asyncio.sleep(delay * (1 - self._peers.random.random() / 2))

    async def _connect(self) -> None:
        peers = self._peers
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(
            lambda: Outgoing(
                peers.clock,
                peers.hello(self.name),
                self._on_open,
                self.send_waiting,
                self._on_lost,
            ),
            self.address.host,
            self.address.port,
            ssl=peers.client_context,
        )
        self._connection = connection

    async def close(self) -> None:
        """Stop connecting, and close."""
        self._task.cancel()
        await asyncio.wait([self._task])
        if self._connection is not None:
            self._connection.close()


class Peers:
    """All of them. ``deliver`` takes messages and who sent them, ``dropped`` what was not sent,
    ``link_lost`` the name of a peer: what was sent to it last may not have arrived."""

    def __init__(
        self,
        cluster: int,
        name: str,
        membership: Membership,
        clock: TraceClock,
        limits: Limits,
        random: Random,
        *,
        deliver: Callable[[str, PeerMessage], None],
        dropped: Callable[[PeerMessage], None],
        link_lost: Callable[[str], None],
        server_context: ssl.SSLContext | None = None,
        client_context: ssl.SSLContext | None = None,
    ) -> None:
        self._cluster = cluster
        self._name = name
        self._membership = membership
        self.clock = clock
        self.limits = limits
        self.random = random
        self._deliver = deliver
        self.dropped = dropped
        self.link_lost = link_lost
        self._server_context = server_context
        self.client_context = client_context
        self._peers: dict[str, Peer] = {}
        self._incoming: dict[str, Incoming] = {}
        self._all_incoming: set[Incoming] = set()
        # To whom something was handed over that was not tried to be sent; in order.
        self._unsent: dict[str, None] = {}
        self._server: asyncio.Server | None = None
        # A message holds an entry at least, and a chunk of a snapshot; an answer to a transaction
        # that reads much is as long as may wait for a peer.
        self._message_bytes = max((8 << 20) + limits.request_bytes * 2, limits.queue_bytes)

    async def listen(self, address: Address, *, reuse_port: bool) -> None:
        """Accept connections from now on. Raises OSError."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            self._on_connection,
            address.host,
            address.port,
            ssl=self._server_context,
            reuse_port=reuse_port or None,
        )

    def _on_connection(self) -> Incoming:
        connection = Incoming(
            self.clock,
            self._message_bytes,
            Welcome(self._cluster, self._name),
            self._judge,
            self._deliver,
            self._all_incoming.discard,
        )
        self._all_incoming.add(connection)
        return connection

    def set_addresses(self, addresses: dict[str, Address]) -> Iterable[Peer]:
        """Stay connected to these, and to nobody else; those to be closed."""
        gone = [
            self._peers.pop(name)
            for name, peer in list(self._peers.items())
            if addresses.get(name) != peer.address
        ]
        for name, address in addresses.items():
            if name not in self._peers:
                self._peers[name] = Peer(self, name, address)
        return gone

    def send(self, target: str, message: PeerMessage) -> bool:
        """Send it as soon as possible; False if no address of the target is known."""
        peer = self._peers.get(target)
        if peer is None:
            return False
        peer.send(message)
        if not self._unsent:
            asyncio.get_running_loop().call_soon(self.flush)
        self._unsent[target] = None
        return True

    def flush(self) -> None:
        """Send what was handed over since the last time: what goes to one peer goes together."""
        for name in self._unsent:
            peer = self._peers.get(name)
            if peer is not None:
                peer.send_waiting()
        self._unsent.clear()

    def knows(self, name: str) -> bool:
        """Whether messages to this server are sent, or wait."""
        return name in self._peers

    def is_connected(self, name: str) -> bool:
        """Whether there is a connection to this peer."""
        return name in self._peers and self._peers[name].is_connected

    def hello(self, target: str) -> Hello:
        """What this server introduces itself with."""
        index = self._membership.configuration_index_of(self._name)
        return Hello(VERSION, self._cluster, self._name, target, -1 if index is None else index)

    def _judge(self, connection: Incoming, hello: Hello) -> str | None:
        """Why it may not connect, if it may not."""
        reason = self._refusal(hello, connection.certificate_names())
        if reason is None:
            # The older connection of the same server is one that it no longer has.
            before = self._incoming.get(hello.member)
            if before is not None:
                before.abort()
            self._incoming[hello.member] = connection
            if self._membership.configuration_index_of(hello.member) is None:
                self._membership.let_in(hello.member, hello.configuration_index)
        return reason

    def _refusal(self, hello: Hello, names: frozenset[str] | None) -> str | None:
        if hello.version != VERSION:
            return f"speaks version {hello.version}, not {VERSION}"
        if hello.cluster != self._cluster:
            return f"is of cluster {hello.cluster:x}, not {self._cluster:x}"
        if hello.target != self._name:
            return f"looks for {hello.target}, and this is {self._name}"
        if hello.member == self._name:
            return f"says that it is {self._name}, and so am I"
        if names is not None and hello.member not in names:
            return f"its certificate is made out to {', '.join(sorted(names))}"
        membership = self._membership
        if (
            membership.configuration_index_of(hello.member) is None
            and hello.configuration_index <= membership.commit_index()
        ):
            return "is no member of the cluster"
        return None

    async def close(self) -> None:
        """Close everything."""
        if self._server is not None:
            self._server.close()
        await asyncio.gather(*(peer.close() for peer in self._peers.values()))
        for connection in list(self._all_incoming):
            connection.abort()
