"""Hosts of nodes that are reached by their standard input and output alone."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from random import Random

from nemesis.cluster.protocol import Link
from nemesis.cluster.real.hosts import Hosts, Server
from nemesis.cluster.real.maelstrom.datagrams import Datagrams
from nemesis.cluster.real.maelstrom.network import Network
from nemesis.cluster.real.maelstrom.node import NodeProcess
from nemesis.cluster.real.maelstrom.services import make_services
from nemesis.cluster.real.run_file import RunFile, end_marked_with

SECOND = 1_000_000_000

Tell = Callable[[str], None]
"""Is told the name of a node."""


class Pipes(Hosts):
    """Processes on this machine, each in a directory ``NAME.data`` of its own.

    ``convict`` is told of a node that breaks the protocol; ``begun`` and ``ended`` of one that has
    a process, and of one that has none any more.
    """

    name = "pipes"

    def __init__(
        self,
        nodes: Iterable[str],
        run_file: RunFile,
        seed: int,
        directory: Path,
        convict: Callable[[str, str], None],
        begun: Tell,
        ended: Tell,
    ) -> None:
        super().__init__(nodes, run_file)
        self._random = Random(seed)
        self._directory = directory.absolute()
        self._begun = begun
        self._ended = ended
        self._datagrams = Datagrams(
            self.nodes, self.effects, self._random, self._deliver, time.monotonic_ns, self._later
        )
        self.network = Network(self.nodes, self._datagrams.send, self._deliver, convict)
        for service, handle in make_services(self._random).items():
            self.network.serve(service, handle)
        self._processes: dict[str, NodeProcess] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    @classmethod
    def possible(cls) -> frozenset[str]:
        links = {"partition", "grudge", "heal", "delay", "slow-link"}
        return frozenset(links | {"loss", "duplicate", "reorder"})

    async def prepare(self, *, one_address: bool) -> None:
        self._loop = asyncio.get_running_loop()

    def add(
        self, node: str, command: Sequence[str], log: Path, environment: Mapping[str, str]
    ) -> Server:
        assert self._loop is not None
        made = NodeProcess(
            node, command, log, self.run_file, environment, self._directory / f"{node}.data",
            self._loop,
        )  # fmt: skip
        made.receive = lambda line: self.network.receive(node, line)
        made.begun = lambda: self._begun(node)
        made.ended = lambda: self._ended(node)
        self.servers[node] = self._processes[node] = made
        return made

    def remove(self) -> None:
        super().remove()
        # A program may have started others, in groups of their own.
        end_marked_with(self.run_file.token)

    def cut(self, links: Iterable[Link]) -> None:
        self._datagrams.cut(links)

    def shape(self, links: Iterable[Link] | None, **changes: int | str) -> None:
        self._datagrams.shape(links, **changes)

    def heal(self) -> None:
        self._datagrams.heal()

    def traffic(self) -> dict[str, dict[str, int]]:
        return self._datagrams.traffic()

    def _deliver(self, node: str, line: bytes) -> None:
        if node in self._processes:
            self._processes[node].write(line)

    def _later(self, after: int, action: Callable[[], None]) -> None:
        assert self._loop is not None
        self._loop.call_later(after / SECOND, action)
