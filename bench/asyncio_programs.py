"""How fast asyncio programs run in the simulator, in processor time of one core.

    python -m bench.asyncio_programs

Callbacks and sleeps on one loop; calls of ``handle`` for a datagram, or for a message and its
acknowledgement on a connection; whole runs of the small Raft, and of our own for comparison.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from nemesis.run import run
from nemesis.search.generate import generate
from nemesis.subjects.asyncio_programs import Host
from nemesis.subjects.registry import subject_named
from tests.subjects.asyncio_world import World, unobserved

_REPEATS = 3
_NUMBER = 20_000
_RUNS = 40


async def sleeps(host: Host) -> None:
    unobserved(host)
    while True:
        await asyncio.sleep(0.001)


async def spins(host: Host) -> None:
    unobserved(host)
    loop = asyncio.get_running_loop()

    def again() -> None:
        loop.call_soon(again)

    again()
    await asyncio.Event().wait()


class Echo(asyncio.DatagramProtocol):
    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:  # type: ignore[override]
        self.transport.sendto(data, addr)


async def echoes(host: Host) -> None:
    unobserved(host)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Echo, local_addr=(host.name, 7))
    if host.name == "n1":
        transport.sendto(b"x", ("n2", 7))
    await asyncio.Event().wait()


async def answers_lines(host: Host) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(line)

    unobserved(host)
    await asyncio.start_server(serve, host.name, 80)
    if host.name == "n1":
        reader, writer = await asyncio.open_connection("n2", 80)
        while True:
            writer.write(b"a line\n")
            await reader.readline()
    await asyncio.Event().wait()


def best(work: Callable[[], int]) -> float:
    """How many a second, the best of several."""
    found = 0.0
    for _ in range(_REPEATS):
        began = time.process_time()
        done = work()
        found = max(found, done / (time.process_time() - began))
    return found


def in_world(*mains: Callable[[Host], object]) -> Callable[[], int]:
    """Let programs run for so many events."""

    def work() -> int:
        world = World(*mains)  # type: ignore[arg-type]
        while world.queue.executed < _NUMBER:
            world.advance(1)
        world.close()
        return world.queue.executed

    return work


def callbacks() -> int:
    """A loop with nothing else to do."""
    replica = World(spins).replicas["n1"]
    passes = _NUMBER // 1_000
    for _ in range(passes):
        replica.handle((), 0)
    replica.close()
    return passes * 1_000


def runs(name: str) -> Callable[[], int]:
    """Schedules of the ordinary size, judged."""
    subject = subject_named(name)
    schedules = [generate(seed, tested=subject) for seed in range(_RUNS)]

    def work() -> int:
        for schedule in schedules:
            run(schedule, subject)
        return len(schedules)

    return work


def main() -> None:
    for what, work in (
        ("callbacks", callbacks),
        ("calls for a sleep", in_world(sleeps)),
        ("calls for a datagram", in_world(echoes, echoes)),
        ("calls for a segment of a connection", in_world(answers_lines, answers_lines)),
        ("runs of asyncio-raft", runs("asyncio-raft")),
        ("runs of asyncio-raft-streams", runs("asyncio-raft-streams")),
        ("runs of our own Raft", runs("healthy")),
    ):
        print(f"{what:36} {best(work):10,.0f} a second", flush=True)


if __name__ == "__main__":
    main()
