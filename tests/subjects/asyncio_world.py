"""A few servers that run asyncio programs, under virtual time, over a network of one's choice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from random import Random
from typing import Any

import pytest

from nemesis.cluster.protocol import LinkShape
from nemesis.cluster.sim.disk import SimulatedDisk
from nemesis.cluster.sim.events import EventQueue
from nemesis.cluster.sim.network import SimulatedNetwork
from nemesis.schedule import MILLISECOND, Knobs
from nemesis.subjects.asyncio_programs import AsyncioSubject, Host, Look, Main
from nemesis.subjects.asyncio_programs.subject import AsyncioReplica
from nemesis.subjects.subject import Machine
from raft.observer import Observer

SECOND = 1_000 * MILLISECOND


def unobserved(host: Host) -> None:
    """What a program has to say that is no Raft."""
    host.observe(lambda: Look("follower", 0))


# Those that a test has made; the fixture ``fresh`` closes them.
worlds: list[World] = []
# What the programs of a test have noted.
notes: list[object] = []


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """Nothing of the test before is left."""
    notes.clear()
    yield
    while worlds:
        worlds.pop().close()


class World:
    """Servers n1, n2, ... that run a program each, or all the same one."""

    def __init__(self, *mains: Main, seed: int = 0, **options: Any) -> None:
        worlds.append(self)
        self.queue = EventQueue()
        self.effects: Counter[str] = Counter()
        self.knobs = Knobs(replicas=len(mains))
        self.replicas: dict[str, AsyncioReplica] = {}
        self.subjects = [AsyncioSubject(main, **options) for main in mains]
        receivers = {name: self._receiver(name) for name in self.knobs.servers}
        self.network = SimulatedNetwork(
            self.queue,
            Random(seed),
            self.effects,
            LinkShape(MILLISECOND, 5 * MILLISECOND),
            receivers,
        )
        self.disks = {
            name: SimulatedDisk(Random(seed), self.effects) for name in self.knobs.servers
        }
        self._randoms = {name: Random(f"{seed} {name}") for name in self.knobs.servers}
        self._lives: Counter[str] = Counter()
        for name in self.knobs.servers:
            self.start(name)

    def start(self, name: str) -> None:
        """Start a server on what its disk holds."""
        subject = self.subjects[self.knobs.servers.index(name)]
        self._lives[name] += 1
        self.replicas[name] = subject.start(
            Machine(
                name,
                self.knobs.members,
                self.knobs,
                self.disks[name],
                self._randoms[name],
                Observer(),
                self.queue.now,
                self._lives[name] == 1,
            )
        )
        self._set_timer(name)

    def close(self) -> None:
        """All processes are gone."""
        for replica in self.replicas.values():
            replica.close()

    def crash(self, name: str) -> None:
        """The process is gone, and what was not synced."""
        self.replicas.pop(name).close()
        self.disks[name].crash()

    def advance(self, seconds: float) -> None:
        """Time passes."""
        self.queue.run_until(self.queue.now + round(seconds * SECOND))

    def cut(self, links: Iterable[tuple[str, str]]) -> None:
        """Drop what is sent over these links from now on."""
        self.network.cut(links)

    def _receiver(self, name: str) -> Any:
        def receive(message: Any) -> None:
            if name in self.replicas:
                self._handle(name, (message,))

        return receive

    def _handle(self, name: str, inputs: tuple[Any, ...]) -> None:
        for message in self.replicas[name].handle(inputs, self.queue.now).messages:
            self.network.send(name, message.target, message)
        self._set_timer(name)

    def _set_timer(self, name: str) -> None:
        deadline = max(self.replicas[name].deadline, self.queue.now)
        self.queue.at(deadline, self._on_timer, (name, self._lives[name], deadline))

    def _on_timer(self, timer: tuple[str, int, int]) -> None:
        name, life, _ = timer
        replica = self.replicas.get(name)
        if replica is None or life != self._lives[name]:
            return
        if replica.deadline <= self.queue.now:
            self._handle(name, ())
