"""What a simulated process writes and applies while it handles inputs (Asynchronous)."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any, Protocol

from nemesis.cluster.sim.disk import SimulatedDisk
from nemesis.cluster.sim.events import Action, EventQueue
from nemesis.schedule import MILLISECOND
from nemesis.subjects.capabilities import Asynchronous

# How long it takes at most, in ns: a write, on the disks that a node may have, all of them healthy;
# its acknowledgement; an application.
_WRITES = (MILLISECOND, 5 * MILLISECOND, 20 * MILLISECOND)
_ACKNOWLEDGEMENT = MILLISECOND
_APPLICATION = 2 * MILLISECOND


class Attempt(Protocol):
    """Lets a replica do something; None if that is its end."""

    def __call__(self, do: Callable[..., Any], *arguments: Any) -> Any: ...


class BackgroundWork:
    """The work of one node. It is done when its time has passed, and a crash before that takes it;
    what is done while the process is paused waits."""

    def __init__(
        self,
        seed: int,
        queue: EventQueue,
        disk: SimulatedDisk,
        attempt: Attempt,
        receive: Callable[[Any], None],
    ) -> None:
        """``attempt`` lets the replica work, ``receive`` hands it an acknowledgement."""
        self._random = Random(seed)
        self._write_time = self._random.choice(_WRITES)
        self._queue = queue
        self._disk = disk
        self._attempt = attempt
        self._receive = receive
        self._replica: Asynchronous | None = None
        self._is_paused = False
        # Came to its end while the process was paused.
        self._stalled: list[tuple[Action, Any]] = []
        # Counts the lives of the process: what was begun in an earlier one is void.
        self._life = 0

    def start(self, replica: Asynchronous) -> None:
        """The process is this one now."""
        self._replica = replica
        self._life += 1
        self._stalled.clear()

    def stop(self) -> None:
        """The process is gone."""
        self._replica = None
        self._life += 1
        self._is_paused = False

    def pause(self) -> None:
        """What comes to its end waits from now on."""
        self._is_paused = True

    def resume(self) -> None:
        """What has waited comes to its end."""
        self._is_paused = False
        stalled, self._stalled = self._stalled, []
        for action, argument in stalled:
            action(argument)

    def begin(self) -> None:
        """Begin what there is to write and to apply."""
        replica = self._replica
        if replica is None:
            return
        write = replica.begin_write()
        if write is not None:
            self._after(self._write_time, self._on_write_due, write)
        application = replica.begin_application()
        if application is not None:
            self._after(_APPLICATION, self._on_application_due, application)

    def _after(self, at_most: int, action: Action, argument: Any) -> None:
        """Call ``action`` in a while, if the process lives then."""
        time = self._queue.now + int(self._random.random() * at_most)
        self._queue.at(time, action, (self._life, argument))

    def _on_write_due(self, argument: tuple[int, Any]) -> None:
        replica = self._replica
        saved = self._work(argument, self._on_write_due, replica.perform if replica else None)
        if saved is not None:
            time = self._queue.now + self._disk.take_busy_time()
            time += int(self._random.random() * _ACKNOWLEDGEMENT)
            self._queue.at(time, self._on_done, (self._life, saved))

    def _on_application_due(self, argument: tuple[int, Any]) -> None:
        replica = self._replica
        applied = self._work(argument, self._on_application_due, replica.apply if replica else None)
        if applied is not None:
            self._on_done((self._life, applied))

    def _work(
        self, argument: tuple[int, Any], again: Action, do: Callable[[Any], Any] | None
    ) -> Any:
        """What was done; None if it was not: the process is gone or paused, or fails."""
        life, work = argument
        if life != self._life or do is None:
            return None
        if self._is_paused:
            self._stalled.append((again, argument))
            return None
        return self._attempt(do, work)

    def _on_done(self, argument: tuple[int, Any]) -> None:
        """An acknowledgement arrives, as any other input does."""
        life, done = argument
        if life == self._life:
            self._receive(done)
