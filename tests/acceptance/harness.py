"""A cluster of real replicas in virtual time, for scenarios that others wrote for their Rafts.

Servers have numbers from 0, as in the originals. All that happens is judged by the Raft invariants,
and what clients see by lincheck: a scenario fails when any of them convicts, whatever it asserts.

Commands are counted from 1 and no-ops are not, so that the n-th command of the originals, whose
leaders append no no-op, is the n-th command here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from random import Random
from typing import NamedTuple

from checker.invariants import Monitors
from checker.verdict import Failure
from nemesis.cluster.protocol import Link
from nemesis.cluster.sim.events import Action, EventQueue
from nemesis.cluster.sim.node import SimulatedNode
from nemesis.cluster.sim.recorder import Recorder, Trace
from nemesis.schedule import Knobs
from nemesis.subjects.own import OwnRaft
from raft.client_messages import ClientReply, ClientRequest
from raft.consensus.state import LEADER
from raft.kv.commands import Command, Operation, Put
from raft.kv.encoding import decode_command
from raft.replica import Replica
from raft.storage.snapshot_file import snapshot_names
from tests.acceptance.network import MILLISECOND, Network
from tests.acceptance.tasks import Pending, Steps, T, Task
from tests.acceptance.worlds import World

# How long anything pending may take, in ns, before the scenario is given up.
_PATIENCE = 600_000 * MILLISECOND
# Small, so that logs go on in new segments.
SEGMENT_BYTES = 1024


class Started(NamedTuple):
    """A command that a leader has appended: its place among the commands, and its term."""

    position: int
    term: int


class Watcher(Recorder):
    """Records as the simulator does, and keeps what the log holds and what was applied of it."""

    __slots__ = ("_committed", "applied_commands", "last_index", "log", "positions")

    def __init__(self, node: str, trace: Trace, committed: list[bytes]) -> None:
        super().__init__(node, trace)
        # By index - 1, of the whole cluster: what a snapshot stands for.
        self._committed = committed
        self._forget()

    def _forget(self) -> None:
        # By index: the entries' commands, and how many commands there are up to each.
        self.log: dict[int, bytes] = {}
        self.positions = {0: 0}
        self.last_index = 0
        self.applied_commands: list[bytes] = []

    def started(self, term: int, voted_for: str | None) -> None:
        self._forget()
        super().started(term, voted_for)

    def stopped(self, reason: str) -> None:
        self._forget()
        super().stopped(reason)

    def appended(self, index: int, term: int, command: bytes) -> None:
        super().appended(index, term, command)
        self.log[index] = command
        self.positions[index] = self.positions[index - 1] + bool(command)
        self.last_index = index

    def truncated(self, index: int) -> None:
        super().truncated(index)
        for at in range(index, self.last_index + 1):
            del self.log[at]
            del self.positions[at]
        self.last_index = index - 1

    def snapshot_restored(self, index: int, term: int, digest: str, last_index: int) -> None:
        super().snapshot_restored(index, term, digest, last_index)
        self.applied_commands = [command for command in self._committed[:index] if command]
        if last_index <= index:
            # Nothing of the log is kept.
            self.log = {}
            self.positions = {index: len(self.applied_commands)}
            self.last_index = index

    def applied(self, index: int, session: str, sequence: int, executed: bool) -> None:
        super().applied(index, session, sequence, executed)
        command = self.log[index]
        if index > len(self._committed):
            self._committed.append(command)
        if command:
            self.applied_commands.append(command)


class Cluster:
    """Servers, the network between them, and who watches over them."""

    def __init__(self, world: World, size: int, seed: int) -> None:
        self.world = world
        self.size = size
        self.queue = EventQueue()
        # For the scenario's own choices; the servers and the network draw from others.
        self.random = Random(seed * 1_000_003 + 1)
        self.names = tuple(f"n{number}" for number in range(1, size + 1))
        self.monitors = Monitors(self.names)
        self.trace = Trace(self.queue, self.monitors)
        self.failures: list[Failure] = []
        self.receivers: dict[str, Action] = {}
        self.network = Network(
            self.queue, Random(seed * 1_000_003 + 2), world.rules, self.receivers
        )
        self.connected = [True] * size
        committed: list[bytes] = []
        self._watchers = [Watcher(name, self.trace, committed) for name in self.names]
        self._nodes = [self._make_node(at, seed * 1_000_003 + 10 * (at + 1)) for at in range(size)]
        # By the session of its command, what was submitted.
        self._values: dict[str, object] = {}
        for name, node in zip(self.names, self._nodes, strict=True):
            self.receivers[name] = node.receive
            node.start()

    def _make_node(self, server: int, seed: int) -> SimulatedNode:
        """The one place that knows how a node is put together."""
        return SimulatedNode(
            self.names[server],
            self.names,
            Knobs(
                segment_bytes=SEGMENT_BYTES,
                asynchronous_storage=self.world.settings.asynchronous_storage,
            ),
            seed,
            OwnRaft(self.world.variant, self.world.settings),
            self.queue,
            self.network,
            self._watchers[server],
            Counter(),
            self.failures.append,
        )

    # -- Time ------------------------------------------------------------------------------------

    def sleep(self, milliseconds: int) -> None:
        """Let the time pass that the original sleeps."""
        self.pass_time(milliseconds * self.world.slowness * MILLISECOND)

    def settle(self, milliseconds: int) -> None:
        """As ``sleep``; but where messages are lost, long enough for several attempts."""
        attempts = 20 * self.world.settings.heartbeat_interval if self.world.slowness > 1 else 0
        self.pass_time(max(milliseconds * MILLISECOND, attempts))

    def pass_time(self, duration: int) -> None:
        """Let ``duration`` ns pass, and see whether all is well."""
        end = self.queue.now + duration
        while not self.queue.run_until(end):
            pass
        self.check_invariants()

    def spawn(self, steps: Steps[T]) -> Task[T]:
        """Begin something that goes on while time passes."""
        return Task(self.queue, steps)

    def finish(self, pending: Pending[T]) -> T:
        """Let time pass until a task, or whatever else is pending, has ended: its result."""
        end = self.queue.now + _PATIENCE
        while not pending.done:
            assert not self.queue.run_until(end), "it does not end"
        self.check_invariants()
        return pending.result

    def run(self, steps: Steps[T]) -> T:
        """Do it and wait for it."""
        return self.finish(self.spawn(steps))

    def check_invariants(self) -> None:
        """Raft's safety properties hold, and no replica has raised anything."""
        failures = [*self.monitors.failures, *self.failures]
        assert not failures, failures

    # -- Network and processes -------------------------------------------------------------------

    def _links(self, server: int, others: Iterable[int]) -> list[Link]:
        name = self.names[server]
        peers = [self.names[other] for other in others if other != server]
        return [(name, peer) for peer in peers] + [(peer, name) for peer in peers]

    def disconnect(self, server: int) -> None:
        """Cut a server off from all others."""
        self.connected[server] = False
        self.network.cut(self._links(server, range(self.size)))

    def reconnect(self, server: int) -> None:
        """Connect a server to all others that are connected."""
        self.connected[server] = True
        others = [other for other in range(self.size) if self.connected[other]]
        self.network.mend(self._links(server, others))

    def partition(self, groups: Iterable[Iterable[int]]) -> None:
        """Only servers of the same group hear each other."""
        for server in range(self.size):
            self.network.cut(self._links(server, range(self.size)))
        for group in groups:
            members = list(group)
            for server in members:
                self.connected[server] = True
                self.network.mend(self._links(server, members))

    def connect_all(self) -> None:
        """Every server hears every other."""
        self.partition([range(self.size)])

    def crash(self, server: int) -> None:
        """End the process; its disk stays."""
        self.disconnect(server)
        self._nodes[server].stop("crashed")

    def restart(self, server: int) -> None:
        """Start the process again on its disk, and connect it."""
        assert not self.is_running(server)
        self.reconnect(server)
        self._nodes[server].start()

    def is_running(self, server: int) -> bool:
        """Whether the process is there."""
        return self._nodes[server].replica is not None

    def replica(self, server: int) -> Replica:
        """The replica itself, for scenarios that look inside."""
        replica = self._nodes[server].replica
        assert replica is not None, f"server {server} is down"
        return replica

    # -- Leaders ---------------------------------------------------------------------------------

    def term(self, server: int) -> int:
        """currentTerm of a running server."""
        return self.replica(server).consensus.current_term

    def is_leader(self, server: int) -> bool:
        """Whether the server believes that it leads."""
        return self.is_running(server) and self.replica(server).consensus.role == LEADER

    def leaders(self) -> list[int]:
        """Connected servers that believe that they lead."""
        return [at for at in range(self.size) if self.connected[at] and self.is_leader(at)]

    def check_single_leader(self) -> tuple[int, int]:
        """Exactly one connected server believes that it leads: its number and term. Waits for one,
        as long as "Implementing Raft" does, or five times that where messages are lost: an
        election of two servers fails with any of its messages."""
        for _ in range(8 if self.world.slowness == 1 else 40):
            leaders = self.leaders()
            assert len(leaders) <= 1, f"servers {leaders} all think that they lead"
            if leaders:
                return leaders[0], self.term(leaders[0])
            self.sleep(150)
        raise AssertionError("no leader was elected")

    def check_no_leader(self) -> None:
        """No connected server believes that it leads."""
        assert self.leaders() == []

    # -- Commands --------------------------------------------------------------------------------

    def submit(self, server: int, value: object) -> Started | None:
        """Propose a command to a server, as a client would; None if it does not lead.

        Nobody waits for the answer: what comes of it is seen at the servers.
        """
        if not self.is_running(server):
            return None
        session = f"submitted-{len(self._values)}"
        self._values[session] = value
        watcher = self._watchers[server]
        index = watcher.last_index + 1
        self._nodes[server].receive(self.request(session, Put("value", str(value))))
        if watcher.last_index < index:
            return None
        assert self._value_of(watcher.log[index]) == value
        return Started(watcher.positions[index], self.term(server))

    def _value_of(self, command: bytes) -> object:
        """What was submitted as this command."""
        return self._values[decode_command(command).session]

    def request(self, client: str, operation: Operation) -> ClientRequest:
        """The only request of a client of this name. The one place that knows how it is put
        together."""
        return ClientRequest(client, client, 1, 1, Command(client, 1, operation), None)

    def ask(self, server: int, client: str, operation: Operation) -> Pending[ClientReply]:
        """Ask one server, once, for something that goes through the log; what it answers."""
        answer: Pending[ClientReply] = Pending()
        self.receivers[client] = answer.finish
        self._nodes[server].receive(self.request(client, operation))
        return answer

    def commits(self, server: int) -> list[object]:
        """The commands that a server has applied since it started, in order."""
        return [self._value_of(command) for command in self._watchers[server].applied_commands]

    def count_committed(self, position: int) -> tuple[int, object]:
        """How many servers have applied a command at this place, and which command that is."""
        values = [
            self._value_of(watcher.applied_commands[position - 1])
            for watcher in self._watchers
            if len(watcher.applied_commands) >= position
        ]
        assert len(set(values)) <= 1, f"different commands at {position}: {values}"
        return len(values), values[0] if values else None

    def check_committed(self, value: object, servers: int) -> int:
        """Exactly so many connected servers there are, all have committed the same commands, and
        ``value`` is one of them. Its place among them."""
        sequences = [self.commits(at) for at in range(self.size) if self.connected[at]]
        assert len(sequences) == servers
        assert all(sequence == sequences[0] for sequence in sequences), sequences
        assert value in sequences[0], f"{value} is not among {sequences[0]}"
        return sequences[0].index(value) + 1

    def check_not_committed(self, value: object) -> None:
        """No connected server has committed the command."""
        for server in range(self.size):
            assert not (self.connected[server] and value in self.commits(server))

    def log_holds(self, server: int, value: object) -> bool:
        """Whether the command is in the server's log, committed or not."""
        log = self._watchers[server].log.values()
        return any(command and self._value_of(command) == value for command in log)

    # -- Disks -----------------------------------------------------------------------------------

    def log_bytes(self) -> int:
        """The bytes of the longest log on any disk, beside snapshots."""
        return max(self._file_bytes(node, snapshots=False) for node in self._nodes)

    def snapshot_bytes(self) -> int:
        """The bytes of the largest snapshot on any disk."""
        return max(self._file_bytes(node, snapshots=True) for node in self._nodes)

    @staticmethod
    def _file_bytes(node: SimulatedNode, *, snapshots: bool) -> int:
        disk = node.disk
        chosen = set(snapshot_names(disk.files()))
        names = [name for name in disk.files() if (name in chosen) == snapshots]
        return sum(len(disk.read(name)) for name in names)

    def close(self) -> None:
        """Nothing happens any more; what leads from the parts back to each other is cut."""
        self.queue.clear()
        self.receivers.clear()
