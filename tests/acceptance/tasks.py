"""Things that go on side by side in virtual time, as generators.

A task yields how many ns it sleeps, or something pending that it waits for; what came of that is
the value of the yield.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, Generic, TypeVar

from nemesis.cluster.sim.events import EventQueue

T = TypeVar("T")


class Pending(Generic[T]):
    """Something that will have a result."""

    def __init__(self) -> None:
        self.done = False
        self._result: T | None = None
        self._waiting: list[Callable[[T], None]] = []

    @property
    def result(self) -> T:
        """What came of it; it must be done."""
        assert self.done, "still pending"
        return self._result  # type: ignore[return-value]

    def when_done(self, call: Callable[[T], None]) -> None:
        """Call once there is a result."""
        if self.done:
            call(self.result)
        else:
            self._waiting.append(call)

    def finish(self, result: T) -> None:
        """This is the result."""
        self.done = True
        self._result = result
        for call in self._waiting:
            call(result)


Steps = Generator["int | Pending[Any]", Any, T]


class Task(Pending[T]):
    """A generator on its way through time; an assertion that fails in it fails the scenario."""

    def __init__(self, queue: EventQueue, steps: Steps[T]) -> None:
        super().__init__()
        self._queue = queue
        self._steps = steps
        self._go_on(None)

    def _go_on(self, value: Any) -> None:
        try:
            awaited = self._steps.send(value)
        except StopIteration as end:
            self._queue.is_halted = True
            self.finish(end.value)
            return
        if isinstance(awaited, int):
            self._queue.at(self._queue.now + awaited, self._go_on, None)
        else:
            awaited.when_done(self._go_on)
