"""The fault proxy: what passes, what waits, what breaks, and what is counted."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from random import Random

import pytest

from nemesis.cluster.real.addresses import Address
from nemesis.cluster.real.links import MILLISECOND, Links
from nemesis.cluster.real.proxy import Proxy
from nemesis.cluster.real.sockets import NoFreePort, free_port, hold, owner_of
from nemesis.errors import UnsupportedFault

# Nothing here takes that long: a test that hangs fails.
PATIENCE = 10.0


class Echo:
    """A server that sends back what it is sent; it tells what has arrived, and how many connections
    were made."""

    def __init__(self) -> None:
        self.arrived = bytearray()
        self.connections = 0
        self.ended = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while data := await reader.read(1 << 16):
                self.arrived += data
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            self.ended.set()
            writer.close()


class Pair:
    """n1 dials n2 through the proxy; n2 is an echo."""

    def __init__(self, links: Links, echo: Echo, address: Address) -> None:
        self.links = links
        self.echo = echo
        self.address = address
        self.there = links[("n1", "n2")]
        self.back = links[("n2", "n1")]

    async def dial(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(*self.address)

    async def until(self, what: Callable[[], bool]) -> None:
        """Let others go on until it holds; the test's patience is the bound."""
        while not what():
            await asyncio.sleep(0)


async def _is_broken(reader: asyncio.StreamReader) -> bool:
    """Whether the connection ends, or breaks, without that anything comes."""
    try:
        return await reader.read(1) == b""
    except ConnectionError:
        return True


def through_proxy(work: Callable[[Pair], Awaitable[None]]) -> Links:
    async def run() -> Links:
        links = Links(("n1", "n2"), Counter(), Random(1))
        proxy = Proxy(links)
        echo = Echo()
        server = await asyncio.start_server(echo.serve, "127.0.0.1", 0)
        address = await proxy.listen("n1", "n2", Address(*server.sockets[0].getsockname()[:2]))
        try:
            async with asyncio.timeout(PATIENCE):
                await work(Pair(links, echo, address))
        finally:
            await proxy.close()
            server.close()
        return links

    return asyncio.run(run())


def test_passes_on_what_is_sent_both_ways_and_the_end() -> None:
    content = bytes(range(256)) * 2_000

    async def work(pair: Pair) -> None:
        reader, writer = await pair.dial()

        async def send() -> None:
            writer.write(content)
            await writer.drain()
            writer.write_eof()

        sending = asyncio.create_task(send())
        assert await reader.read(-1) == content
        await sending
        writer.close()

    links = through_proxy(work)
    assert not links.effects
    assert links.traffic() == {}
    assert links[("n1", "n2")].traffic.forwarded == len(content)


def test_cut_holds_what_is_sent_until_it_is_healed() -> None:
    async def work(pair: Pair) -> None:
        reader, writer = await pair.dial()
        writer.write(b"before")
        assert await reader.readexactly(6) == b"before"
        pair.links.cut([("n1", "n2")])
        writer.write(b"during")
        await pair.until(lambda: pair.there.traffic.held == 6)
        assert bytes(pair.echo.arrived) == b"before"
        pair.links.heal()
        assert await reader.readexactly(6) == b"during"
        writer.close()

    links = through_proxy(work)
    assert links.effects == {"partition": 1}
    assert links.traffic() == {"n1->n2": {"held": 6}}


def test_cut_of_the_way_back_holds_answers_alone() -> None:
    async def work(pair: Pair) -> None:
        reader, writer = await pair.dial()
        writer.write(b"1")
        await reader.readexactly(1)
        pair.links.cut([("n2", "n1")])
        writer.write(b"2")
        await pair.until(lambda: pair.back.traffic.held == 1)
        assert bytes(pair.echo.arrived) == b"12"
        assert pair.there.traffic.held == 0
        pair.links.heal()
        assert await reader.readexactly(1) == b"2"
        writer.close()

    through_proxy(work)


@pytest.mark.parametrize("link", [("n1", "n2"), ("n2", "n1")])
def test_connection_asked_for_over_a_cut_waits(link: tuple[str, str]) -> None:
    async def work(pair: Pair) -> None:
        pair.links.cut([link])
        reader, writer = await pair.dial()
        writer.write(b"hello")
        await pair.until(lambda: pair.links.effects["partition"] > 0)
        assert pair.echo.connections == 0
        assert pair.links[link].traffic.refused == 1
        pair.links.heal()
        assert await reader.readexactly(5) == b"hello"
        writer.close()

    through_proxy(work)


def test_connection_that_was_given_up_during_a_cut_never_comes_about() -> None:
    async def work(pair: Pair) -> None:
        pair.links.cut([("n1", "n2")])
        _, writer = await pair.dial()
        writer.write(b"a request that has timed out")
        writer.close()
        await writer.wait_closed()
        # One that is made later is served: so the first one would have been, too.
        reader, writer = await pair.dial()
        writer.write(b"x")
        await pair.until(lambda: pair.there.traffic.refused == 2)
        pair.links.heal()
        assert await reader.readexactly(1) == b"x"
        assert bytes(pair.echo.arrived) == b"x"
        writer.close()

    through_proxy(work)


def test_bytes_that_wait_when_the_sender_breaks_off_are_counted_as_dropped() -> None:
    async def work(pair: Pair) -> None:
        reader, writer = await pair.dial()
        writer.write(b"1")
        await reader.readexactly(1)
        pair.links.cut([("n1", "n2"), ("n2", "n1")])
        writer.write(b"lost")
        await pair.until(lambda: pair.there.traffic.held == 4)
        writer.close()

    links = through_proxy(work)
    # The proxy is closed during the cut: they never arrived.
    assert links[("n1", "n2")].traffic.dropped == 4


