"""The simulated cluster: replicas and clients in one process, under virtual time.

Everything random is drawn from generators seeded by the schedule; equal schedules give equal
histories and traces, byte for byte.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from random import Random

from checker.history import Event
from checker.invariants import Monitors
from checker.verdict import Failure
from nemesis.cluster.procedure import Procedure
from nemesis.cluster.protocol import DiskFile, Link, LinkShape, Membership, NodeStatus
from nemesis.cluster.sim.clients import History, SimulatedClient
from nemesis.cluster.sim.events import Action, EventQueue
from nemesis.cluster.sim.leading import is_at_rest, present_leader
from nemesis.cluster.sim.network import SimulatedNetwork
from nemesis.cluster.sim.node import Sender, SimulatedNode
from nemesis.cluster.sim.operator import SimulatedOperator
from nemesis.cluster.sim.recorder import Recorder, Trace
from nemesis.errors import UnsupportedFault
from nemesis.schedule import Knobs, Operate
from nemesis.subjects.bearing import bearable
from nemesis.subjects.own import OWN
from nemesis.subjects.subject import Subject
from nemesis.workloads import WORKLOADS
from raft.consensus.configuration import Configuration

# Far apart, so that the generators of nodes and network never start alike.
_SEED_STEP = 1_000_003


class SimulatedCluster:
    """Implements nemesis.cluster.protocol.Cluster. The knobs must be such as the subject can be
    configured by (``Subject.knobs``)."""

    def __init__(
        self,
        knobs: Knobs,
        seed: int,
        subject: Subject = OWN,
        on_event: Callable[[Event], None] | None = None,
    ) -> None:
        self.nodes = knobs.servers
        self.members = knobs.members
        self.capabilities = bearable(subject)
        self._check_quorum = knobs.check_quorum
        # Servers that were shut down at the end, as they were removed.
        self._shut_down: set[str] = set()
        self._heartbeat_interval = knobs.heartbeat_interval
        self.effects: Counter[str] = Counter()
        # Operations that succeeded, by kind.
        self.succeeded: Counter[str] = Counter()
        self.failures: list[Failure] = []
        self.queue = EventQueue()
        self.monitors = Monitors(self.members)
        self.trace = Trace(self.queue, self.monitors)
        self.history = History(self.queue, on_event)
        self._receivers: dict[str, Action] = {}
        self.network = SimulatedNetwork(
            self.queue,
            Random(seed * _SEED_STEP),
            self.effects,
            LinkShape(knobs.delay_min, knobs.delay_max),
            self._receivers,
        )
        self._nodes = {
            name: SimulatedNode(
                name,
                self.members if name in self.members else (),
                knobs,
                seed * _SEED_STEP + 2 * position,
                subject,
                self.queue,
                self.network,
                Recorder(name, self.trace),
                self.effects,
                self.failures.append,
            )
            for position, name in enumerate(self.nodes, start=1)
        }
        workload = WORKLOADS[knobs.workload]
        self._clients = [
            SimulatedClient(
                number,
                self.nodes,
                knobs,
                workload,
                self.queue,
                self.network,
                self.history,
                self.succeeded,
                self.trace.milestones,
            )
            for number in range(knobs.clients)
        ]
        self._operator = SimulatedOperator(
            self._nodes, knobs, self.queue, self.network, self.history, self.effects
        )
        self._receivers[self._operator.name] = self._operator.receive
        # As of when somebody led last.
        self._membership = Membership(self.members)
        self._receivers.update((name, node.receive) for name, node in self._nodes.items())
        self._receivers.update((client.name, client.receive) for client in self._clients)
        for node in self._nodes.values():
            if knobs.power_fails_at_first_start is None:
                node.start()
            else:
                node.start_twice(knobs.power_fails_at_first_start)

    def close(self) -> None:
        """Nothing happens any more. What leads from the parts back to each other is cut, so that a
        cluster is freed as soon as nobody holds it, and not by the garbage collector."""
        self.queue.clear()
        self._operator.close()
        self._receivers.clear()
        for node in self._nodes.values():
            node.close()

    def intercept(self, network: Sender, around: Callable[[str, Action], Action]) -> None:
        """Servers hand their messages to this network from now on, and what arrives at one goes to
        what ``around`` makes of its name and of whoever takes it in: both pass it on. For whoever
        records messages."""
        for name, node in self._nodes.items():
            node.send_by(network)
            self._receivers[name] = around(name, node.receive)

    # -- Time and clients ------------------------------------------------------------------------

    def now(self) -> int:
        return self.queue.now

    def advance(self, duration: int) -> None:
        end = self.queue.now + duration
        while not self.queue.run_until(end):
            pass

    def submit(self, operate: Operate) -> None:
        """Let the client perform the operation, or, if it is busy, the next one that is not. Where
        all are, it waits for its client: what is asked in bad times shall be asked in bad times."""
        clients = self._clients
        first = operate.client % len(clients)
        for client in (*clients[first:], *clients[:first]):
            if client.is_idle:
                client.submit(operate)
                return
        clients[first].submit(operate)

    @property
    def unfinished(self) -> int:
        """Operations that were submitted and have not ended."""
        return sum(client.unfinished for client in self._clients)

    def await_clients(self, end: int) -> None:
        """Let time pass until every operation has ended, or ``end`` ns have come."""
        # A client that becomes idle halts the queue.
        while not all(client.is_idle for client in self._clients):
            if self.queue.run_until(end):
                return

    # -- What the nemesis may see ----------------------------------------------------------------

    def status(self) -> list[NodeStatus]:
        voters, outgoing, learners = self.membership()
        return [
            node.status(
                is_voter := name in voters or name in outgoing, is_voter or name in learners
            )
            for name, node in self._nodes.items()
        ]

    def membership(self) -> Membership:
        leader = present_leader(self._nodes)
        if leader is not None and (configuration := self._nodes[leader].configuration):
            self._membership = Membership(
                configuration.voters, configuration.outgoing, configuration.learners
            )
        return self._membership

    def configurations(self) -> list[Configuration]:
        """Those that are in effect on the nodes which have a process, each once. The empty one, of
        servers that wait to be added, is left out. Where none is known of, it is the first one."""
        if any(
            node.replica is not None and node.configured is None for node in self._nodes.values()
        ):
            return [Configuration(self.members)]
        found = (node.configuration for node in self._nodes.values())
        return list(dict.fromkeys(each for each in found if each is not None and each.voters))

    def previous_leader(self) -> str | None:
        elections = self.trace.elections
        for name in reversed(elections):
            if name != elections[-1]:
                return name
        return None

    # -- Operators -------------------------------------------------------------------------------

    def carry_out(self, kind: str, procedure: Procedure) -> None:
        self._operator.begin(kind, procedure)

    def has_settled(self) -> bool:
        """Whether somebody leads, and the cluster is at rest."""
        leader = present_leader(self._nodes)
        return leader is not None and is_at_rest(self._nodes, leader)

    def tell_states(self) -> None:
        """Every member tells a digest of its state: those at the same index must agree."""
        voters, outgoing, learners = self.membership()
        for name in dict.fromkeys((*voters, *outgoing, *learners)):
            self._nodes[name].tell_state()

    # -- Network ---------------------------------------------------------------------------------

    def cut(self, links: Iterable[Link]) -> None:
        self.network.cut(links)

    def shape(self, links: Iterable[Link] | None, **changes: int | str) -> None:
        self.network.reshape(links, changes)

    def heal_network(self) -> None:
        self.network.heal()

    # -- Processes -------------------------------------------------------------------------------

    def crash(self, node: str) -> None:
        if self._nodes[node].replica is not None:
            self.effects["crash"] += 1
            self._nodes[node].stop("crashed")

    def restart(self, node: str) -> bool:
        if self._nodes[node].replica is None:
            self._nodes[node].start()
        return self._nodes[node].replica is not None

    def pause(self, node: str) -> None:
        self._nodes[node].pause()

    def resume(self, node: str) -> None:
        self._nodes[node].resume()

    # -- Disks -----------------------------------------------------------------------------------

    def lose_power(self, node: str, *, torn: bool, syncs: int) -> None:
        disk = self._nodes[node].disk
        disk.power_fails = "torn-write" if torn else "unsynced-loss"
        disk.syncs_with_power = syncs

    def flip_bit(self, node: str, position: int) -> None:
        target = self._nodes[node]
        target.stop("its disk fails")
        target.is_lost = target.disk.flip_bit(position)

    def lose_file(self, node: str, file: DiskFile, kept: int | None) -> bool:
        target = self._nodes[node]
        disk = target.disk
        name = disk.to_lose(file, whole=kept is None, is_up=target.replica is not None)
        if name is None:
            return False
        target.stop("its disk fails")
        disk.lose(name, kept, zeroed=file == "older-log")
        target.is_lost = True
        target.lost_by = "lost-file"
        return True

    def fill_disk(self, node: str, free: int) -> None:
        self._nodes[node].disk.free = free

    def slow_disk(self, node: str, delay: int) -> None:
        self._nodes[node].disk.sync_delay = delay

    def disconnect(self, node: str) -> None:
        raise UnsupportedFault("the cluster sim cannot receive the fault disconnect")

    def fail_disk(self, node: str, syncs: int) -> None:
        raise UnsupportedFault("the cluster sim cannot receive the fault io-error")

    def lie_about_syncs(self, node: str) -> None:
        raise UnsupportedFault("the cluster sim cannot receive the fault lying-disk")

    # -- Clocks ----------------------------------------------------------------------------------

    def jump_clock(self, node: str, offset: int, kind: str = "clock-jump") -> None:
        target = self._nodes[node]
        target.clock.jump(self.queue.now, offset, kind)
        target.clock_changed()

    def drift_clock(self, node: str, parts_per_million: int) -> None:
        target = self._nodes[node]
        target.clock.drift(self.queue.now, parts_per_million)
        target.clock_changed()

    # -- All -------------------------------------------------------------------------------------

    def end_faults(self) -> None:
        """A lost node is restarted too: it must refuse, which confirms the loss.

        Servers that were removed may disturb for ever; what keeps them from it is check-quorum, by
        which servers that hear from a leader grant no votes (thesis, 4.2.3). Without it an operator
        has to shut them down, and does; clients are told."""
        self.network.heal()
        self._operator.stop()
        for node in self._nodes.values():
            node.disk.free = None
            node.disk.sync_delay = 0
            node.disk.power_fails = None
            node.clock.keep_true_rate(self.queue.now)
            node.clock_changed()
            if node.replica is None:
                node.start()
            else:
                node.resume()
        if self._operator.has_begun and not self._check_quorum:
            self._shut_down_removed(None)

    def _shut_down_removed(self, _argument: None) -> None:
        """As soon as it is known who they are, and from then on. One that is a member again, since
        a request of before was still under way, is started again."""
        leader = present_leader(self._nodes)
        if leader is None:
            # Perhaps since none can be elected without them.
            self._start_readded(self.configurations())
        elif (first := self._nodes[leader].configured) is not None:
            configuration = first.configuration()
            self._start_readded([configuration])
            if first.has_committed_configuration():
                for name, node in self._nodes.items():
                    # Not one that is down already, nor a spare that was never added.
                    if name not in configuration.members and node.was_added:
                        node.stop("shut down, since it was removed")
                        self._shut_down.add(name)
                        for client in self._clients:
                            client.forget(name)
        self.queue.at(self.queue.now + self._heartbeat_interval, self._shut_down_removed, None)

    def _start_readded(self, configurations: list[Configuration]) -> None:
        for name in sorted(self._shut_down):
            if any(name in each.members for each in configurations):
                self._shut_down.remove(name)
                self._nodes[name].start()
                for client in self._clients:
                    client.remember(name)
