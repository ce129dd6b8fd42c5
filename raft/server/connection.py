"""One connection between two servers: a handshake, then messages in one direction."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from raft.server.frames import (
    FrameError,
    FrameReader,
    Handshake,
    Hello,
    PeerMessage,
    Refused,
    Welcome,
    decode_handshake,
    decode_message,
    encode_frame,
)
from raft.server.trace import TraceClock

LOG: Final = logging.getLogger("raft.server.peers")

# A body of a handshake is short; of whoever has not been accepted no more is taken in.
HANDSHAKE_BYTES: Final = 4096
# How long a handshake may take, in s.
HANDSHAKE_TIMEOUT: Final = 5.0
# After so many ms without an answer to what was sent, a connection counts as dead: when a partition
# heals, waiting for the system to send again would take longer than connecting anew.
_USER_TIMEOUT: Final = 2000
_WRITE_BUFFER_BYTES: Final = 1 << 20


class Connection(asyncio.Protocol):
    """What both ends have in common. ``limit`` is how many bytes a message may have."""

    def __init__(self, clock: TraceClock, limit: int) -> None:
        self._clock = clock
        self._limit = limit
        self._reader = FrameReader(HANDSHAKE_BYTES)
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        # Who is at the other end, once that is known.
        self.member: str | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.set_write_buffer_limits(high=_WRITE_BUFFER_BYTES)
        connection: socket.socket = transport.get_extra_info("socket")
        with suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _USER_TIMEOUT)
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(HANDSHAKE_TIMEOUT, self._abandon, "no handshake in time")

    def data_received(self, data: bytes) -> None:
        try:
            for stamp, body in self._reader.feed(data):
                self._clock.observe(stamp)
                if self.member is None:
                    self.on_handshake(decode_handshake(body))
                else:
                    self.on_message(decode_message(body))
                if self._transport is None or self._transport.is_closing():
                    return
        except FrameError as error:
            self._abandon(str(error))

    def connection_lost(self, error: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self.on_lost(str(error or "closed"))
        self._transport = None

    def accept(self, member: str) -> None:
        """The handshake is done: who is there may send messages."""
        self.member = member
        self._reader.limit = self._limit
        if self._timer is not None:
            self._timer.cancel()

    def send(self, message: Handshake | PeerMessage) -> None:
        """Send at once, as far as the system takes it."""
        self.write(encode_frame(message, self._clock.read()))

    def write(self, frame: bytes) -> None:
        """Send the bytes of a frame."""
        if self._transport is not None:
            self._transport.write(frame)

    def close(self) -> None:
        """Close, after what was sent."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Close at once."""
        if self._transport is not None:
            self._transport.abort()

    def certificate_names(self) -> frozenset[str] | None:
        """What the other end's certificate is made out to; None without TLS."""
        if self._transport is None or self._transport.get_extra_info("ssl_object") is None:
            return None
        certificate: dict[str, Any] = self._transport.get_extra_info("peercert") or {}
        names = [value for _, value in certificate.get("subjectAltName", ())]
        for part in certificate.get("subject", ()):
            names += [value for key, value in part if key == "commonName"]
        return frozenset(names)

    def place(self) -> str:
        """The address of the other end."""
        peer = None if self._transport is None else self._transport.get_extra_info("peername")
        return "unknown" if not peer else f"{peer[0]}:{peer[1]}"

    def _abandon(self, reason: str) -> None:
        LOG.warning("connection with %s (%s) given up: %s", self.member, self.place(), reason)
        self.abort()

    def on_handshake(self, message: Handshake) -> None:
        """The first message."""
        raise NotImplementedError

    def on_message(self, message: PeerMessage) -> None:
        """Any other message."""
        raise NotImplementedError

    def on_lost(self, reason: str) -> None:
        """The connection is gone."""


class Outgoing(Connection):
    """The end that connects and sends. ``opened`` is told once it may send, ``lost`` when it no
    longer can, ``resumed`` when there is room again."""

    def __init__(
        self,
        clock: TraceClock,
        hello: Hello,
        opened: Callable[[], None],
        resumed: Callable[[], None],
        lost: Callable[[str], None],
    ) -> None:
        super().__init__(clock, HANDSHAKE_BYTES)
        self._hello = hello
        self._opened = opened
        self._resumed = resumed
        self._lost = lost
        self._refusal: str | None = None
        self._is_paused = False

    @property
    def has_room(self) -> bool:
        """Whether messages may be sent now, rather than wait."""
        return self.member is not None and not self._is_paused

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.send(self._hello)

    def on_handshake(self, message: Handshake) -> None:
        hello = self._hello
        if isinstance(message, Refused):
            self._refusal = f"refused: {message.reason}"
            self.abort()
        elif not isinstance(message, Welcome):
            raise FrameError(f"a {type(message).__name__} in answer to Hello")
        elif message.cluster != hello.cluster or message.member != hello.target:
            self._refusal = f"{message.member} of cluster {message.cluster:x} has answered"
            self.abort()
        elif (names := self.certificate_names()) is not None and hello.target not in names:
            self._refusal = f"its certificate is made out to {', '.join(sorted(names))}"
            self.abort()
        else:
            self.accept(message.member)
            self._opened()

    def on_message(self, message: PeerMessage) -> None:
        raise FrameError("a message on a connection of the other direction")

    def pause_writing(self) -> None:
        self._is_paused = True

    def resume_writing(self) -> None:
        self._is_paused = False
        if self.member is not None:
            self._resumed()

    def on_lost(self, reason: str) -> None:
        self.member = None
        self._lost(self._refusal or reason)


class Incoming(Connection):
    """The end that was connected to, and receives. ``judge`` gives the reason to refuse a Hello,
    if there is one; ``deliver`` takes what comes."""

    def __init__(
        self,
        clock: TraceClock,
        limit: int,
        welcome: Welcome,
        judge: Callable[[Incoming, Hello], str | None],
        deliver: Callable[[str, PeerMessage], None],
        lost: Callable[[Incoming], None],
    ) -> None:
        super().__init__(clock, limit)
        self._welcome = welcome
        self._judge = judge
        self._deliver = deliver
        self._lost = lost

    def on_handshake(self, message: Handshake) -> None:
        if not isinstance(message, Hello):
            raise FrameError(f"a {type(message).__name__} in place of Hello")
        reason = self._judge(self, message)
        if reason is not None:
            LOG.warning("%s refused at %s: %s", message.member, self.place(), reason)
            self.send(Refused(reason))
            self.close()
            return
        self.accept(message.member)
        self.send(self._welcome)

    def on_message(self, message: PeerMessage) -> None:
        assert self.member is not None
        source = getattr(message, "source", self.member)
        if source != self.member:
            raise FrameError(f"a message of {source} on the connection of {self.member}")
        self._deliver(self.member, message)

    def on_lost(self, reason: str) -> None:
        self._lost(self)
