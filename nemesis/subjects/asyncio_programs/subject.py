"""Programs written with asyncio as subjects: each server runs main(host) on its own loop."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from random import Random
from typing import Any, Final, Literal

import msgspec

from nemesis.cluster.sim.disk import SimulatedDisk
from nemesis.faults import FAULTS
from nemesis.schedule import MILLISECOND, Knobs
from nemesis.subjects.asyncio_programs import environment
from nemesis.subjects.asyncio_programs.connections import Connections
from nemesis.subjects.asyncio_programs.datagrams import Datagram, Datagrams
from nemesis.subjects.asyncio_programs.errors import LeavesTheSimulation
from nemesis.subjects.asyncio_programs.fresh_modules import FreshModules
from nemesis.subjects.asyncio_programs.host import Host, Request
from nemesis.subjects.asyncio_programs.networked_loop import NetworkedLoop
from nemesis.subjects.asyncio_programs.watching import Watching
from nemesis.subjects.bearing import NETWORK, POWER, PROCESSES, plain_knobs
from nemesis.subjects.errors import SubjectFailed, SubjectMissing
from nemesis.subjects.messages import NOTHING, Produced
from nemesis.subjects.streams import Segment
from nemesis.subjects.subject import Machine, Standing
from raft.client_messages import ClientRequest

Main = Callable[[Host], Coroutine[Any, Any, object]]

_POWER_FAILS: Final = ("unsynced-loss", "torn-write")
# Of connections: when what was not acknowledged is sent again, and when it is given up.
_RESEND_AFTER: Final = 50 * MILLISECOND
_GIVE_UP_AFTER: Final = 1_000 * MILLISECOND
# So many syncs, each of which takes its time if the disk is slow, are made in one call at most.
_SYNCS: Final = 4


class AsyncioSubject:
    """Implements nemesis.subjects.subject.Subject for a program.

    ``name`` is what it is found by again: ``module:function``, unless it is registered.
    ``faults``: what it claims to bear. ``executor``: whether functions for threads are refused, or
    run at once, where they are called. ``fresh_modules``: packages of which each life of a server
    has copies of its own, main's module among them, if any are given. Raises LeavesTheSimulation if
    the program has imported by name what only its own module can exchange, as time.monotonic.
    """

    def __init__(
        self,
        main: Main,
        name: str | None = None,
        *,
        faults: frozenset[str] = NETWORK | PROCESSES | POWER,
        executor: Literal["refuse", "inline"] = "refuse",
        fresh_modules: tuple[str, ...] = (),
    ) -> None:
        if unknown := sorted(faults - FAULTS.keys()):
            raise ValueError(f"no such faults: {', '.join(unknown)}")
        if fresh_modules and main.__module__ == "__main__":
            raise ValueError(
                "a program with fresh_modules must be in a module that can be imported"
            )
        environment.refuse_names_of(sys.modules[main.__module__])
        self.name: str = name or f"{main.__module__}:{main.__qualname__}"
        self.faults: frozenset[str] = faults
        self._main = main
        self._runs_inline = executor == "inline"
        self._packages = (main.__module__, *fresh_modules) if fresh_modules else ()

    def knobs(self, drawn: Knobs) -> Knobs:
        """Servers are there from the beginning, reads go through the log, sessions do not expire;
        power does not fail at the first start if it may not later either. What else a program makes
        of the knobs is its own affair."""
        knobs = plain_knobs(drawn)
        if self.faults.isdisjoint(_POWER_FAILS):
            knobs = msgspec.structs.replace(knobs, power_fails_at_first_start=None)
        return knobs

    def start(self, machine: Machine) -> AsyncioReplica:
        """Run main until it waits for something."""
        modules = FreshModules(self._packages)
        main = self._main
        if self._packages:
            try:
                main = modules.find(main.__module__, main.__qualname__)
            except ImportError as error:
                raise SubjectMissing(f"{self.name}: {error}") from error
        return AsyncioReplica(main, machine, self._runs_inline, modules)


class AsyncioReplica:
    """Implements nemesis.subjects.subject.Replica, and environment.Process."""

    def __init__(
        self, main: Main, machine: Machine, runs_inline: bool, modules: FreshModules
    ) -> None:
        self._modules = modules
        self._disk = machine.disk
        self.random = Random(machine.random.getrandbits(64))
        self._clock = machine.now
        self._clock_correction = 0
        self._inbox: deque[Any] = deque()
        self._outbox: list[Any] = []
        self._refusal: LeavesTheSimulation | None = None
        loop = self._loop = NetworkedLoop(machine.now, runs_inline)
        loop.connect_to(machine, self._put, self.random, _RESEND_AFTER, _GIVE_UP_AFTER)
        self._datagrams: Datagrams = loop.datagrams
        self._connections: Connections = loop.connections
        host = self._host = Host(machine, loop, self.random)
        self._watching = Watching(machine.observer, host.service)
        host.on_observed = self._on_observed
        host.on_end = self._on_end_by_disk
        self._connections.on_write = self._look_if_disk_may_fail
        # What had left when the disk ended the process.
        self._left = NOTHING
        loop.deliver(self._begin, main)
        environment.process_starts()
        try:
            self._run()
        except Exception:
            self.close()
            raise
        if host.look is None:
            self.close()
            raise LeavesTheSimulation(
                f"{main.__module__}:{main.__qualname__} has to call host.observe before it waits "
                "for anything"
            )

    # -- The program ---------------------------------------------------------------------------

    def _begin(self, main: Main) -> None:
        task = self._loop.create_task(main(self._host), name="main")
        task.add_done_callback(self._on_end)

    def _on_end(self, main: asyncio.Task[Any]) -> None:
        if main.cancelled():
            error: BaseException = SubjectFailed("main was cancelled")
        else:
            error = main.exception() or SubjectFailed("main returned: the server is no more")
        self._loop.fail(error)

    def _on_observed(self) -> None:
        assert self._host.look is not None
        self._watching.begin(self._host.look())

    def _put(self, message: Any) -> None:
        self._outbox.append(message)
        if type(message) is Datagram:
            self._look_if_disk_may_fail()

    def _look_if_disk_may_fail(self) -> None:
        """What the program sends now has left, whatever comes after it, and the disk may end the
        process before the next look: those who judge are told first what the message speaks of."""
        disk = self._disk
        if (
            isinstance(disk, SimulatedDisk)
            and disk.may_end_process
            and self._host.look is not None
            and self._loop.ended_by is None
        ):
            self._watching.take(self._host.look(), sends=True)

    def _on_end_by_disk(self) -> None:
        """What was sent has left; what the program sends while it is taken down does not."""
        self._connections.take()
        self._left = Produced(self._outbox[:], self._host.service.take_replies())

    @property
    def reading(self) -> int:
        """Of the clock, in ns; one that is set back stands still."""
        return self._loop.now

    def refused(self, error: LeavesTheSimulation) -> None:
        """The program asked for what is not simulated."""
        self._refusal = self._refusal or error

    def forgets(self, generator: Any) -> None:
        """The program has dropped an asynchronous generator."""
        self._loop.close_generator(generator)

    # -- nemesis.subjects.subject.Replica --------------------------------------------------------

    @property
    def deadline(self) -> int:
        """When there is something to do."""
        if self._outbox or self._inbox:
            return self._clock
        due = min(self._loop.deadline, self._connections.streams.deadline)
        return due - self._clock_correction

    def handle(self, inputs: Sequence[Any], now: int) -> Produced:
        """Let the program deal with each input, and with what is due. What it has not come to when
        it has synced its files often waits for the next call: the disk may be faster then."""
        if now < self._clock:
            self._clock_correction += self._clock - now
        self._clock = now
        self._loop.now = now + self._clock_correction
        if self._loop.now >= self._connections.streams.deadline:
            self._connections.tick()
        self._inbox.extend(inputs)
        if not self._inbox:
            self._run()
        enough = self._host.disk.syncs + _SYNCS
        while self._inbox and self._host.disk.syncs < enough:
            self._take_in(self._inbox.popleft())
            self._run()
        messages = self._outbox[:]
        self._outbox.clear()
        return Produced(messages, self._host.service.take_replies())

    def left(self) -> Produced:
        """What had left when ``handle`` raised."""
        return self._left

    def standing(self) -> Standing:
        """Role, term, log, as the program says it."""
        return self._watching.standing()

    def state(self) -> bytes | None:
        """The keys and values, and sessions."""
        return self._host.service.snapshot()

    def close(self) -> None:
        """The process is gone."""
        if self._loop.is_closed():
            return
        self._datagrams.is_dead = True
        self._connections.die()
        environment.enter(self)
        self._modules.enter()
        try:
            self._loop.die()
        finally:
            self._modules.leave()
            environment.leave()
            environment.process_ends()

    # -- What happens in a call ------------------------------------------------------------------

    def _take_in(self, item: Any) -> None:
        """Let the program find what has arrived."""
        if type(item) is Segment:
            self._connections.receive(item)
        elif type(item) is Datagram:
            self._loop.deliver(self._datagrams.receive, item)
        else:
            assert isinstance(item, ClientRequest), f"not simulated here: {item}"
            self._loop.deliver(self._host.requests.put_nowait, Request(self._host, item))

    def _run(self) -> None:
        """Run the program while anything is due, and look at what came of it. Raises what has ended
        it.

        The garbage collector does not run meanwhile: it may close what the program has dropped, and
        nobody knows when it comes."""
        loop = self._loop
        if loop.deadline > loop.now:
            self._connections.take()
            return
        collects = gc.isenabled()
        gc.disable()
        environment.enter(self)
        self._modules.enter()
        loop.attach()
        try:
            loop.run()
            if loop.ended_by is None:
                says = self._connections.take() | self._datagrams.take_whether_sent()
                if self._host.look is not None:
                    self._watching.take(self._host.look(), says)
        except SystemExit as error:
            raise SubjectFailed(f"the program exits: {error}") from error
        finally:
            loop.detach()
            self._modules.leave()
            environment.leave()
            if collects:
                gc.enable()
        if self._refusal is not None:
            raise self._refusal
        if loop.ended_by is not None:
            raise loop.ended_by
