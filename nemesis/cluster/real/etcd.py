"""A cluster of etcd, as Debian's ``etcd-server`` (3.4) has it.

All peers know a server by one address.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from checker.evidence import Log
from checker.history import Event
from checker.trace import TraceEvent
from nemesis.cluster.real.cluster import MILLISECOND, PROCESS_FAULTS
from nemesis.cluster.real.disks import possible_disk_faults
from nemesis.cluster.real.etcd_log import read_log
from nemesis.cluster.real.gateway import GatewayCluster
from nemesis.cluster.real.hosts import Hosts
from nemesis.cluster.real.processes import ProcessError
from nemesis.cluster.real.run_file import RunFile
from nemesis.disk.damage import flip_bit_of_log
from nemesis.schedule import Knobs

OPERATIONS = frozenset({"rolling-restart", "transfer-leadership"})
"""What operators do to such servers."""


class EtcdCluster(GatewayCluster):
    """etcd, one process a member."""

    kind = "etcd"
    one_address = True

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
            hosts=hosts,
            has_disks=has_disks,
        )
        self._token = run_file.token

    @classmethod
    def possible(cls) -> frozenset[str]:
        return PROCESS_FAULTS | OPERATIONS | (possible_disk_faults() - {"lost-file"})

    def collect_logs(self, trace: Sequence[TraceEvent]) -> list[Log]:
        return [read_log(node, self.data_at_rest(node)) for node in self.nodes]

    def flip_bit_of(self, files: Path, position: int) -> str | None:
        return flip_bit_of_log(files / "member" / "wal", position)

    def command(self, node: str) -> list[str]:
        hosts = self.hosts
        members = ",".join(f"{name}=http://{hosts.peer(node, name)}" for name in self.nodes)
        return [
            self._program,
            *("--name", node),
            *("--data-dir", str(self.data(node))),
            *("--listen-peer-urls", f"http://{hosts.listens_to_peers(node)}"),
            *("--initial-advertise-peer-urls", f"http://{hosts.peer(node, node)}"),
            *("--listen-client-urls", f"http://{hosts.listens_to_clients(node)}"),
            *("--advertise-client-urls", self.url(node)),
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
