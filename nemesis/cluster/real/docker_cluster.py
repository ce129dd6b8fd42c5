"""A cluster of our own servers in containers, from an image of this very project."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from nemesis.cluster.real.cluster import STATE_TIMEOUT
from nemesis.cluster.real.hosts import Server
from nemesis.cluster.real.process import ProcessCluster
from nemesis.cluster.real.service import NodeState, NotReached, Service
from raft.kv.commands import Operation, Result

# In the image, which is Debian's; the loader fills in the architecture.
_FAKETIME = Path("/usr/$LIB/faketime/libfaketimeMT.so.1")


class DockerCluster(ProcessCluster):
    """Our server, a container for each replica."""

    kind = "docker"

    @classmethod
    def clock_library(cls) -> Path:
        return _FAKETIME

    def command(self, node: str) -> list[str]:
        return ["python3", "-P", "-m", "raft.server", "--config", str(self._path(node, "json"))]

    def environment(self, node: str) -> dict[str, str]:
        clock = self._clocks.get(node)
        return {} if clock is None else clock.environment

    async def make_service(self) -> Service:
        return PublishedService(await super().make_service(), self.hosts.servers)


class PublishedService(Service):
    """Servers behind published ports, where the engine takes connections also while nobody listens
    behind them, and then breaks them. A client would be told by a refusal that nobody is there, and
    ask another server: so one that was started again is asked for its state until it answers, and
    for nothing else, and one that is down not at all."""

    def __init__(self, service: Service, servers: Mapping[str, Server]) -> None:
        self._service = service
        self._servers = servers
        # The process of each node that was seen to answer.
        self._answered: dict[str, int] = {}

    @property
    def performs(self) -> frozenset[type[Operation]]:
        return self._service.performs

    async def perform(self, node: str, operation: Operation) -> Result:
        pid = self._servers[node].pid
        if pid is None:
            raise NotReached(f"no connection: the container of {node} does not run")
        if self._answered.get(node) != pid:
            if await self.state(node, STATE_TIMEOUT) is None:
                raise NotReached(f"no connection: the server of {node} has not answered yet")
            self._answered[node] = pid
        return await self._service.perform(node, operation)

    async def state(self, node: str, timeout: float) -> NodeState | None:
        return await self._service.state(node, timeout)

    async def close(self) -> None:
        await self._service.close()
