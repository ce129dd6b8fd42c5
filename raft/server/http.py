"""HTTP/1.1 (RFC 9112) as far as a service needs it whose requests and answers are short JSON
documents: one at a time on a connection, which stays.

A request's body has a Content-Length, or comes in chunks; there is a bound on it, and on the head.
Whatever is not understood is answered by an error, and the connection is closed: where the next
request would begin is not known then.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final, NamedTuple, cast

from raft.server.config import Address
from raft.server.etcd_json import INVALID_ARGUMENT, ApiError

_HEAD_BYTES: Final = 16384
# A line that tells how long a chunk is, extensions included; all lines behind the last chunk.
_CHUNK_LINE_BYTES: Final = 256
_TRAILER_BYTES: Final = 4096
# How long what still comes of a refused request is read, in s: a connection that is closed with
# unread bytes is reset, and the answer may be lost with it.
_LINGER: Final = 5.0
_END: Final = b"\r\n\r\n"
_STATUS_LINES: Final = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus
}
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"

Answer = Callable[[str, str, bytes], Awaitable[tuple[int, bytes]]]
"""Given method, path and body: status and body, which is JSON."""


class _Head(NamedTuple):
    """What the lines before the body say; ``length`` is None for one that comes in chunks."""

    method: str
    path: str
    length: int | None
    stays: bool
    expects_continue: bool
    is_old: bool


class HttpError(ApiError):
    """A request that is refused before anybody is asked."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(INVALID_ARGUMENT, message, status)


class HttpConnection(asyncio.Protocol):
    """One client. What it sends while it is owed an answer waits."""

    def __init__(self, server: HttpServer) -> None:
        self._server = server
        self._buffer = bytearray()
        self._head: _Head | None = None
        # Where the next chunk begins in the buffer, and those before it.
        self._at = 0
        self._chunks: list[bytes] = []
        self._task: asyncio.Task[None] | None = None
        self._may_not_write = False
        self._is_done = False
        self._is_reading_paused = False

    @property
    def is_busy(self) -> bool:
        """Whether an answer is owed."""
        return self._task is not None

    # -- asyncio.Protocol ------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._server.connections.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        self._is_done = True
        self._server.connections.discard(self)

    def data_received(self, data: bytes) -> None:
        if self._is_done:
            return
        self._buffer += data
        if self._task is None:
            self._advance()
        elif len(self._buffer) > _HEAD_BYTES and not self._is_reading_paused:
            self._is_reading_paused = True
            self._transport.pause_reading()

    def pause_writing(self) -> None:
        self._may_not_write = True

    def resume_writing(self) -> None:
        self._may_not_write = False
        if self._task is None:
            self._advance()

    def close(self) -> None:
        """Close, after what was answered."""
        self._is_done = True
        self._transport.close()

    # -- Requests --------------------------------------------------------------------------------

    def _advance(self) -> None:
        """Take up the next request, if it is there."""
        if self._may_not_write or self._is_done:
            return
        try:
            if self._head is None:
                self._head = self._take_head()
                if self._head is None:
                    return
                self._at = 0
                self._chunks = []
                if self._head.expects_continue and not self._buffer:
                    self._transport.write(_CONTINUE)
            body = self._take_body(self._head)
        except HttpError as error:
            self._refuse(error)
            return
        if body is not None:
            head, self._head = self._head, None
            self._task = asyncio.get_running_loop().create_task(self._answer(head, body))

    async def _answer(self, head: _Head, body: bytes) -> None:
        status, answer = await self._server.answer(head.method, head.path, body)
        stays = head.stays and not self._server.is_closing
        self._task = None
        if self._is_done:
            return
        self._send(status, b"" if head.method == "HEAD" else answer, stays, is_old=head.is_old)
        if not stays or head.method == "HEAD":
            self.close()
            return
        if self._is_reading_paused:
            self._is_reading_paused = False
            self._transport.resume_reading()
        if self._buffer:
            self._advance()

    def _refuse(self, error: HttpError) -> None:
        """Answer by an error, and close once no more comes."""
        self._is_done = True
        self._buffer.clear()
        self._send(error.status, error.body(), False)
        if self._transport.can_write_eof():
            self._transport.write_eof()
        asyncio.get_running_loop().call_later(_LINGER, self._transport.close)

    def _send(self, status: int, body: bytes, stays: bool, *, is_old: bool = False) -> None:
        connection = b""
        if not stays:
            connection = b"Connection: close\r\n"
        elif is_old:
            connection = b"Connection: keep-alive\r\n"
        self._transport.write(
            b"%sContent-Type: application/json\r\n%sContent-Length: %d\r\n\r\n%s"
            % (_STATUS_LINES[status], connection, len(body), body)
        )

    def _take_head(self) -> _Head | None:
        """None if it is not complete. Raises HttpError."""
        end = self._buffer.find(_END)
        if end > _HEAD_BYTES or (end < 0 and len(self._buffer) > _HEAD_BYTES):
            raise HttpError(f"a head of more than {_HEAD_BYTES} bytes", 431)
        if end < 0:
            return None
        head = _parse_head(bytes(self._buffer[:end]))
        del self._buffer[: end + len(_END)]
        if head.length is not None and head.length > self._server.body_bytes:
            raise _too_large()
        return head

    def _take_body(self, head: _Head) -> bytes | None:
        """None if it is not complete. Raises HttpError."""
        if head.length is None:
            return self._take_chunks()
        if len(self._buffer) < head.length:
            return None
        body = bytes(self._buffer[: head.length])
        del self._buffer[: head.length]
        return body

    def _take_chunks(self) -> bytes | None:
        """Chunks, each after a line with its length in hexadecimal, up to an empty one; then lines
        that nobody reads, and an empty one (RFC 9112, 7.1)."""
        buffer = self._buffer
        while True:
            end = buffer.find(b"\r\n", self._at, self._at + _CHUNK_LINE_BYTES)
            if end < 0:
                if len(buffer) - self._at >= _CHUNK_LINE_BYTES:
                    raise HttpError("a chunk without a length")
                return None
            digits = bytes(buffer[self._at : end]).partition(b";")[0].strip()
            if not digits or digits.strip(b"0123456789abcdefABCDEF") or len(digits) > 8:
                raise HttpError(f"a chunk of length {digits!r}")
            size = int(digits, 16)
            if size == 0:
                return self._end_chunks(end)
            if sum(map(len, self._chunks)) + size > self._server.body_bytes:
                raise _too_large()
            begin = end + 2
            if len(buffer) < begin + size + 2:
                return None
            if buffer[begin + size : begin + size + 2] != b"\r\n":
                raise HttpError("a chunk that is longer than it says")
            self._chunks.append(bytes(buffer[begin : begin + size]))
            del buffer[: begin + size + 2]
            self._at = 0

    def _end_chunks(self, end: int) -> bytes | None:
        following = self._buffer.find(_END, end)
        if following < 0:
            if len(self._buffer) - end > _TRAILER_BYTES:
                raise HttpError(f"more than {_TRAILER_BYTES} bytes behind the last chunk")
            return None
        del self._buffer[: following + len(_END)]
        return b"".join(self._chunks)


