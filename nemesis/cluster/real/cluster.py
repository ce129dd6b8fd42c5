"""What all clusters of real processes have in common.

The cluster has an event loop of its own, on which the proxy, the clients and every request go on
while time passes (``advance``), and only then; so it is driven from outside exactly as the
simulated one is. What the nemesis does takes effect between two passes of the loop.
"""

from __future__ import annotations

import asyncio
import shutil
import signal
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from checker.evidence import Log
from checker.history import Event
from checker.trace import TraceEvent
from checker.verdict import Failure
from nemesis.cluster.protocol import Link, Membership, NodeStatus
from nemesis.cluster.real.clients import Latencies, RealClient, RealHistory
from nemesis.cluster.real.disks import DISK_FAULTS, Disks
from nemesis.cluster.real.hosts import Hosts
from nemesis.cluster.real.interruptible import run_interruptibly
from nemesis.cluster.real.loopback import Loopback
from nemesis.cluster.real.operators import Operators
from nemesis.cluster.real.processes import ProcessError
from nemesis.cluster.real.run_file import RunFile
from nemesis.cluster.real.server_faults import ServerFaults
from nemesis.cluster.real.service import Service
from nemesis.cluster.real.standing import Standing
from nemesis.disk.image import Names
from nemesis.interrupts import uninterrupted
from nemesis.schedule import Knobs, Operate
from nemesis.workloads import WORKLOADS

MILLISECOND = 1_000_000
SECOND = 1_000_000_000

PROCESS_FAULTS = frozenset({"crash", "crash-all", "restart", "pause", "resume"})
"""The kinds of faults that every real server can receive; those of links are the hosts'."""

# How long a server may take to say what it is, in s: one that is paused never does.
STATE_TIMEOUT = 0.25
# How long a server may take to be ready for requests after its start, in s.
_READY = 30.0

_T = TypeVar("_T")


