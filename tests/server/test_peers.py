"""Connections between servers: who gets in, who is refused and why, and what may be lost."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from random import Random
from typing import Any

import pytest

from nemesis.cluster.real.sockets import free_port
from raft.consensus import RequestVoteReply
from raft.kv.revisions import KeyValue, Put, RangeAnswer
from raft.server.config import Address, Limits
from raft.server.frames import (
    Forward,
    Forwarded,
    FrameReader,
    Hello,
    PeerMessage,
    Refused,
    Welcome,
    decode_handshake,
    encode_frame,
)
from raft.server.peers import Peers
from raft.server.trace import TraceClock
from tests.server.processes import PATIENCE

CLUSTER = 77
MESSAGE = RequestVoteReply("n2", "n1", 3, True)


class Members:
    """A membership of tests: who belongs to it since the entry 10; committed is 20."""

    def __init__(self, *names: str) -> None:
        self.names = set(names)
        self.newcomers: list[tuple[str, int]] = []

    def configuration_index_of(self, member: str) -> int | None:
        return 10 if member in self.names else None

    def commit_index(self) -> int:
        return 20

    def let_in(self, member: str, configuration_index: int) -> None:
        self.newcomers.append((member, configuration_index))


class Ends:
    """What one server heard."""

    def __init__(self) -> None:
        self.delivered: list[tuple[str, PeerMessage]] = []
        self.dropped: list[PeerMessage] = []
        self.lost: list[str] = []


def peers(name: str, ends: Ends, members: Members, **limits: int) -> Peers:
    return Peers(
        CLUSTER,
        name,
        members,
        TraceClock(),
        Limits(**limits),
        Random(1),
        deliver=lambda peer, message: ends.delivered.append((peer, message)),
        dropped=ends.dropped.append,
        link_lost=ends.lost.append,
    )


async def until(probe: Callable[[], Any]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not probe():
            await asyncio.sleep(0.005)


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(PATIENCE):
            await test()

    asyncio.run(bounded())


@asynccontextmanager
async def listening(ends: Ends, *names: str) -> AsyncIterator[tuple[Peers, Address]]:
    """n1, a member beside these names."""
    server = peers("n1", ends, Members("n1", *names))
    address = Address("127.0.0.1", free_port(set()))
    await server.listen(address, reuse_port=False)
    try:
        yield server, address
    finally:
        await server.close()


async def say(address: Address, data: bytes) -> list[Any]:
    """Connect, send, and return the answers until the other end closes; after a Welcome, none."""
    reader, writer = await asyncio.open_connection(*address)
    answers = []
    frames = FrameReader(4096)
    try:
        writer.write(data)
        while part := await reader.read(4096):
            answers += [decode_handshake(body) for _, body in frames.feed(part)]
            if any(isinstance(answer, Welcome) for answer in answers):
                break
    except ConnectionResetError:
        pass
    finally:
        writer.close()
    return answers


async def is_cut_off(reader: asyncio.StreamReader) -> bool:
    """True once the other end has closed; what it says before that does not matter."""
    with suppress(ConnectionResetError):
        while await reader.read(4096):
            pass
    return True


@pytest.mark.parametrize(
    ("hello", "reason"),
    [
        (Hello(1, 78, "n2", "n1", 10), "is of cluster 4e, not 4d"),
        (Hello(1, CLUSTER, "n2", "n3", 10), "looks for n3, and this is n1"),
        (Hello(1, CLUSTER, "n1", "n1", 10), "says that it is n1, and so am I"),
        (Hello(1, CLUSTER, "n9", "n1", -1), "is no member of the cluster"),
        (Hello(1, CLUSTER, "n9", "n1", 20), "is no member of the cluster"),
        (Hello(2, CLUSTER, "n2", "n1", 10), "speaks version 2, not 1"),
    ],
)
def test_strangers_are_refused_with_a_reason_that_is_logged(
    hello: Hello, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def test() -> None:
        ends = Ends()
        async with listening(ends, "n2") as (_, address):
            said = encode_frame(hello, 1) + encode_frame(MESSAGE, 2)
            assert await say(address, said) == [Refused(reason)]
            assert ends.delivered == []

    with caplog.at_level(logging.WARNING):
        run(test)
    assert reason in caplog.text


@pytest.mark.parametrize(
    "hello",
    [Hello(1, CLUSTER, "n2", "n1", -1), Hello(1, CLUSTER, "n9", "n1", 21)],
    ids=["a-member", "a-member-by-an-entry-not-known-here"],
)
def test_members_are_welcome(hello: Hello) -> None:
    async def test() -> None:
        async with listening(Ends(), "n2") as (_, address):
            assert await say(address, encode_frame(hello, 1)) == [Welcome(CLUSTER, "n1")]

    run(test)


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        encode_frame(MESSAGE, 1),
        encode_frame(Welcome(CLUSTER, "n2"), 1),
        encode_frame(Hello(1, CLUSTER, "n" * 5000, "n1", 0), 1),
        b"\xff" * 100,
    ],
)
def test_whoever_does_not_say_hello_is_cut_off(data: bytes) -> None:
    async def test() -> None:
        async with listening(Ends(), "n2") as (_, address):
            assert await say(address, data) == []

    run(test)


@pytest.mark.parametrize(
    "data", [encode_frame(RequestVoteReply("n3", "n1", 3, True), 2), b"\0\0\0\x09" + bytes(9)]
)
def test_a_member_that_sends_anothers_messages_or_garbage_is_cut_off(data: bytes) -> None:
    async def test() -> None:
        ends = Ends()
        async with listening(ends, "n2", "n3") as (_, address):
            reader, writer = await asyncio.open_connection(*address)
            writer.write(encode_frame(Hello(1, CLUSTER, "n2", "n1", 10), 1))
            await reader.read(4096)
            writer.write(data)
            assert await is_cut_off(reader)
            writer.close()
            assert ends.delivered == []

    run(test)


def test_messages_arrive_in_order_also_those_sent_before_the_peer_was_there() -> None:
    async def test() -> None:
        near, far = Ends(), Ends()
        sender = peers("n2", near, Members("n1", "n2"))
        address = Address("127.0.0.1", free_port(set()))
        sender.set_addresses({"n1": address})
        for term in range(50):
            assert sender.send("n1", RequestVoteReply("n2", "n1", term, True))
        receiver = peers("n1", far, Members("n1", "n2"))
        await receiver.listen(address, reuse_port=False)
        await until(lambda: len(far.delivered) == 50)
        sender.send("n1", MESSAGE)
        await until(lambda: len(far.delivered) == 51)
        assert [message.term for _, message in far.delivered[:50]] == list(range(50))  # type: ignore[union-attr]
        assert {peer for peer, _ in far.delivered} == {"n2"}
        assert not sender.send("n3", MESSAGE)
        await sender.close()
        await receiver.close()

    run(test)


def test_a_full_queue_drops_the_oldest() -> None:
    async def test() -> None:
        ends = Ends()
        for limits in ({"queue_messages": 3}, {"queue_bytes": 250}):
            ends.dropped.clear()
            sender = peers("n2", ends, Members("n1"), **limits)
            sender.set_addresses({"n1": Address("127.0.0.1", free_port(set()))})
            forwards = [Forward(number, "o", Put(b"k", b"v")) for number in range(9)]
            for forward in forwards:
                sender.send("n1", forward)
            assert 0 < len(ends.dropped) < 9
            assert ends.dropped == forwards[: len(ends.dropped)]
            await sender.close()

    run(test)


def test_an_answer_as_long_as_may_wait_arrives_and_a_longer_one_costs_no_connection() -> None:
    async def test() -> None:
        near, far = Ends(), Ends()
        sender = peers("n2", near, Members("n1", "n2"))
        address = Address("127.0.0.1", free_port(set()))
        receiver = peers("n1", far, Members("n1", "n2"))
        await receiver.listen(address, reuse_port=False)
        sender.set_addresses({"n1": address})
        value = bytes(15 << 20)
        kvs = (KeyValue(b"k", value, 2, 2, 1),) * 4
        sender.send("n1", Forwarded(1, "ok", RangeAnswer(2, kvs, 4)))
        await until(lambda: len(far.delivered) == 1)
        too_long = Forwarded(2, "ok", RangeAnswer(2, (*kvs, *kvs), 8))
        sender.send("n1", too_long)
        sender.send("n1", MESSAGE)
        await until(lambda: len(far.delivered) == 2)
        assert near.dropped == [too_long]
        assert near.lost == []
        assert far.delivered[1] == ("n2", MESSAGE)
        await sender.close()
        await receiver.close()

    run(test)


def test_an_error_that_ends_the_connecting_is_told_at_once_and_keeps_nobody_from_closing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def test() -> None:
        sender = peers("n2", Ends(), Members("n1", "n2"))
        # What the configuration lets nobody say, and the system cannot be asked for.
        sender.set_addresses({"n1": Address("a..b", 1)})
        await until(lambda: "n1 is not connected to any more" in caplog.text)
        await sender.close()

    run(test)
    assert "UnicodeError" in caplog.text


def test_a_lost_connection_is_told_and_made_again() -> None:
    async def test() -> None:
        near, far = Ends(), Ends()
        sender = peers("n2", near, Members("n1", "n2"))
        address = Address("127.0.0.1", free_port(set()))
        receiver = peers("n1", far, Members("n1", "n2"))
        await receiver.listen(address, reuse_port=False)
        sender.set_addresses({"n1": address})
        sender.send("n1", MESSAGE)
        await until(lambda: far.delivered)
        await receiver.close()
        await until(lambda: near.lost == ["n1"])
        again = peers("n1", far, Members("n1", "n2"))
        await again.listen(address, reuse_port=False)
        sender.send("n1", MESSAGE)
        await until(lambda: len(far.delivered) == 2)
        await sender.close()
        await again.close()

    run(test)


def test_a_newer_connection_of_the_same_member_takes_the_place_of_the_older() -> None:
    async def test() -> None:
        ends = Ends()
        async with listening(ends, "n2") as (_, address):
            hello = encode_frame(Hello(1, CLUSTER, "n2", "n1", 10), 1)
            reader, writer = await asyncio.open_connection(*address)
            writer.write(hello)
            assert await reader.read(4096)
            assert await say(address, hello) == [Welcome(CLUSTER, "n1")]
            assert await is_cut_off(reader)
            writer.close()

    run(test)


def test_whoever_answers_as_another_server_is_not_sent_anything(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def test() -> None:
        for answer in (Welcome(CLUSTER, "n3"), Welcome(78, "n1"), Refused("because")):
            heard: list[bytes] = []

            async def serve(
                reader: asyncio.StreamReader,
                writer: asyncio.StreamWriter,
                answer: Welcome | Refused = answer,
                heard: list[bytes] = heard,
            ) -> None:
                heard.append(await reader.read(4096))
                writer.write(encode_frame(answer, 1))
                heard.append(await reader.read(4096))
                writer.close()

            server = await asyncio.start_server(serve, "127.0.0.1", 0)
            ends = Ends()
            sender = peers("n2", ends, Members("n1", "n2"))
            sender.set_addresses({"n1": Address(*server.sockets[0].getsockname())})
            sender.send("n1", MESSAGE)
            await until(lambda ends=ends: ends.lost)
            await sender.close()
            server.close()
            assert b"RequestVoteReply" not in b"".join(heard)

    with caplog.at_level(logging.WARNING):
        run(test)
    for reason in ("n3 of cluster 4d has answered", "n1 of cluster 4e has", "refused: because"):
        assert reason in caplog.text


def test_trace_times_go_on_after_those_of_messages() -> None:
    async def test() -> None:
        far = Ends()
        async with listening(far, "n2") as (receiver, address):
            sender = peers("n2", Ends(), Members("n1", "n2"))
            sender.clock.observe(1 << 60)  # far ahead
            sender.set_addresses({"n1": address})
            sender.send("n1", MESSAGE)
            await until(lambda: far.delivered)
            assert receiver.clock.read() > 1 << 60
            await sender.close()

    run(test)
