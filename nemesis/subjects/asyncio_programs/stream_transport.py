"""One side of a connection, as a program holds it: a transport of asyncio.

What is written while one callback after the other runs travels as one message, as an operating
system would gather it; where a message ends, its receiver cannot tell, for some arrive in pieces.
Who does not read is not handed more, and who writes faster than the other side acknowledges is told
to pause.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any, Final

from nemesis.subjects.asyncio_programs.errors import ProcessGone

if TYPE_CHECKING:
    from nemesis.subjects.asyncio_programs.connections import Connections

# How many bytes may be on their way before a writer is told to pause, unless it says otherwise.
_HIGH_WATER: Final = 1 << 16
# One in so many messages arrives in two pieces.
_IN_PIECES: Final = 8


class StreamTransport(asyncio.Transport):
    """Made when a connection opens."""

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
