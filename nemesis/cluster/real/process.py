"""A cluster of our own servers (``python -m raft.server``) as processes on loopback.

Every replica reaches each of its peers by an address of its own at the proxy. Each appends what
happens in it to a trace, which the monitors judge afterwards.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

import raft
from checker.history import Event
from checker.trace import TraceEvent
from nemesis.cluster.real.cluster import MILLISECOND, RealCluster
from nemesis.cluster.real.proxy import Address, Proxy
from nemesis.cluster.real.run_file import RunFile
from nemesis.cluster.real.traces import merge_traces
from nemesis.schedule import Knobs
from raft.replica import HEALTHY


class ProcessCluster(RealCluster):
    """Our server, one process a replica; every directed pair has a listener of its own."""

    kind = "process"

    def __init__(
        self,
        knobs: Knobs,
        seed: int,
        directory: Path,
        run_file: RunFile,
        on_event: Callable[[Event], None] | None = None,
        *,
        serializable_reads: bool = False,
        bug: str = HEALTHY.name,
    ) -> None:
        super().__init__(
            knobs, seed, directory, run_file, on_event, serializable_reads=serializable_reads
        )
        self._bug = bug
        self._token = run_file.token
        self._listening = {name: self.new_address() for name in self.nodes}
        # By who dials whom, where.
        self._dialled: dict[tuple[str, str], Address] = {}

    @property
    def variant(self) -> str:
        return f"{super().variant} ({self._bug})"

    async def prepare(self, proxy: Proxy) -> None:
        for target in self.nodes:
            for source in self.nodes:
                if source != target:
                    self._dialled[source, target] = await proxy.listen(
                        source, target, self._listening[target]
                    )
        for name in self.nodes:
            content = msgspec.json.encode(self._configuration(name))
            self._path(name, "json").write_bytes(msgspec.json.format(content, indent=1))

    def command(self, node: str) -> list[str]:
        # -P: the working directory gives no modules. What is run is the Raft that we imported.
        server = [sys.executable, "-P", "-m", "raft.server"]
        return [*server, "--config", str(self._path(node, "json"))]

    def environment(self, node: str) -> dict[str, str]:
        paths = [str(Path(raft.__file__).parent.parent), os.environ.get("PYTHONPATH", "")]
        return {"PYTHONPATH": os.pathsep.join(path for path in paths if path)}

    def collect_trace(self) -> list[TraceEvent]:
        paths = {name: self._path(name, "trace.jsonl") for name in self.nodes}
        return merge_traces(paths, self.history.began)

    def _path(self, node: str, ending: str) -> Path:
        return (self.directory / f"{node}.{ending}").absolute()

    def _configuration(self, node: str) -> dict[str, Any]:
        knobs = self.knobs
        return {
            "name": node,
            "cluster": self._token,
            "data_directory": str(self._path(node, "data")),
            "listen_peers": _text(self._listening[node]),
            "listen_clients": _text(self.client_addresses[node]),
            "members": {
                name: {
                    "peer": _text(self._dialled.get((node, name), self._listening[name])),
                    "client": _text(self.client_addresses[name]),
                }
                for name in self.nodes
            },
            "trace": str(self._path(node, "trace.jsonl")),
            "variant": self._bug,
            "settings": {
                "election_timeout_min": knobs.election_timeout_min // MILLISECOND,
                "election_timeout_max": knobs.election_timeout_max // MILLISECOND,
                "heartbeat_interval": knobs.heartbeat_interval // MILLISECOND,
                "pre_vote": knobs.pre_vote,
                "check_quorum": knobs.check_quorum,
                "max_entries_per_append": knobs.max_entries_per_append,
                "segment_bytes": knobs.segment_bytes,
            },
        }


def _text(address: Address) -> str:
    return f"{address.host}:{address.port}"
