"""A cluster of etcd, as Debian's ``etcd-server`` (3.4) has it.

All peers know a server by one address, its listener at the proxy; who has dialled it is known by
the process that owns the socket.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from checker.history import Event
from nemesis.cluster.real.cluster import MILLISECOND
from nemesis.cluster.real.gateway import GatewayCluster
from nemesis.cluster.real.processes import ProcessError
from nemesis.cluster.real.proxy import Address, Proxy
from nemesis.cluster.real.run_file import RunFile
from nemesis.cluster.real.sockets import owner_of
from nemesis.schedule import Knobs


class EtcdCluster(GatewayCluster):
    """etcd servers whose peers reach each other through the proxy; clients reach them directly."""

    kind = "etcd"

    def __init__(
        self,
        knobs: Knobs,
        seed: int,
        directory: Path,
        run_file: RunFile,
        on_event: Callable[[Event], None] | None = None,
        *,
        serializable_reads: bool = False,
    ) -> None:
        found = shutil.which("etcd")
        if found is None:
            raise ProcessError("there is no etcd in PATH: apt-get install etcd-server")
        self._program = found
        super().__init__(
            knobs,
            seed,
            directory,
            run_file,
            on_event,
            serializable_reads=serializable_reads,
        )
        self._token = run_file.token
        self._peers = {name: self.new_address() for name in self.nodes}
        self._advertised: dict[str, Address] = {}

    async def prepare(self, proxy: Proxy) -> None:
        def identify(port: int, dialled: int) -> str | None:
            return owner_of(port, dialled, self.pids())

        for name in self.nodes:
            self._advertised[name] = await proxy.listen(identify, name, self._peers[name])

    def command(self, node: str) -> list[str]:
        members = ",".join(f"{name}={_url(self._advertised[name])}" for name in self.nodes)
        client = self.url(node)
        return [
            self._program,
            *("--name", node),
            *("--data-dir", str(self.directory / f"{node}.data")),
            *("--listen-peer-urls", _url(self._peers[node])),
            *("--initial-advertise-peer-urls", _url(self._advertised[node])),
            *("--listen-client-urls", client),
            *("--advertise-client-urls", client),
            *("--initial-cluster", members),
            *("--initial-cluster-state", "new"),
            *("--initial-cluster-token", self._token),
            *("--heartbeat-interval", str(self.knobs.heartbeat_interval // MILLISECOND)),
            # It draws from this to twice as much.
            *("--election-timeout", str(self.knobs.election_timeout_min // MILLISECOND)),
            f"--pre-vote={'true' if self.knobs.pre_vote else 'false'}",
            *("--logger", "zap"),
            *("--log-outputs", "stderr"),
        ]


def _url(address: Address) -> str:
    return f"http://{address.host}:{address.port}"
