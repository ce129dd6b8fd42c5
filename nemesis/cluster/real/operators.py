"""Operators of a real cluster: procedures that go on while time passes."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

from nemesis.cluster.procedure import (
    ChangeMembership,
    Outcome,
    Procedure,
    Sleep,
    TransferLeadership,
)

_SECOND = 1_000_000_000


class _Running:
    """A procedure that is under way, and the task that it waits for."""

    __slots__ = ("is_sleeping", "kind", "procedure", "task")

    def __init__(self, kind: str, procedure: Procedure) -> None:
        self.kind = kind
        self.procedure = procedure
        self.task: asyncio.Task[Outcome] | None = None
        self.is_sleeping = False


class Operators:
    """Several procedures may be under way: then there are as many operators, who do not agree with
    each other on who does what. A procedure takes its steps in ``go_on``, outside of the event
    loop, so it may do to the cluster whatever a fault may."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        perform: Callable[[ChangeMembership | TransferLeadership], Awaitable[Outcome]],
        tell: Callable[[str, Outcome], None],
        effects: Counter[str],
    ) -> None:
        """``perform`` asks the cluster; ``tell`` is told of what a procedure came to."""
        self._loop = loop
        self._perform = perform
        self._tell = tell
        self._effects = effects
        self._running: list[_Running] = []
        self._is_stopping = False

    def begin(self, kind: str, procedure: Procedure) -> None:
        """Carry out a procedure, from now on."""
        running = _Running(kind, procedure)
        self._running.append(running)
        self._step(running, None)

    def go_on(self) -> bool:
        """Whoever waits for a task that has ended goes on; whether a procedure came to its end."""
        before = len(self._running)
        for running in list(self._running):
            if running.task is None or not running.task.done():
                continue
            # What went wrong in it goes wrong here.
            self._step(running, running.task.result())
        return len(self._running) < before

    def stop(self) -> None:
        """Begin nothing more: only what was asked for already is still waited for."""
        self._is_stopping = True
        for running in list(self._running):
            if running.is_sleeping:
                self._interrupt(running)

    async def close(self) -> None:
        """Forget everything."""
        tasks = [running.task for running in self._running if running.task is not None]
        for running in list(self._running):
            self._interrupt(running)
        await asyncio.gather(*tasks, return_exceptions=True)

    def _step(self, running: _Running, outcome: Outcome) -> None:
        try:
            task = running.procedure.send(outcome)
        except StopIteration as end:
            self._end(running, end.value)
            return
        running.is_sleeping = isinstance(task, Sleep)
        if self._is_stopping:
            self._interrupt(running)
        elif isinstance(task, Sleep):
            running.task = self._loop.create_task(_sleep(task.duration))
        else:
            running.task = self._loop.create_task(self._ask(task))

    async def _ask(self, task: ChangeMembership | TransferLeadership) -> Outcome:
        return await self._perform(task)

    def _interrupt(self, running: _Running) -> None:
        if running.task is not None:
            running.task.cancel()
        running.procedure.close()
        self._end(running, "interrupted")

    def _end(self, running: _Running, outcome: Outcome) -> None:
        self._running.remove(running)
        if outcome is None:
            self._effects[running.kind] += 1
        self._tell(running.kind, outcome)


async def _sleep(duration: int) -> Outcome:
    await asyncio.sleep(duration / _SECOND)
    return None