class RealCluster(ServerFaults):
    """Implements nemesis.cluster.protocol.Cluster; what kind of server it is say the subclasses."""

    # How long a server may take to end, in s.
    patience = 10.0
    # Whether all peers must know a server by the same address.
    one_address = False
    # When a disk of ours makes names durable; as weak as such servers say that they can bear it.
    durable_names: Names = "journal"
    # Whether such servers say who leads.
    names_leader = True
    # What is judged of every run, beside what the servers' traces tell.
    judged: tuple[str, ...] = ("linearizability", "liveness", "no-exception")

    def __init__(
        self,
        knobs: Knobs,
        seed: int,
        directory: Path,
        run_file: RunFile,
        on_event: Callable[[Event], None] | None = None,
        *,
        hosts: Hosts | None = None,
        has_disks: bool = False,
    ) -> None:
        super().__init__()
        self.knobs = knobs
        self.hosts = hosts or Loopback(knobs.servers, run_file, seed)
        if self.hosts.name not in (Loopback.name, self.kind):
            self.kind = f"{self.kind} on {self.hosts.name}"
        self.capabilities = self.possible() | self.hosts.possible()
        self.nodes = knobs.servers
        self.members = knobs.members
        self._membership = Membership(self.members)
        self.directory = directory
        self.effects = self.hosts.effects
        if has_disks:
            self.disks = Disks(
                self.nodes, directory, run_file, seed, self.durable_names, self.effects
            )
        self.failures: list[Failure] = []
        self.history = RealHistory(on_event)
        self.latencies = Latencies()
        self.standing = Standing()
        self._runner = asyncio.Runner()
        self._loop = self._runner.get_loop()
        self._processes = self.hosts.servers
        self._service: Service | None = None
        self._clients: list[RealClient] = []
        # Whom clients ask: those who were members when it was last looked.
        self._asked = list(knobs.members)
        self.operators: Operators | None = None
        self._is_closed = False

    # -- What subclasses say ---------------------------------------------------------------------

    @classmethod
    def possible(cls) -> frozenset[str]:
        """The kinds of faults that such servers can receive on this machine, beside those of the
        links between them."""
        return PROCESS_FAULTS

    def prepare(self) -> None:
        """Make whatever the servers need to start; the hosts are prepared."""

    def command(self, node: str) -> list[str]:
        """How the server is started."""
        raise NotImplementedError

    async def make_service(self) -> Service:
        """How the servers are asked; called once they may be started."""
        raise NotImplementedError

    def environment(self, node: str) -> dict[str, str]:
        """Variables of the server's environment, beside ours."""
        return {}

    def data(self, node: str) -> Path:
        """The server's data directory."""
        if self.disks is not None:
            return self.disks.data(node)
        return (self.directory / f"{node}.data").absolute()

    def data_at_rest(self, node: str) -> Path:
        """Where what was in that directory is once the run is over."""
        return self.data(node) if self.disks is None else self.disks.files(node)

    @property
    def variant(self) -> str:
        """What is run, for the results."""
        return self.kind

    def collect_trace(self) -> list[TraceEvent]:
        """What the servers have told of themselves; empty where they tell nothing. Raises
        TraceError if that cannot be judged."""
        return []

    def collect_logs(self, trace: Sequence[TraceEvent]) -> list[Log]:
        """The logs of all servers, which have ended, from what they have told or from their disks;
        empty where they cannot be read. Raises EvidenceError."""
        return []

    # -- Beginning and end -----------------------------------------------------------------------

    def start(self) -> None:
        """Start all servers and wait until all of them answer and, if they say so, one of them
        leads. Raises ProcessError."""
        self.directory.mkdir(parents=True, exist_ok=True)
        if self.disks is not None:
            self.disks.start()
        self.run(self._start())

    async def _start(self) -> None:
        await self.hosts.prepare(one_address=self.one_address)
        self.prepare()
        self._service = await self.make_service()
        workload = WORKLOADS[self.knobs.workload]
        self._clients = [
            RealClient(number, self._asked, self._service, workload, self.history, self.latencies)
            for number in range(self.knobs.clients)
        ]
        for name in self.nodes:
            log = self.directory / f"{name}.log"
            self.begin(self.hosts.add(name, self.command(name), log, self.environment(name)))
        await self._until_ready()

    @property
    def service(self) -> Service:
        """Requests to the servers; there is one once the cluster was started."""
        assert self._service is not None
        return self._service

    async def _until_ready(self) -> None:
        end = self._loop.time() + _READY
        missing: list[str] = []
        while self._loop.time() < end:
            await self._refresh()
            self._look_after_processes()
            if self.failures:
                raise ProcessError(self.failures[0].message)
            missing = [name for name in self.nodes if not self.standing.knows(name)]
            if not missing and (self.leader() is not None or not self.names_leader):
                return
            await asyncio.sleep(0.05)
        what = f"{', '.join(missing)} did not answer" if missing else "nobody led"
        raise ProcessError(
            f"{what} within {_READY:.0f} s of the start; logs are in {self.directory}"
        )

    def discard_data(self) -> None:
        """Remove what the servers had on their disks; logs and traces stay."""
        for path in self.directory.glob("*.data"):
            shutil.rmtree(path, ignore_errors=True)

    def close(self) -> None:
        """End all processes, connections and requests; does nothing if that is done already.
        Whoever interrupts that is heard when it is done: half ended, servers would stay."""
        if self._is_closed:
            return
        self._is_closed = True
        with uninterrupted():
            self._end_all()

    def _end_all(self) -> None:
        try:
            try:
                self._look_after_processes()
            finally:
                for process in self._processes.values():
                    if process.is_paused:
                        process.resume()
                self._runner.run(self._close())
            for name, process in self._processes.items():
                pid = process.pid
                if process.stop(self.patience) == -signal.SIGKILL:
                    self._tell(name, pid, "killed by SIGKILL, as SIGTERM did not end it")
        finally:
            self.hosts.remove()
            self._runner.close()
            if self.disks is not None:
                self.disks.close()

    async def _close(self) -> None:
        tasks = [client.task for client in self._clients if client.task is not None]
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        if self.operators is not None:
            await self.operators.close()
        await self.hosts.disconnect()
        if self._service is not None:
            await self._service.close()
        for error in ended:
            # That a client was cancelled is our doing; whatever else went wrong is told.
            if isinstance(error, Exception):
                raise error

    def run(self, work: Coroutine[Any, Any, _T]) -> _T:
        return run_interruptibly(self._runner, work)

    def pids(self) -> dict[str, int]:
        """The processes that run, by the names of their nodes."""
        found = {name: process.pid for name, process in self._processes.items()}
        return {name: pid for name, pid in found.items() if pid is not None}

    # -- Time and clients ------------------------------------------------------------------------

    def now(self) -> int:
        return self.history.now()

    def advance(self, duration: int) -> None:
        self.run(asyncio.sleep(duration / SECOND))
        self._after_pass()

    def submit(self, operate: Operate) -> None:
        """Let the client perform the operation, or, if it is busy, the next one that is not; where
        all are, it waits for its client."""
        clients = self._clients
        first = operate.client % len(clients)
        for client in (*clients[first:], *clients[:first]):
            if client.is_idle:
                client.submit(operate, self._loop)
                return
        clients[first].submit(operate, self._loop)

    def await_clients(self, end: int) -> bool:
        """Let time pass until every operation has ended, or ``end`` ns have come; whether all have
        ended."""
        tasks = [client.task for client in self._clients if not client.is_idle]
        left = (end - self.now()) / SECOND
        if tasks and left > 0:
            self.run(_wait([task for task in tasks if task is not None], left))
        for client in self._clients:
            if client.task is not None and client.task.done():
                client.task.result()
        self._after_pass()
        return all(client.is_idle for client in self._clients)

    def give_up_waiting(self) -> Counter[str]:
        """Operations that wait for a client are never begun; how many, by kind, which is told in
        the history. Those that have begun go on."""
        waiting = Counter(each.f for client in self._clients for each in client.give_up_waiting())
        if waiting:
            self.tell("never begun", dict(waiting))
        return waiting

    def move_clients_on(self) -> None:
        """Let every client ask the next server from now on; of those who are members now."""
        self.refresh()
        for client in self._clients:
            client.move_on()

    @property
    def succeeded(self) -> Counter[str]:
        """Operations that succeeded, by kind."""
        return self.latencies.succeeded

    def _after_pass(self) -> None:
        self._look_after_processes()
        if self.operators is not None and self.operators.go_on():
            self.refresh()

    # -- What the nemesis may see ----------------------------------------------------------------

    def refresh(self) -> None:
        """Ask all servers what they are."""
        self.run(self._refresh())

    async def _refresh(self) -> None:
        asked = self.answering()
        answers = await asyncio.gather(*(self.service.state(name, STATE_TIMEOUT) for name in asked))
        for name, state in zip(asked, answers, strict=True):
            if state is not None:
                self.standing.note(name, state)
                self.can_do_without(name)

    def answering(self) -> list[str]:
        """The nodes that have a process, which is not paused."""
        return [
            name
            for name, process in self._processes.items()
            if process.is_running and not process.is_paused
        ]

    def leader(self) -> str | None:
        """Who led when the servers were last asked."""
        return self.standing.leader()

    def status(self) -> list[NodeStatus]:
        self.refresh()
        voters, outgoing, learners = self._membership
        return [
            self.standing.status(self._processes[name])._replace(
                is_member=name in (*voters, *outgoing, *learners),
                is_voter=name in (*voters, *outgoing),
                is_lost=name in self.damaged,
            )
            for name in self.nodes
        ]

    def membership(self) -> Membership:
        return self._membership

    def previous_leader(self) -> str | None:
        return self.standing.previous_leader()

    # -- Network ---------------------------------------------------------------------------------

    def cut(self, links: Iterable[Link]) -> None:
        self.hosts.cut(links)

    def shape(self, links: Iterable[Link] | None, **changes: int | str) -> None:
        self.hosts.shape(links, **changes)

    def disconnect(self, node: str) -> None:
        if self.hosts.unplug(node):
            self.effects["disconnect"] += 1
            self.tell("network", {"node": node, "state": "has no interface"})

    def heal_network(self) -> None:
        self.hosts.heal()

    def observe(self) -> None:
        """Bring ``effects`` up to date."""
        self.hosts.observe()
        if self.disks is not None:
            self.disks.observe()

    # -- All -------------------------------------------------------------------------------------

    def fault_ends(self, kind: str) -> None:
        """A fault of this kind was ended by a step of the schedule. A server that it has not
        brought down must not meet it later."""
        if self.disks is not None and kind in DISK_FAULTS:
            self.disks.restore_power()

    def end_faults(self) -> None:
        self.hosts.heal()
        if self.operators is not None:
            self.operators.stop()
        if self.disks is not None:
            self._look_after_processes()
            self.disks.end_faults()
        for name, process in self._processes.items():
            if process.is_paused:
                self.resume(name)
            if not process.is_running and name not in self.damaged:
                self.restart(name)


async def _wait(tasks: list[asyncio.Task[None]], seconds: float) -> None:
    await asyncio.wait(tasks, timeout=seconds)