def _too_large() -> HttpError:
    return HttpError("etcdserver: request is too large", 413)


def _parse_head(data: bytes) -> _Head:
    """Raises HttpError."""
    first, *lines = data.split(b"\r\n")
    words = first.split(b" ")
    if len(words) != 3 or words[2] not in (b"HTTP/1.1", b"HTTP/1.0"):
        raise HttpError(f"no request of HTTP/1.1: {first[:80]!r}")
    is_old = words[2] == b"HTTP/1.0"
    length: int | None = 0
    lengths: set[bytes] = set()
    encoding = connection = expectation = b""
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon or not name or name != name.strip():
            raise HttpError(f"no field of a head: {line[:80]!r}")
        name = name.lower()
        if name == b"content-length":
            lengths.add(value.strip())
        elif name == b"transfer-encoding":
            encoding += value.strip().lower()
        elif name == b"connection":
            connection += b"," + value.lower()
        elif name == b"expect":
            expectation = value.strip().lower()
    if encoding:
        # Who sends both may mean another end of the request than we do.
        if encoding != b"chunked" or lengths or is_old:
            raise HttpError(f"a body encoded as {encoding[:80]!r}")
        length = None
    elif lengths:
        told = lengths.pop()
        if lengths or not told.isdigit() or len(told) > 18:
            raise HttpError("a body of unknown length")
        length = int(told)
    options = {each.strip() for each in connection.split(b",")}
    stays = b"keep-alive" in options if is_old else b"close" not in options
    expects = expectation == b"100-continue" and not is_old and length != 0
    try:
        method, path = words[0].decode("ascii"), words[1].decode("ascii")
    except UnicodeDecodeError as error:
        raise HttpError("a path that is not in ASCII") from error
    return _Head(method, path.partition("?")[0], length, stays, expects, is_old)


class HttpServer:
    """Takes connections, and hands requests to ``answer``; bodies have ``body_bytes`` at most."""

    def __init__(self, answer: Answer, body_bytes: int) -> None:
        self.answer = answer
        self.body_bytes = body_bytes
        self.connections: set[HttpConnection] = set()
        self.is_closing = False
        self._server: asyncio.Server | None = None

    async def listen(
        self, address: Address, *, context: ssl.SSLContext | None = None, reuse_port: bool = False
    ) -> None:
        """Accept connections from now on. Raises OSError."""
        self._server = await asyncio.get_running_loop().create_server(
            lambda: HttpConnection(self),
            address.host,
            address.port,
            ssl=context,
            reuse_port=reuse_port or None,
        )

    @property
    def addresses(self) -> list[Address]:
        """Where it listens."""
        sockets = () if self._server is None else self._server.sockets
        return [Address(*each.getsockname()[:2]) for each in sockets]

    async def close(self, grace: float) -> None:
        """Accept no more, let requests that are under way be answered for ``grace`` s, and close
        all connections."""
        self.is_closing = True
        if self._server is not None:
            self._server.close()
        for connection in list(self.connections):
            if not connection.is_busy:
                connection.close()
        give_up = asyncio.get_running_loop().time() + grace
        while any(each.is_busy for each in self.connections):
            if asyncio.get_running_loop().time() > give_up:
                break
            await asyncio.sleep(0.01)
        for connection in list(self.connections):
            connection.close()
