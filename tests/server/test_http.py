"""HTTP as our server speaks it: requests however they arrive, and what is refused."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable

import pytest

from raft.server.config import Address
from raft.server.http import HttpServer

BODY_BYTES = 1000
PATIENCE = 30.0
Response = tuple[int, bytes, dict[bytes, bytes]]
Talk = Callable[["Client"], Awaitable[None]]


class Client:
    """A connection, byte by byte if need be."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def receive(self, *, of_head: bool = False) -> Response:
        head = await self.reader.readuntil(b"\r\n\r\n")
        first, *lines = head[:-4].split(b"\r\n")
        fields = dict(line.lower().split(b": ") for line in lines)
        length = 0 if of_head else int(fields.get(b"content-length", b"0"))
        return int(first.split()[1]), await self.reader.readexactly(length), fields

    async def is_closed(self) -> bool:
        return await self.reader.read(1) == b""


async def echo(method: str, path: str, body: bytes) -> tuple[int, bytes]:
    await asyncio.sleep(0)
    return 200, b"%s %s %s" % (method.encode(), path.encode(), body)


def talk(conversation: Talk, answer: Callable[..., Awaitable[tuple[int, bytes]]] = echo) -> None:
    async def run() -> None:
        server = HttpServer(answer, BODY_BYTES)
        await server.listen(Address("127.0.0.1", 0))
        address = server.addresses[0]
        client = Client(*await asyncio.open_connection(address.host, address.port))
        try:
            async with asyncio.timeout(PATIENCE):
                await conversation(client)
        finally:
            client.writer.close()
            await server.close(0)

    asyncio.run(run())


def post(path: str, body: bytes, *fields: bytes) -> bytes:
    lines = [b"POST %s HTTP/1.1" % path.encode(), b"Host: x", b"Content-Length: %d" % len(body)]
    return b"\r\n".join([*lines, *fields, b"", body])


CHUNKED = (
    b"POST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\n"
)


def test_a_connection_stays_and_answers_come_in_order() -> None:
    async def conversation(client: Client) -> None:
        for number in range(3):
            await client.send(post(f"/{number}", b"x" * number))
            expected = b"POST /%d %s" % (number, b"x" * number)
            assert (await client.receive())[:2] == (200, expected)
        # All at once: each is answered, one after the other.
        await client.send(post("/a?query", b"1") + CHUNKED + b"GET /b HTTP/1.1\r\nHost: x\r\n\r\n")
        found = [(await client.receive())[1] for _ in range(3)]
        assert found == [b"POST /a 1", b"POST /c abc0123456789", b"GET /b "]

    talk(conversation)


@pytest.mark.parametrize("request_", [post("/a", b"1" * 50), CHUNKED])
def test_a_request_may_come_byte_by_byte(request_: bytes) -> None:
    async def conversation(client: Client) -> None:
        for at in range(len(request_)):
            await client.send(request_[at : at + 1])
            await asyncio.sleep(0)
        status, body, _ = await client.receive()
        assert status == 200
        assert body in (b"POST /a " + b"1" * 50, b"POST /c abc0123456789")

    talk(conversation)


def test_who_asks_whether_to_go_on_is_told_to() -> None:
    async def conversation(client: Client) -> None:
        request = post("/a", b"body", b"Expect: 100-continue")
        await client.send(request[:-4])
        assert (await client.receive())[0] == 100
        await client.send(request[-4:])
        assert (await client.receive())[:2] == (200, b"POST /a body")
        # Who does not wait is not told.
        await client.send(request)
        assert (await client.receive())[0] == 200

    talk(conversation)


@pytest.mark.parametrize(
    ("request_", "stays"),
    [
        (post("/a", b""), True),
        (post("/a", b"", b"Connection: close"), False),
        (post("/a", b"", b"connection: x, Close"), False),
        (b"GET /a HTTP/1.0\r\n\r\n", False),
        (b"GET /a HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", True),
    ],
)
def test_a_connection_is_closed_when_the_client_says_so(request_: bytes, stays: bool) -> None:
    async def conversation(client: Client) -> None:
        await client.send(request_)
        status, _, fields = await client.receive()
        assert status == 200
        assert (fields.get(b"connection") == b"close") is not stays
        if stays:
            await client.send(request_)
            assert (await client.receive())[0] == 200
        else:
            assert await client.is_closed()

    talk(conversation)


