"""Programs written with asyncio: what they see in the simulation, and what is refused."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import ModuleType

import pytest

from nemesis.subjects.asyncio_programs import AsyncioSubject, Host, LeavesTheSimulation
from nemesis.subjects.errors import SubjectFailed
from nemesis.subjects.registry import subject_named
from nemesis.subjects.streams import NEVER
from tests.subjects.asyncio_world import SECOND, World, fresh, notes, unobserved


async def idle(host: Host) -> None:
    unobserved(host)
    await asyncio.Event().wait()


__all__ = ["fresh"]


# -- Time --------------------------------------------------------------------------------------------


async def sleeps(host: Host) -> None:
    unobserved(host)
    loop = asyncio.get_running_loop()
    wall = time.time()
    for seconds in (0.5, 3600.0, 0.0):
        began = loop.time()
        await asyncio.sleep(seconds)
        notes.append(round(loop.time() - began, 6))
    notes.append((round(time.time() - wall, 6), time.monotonic() == loop.time()))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.Event().wait(), 2)
    notes.append(round(time.monotonic(), 6))
    await asyncio.Event().wait()


def test_time_is_the_simulators() -> None:
    world = World(sleeps)
    world.advance(1)
    assert notes == [0.5]
    began = time.monotonic()
    world.advance(3700)
    assert notes == [0.5, 3600.0, 0.0, (3600.5, True), 3602.5]
    assert time.monotonic() - began < 60, "an hour is not waited for"
    assert world.replicas["n1"].deadline == NEVER


async def many_timers(host: Host) -> None:
    unobserved(host)
    loop = asyncio.get_running_loop()
    for number in range(5):
        loop.call_later(1, notes.append, number)
    cancelled = [loop.call_later(1, notes.append, "cancelled") for _ in range(500)]
    for handle in cancelled:
        handle.cancel()
    loop.call_later(0.5, notes.append, "first")
    await asyncio.Event().wait()


def test_timers_of_one_moment_fire_in_the_order_in_which_they_were_set() -> None:
    world = World(many_timers)
    assert world.replicas["n1"].deadline == SECOND // 2
    world.advance(2)
    assert notes == ["first", 0, 1, 2, 3, 4]


def test_a_clock_that_is_set_back_stands_still() -> None:
    async def program(host: Host) -> None:
        unobserved(host)
        while True:
            await asyncio.sleep(1)
            notes.append(time.monotonic())

    replica = World(program).replicas["n1"]
    replica.handle((), 5 * SECOND)
    replica.handle((), 2 * SECOND)
    assert (notes, replica.deadline) == ([5.0], 3 * SECOND)
    replica.handle((), 3 * SECOND)
    assert notes == [5.0, 6.0]


async def spins(host: Host) -> None:
    unobserved(host)
    while True:
        await asyncio.sleep(0)


def test_a_program_that_never_waits_gives_the_simulator_its_turn() -> None:
    replica = World(spins).replicas["n1"]
    for _ in range(3):
        replica.handle((), 0)
        assert replica.deadline == 0


# -- Randomness ------------------------------------------------------------------------------------


async def draws(host: Host) -> None:
    unobserved(host)
    notes.append(
        (
            random.random(),
            random.sample(range(100), 3),
            random.Random().random(),
            random.SystemRandom().random(),
            uuid.uuid4(),
            os.urandom(8),
            host.random.random(),
        )
    )
    await asyncio.Event().wait()


def test_random_numbers_come_from_the_seed() -> None:
    World(draws, draws, seed=1)
    World(draws, draws, seed=1)
    World(draws, draws, seed=2)
    first, other, first_again, other_again, *rest = notes
    assert (first, other) == (first_again, other_again)
    assert len({repr(each) for each in (first, other, *rest)}) == 4


def test_outside_a_program_everything_is_real_again() -> None:
    before = time.time, random.random, random.Random, os.urandom, signal.signal
    world = World(draws)
    assert abs(time.time() - 1_700_000_000) > 1e6
    assert os.urandom(8) != os.urandom(8)
    world.close()
    assert (time.time, random.random, random.Random, os.urandom, signal.signal) == before


async def order_of_tasks(host: Host) -> None:
    unobserved(host)
    tasks = {asyncio.create_task(asyncio.sleep(1)) for _ in range(20)}
    done, _ = await asyncio.wait(tasks)
    notes.append([task.get_name() for task in done])
    await asyncio.Event().wait()


def test_sets_of_tasks_are_iterated_the_same_way_every_time() -> None:
    keep = []
    for _ in range(5):
        World(order_of_tasks).advance(2)
        keep.append([object() for _ in range(101)])
    assert len(notes) == 5
    assert len({tuple(each) for each in notes if isinstance(each, list)}) == 1


def test_a_generator_that_is_dropped_comes_to_its_end() -> None:
    async def numbers() -> AsyncIterator[int]:
        try:
            yield 1
            yield 2
        finally:
            await asyncio.sleep(1)
            notes.append(time.monotonic())

    async def program(host: Host) -> None:
        unobserved(host)
        async for _ in numbers():
            break
        await asyncio.Event().wait()

    World(program).advance(2)
    assert notes == [1.0]


# -- What is refused -------------------------------------------------------------------------------


async def opens_a_socket(_host: Host) -> None:
    socket.socket()


async def looks_up_a_name(_host: Host) -> None:
    await asyncio.get_running_loop().getaddrinfo("example.com", 80)


async def connects_to_a_stranger(_host: Host) -> None:
    await asyncio.open_connection("example.com", 80)


async def connects_with_tls(_host: Host) -> None:
    await asyncio.open_connection("n1", 80, ssl=True)


async def starts_a_thread(_host: Host) -> None:
    threading.Thread(target=print).start()


async def starts_a_process(_host: Host) -> None:
    subprocess.run(["true"], check=True)


async def starts_a_process_by_the_loop(_host: Host) -> None:
    await asyncio.create_subprocess_exec("true")


async def handles_signals(_host: Host) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


async def handles_signals_by_the_loop(_host: Host) -> None:
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, print)


async def writes_a_file(_host: Host) -> None:
    Path("/tmp/must-not-be-there").write_text("x")


async def removes_a_file(_host: Host) -> None:
    os.remove("/tmp/must-not-be-there")


async def blocks(_host: Host) -> None:
    time.sleep(1)


async def uses_threads(_host: Host) -> None:
    await asyncio.to_thread(print, "x")


async def stops_the_loop(_host: Host) -> None:
    asyncio.get_running_loop().stop()


@pytest.mark.parametrize(
    ("program", "message"),
    [
        (opens_a_socket, "socket.*use asyncio.open_connection"),
        (looks_up_a_name, "getaddrinfo.*host.members"),
        (connects_to_a_stranger, "the host 'example.com'.*n1"),
        (connects_with_tls, "a connection with ssl"),
        (starts_a_thread, "a thread.*use tasks"),
        (starts_a_process, "subprocess.Popen.*not simulated"),
        (starts_a_process_by_the_loop, "subprocess_exec.*not simulated"),
        (handles_signals, "signal.signal.*not simulated"),
        (handles_signals_by_the_loop, "add_signal_handler.*not simulated"),
        (writes_a_file, "writing to the file.*host.disk"),
        (removes_a_file, "os.remove.*host.disk"),
        (blocks, "time.sleep.*await asyncio.sleep"),
        (uses_threads, 'run_in_executor.*executor="inline"'),
        (stops_the_loop, "loop.stop.*until the server is crashed"),
    ],
)
def test_what_leaves_the_simulation_is_refused(
    program: Callable[[Host], object], message: str
) -> None:
    async def main(host: Host) -> None:
        unobserved(host)
        await program(host)  # type: ignore[misc]

    async def hides_it(host: Host) -> None:
        unobserved(host)
        try:
            await program(host)  # type: ignore[misc]
        except Exception as error:  # noqa: BLE001
            notes.append(error)
        await asyncio.Event().wait()

    for each in (main, hides_it):
        with pytest.raises(LeavesTheSimulation, match=message):
            World(each)
    assert len(notes) == 1
    assert not Path("/tmp/must-not-be-there").exists()


def test_what_other_threads_do_meanwhile_is_their_own_affair() -> None:
    began, may_end, seen = threading.Event(), threading.Event(), []

    def other() -> None:
        began.set()
        may_end.wait(10)
        seen.append(time.time())
        socket.socket().close()

    async def program(host: Host) -> None:
        unobserved(host)
        may_end.set()
        thread.join(10)
        await asyncio.Event().wait()

    thread = threading.Thread(target=other)
    thread.start()
    began.wait(10)
    World(program)
    assert abs(seen[0] - 1_700_000_000) > 1e6


def test_functions_for_threads_can_run_inline() -> None:
    async def program(host: Host) -> None:
        unobserved(host)
        notes.append(await asyncio.to_thread(sum, (1, 2)))
        with pytest.raises(ZeroDivisionError):
            await asyncio.get_running_loop().run_in_executor(None, divmod, 1, 0)
        notes.append("done")
        await asyncio.Event().wait()

    World(program, executor="inline")
    assert notes == [3, "done"]


def test_a_program_that_imports_a_clock_by_name_is_refused() -> None:
    module = ModuleType("a_program")
    source = "from time import monotonic as now\nasync def main(host): pass"
    exec(source, vars(module))
    sys.modules["a_program"] = module
    try:
        with pytest.raises(
            LeavesTheSimulation, match=r"a_program has imported time.monotonic .*now"
        ):
            AsyncioSubject(module.main)
    finally:
        del sys.modules["a_program"]


def test_a_program_that_says_nothing_of_itself_is_refused() -> None:
    async def silent(host: Host) -> None:
        await asyncio.sleep(1)

    with pytest.raises(LeavesTheSimulation, match=r"silent has to call host\.observe"):
        World(silent)


# -- Errors of the program ---------------------------------------------------------------------------


async def returns(host: Host) -> None:
    unobserved(host)
    await asyncio.sleep(1)


async def fails(host: Host) -> None:
    unobserved(host)
    await asyncio.sleep(1)
    raise ValueError("wrong")


async def exits(host: Host) -> None:
    unobserved(host)
    await asyncio.sleep(1)
    sys.exit("enough")


async def fails_in_a_callback(host: Host) -> None:
    unobserved(host)
    asyncio.get_running_loop().call_later(1, int, "wrong")
    await asyncio.Event().wait()


async def fails_in_a_protocol(host: Host) -> None:
    class Wrong(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: tuple[str | object, int]) -> None:
            int(data)

    unobserved(host)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Wrong, local_addr=("n1", 1))
    loop.call_later(1, transport.sendto, b"wrong", ("n1", 1))
    await asyncio.Event().wait()


async def fails_where_nobody_waits(host: Host) -> None:
    async def later() -> None:
        await asyncio.sleep(1)
        raise ValueError("wrong")

    unobserved(host)
    task = asyncio.create_task(later())
    del task
    await asyncio.Event().wait()


@pytest.mark.parametrize(
    ("program", "message"),
    [
        (returns, "main returned"),
        (fails, "ValueError: wrong"),
        (exits, "exits: enough"),
        (fails_in_a_callback, "ValueError: .*wrong"),
        (fails_in_a_protocol, "ValueError: .*wrong"),
        (fails_where_nobody_waits, "ValueError: wrong"),
    ],
)
def test_an_error_that_nobody_handles_ends_the_process(
    program: Callable[[Host], object], message: str
) -> None:
    world = World(program)  # type: ignore[arg-type]
    world.advance(0.9)
    with pytest.raises(SubjectFailed, match=message):
        world.advance(1)


def test_a_programs_own_handler_of_errors_is_asked() -> None:
    async def program(host: Host) -> None:
        unobserved(host)
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: notes.append(context["exception"]))
        loop.call_soon(int, "wrong")
        await asyncio.Event().wait()

    World(program)
    assert isinstance(notes[0], ValueError)


def test_an_error_of_the_simulation_is_not_the_programs() -> None:
    async def saves_nothing(host: Host) -> None:
        unobserved(host)
        host.save("name", None)  # type: ignore[arg-type]

    async def sets_no_time(host: Host) -> None:
        unobserved(host)
        asyncio.get_running_loop().call_at(None, print)  # type: ignore[arg-type]

    for program in (saves_nothing, sets_no_time):
        with pytest.raises(TypeError):
            World(program)


# -- Names ---------------------------------------------------------------------------------------------


def test_a_program_is_found_by_the_name_of_its_main_function() -> None:
    name = "tests.subjects.test_asyncio_programs:idle"
    assert subject_named(name).name == name
    assert AsyncioSubject(idle).name == name
