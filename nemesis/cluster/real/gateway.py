"""Clusters whose servers speak the JSON gateway of etcd's v3 API: etcd, and our own server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import aiohttp

from checker.history import Event
from nemesis.cluster.procedure import Outcome, Procedure
from nemesis.cluster.real.cluster import SECOND, STATE_TIMEOUT, RealCluster
from nemesis.cluster.real.etcd_client import EtcdService
from nemesis.cluster.real.hosts import Hosts
from nemesis.cluster.real.members import MemberRequests
from nemesis.cluster.real.operators import Operators
from nemesis.cluster.real.run_file import RunFile
from nemesis.cluster.real.service import Service
from nemesis.schedule import Knobs

# How long an operator goes on asking, in longest election time-outs: longer than a leader waits for
# a learner that does not answer.
_PATIENCE = 12


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
        self._members: MemberRequests | None = None

    @property
    def variant(self) -> str:
        return f"{self.kind} (serializable reads)" if self.serializable_reads else self.kind

    @property
    def gateway(self) -> EtcdService:
        """Requests to the servers; there is one once the cluster was started."""
        assert self._gateway is not None
        return self._gateway

    async def make_service(self) -> Service:
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
        self._members = MemberRequests(
            self._gateway,
            self._find_leader,
            lambda node: str(self.hosts.peer(node, node)),
            _PATIENCE * self.knobs.election_timeout_max / SECOND,
        )
        self.operators = Operators(
            self._loop, self._members.perform, self._tell_outcome, self.effects
        )
        return self._gateway

    # -- Operators -------------------------------------------------------------------------------

    def carry_out(self, kind: str, procedure: Procedure) -> None:
        if kind not in self.possible():
            super().carry_out(kind, procedure)
        assert self.operators is not None
        self.operators.begin(kind, procedure)

    async def _find_leader(self) -> str | None:
        await self._refresh()
        return self.leader()

    def _tell_outcome(self, kind: str, outcome: Outcome) -> None:
        self.history.add("nemesis", "info", kind, None, "failed" if outcome else "done", outcome)

    def refresh(self) -> None:
        """Whoever leads also knows who belongs to the cluster."""
        super().refresh()
        leader = self.leader()
        if self._members is None or leader is None:
            return
        found = self.run(self._members.membership(leader, STATE_TIMEOUT))
        if found is not None and found.voters:
            self._membership = found
            self._asked[:] = [*found.voters, *found.learners]

    def url(self, node: str) -> str:
        """Where clients reach the node."""
        return f"http://{self.hosts.client(node)}"
