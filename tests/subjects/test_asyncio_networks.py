"""Datagrams and connections of asyncio programs, over networks that lose, repeat and reorder."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Iterator
from itertools import pairwise

import pytest

from nemesis.subjects.asyncio_programs import Host
from tests.subjects.asyncio_world import World, fresh, notes, unobserved

WRONG = {"loss": 20, "duplicate": 20, "reorder": 20}

__all__ = ["fresh"]


# -- Datagrams ---------------------------------------------------------------------------------------


class Echo(asyncio.DatagramProtocol):
    """Notes what arrives, and sends it back to who wants that."""

    transport: asyncio.DatagramTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.DatagramTransport)
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:  # type: ignore[override]
        notes.append((data, addr))
        if data.startswith(b"please answer"):
            self.transport.sendto(b"answer", addr)

    def error_received(self, exc: Exception) -> None:
        assert isinstance(exc, OSError)
        notes.append(errno.errorcode[exc.errno])


async def answers(host: Host) -> None:
    unobserved(host)
    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(Echo, local_addr=("0.0.0.0", 7))
    await asyncio.Event().wait()


async def asks(host: Host) -> None:
    unobserved(host)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Echo, remote_addr=("n1", 7))
    for number in range(100):
        transport.sendto(b"please answer %d" % number)
    await asyncio.Event().wait()


def test_datagrams_are_answered_to_where_they_came_from() -> None:
    World(answers, asks).advance(1)
    questions = [data for data, (host, _) in _datagrams() if host == "n2"]
    replies = [address for data, address in _datagrams() if data == b"answer"]
    assert questions == [b"please answer %d" % number for number in range(100)]
    assert replies == [("n1", 7)] * 100


def _datagrams() -> Iterator[tuple[bytes, tuple[str, int]]]:
    for note in notes:
        assert isinstance(note, tuple)
        yield note


def test_datagrams_fare_as_the_network_says() -> None:
    world = World(answers, asks)
    world.network.reshape(None, dict(WRONG))
    world.advance(1)
    questions = [data for data, (host, _) in _datagrams() if host == "n2"]
    # The first pass is sent after the network was changed.
    assert 0 < len(set(questions)) < 100
    assert len(questions) > len(set(questions))
    assert questions != sorted(questions)
    assert world.effects["loss"] > 0


def test_addresses_and_sizes_are_checked() -> None:
    async def program(host: Host) -> None:
        unobserved(host)
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(Echo, local_addr=("n1", 7))
        notes.append(transport.get_extra_info("sockname"))
        with pytest.raises(OSError, match="port 7 is in use"):
            await loop.create_datagram_endpoint(Echo, local_addr=("n1", 7))
        with pytest.raises(OSError, match="no address 'n2'"):
            await loop.create_datagram_endpoint(Echo, local_addr=("n2", 7))
        with pytest.raises(ValueError, match="needs an address"):
            transport.sendto(b"x")
        transport.sendto(bytes(70_000), ("n2", 7))
        transport.close()
        transport.sendto(b"late", ("n1", 7))
        await loop.create_datagram_endpoint(Echo, local_addr=("n1", 7))
        notes.append("again")
        await asyncio.Event().wait()

    World(program, answers).advance(1)
    assert notes == [("n1", 7), "EMSGSIZE", "again"]


# -- Connections -------------------------------------------------------------------------------------


async def counts_lines(host: Host) -> None:
    async def on_connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        notes.append(("from", writer.get_extra_info("peername")[0]))
        while line := await reader.readline():
            notes.append(int(line))
            writer.write(b"got " + line)
        notes.append("end")
        writer.write(b"bye\n")
        writer.close()

    unobserved(host)
    async with await asyncio.start_server(on_connection, "n1", 80) as server:
        await server.serve_forever()


async def sends_lines(host: Host) -> None:
    unobserved(host)
    reader, writer = await asyncio.open_connection("n1", 80)
    for number in range(200):
        writer.write(b"%d\n" % number)
        if number % 10 == 0:
            await writer.drain()
            await asyncio.sleep(0.01)
    writer.write_eof()
    answers = (await reader.read()).splitlines()
    notes.append(("answers", len(answers), answers[-1]))
    writer.close()
    await writer.wait_closed()
    await asyncio.Event().wait()


@pytest.mark.parametrize("wrong", [{}, WRONG], ids=["healthy", "lossy"])
@pytest.mark.parametrize("seed", range(5))
def test_what_is_written_arrives_in_order_and_once(wrong: dict[str, int], seed: int) -> None:
    world = World(counts_lines, sends_lines, seed=seed)
    world.network.reshape(None, dict(wrong))
    world.advance(30)
    assert notes == [("from", "n2"), *range(200), "end", ("answers", 201, b"bye")]
    assert not wrong or min(world.effects[kind] for kind in WRONG) > 0


def test_messages_end_where_nobody_can_tell() -> None:
    async def reads(host: Host) -> None:
        async def on_connection(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
            while data := await reader.read(1000):
                notes.append(data)

        unobserved(host)
        await asyncio.start_server(on_connection, "n1", 80)
        await asyncio.Event().wait()

    async def writes(host: Host) -> None:
        unobserved(host)
        _, writer = await asyncio.open_connection("n1", 80)
        for _ in range(50):
            writer.write(b"one message, ")
            writer.write(b"of two parts")
            await asyncio.sleep(0.1)
        await asyncio.Event().wait()

    World(reads, writes).advance(10)
    whole = b"one message, of two parts"
    assert b"".join(each for each in notes if isinstance(each, bytes)) == whole * 50
    assert 0 < notes.count(whole) < 50
    assert b"one message, " not in notes, "what is written at once is gathered"


async def connects(host: Host) -> None:
    unobserved(host)
    loop = asyncio.get_running_loop()
    began = loop.time()
    try:
        reader, _ = await asyncio.open_connection("n1", 80)
        notes.append("connected")
        await reader.read()
        notes.append("end")
    except OSError as error:
        notes.append((type(error).__name__, loop.time() - began > 0.9))
    await asyncio.Event().wait()


def test_a_connection_to_a_port_where_nobody_listens_is_refused() -> None:
    async def idle(host: Host) -> None:
        unobserved(host)
        await asyncio.Event().wait()

    World(idle, connects).advance(5)
    assert notes == [("ConnectionRefusedError", False)]


def test_a_connection_over_a_cut_link_times_out() -> None:
    world = World(counts_lines, connects)
    world.cut([("n1", "n2"), ("n2", "n1")])
    world.advance(5)
    assert notes == [("TimeoutError", True)]


async def writes_on(host: Host) -> None:
    unobserved(host)
    _, writer = await asyncio.open_connection("n1", 80)
    try:
        while True:
            writer.write(b"1\n")
            await writer.drain()
            await asyncio.sleep(0.1)
    except OSError as error:
        notes.append(type(error).__name__)
    await asyncio.Event().wait()


def test_a_server_that_was_restarted_knows_no_connection_of_before() -> None:
    world = World(counts_lines, writes_on)
    world.advance(1)
    world.crash("n1")
    world.advance(0.3)
    world.start("n1")
    world.advance(1)
    assert notes[0] == ("from", "n2")
    assert notes[-1] == "ConnectionResetError"


def test_bytes_for_a_closed_connection_break_it() -> None:
    async def hangs_up(host: Host) -> None:
        async def on_connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readline()
            writer.close()

        unobserved(host)
        await asyncio.start_server(on_connection, "n1", 80)
        await asyncio.Event().wait()

    World(hangs_up, writes_on).advance(5)
    assert notes == ["ConnectionResetError"]


def test_who_writes_faster_than_the_network_takes_it_has_to_wait() -> None:
    async def floods(host: Host) -> None:
        unobserved(host)
        _, writer = await asyncio.open_connection("n1", 80)
        while True:
            notes.append(asyncio.get_running_loop().time())
            writer.write(bytes(1_000))
            await writer.drain()
            await asyncio.sleep(0)

    async def reads(host: Host) -> None:
        async def on_connection(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
            while await reader.read(1000):
                pass

        unobserved(host)
        await asyncio.start_server(on_connection, "n1", 80)
        await asyncio.Event().wait()

    world = World(reads, floods)
    world.network.reshape(None, {"delay_min": 10_000_000, "delay_max": 10_000_000})
    world.advance(0.1)
    moments = sorted({each for each in notes if isinstance(each, float)})
    assert len(moments) > 1
    assert len(notes) <= len(moments) * 70
    assert all(later - earlier > 0.009 for earlier, later in pairwise(moments))


def test_who_does_not_read_is_not_sent_more() -> None:
    async def reads_late(host: Host) -> None:
        class Late(asyncio.Protocol):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                assert isinstance(transport, asyncio.ReadTransport)
                transport.pause_reading()
                asyncio.get_running_loop().call_later(1, transport.resume_reading)

            def data_received(self, data: bytes) -> None:
                notes.append(asyncio.get_running_loop().time() >= 1)

        unobserved(host)
        await asyncio.get_running_loop().create_server(Late, "n1", 80)
        await asyncio.Event().wait()

    World(reads_late, writes_on).advance(3)
    assert len(notes) > 20
    assert all(notes)


def test_a_cancelled_connection_is_given_up() -> None:
    async def gives_up(host: Host) -> None:
        unobserved(host)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.open_connection("n1", 80), 0.001)
        notes.append("gave up")
        await asyncio.Event().wait()

    World(counts_lines, gives_up).advance(2)
    assert notes == ["gave up"]
