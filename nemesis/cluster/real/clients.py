"""Clients of a real cluster, and the history that they write.

Every event is written down before the request leaves, or after the answer has come, by one thread:
so the order of the history is the order in which things happened.
"""

from __future__ import annotations

import asyncio
import time
from bisect import bisect
from collections import Counter, deque
from collections.abc import Callable, Sequence

from checker.history import Event
from nemesis.cluster.real.service import NotReached, Refused, Service, Uncertain
from nemesis.errors import ScheduleError
from nemesis.schedule import Operate
from nemesis.workloads import Outcome, Workload
from raft.kv.commands import Operation, Result


class RealHistory:
    """The events of one run, in the order in which they happen."""

    def __init__(self, on_event: Callable[[Event], None] | None = None) -> None:
        self.events: list[Event] = []
        # Called with each event as it happens, to append it to a file.
        self.on_event = on_event
        self.began = time.monotonic_ns()
        self.began_by_calendar = time.time_ns()
        self._last_time = -1
        self._next_process = 0

    def now(self) -> int:
        """Time in ns since the run began."""
        return time.monotonic_ns() - self.began

    def add(
        self,
        process: int | str,
        type: str,
        f: str,
        key: str | None,
        value: object,
        error: str | None = None,
    ) -> int:
        """Write down an event that happens now; its time."""
        # Two readings of the clock may be equal, what happens one after the other is not.
        self._last_time = max(self.now(), self._last_time + 1)
        event = Event(len(self.events), process, type, f, key, value, self._last_time, error)
        self.events.append(event)
        if self.on_event is not None:
            self.on_event(event)
        return self._last_time

    def new_process(self) -> int:
        """A process number that was never used."""
        self._next_process += 1
        return self._next_process - 1


class Latencies:
    """How long operations took, and how many succeeded."""

    __slots__ = ("all", "count", "succeeded")

    def __init__(self) -> None:
        self.succeeded: Counter[str] = Counter()
        self.count: Counter[str] = Counter()
        # When each that succeeded ended, and how long it took, in ns.
        self.all: list[tuple[int, int]] = []

    def newest(self, since: int) -> list[int]:
        """How long those took that ended after ``since``, the shortest first."""
        first = bisect(self.all, (since,))
        return sorted(took for _, took in self.all[first:])

    def add(self, f: str, outcome: str, ended: int, took: int) -> None:
        """An operation has ended."""
        self.count[outcome] += 1
        if outcome == "ok":
            self.succeeded[f] += 1
            self.all.append((ended, took))


class RealClient:
    """Performs operations one after the other, by a server of its own as long as that one takes
    connections: every server is asked by somebody. After an operation whose outcome nobody knows
    it goes on under a new process number."""

    def __init__(
        self,
        number: int,
        nodes: Sequence[str],
        service: Service,
        workload: Workload,
        history: RealHistory,
        latencies: Latencies,
    ) -> None:
        self._nodes = nodes
        self._home = number % len(nodes)
        self._service = service
        self._workload = workload
        self._history = history
        self._latencies = latencies
        self._pending: deque[Operate] = deque()
        self._process = history.new_process()
        self.task: asyncio.Task[None] | None = None

    @property
    def is_idle(self) -> bool:
        """Whether everything that was submitted has ended."""
        return self.task is None or self.task.done()

    def submit(self, operate: Operate, loop: asyncio.AbstractEventLoop) -> None:
        """Perform the operation once those before it have ended."""
        self._pending.append(operate)
        if self.is_idle:
            if self.task is not None:
                # What went wrong in it goes wrong here.
                self.task.result()
            self.task = loop.create_task(self._work())

    def give_up_waiting(self) -> list[Operate]:
        """What has not begun never will: what that was."""
        waiting = list(self._pending)
        self._pending.clear()
        return waiting

    def move_on(self) -> None:
        """Ask the next server from now on."""
        self._home += 1

    async def _work(self) -> None:
        while self._pending:
            await self._perform(self._pending.popleft())

    async def _perform(self, operate: Operate) -> None:
        performance = self._workload.begin(operate)
        began = self._history.add(self._process, "invoke", operate.f, operate.key, operate.value)
        outcome: Outcome | None = None
        while outcome is None:
            try:
                outcome = performance.answer(await self._ask(performance.request))
            except Refused as refused:
                outcome = performance.refused(str(refused))
            except Uncertain as uncertain:
                outcome = performance.unanswered(str(uncertain))
            except asyncio.CancelledError:
                self._tell(operate, performance.unanswered("the run was ended"))
                raise
        ended = self._tell(operate, outcome)
        self._latencies.add(operate.f, outcome.type, ended, ended - began)
        if outcome.type == "info":
            self._process = self._history.new_process()

    def _tell(self, operate: Operate, outcome: Outcome) -> int:
        return self._history.add(
            self._process, outcome.type, operate.f, operate.key, outcome.value, outcome.error
        )

    async def _ask(self, operation: Operation) -> Result:
        """By the first server that takes it, beginning with the client's own."""
        if type(operation) not in self._service.performs:
            raise ScheduleError(f"such servers cannot perform {type(operation).__name__}")
        # While this one is asked, members may come and go.
        nodes = tuple(self._nodes)
        for attempt in range(len(nodes)):
            node = nodes[(self._home + attempt) % len(nodes)]
            try:
                return await self._service.perform(node, operation)
            except NotReached:
                if attempt == len(nodes) - 1:
                    raise
        raise AssertionError("a cluster has servers")
