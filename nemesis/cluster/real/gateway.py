"""Clusters whose servers speak the JSON gateway of etcd's v3 API: etcd, and our own server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import aiohttp

from checker.history import Event
from nemesis.cluster.real.cluster import SECOND, RealCluster
from nemesis.cluster.real.etcd_client import EtcdService
from nemesis.cluster.real.hosts import Hosts
from nemesis.cluster.real.run_file import RunFile
from nemesis.schedule import Knobs


class GatewayCluster(RealCluster):
    """Clients reach every server directly, at an address of its own.

    If ``serializable_reads``, any server answers reads from its own state: a positive control.
    """

    def __init__(
        self,
        knobs: Knobs,
        seed: int,
        directory: Path,
        run_file: RunFile,
        on_event: Callable[[Event], None] | None = None,
        *,
        serializable_reads: bool = False,
        hosts: Hosts | None = None,
        has_disks: bool = False,
    ) -> None:
        super().__init__(
            knobs, seed, directory, run_file, on_event, hosts=hosts, has_disks=has_disks
        )
        self.serializable_reads = serializable_reads
        self._gateway: EtcdService | None = None

    @property
    def variant(self) -> str:
        return f"{self.kind} (serializable reads)" if self.serializable_reads else self.kind

    @property
    def gateway(self) -> EtcdService:
        """Requests to the servers; there is one once the cluster was started."""
        assert self._gateway is not None
        return self._gateway

    async def make_service(self) -> EtcdService:
        session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=0, limit_per_host=0, socket_factory=self.hosts.socket_factory
            )
        )
        self._gateway = EtcdService(
            session,
            {name: self.url(name) for name in self.nodes},
            timeout=self.knobs.operation_timeout / SECOND,
            serializable=self.serializable_reads,
        )
        return self._gateway

    def url(self, node: str) -> str:
        """Where clients reach the node."""
        return f"http://{self.hosts.client(node)}"