def test_death_of_the_receiver_is_not_heard_of_over_a_cut() -> None:
    async def work(pair: Pair) -> None:
        reader, writer = await pair.dial()
        writer.write(b"1")
        await reader.readexactly(1)
        pair.links.cut([("n1", "n2")])
        writer.close()
        await writer.wait_closed()
        for _ in range(100):
            await asyncio.sleep(0)
        assert not pair.echo.ended.is_set()
        pair.links.heal()
        await pair.echo.ended.wait()

    through_proxy(work)


def test_delay_makes_chunks_late_and_keeps_their_order() -> None:
    async def work(pair: Pair) -> None:
        reader, writer = await pair.dial()
        pair.links.shape(
            [("n1", "n2")],
            delay_min=20 * MILLISECOND,
            delay_max=60 * MILLISECOND,
            delayed_by="delay",
        )
        began = time.monotonic()
        for number in range(10):
            writer.write(bytes([number]))
            await writer.drain()
            await asyncio.sleep(0.001)
        assert await reader.readexactly(10) == bytes(range(10))
        # Never earlier; how much later is the machine's affair.
        assert time.monotonic() - began >= 0.02
        writer.close()

    links = through_proxy(work)
    assert links.effects["delay"] == links[("n1", "n2")].traffic.delayed > 0
    assert links[("n2", "n1")].traffic.delayed == 0


def test_loss_stalls_or_resets_and_never_changes_a_byte() -> None:
    content = bytes(range(256))

    async def work(pair: Pair) -> None:
        pair.links.shape(None, loss=40)
        while not (
            pair.there.traffic.resets and pair.there.traffic.lost > pair.there.traffic.resets
        ):
            reader, writer = await pair.dial()
            got = b""
            try:
                writer.write(content)
                writer.write_eof()
                got = await reader.read(-1)
            except ConnectionError:
                pass
            assert content.startswith(got)
            writer.close()

    links = through_proxy(work)
    assert links.effects["loss"] >= 2


def test_bandwidth_is_a_limit() -> None:
    async def work(pair: Pair) -> None:
        pair.links.shape([("n1", "n2")], bandwidth=1_000_000)
        reader, writer = await pair.dial()
        began = time.monotonic()
        writer.write(b"x" * 100_000)
        await reader.readexactly(100_000)
        assert time.monotonic() - began >= 0.1
        writer.close()

    through_proxy(work)


def test_server_that_does_not_listen_breaks_the_connection() -> None:
    async def run() -> None:
        proxy = Proxy(Links(("n1", "n2"), Counter(), Random(1)))
        address = await proxy.listen("n1", "n2", Address("127.0.0.1", 1))
        reader, writer = await asyncio.open_connection(*address)
        assert await _is_broken(reader)
        writer.close()
        await proxy.close()

    asyncio.run(asyncio.wait_for(run(), PATIENCE))


def test_who_has_dialled_is_known_by_the_process_that_owns_the_socket() -> None:
    seen: list[str | None] = []

    async def run() -> None:
        links = Links(("n1", "n2"), Counter(), Random(1))
        proxy = Proxy(links)
        echo = Echo()
        server = await asyncio.start_server(echo.serve, "127.0.0.1", 0)
        pids = {"n1": os.getpid()}

        def identify(client: Address, dialled: Address) -> str | None:
            seen.append(owner_of(client.port, dialled.port, pids))
            return seen[-1]

        address = await proxy.listen(identify, "n2", Address(*server.sockets[0].getsockname()[:2]))
        reader, writer = await asyncio.open_connection(*address)
        writer.write(b"x")
        assert await reader.readexactly(1) == b"x"
        writer.close()
        # A stranger is not served.
        pids["n1"] = 1
        reader, writer = await asyncio.open_connection(*address)
        assert await _is_broken(reader)
        writer.close()
        assert echo.connections == 1
        await proxy.close()
        server.close()

    asyncio.run(asyncio.wait_for(run(), PATIENCE))
    assert seen == ["n1", None]


def test_what_cannot_happen_to_a_stream_is_refused() -> None:
    links = Links(("n1", "n2"), Counter(), Random(1))
    with pytest.raises(UnsupportedFault, match="duplicate"):
        links.shape(None, duplicate=10)


def test_the_port_of_a_server_that_was_just_ended_is_not_free(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its connections wait for stragglers, so that nobody could hold it."""
    spare = free_port(set())
    with socket.socket() as server, socket.socket() as client:
        server.bind(("127.0.0.1", free_port({spare})))
        server.listen()
        port = server.getsockname()[1]
        client.connect(("127.0.0.1", port))
        accepted, _ = server.accept()
        # Who closes first waits.
        accepted.close()
        assert client.recv(1) == b""
    with pytest.raises(NoFreePort, match=f"port {port} of 127.0.0.1"):
        hold("127.0.0.1", port)
    lowest = 20_000
    drawn = iter((port - lowest, spare - lowest))
    monkeypatch.setattr("nemesis.cluster.real.sockets.secrets.randbelow", lambda _: next(drawn))
    assert free_port(set()) == spare
    hold("127.0.0.1", spare).close()


def test_free_ports_differ() -> None:
    taken: set[int] = set()
    ports = [free_port(taken) for _ in range(20)]
    assert len(set(ports)) == 20
    assert taken == set(ports)
