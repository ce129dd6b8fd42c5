"""A cluster of servers on the Raft of "Implementing Raft", as processes on loopback."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import aiohttp
import msgspec

from checker.history import Event
from checker.merge import merge_traces
from checker.trace import TraceError, TraceEvent
from nemesis.cluster.real.cluster import SECOND, RealCluster
from nemesis.cluster.real.proxy import Address, Proxy
from nemesis.cluster.real.run_file import RunFile
from nemesis.cluster.real.seed.build import build
from nemesis.cluster.real.seed.patches import FIXES, chosen
from nemesis.cluster.real.seed.service import SeedService
from nemesis.schedule import Knobs


class SeedCluster(RealCluster):
    """Every directed pair of servers has a listener of its own at the proxy; clients reach the
    servers directly. The library is as it was published, but for the ``fixes``. Its time-outs are
    its own: elections after 150 to 300 ms, heartbeats every 10 ms."""

    kind = "seed"

    def __init__(
        self,
        knobs: Knobs,
        seed: int,
        directory: Path,
        run_file: RunFile,
        on_event: Callable[[Event], None] | None = None,
        *,
        fixes: Iterable[str] = (),
    ) -> None:
        self._fixes = chosen(fixes)
        self._program = build(self._fixes)
        super().__init__(knobs, seed, directory, run_file, on_event)
        self._clients_at = {name: self.new_address() for name in self.nodes}
        self._listening = {name: self.new_address() for name in self.nodes}
        # By who dials whom, where.
        self._dialled: dict[tuple[str, str], Address] = {}

    @property
    def variant(self) -> str:
        if not self._fixes:
            return f"{self.kind} (as published)"
        fixes = "all" if len(self._fixes) == len(FIXES) else ", ".join(self._fixes)
        return f"{self.kind} (fixed: {fixes})"

    async def prepare(self, proxy: Proxy) -> None:
        for target in self.nodes:
            for source in self.nodes:
                if source != target:
                    self._dialled[source, target] = await proxy.listen(
                        source, target, self._listening[target]
                    )

    async def make_service(self) -> SeedService:
        return SeedService(
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0, limit_per_host=0)),
            {name: f"http://{_text(address)}" for name, address in self._clients_at.items()},
            timeout=self.knobs.operation_timeout / SECOND,
        )

    def command(self, node: str) -> list[str]:
        peers = [
            f"{self._number(other)}={_text(self._dialled[node, other])}"
            for other in self.nodes
            if other != node
        ]
        return [
            str(self._program),
            *("-id", str(self._number(node))),
            *("-listen", _text(self._listening[node])),
            *("-client", _text(self._clients_at[node])),
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


def _text(address: Address) -> str:
    return f"{address.host}:{address.port}"