def test_a_head_alone_is_answered_by_a_head_alone() -> None:
    async def conversation(client: Client) -> None:
        await client.send(b"HEAD /a HTTP/1.1\r\n\r\n")
        assert (await client.receive(of_head=True))[0] == 200
        assert await client.is_closed()

    talk(conversation)


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (post("/a", b"x" * (BODY_BYTES + 1)), 413),
        (b"POST /a HTTP/1.1\r\nContent-Length: 999999999999\r\nExpect: 100-continue\r\n\r\n", 413),
        (b"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3E9\r\n", 413),
        (b"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1" * 300, 400),
        (b"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", 400),
        (b"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n", 400),
        (b"POST /a HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 400),
        (b"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n", 400),
        (b"POST /a HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        (b"POST /a HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST /a HTTP/1.1\r\nContent-Length : 1\r\n\r\n", 400),
        (b"POST /a HTTP/1.1\r\nA: b\r\n folded\r\n\r\n", 400),
        (b"POST /a HTTP/2.0\r\n\r\n", 400),
        (b"POST /a b HTTP/1.1\r\n\r\n", 400),
        (b"POST /\xff HTTP/1.1\r\n\r\n", 400),
        (b"\x16\x03\x01\r\n\r\n", 400),
        (b"GET /" + b"a" * 20_000, 431),
        (b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n\r\n", 431),
    ],
)
def test_what_is_not_understood_is_refused_and_the_connection_closed(
    request_: bytes, status: int
) -> None:
    async def conversation(client: Client) -> None:
        await client.send(request_)
        found, body, fields = await client.receive()
        assert (found, fields[b"connection"]) == (status, b"close")
        assert re.match(rb'\{"error":".+","message":".+","code":3\}', body)
        # What still comes is neither taken for a request nor in the way of the answer.
        await client.send(post("/another", b""))
        assert await client.is_closed()

    talk(conversation)


def test_a_body_of_all_bytes_that_it_may_have_is_taken() -> None:
    async def conversation(client: Client) -> None:
        await client.send(post("/a", b"x" * BODY_BYTES))
        assert (await client.receive())[0] == 200

    talk(conversation)


def test_what_comes_while_an_answer_is_owed_waits_outside() -> None:
    """A client that sends and never reads holds little of the server's memory."""
    asked: list[str] = []
    go_on = asyncio.Event()

    async def answer(method: str, path: str, body: bytes) -> tuple[int, bytes]:
        asked.append(path)
        await go_on.wait()
        return 200, b""

    async def conversation(client: Client) -> None:
        requests = 16_000
        sending = asyncio.create_task(client.send(post("/a", b"x" * BODY_BYTES) * requests))
        while not asked:
            await asyncio.sleep(0)
        for _ in range(100):
            await asyncio.sleep(0)
        assert asked == ["/a"]
        assert not sending.done()
        go_on.set()
        for _ in range(requests):
            assert (await client.receive())[0] == 200
        await sending
        assert len(asked) == requests

    talk(conversation, answer)


def test_who_is_owed_an_answer_gets_it_before_the_server_closes() -> None:
    async def run() -> None:
        asked = asyncio.Event()
        go_on = asyncio.Event()

        async def answer(method: str, path: str, body: bytes) -> tuple[int, bytes]:
            asked.set()
            await go_on.wait()
            return 200, b"done"

        server = HttpServer(answer, BODY_BYTES)
        await server.listen(Address("127.0.0.1", 0))
        address = server.addresses[0]
        busy, idle = [
            Client(*await asyncio.open_connection(address.host, address.port)) for _ in range(2)
        ]
        async with asyncio.timeout(PATIENCE):
            await busy.send(post("/a", b""))
            await asked.wait()
            closing = asyncio.create_task(server.close(PATIENCE))
            assert await idle.is_closed()
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection(address.host, address.port)
            go_on.set()
            status, body, fields = await busy.receive()
            assert (status, body, fields[b"connection"]) == (200, b"done", b"close")
            assert await busy.is_closed()
            await closing
        for client in (busy, idle):
            client.writer.close()

    asyncio.run(run())
