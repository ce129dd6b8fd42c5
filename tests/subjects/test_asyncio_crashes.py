"""Programs written with asyncio: how their processes end and begin again, and what of them stays."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from nemesis.cluster.sim.disk import PowerLost
from nemesis.subjects.asyncio_programs import Host, LeavesTheSimulation
from nemesis.subjects.asyncio_programs.datagrams import Datagram
from nemesis.subjects.streams import NEVER
from tests.subjects.asyncio_world import SECOND, World, fresh, notes, unobserved

__all__ = ["fresh"]


def test_a_crash_ends_everything_at_once_and_a_restart_finds_the_disk() -> None:
    async def numbers() -> AsyncIterator[int]:
        try:
            while True:
                yield 1
                await asyncio.sleep(1)
        finally:
            notes.append("the generator ends")

    async def program(host: Host) -> None:
        unobserved(host)
        notes.append((host.is_first_start, host.load("state"), host.load("last-words")))
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            asyncio.DatagramProtocol, local_addr=(host.name, 1)
        )
        host.save("state", b"saved")
        host.disk.create("unsynced", b"lost")
        try:
            async for _ in numbers():
                pass
        finally:
            notes.append("cleaning up")
            try:
                transport.sendto(b"last words", ("n2", 1))
                notes.append("sent")
            finally:
                host.save("last-words", b"x")
                notes.append("written")

    async def listens(host: Host) -> None:
        class Protocol(asyncio.DatagramProtocol):
            def datagram_received(self, data: bytes, addr: tuple[str | object, int]) -> None:
                notes.append(data)

        unobserved(host)
        await asyncio.get_running_loop().create_datagram_endpoint(Protocol, local_addr=("n2", 1))
        await asyncio.Event().wait()

    world = World(program, listens)
    world.advance(3)
    world.crash("n1")
    gc.collect()
    world.advance(1)
    world.start("n1")
    assert notes == [(True, None, None), "cleaning up", (False, b"saved", None)]
    assert world.disks["n1"].files().count("last-words") == 0


def test_power_that_fails_ends_the_process_whatever_it_does_about_exceptions() -> None:
    async def program(host: Host) -> None:
        unobserved(host)
        while True:
            await asyncio.sleep(1)
            try:
                host.save("state", b"x")
            except BaseException:  # noqa: BLE001
                notes.append("noticed")
            notes.append("goes on")

    world = World(program)
    world.advance(1.5)
    assert notes == ["goes on"]
    world.disks["n1"].power_fails = "unsynced-loss"
    with pytest.raises(Exception, match=r"state\.new"):
        world.advance(1)
    notes.clear()
    world.crash("n1")
    assert notes == []


@pytest.mark.parametrize("is_over_streams", [False, True])
def test_what_was_sent_before_power_fails_has_left(is_over_streams: bool) -> None:
    class Protocol(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: tuple[str | object, int]) -> None:
            notes.append(data)

    async def on_connection(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        notes.append(await reader.read(100))

    async def sends(host: Host) -> None:
        unobserved(host)
        await asyncio.sleep(1)
        if is_over_streams:
            _, writer = await asyncio.open_connection("n2", 1)
            send = writer.write
        else:
            transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
                asyncio.DatagramProtocol, remote_addr=("n2", 1)
            )
            send = transport.sendto
        await asyncio.sleep(1)
        send(b"before")
        try:
            host.save("state", b"x")
        finally:
            send(b"after")

    async def listens(host: Host) -> None:
        unobserved(host)
        await asyncio.start_server(on_connection, port=1)
        await asyncio.get_running_loop().create_datagram_endpoint(Protocol, local_addr=("n2", 1))
        await asyncio.Event().wait()

    world = World(sends, listens)
    world.disks["n1"].power_fails = "unsynced-loss"
    with pytest.raises(PowerLost):
        world.advance(3)
    for message in world.replicas["n1"].left().messages:
        world.network.send("n1", message.target, message)
    world.crash("n1")
    world.advance(1)
    assert notes == [b"before"]


def test_a_task_that_does_not_end_is_refused() -> None:
    async def clings(host: Host) -> None:
        unobserved(host)
        while True:
            try:
                await host.requests.get()
            except BaseException:  # noqa: BLE001
                notes.append("not yet")

    world = World(clings)
    with pytest.raises(LeavesTheSimulation, match=r"clings does not end.*BaseException"):
        world.crash("n1")


def test_a_server_with_a_slow_disk_is_not_busy_for_all_that_has_waited() -> None:
    class SavesAll(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: tuple[str | object, int]) -> None:
            host.save("state", data)
            notes.append(data)

    async def program(given: Host) -> None:
        nonlocal host
        host = given
        unobserved(host)
        await asyncio.get_running_loop().create_datagram_endpoint(SavesAll, local_addr=("n1", 1))
        await asyncio.Event().wait()

    host: Host
    replica = World(program).replicas["n1"]
    waiting = [Datagram("n2", "n1", 1, 1, b"%d" % number) for number in range(10)]
    replica.handle((), 0)
    replica.handle(waiting, SECOND)
    assert (notes, replica.deadline) == ([b"0", b"1", b"2", b"3"], SECOND)
    replica.handle(waiting[:1], 2 * SECOND)
    replica.handle((), 3 * SECOND)
    assert notes == [b"%d" % number for number in (*range(10), 0)]
    assert replica.deadline == NEVER


def test_each_life_may_have_modules_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "forgetful.py").write_text("lives = []")
    (tmp_path / "a_server.py").write_text(
        "import asyncio, pickle, forgetful\n"
        "from tests.subjects.asyncio_world import notes, unobserved\n"
        "class State: pass\n"
        "async def main(host):\n"
        "    unobserved(host)\n"
        "    import forgetful as late\n"
        "    forgetful.lives.append(host.name)\n"
        "    pickle.loads(pickle.dumps(State()))\n"
        "    notes.append((late is forgetful, list(forgetful.lives)))\n"
        "    await asyncio.Event().wait()\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    import a_server
    import forgetful

    try:
        world = World(a_server.main, a_server.main, fresh_modules=("forgetful",))
        world.crash("n1")
        world.start("n1")
        assert notes == [(True, ["n1"]), (True, ["n2"]), (True, ["n1"])]
        assert (forgetful.lives, sys.modules["forgetful"]) == ([], forgetful)
    finally:
        del sys.modules["a_server"], sys.modules["forgetful"]
