"""A cluster of our own servers (``python -m raft.server``) as processes.

Each appends what happens in it to a trace, which the monitors judge afterwards.
"""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

import raft
from checker.evidence import Log
from checker.history import Event
from checker.merge import merge_traces
from checker.trace import TraceError, TraceEvent
from nemesis.cluster.protocol import DiskFile
from nemesis.cluster.real.clocks import (
    CLOCK_FAULTS,
    FakedClock,
    PendingDrift,
    find_library,
    is_about,
)
from nemesis.cluster.real.cluster import MILLISECOND, PROCESS_FAULTS, STATE_TIMEOUT
from nemesis.cluster.real.disks import possible_disk_faults
from nemesis.cluster.real.evidence import logs_of_trace
from nemesis.cluster.real.gateway import GatewayCluster
from nemesis.cluster.real.hosts import Hosts, Server
from nemesis.cluster.real.loopback import Loopback
from nemesis.cluster.real.run_file import RunFile
from nemesis.cluster.real.sockets import hold
from nemesis.disk.damage import flip_bit, lose_file
from nemesis.schedule import Knobs
from raft.replica import HEALTHY

OPERATIONS = frozenset(
    {
        *("add-server", "remove-server", "replace-server", "replace-all"),
        *("demote-server", "promote-server", "rolling-restart", "transfer-leadership"),
    }
)
"""What operators do to such servers."""
# So often a clock is read until an answer comes in time: on a machine that is busy some do not.
_READINGS = 8


