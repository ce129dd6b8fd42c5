"""A cluster of servers on the Raft of "Implementing Raft", as processes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import aiohttp
import msgspec

from checker.history import Event
from checker.merge import merge_traces
from checker.trace import TraceError, TraceEvent
from nemesis.cluster.real.cluster import SECOND, RealCluster
from nemesis.cluster.real.hosts import Hosts
from nemesis.cluster.real.run_file import RunFile
from nemesis.cluster.real.seed.build import build
from nemesis.cluster.real.seed.patches import FIXES, chosen
from nemesis.cluster.real.seed.service import SeedService
from nemesis.schedule import Knobs


class SeedCluster(RealCluster):
    """One process a server, on the library as it was published, but for the ``fixes``. Its times
    are its own: elections after 150 to 300 ms, heartbeats every 10 ms."""

    kind = "seed"

    def __init__(
        self,
        knobs: Knobs,
        seed: int,
        directory: Path,
        run_file: RunFile,
        on_event: Callable[[Event], None] | None = None,
        *,
        hosts: Hosts | None = None,
        fixes: Iterable[str] = (),
    ) -> None:
        self._fixes = chosen(fixes)
        self._program = build(self._fixes)
        super().__init__(knobs, seed, directory, run_file, on_event, hosts=hosts)

    @property
    def variant(self) -> str:
        if not self._fixes:
            return f"{self.kind} (as published)"
        fixes = "all" if len(self._fixes) == len(FIXES) else ", ".join(self._fixes)
        return f"{self.kind} (fixed: {fixes})"

    async def make_service(self) -> SeedService:
        connector = aiohttp.TCPConnector(
            limit=0, limit_per_host=0, socket_factory=self.hosts.socket_factory
        )
        return SeedService(
            aiohttp.ClientSession(connector=connector),
            {name: f"http://{self.hosts.client(name)}" for name in self.nodes},
            timeout=self.knobs.operation_timeout / SECOND,
        )

    def command(self, node: str) -> list[str]:
        hosts = self.hosts
        peers = [
            f"{self._number(other)}={hosts.peer(node, other)}"
            for other in self.nodes
            if other != node
        ]
        return [
            str(self._program),
            *("-id", str(self._number(node))),
            *("-listen", str(hosts.listens_to_peers(node))),
            *("-client", str(hosts.listens_to_clients(node))),
            *("-peers", ",".join(peers)),
            *("-data", str(self._path(node, "data"))),
            *("-trace", str(self._path(node, "trace.jsonl"))),
        ]

    def collect_trace(self) -> list[TraceEvent]:
        _, events = merge_traces(self._path(name, "trace.jsonl") for name in self.nodes)
        silent = set(self.nodes) - {event.node for event in events}
        if silent:
            raise TraceError(f"{', '.join(sorted(silent))}: nothing was told; that proves nothing")
        began = self.history.began
        return [msgspec.structs.replace(event, time=max(0, event.time - began)) for event in events]

    def _number(self, node: str) -> int:
        """The library knows servers by numbers; n1 is 1, as its trace tells it (observer.go)."""
        return self.nodes.index(node) + 1

    def _path(self, node: str, ending: str) -> Path:
        return (self.directory / f"{node}.{ending}").absolute()