class ProcessCluster(GatewayCluster):
    """Our server, one process a replica."""

    kind = "process"
    # It syncs directories.
    durable_names = "directory"

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
        bug: str = HEALTHY.name,
        fakes_clocks: bool = False,
    ) -> None:
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
        self._bug = bug
        self._token = run_file.token
        # Only where clocks are to be wrong: a faked clock is slow to look at.
        library = self.clock_library() if fakes_clocks else None
        self._clocks = (
            {}
            if library is None
            else {name: FakedClock(self._path(name, "clock"), library) for name in self.nodes}
        )
        self._drifts: dict[str, PendingDrift] = {}
        # The ports of servers that are down would else be taken by others.
        self._held: list[socket.socket] = []

    @classmethod
    def clock_library(cls) -> Path | None:
        """Where the servers find libfaketime; None if they do not."""
        return find_library()

    @classmethod
    def possible(cls) -> frozenset[str]:
        clocks: frozenset[str] = frozenset() if cls.clock_library() is None else CLOCK_FAULTS
        return PROCESS_FAULTS | OPERATIONS | clocks | possible_disk_faults()

    @property
    def variant(self) -> str:
        details = [self._bug, *(["serializable reads"] if self.serializable_reads else [])]
        return f"{self.kind} ({', '.join(details)})"

    def prepare(self) -> None:
        if isinstance(self.hosts, Loopback):
            for name in self.nodes:
                for address in (
                    self.hosts.listens_to_peers(name),
                    self.hosts.listens_to_clients(name),
                ):
                    self._held.append(hold(*address))
        for name in self.nodes:
            content = msgspec.json.encode(self._configuration(name))
            self._path(name, "json").write_bytes(msgspec.json.format(content, indent=1))

    def flip_bit_of(self, files: Path, position: int) -> str | None:
        return flip_bit(files / "raft", position)

    def lose_file_of(self, files: Path, file: DiskFile, kept: int | None) -> str | None:
        return lose_file(files / "raft", file, kept)

    def command(self, node: str) -> list[str]:
        # -P: the working directory gives no modules. What is run is the Raft that we imported.
        server = [sys.executable, "-P", "-m", "raft.server"]
        return [*server, "--config", str(self._path(node, "json"))]

    def environment(self, node: str) -> dict[str, str]:
        paths = [str(Path(raft.__file__).parent.parent), os.environ.get("PYTHONPATH", "")]
        made = {"PYTHONPATH": os.pathsep.join(path for path in paths if path)}
        clock = self._clocks.get(node)
        return made if clock is None else made | clock.environment

    def close(self) -> None:
        try:
            super().close()
        finally:
            for held in self._held:
                held.close()

    # -- Clocks ----------------------------------------------------------------------------------

    def begin(self, server: Server) -> None:
        clock = self._clocks.get(server.name)
        if clock is not None:
            clock.process_begins(time.monotonic_ns())
        super().begin(server)

    def jump_clock(self, node: str, offset: int, kind: str = "clock-jump") -> None:
        clock = self._clock(node, kind)
        before = self.run(self._read_clock(node))
        clock.jump(time.monotonic_ns(), offset)
        after = self.run(self._read_clock(node))
        self._drifts.pop(node, None)
        if before is not None and after is not None:
            self.tell("clock", {"node": node, "changed by": after - before})
            if is_about(after - before, offset):
                self.effects[kind] += 1

    def drift_clock(self, node: str, parts_per_million: int) -> None:
        clock = self._clock(node, "clock-drift")
        before = self.run(self._read_clock(node))
        now = time.monotonic_ns()
        clock.drift(now, parts_per_million)
        if before is not None:
            self._drifts[node] = PendingDrift(now, before, parts_per_million)

    def end_faults(self) -> None:
        for clock in self._clocks.values():
            clock.drift(time.monotonic_ns(), 0)
        self._drifts.clear()
        super().end_faults()

    def observe(self) -> None:
        super().observe()
        for node, drift in list(self._drifts.items()):
            wrong = self.run(self._read_clock(node))
            if wrong is not None and drift.is_confirmed(time.monotonic_ns(), wrong):
                self.effects["clock-drift"] += 1
                self.tell("clock", {"node": node, "drifted to": wrong})
                del self._drifts[node]

    def _clock(self, node: str, kind: str) -> FakedClock:
        if node not in self._clocks:
            raise self.refusal(kind, "its processes were started with true clocks")
        return self._clocks[node]

    async def _read_clock(self, node: str) -> int | None:
        """By how much the server's clock is ahead of ours, in ns; None if it does not answer. It is
        asked again, not waited for: an answer that took long tells little of the time."""
        for _ in range(_READINGS):
            if node not in self.answering():
                return None
            before = time.time_ns()
            reading = await self.gateway.clock(node, STATE_TIMEOUT)
            if reading is not None:
                return reading - (before + time.time_ns()) // 2
        return None

    # -- Traces ----------------------------------------------------------------------------------

    def collect_trace(self) -> list[TraceEvent]:
        _, events = merge_traces(self._path(name, "trace.jsonl") for name in self.nodes)
        silent = set(self.nodes) - {event.node for event in events}
        if silent:
            raise TraceError(f"{', '.join(sorted(silent))}: nothing was told; that proves nothing")
        began = self.history.began if not self._clocks else self.history.began_by_calendar
        return [msgspec.structs.replace(event, time=max(0, event.time - began)) for event in events]

    def collect_logs(self, trace: Sequence[TraceEvent]) -> list[Log]:
        return logs_of_trace(self.nodes, trace) if trace else []

    def _path(self, node: str, ending: str) -> Path:
        return (self.directory / f"{node}.{ending}").absolute()

    def _configuration(self, node: str) -> dict[str, Any]:
        knobs, hosts = self.knobs, self.hosts
        return {
            "name": node,
            "cluster": self._token,
            "data_directory": str(self.data(node)),
            "listen_peers": str(hosts.listens_to_peers(node)),
            "listen_clients": str(hosts.listens_to_clients(node)),
            "allow_remote": not hosts.listens_to_clients(node).is_loopback,
            "members": {
                name: {
                    "peer": str(hosts.peer(node, name)),
                    "client": str(hosts.client(name)),
                }
                for name in self.nodes
            },
            "initial_members": list(self.members),
            "initial_state": "new" if node in self.members else "existing",
            "trace": str(self._path(node, "trace.jsonl")),
            "variant": self._bug,
            "reuse_port": True,
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
