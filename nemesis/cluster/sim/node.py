"""One simulated server: a process with a disk and a clock, that runs a replica."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, Protocol, TypeVar

from checker.verdict import Failure
from nemesis.cluster.protocol import NodeStatus
from nemesis.cluster.sim.background import BackgroundWork
from nemesis.cluster.sim.clock import SimulatedClock
from nemesis.cluster.sim.disk import SimulatedDisk
from nemesis.cluster.sim.events import EventQueue
from nemesis.cluster.sim.findings import Findings
from nemesis.cluster.sim.leading import tell_state
from nemesis.cluster.sim.recorder import Recorder
from nemesis.schedule import Knobs
from nemesis.subjects.capabilities import (
    Configured,
    as_asynchronous,
    as_configured,
    as_sending_at_once,
)
from nemesis.subjects.subject import Machine, Outputs, Replica, Standing, Subject
from raft.consensus.configuration import Configuration
from raft.storage import StorageCorrupt

# So often may a replica ask to be called at one moment; a healthy one does so twice.
_MOST_CALLS = 1_000
# Far from the seeds of all nodes and disks of the run.
_WORK_SEED = 500_000
_Done = TypeVar("_Done")


class Sender(Protocol):
    """Where a node's messages go."""

    def send(self, source: str, target: str, message: Any) -> None:
        """Put a message on a link."""
        ...


class SimulatedNode:
    """Runs, crashes, pauses and restarts; everything it does happens through the event queue."""

    __slots__ = (
        "_background",
        "_busy_until",
        "_calls",
        "_effects",
        "_findings",
        "_has_come_up",
        "_inbox",
        "_knobs",
        "_life",
        "_members",
        "_network",
        "_queue",
        "_random",
        "_recorder",
        "_report",
        "_said",
        "_spinning_since",
        "_subject",
        "_timer_at",
        "clock",
        "configured",
        "disk",
        "is_lost",
        "is_paused",
        "lost_by",
        "name",
        "replica",
    )

    def __init__(
        self,
        name: str,
        members: tuple[str, ...],
        knobs: Knobs,
        seed: int,
        subject: Subject,
        queue: EventQueue,
        network: Sender,
        recorder: Recorder,
        effects: Counter[str],
        report: Callable[[Failure], None],
    ) -> None:
        self.name = name
        self.disk = SimulatedDisk(Random(seed + 1), effects)
        self.clock = SimulatedClock()
        self.replica: Replica | None = None
        # The same replica, if it knows of configurations.
        self.configured: Configured | None = None
        self.is_paused = False
        # The disk is corrupt: known once it was flipped, confirmed once the replica refuses it.
        self.is_lost = False
        # The fault that did it.
        self.lost_by = "bit-flip"
        self._members = members
        self._has_come_up = False
        self._knobs = knobs
        self._random = Random(seed)
        self._subject = subject
        self._queue = queue
        self._network = network
        self._recorder = recorder
        self._effects = effects
        self._report = report
        self._findings = Findings(name, queue, report)
        # A generator of its own takes its time to be seeded.
        self._background = (
            BackgroundWork(seed + _WORK_SEED, queue, self.disk, self._attempt, self.receive)
            if knobs.asynchronous_storage
            else None
        )
        # What the replica said of itself since it handled something last.
        self._said: Standing | None = None
        # Inputs that wait while the process is paused or its disk keeps it busy.
        self._inbox: list[Any] = []
        self._busy_until = 0
        # When the next timer event is due, if any; older ones are ignored.
        self._timer_at: int | None = None
        # How often it was called at one moment because it asked for that.
        self._spinning_since = -1
        self._calls = 0
        # Counts the lives of the process: what an earlier life scheduled is void.
        self._life = 0

    # -- Life ------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the process on what its disk holds; a corrupt disk keeps it down for good. It is a
        first start again if power failed before the replica was up."""
        self._life += 1
        self._inbox.clear()
        self._busy_until = 0
        self.disk.free = None
        machine = Machine(
            self.name,
            self._members,
            self._knobs,
            self.disk,
            self._random,
            self._recorder,
            self.clock.reading(self._queue.now),
            not self._has_come_up,
            self.disk.power_fails is not None,
        )
        try:
            replica = self._subject.start(machine)
        except (Exception, SystemExit) as error:
            reason = self._findings.end_of_start(error, is_lost=self.is_lost)
            if reason is None:
                raise
            if not isinstance(error, StorageCorrupt):
                self.disk.crash()
            elif self.is_lost:
                self._effects[self.lost_by] += 1
            self._recorder.stopped(reason)
            return
        self.replica = replica
        self.configured = as_configured(replica)
        if self._background is not None:
            worker = as_asynchronous(replica)
            assert worker is not None, f"{self._subject.name} has no asynchronous storage"
            self._background.start(worker)
        self._has_come_up = True
        if self.is_lost:
            self._findings.started_though_lost(self.lost_by)
        self._set_timer()

    def start_twice(self, syncs: int) -> None:
        """The first start of all: power fails after so many syncs, if it takes so many."""
        self.disk.power_fails, self.disk.syncs_with_power = "first-start", syncs
        self.start()
        self.disk.power_fails = None
        if self.replica is None:
            self.start()

    def stop(self, reason: str) -> None:
        """The process is gone; unsynced bytes are lost."""
        replica = self.replica
        if replica is None:
            return
        self._free(replica)
        self.is_paused = False
        self._life += 1
        self._timer_at = None
        self._inbox.clear()
        self.disk.crash()
        self._recorder.stopped(reason)

    def close(self) -> None:
        """Nothing happens any more: free what the replica holds."""
        if self.replica is not None:
            self._free(self.replica)

    def _free(self, replica: Replica) -> None:
        self.replica = self.configured = self._said = None
        if self._background is not None:
            self._background.stop()
        try:
            replica.close()
        except (Exception, SystemExit) as error:
            if self._findings.end_of_run(error) is None:
                raise

    def pause(self) -> None:
        """Inputs and time-outs wait from now on."""
        self.is_paused = True
        if self._background is not None:
            self._background.pause()

    def resume(self) -> None:
        """Take in what has waited."""
        if self.is_paused:
            self.is_paused = False
            if self._background is not None:
                self._background.resume()
            self._catch_up(self._life)

    def send_by(self, network: Sender) -> None:
        """Hand messages to this one from now on."""
        self._network = network

    # -- Inputs ----------------------------------------------------------------------------------

    def receive(self, message: Any) -> None:
        """A message arrives."""
        if self.replica is None:
            return
        if self.is_paused or self._busy_until > self._queue.now:
            if self.is_paused:
                self._effects["pause"] += 1
            self._inbox.append(message)
            return
        self._handle((message,))

    def _handle(self, inputs: Sequence[Any]) -> None:
        now = reading = self._queue.now
        replica = self.replica
        assert replica is not None
        clock = self.clock
        if not clock.is_true:
            reading = clock.reading(now)
            if clock.wrong_by:
                self._effects[clock.wrong_by] += 1
        outputs = self._attempt(replica.handle, inputs, reading)
        if outputs is None:
            return
        self._said = None
        if self._background is not None:
            self._background.begin()
        if self.disk.sync_delay and (busy := self.disk.take_busy_time()):
            self._busy_until = now + busy
            self._queue.at(self._busy_until, self._send_late, (self._life, outputs))
            return
        if outputs.messages or outputs.replies:
            self._send(outputs)
        deadline = replica.deadline
        if self._timer_at is None or deadline < self._timer_at or not clock.is_true:
            self._set_timer()

    def _send(self, outputs: Outputs) -> None:
        send = self._network.send
        name = self.name
        for message in outputs.messages:
            send(name, message.target, message)
        for reply in outputs.replies:
            send(name, reply.client, reply)

    def _send_late(self, argument: tuple[int, Outputs]) -> None:
        """The disk is done: what depended on it may leave, what waited is taken in."""
        life, outputs = argument
        if life == self._life:
            self._send(outputs)
            self._catch_up(life)

    def _catch_up(self, life: int) -> None:
        if life != self._life or self.replica is None or self.is_paused:
            return
        if self._busy_until > self._queue.now:
            return
        waited, self._inbox = self._inbox, []
        self._handle(waited)

    def _attempt(self, do: Callable[..., _Done], *arguments: Any) -> _Done | None:
        """What the replica does; None if that is its end."""
        try:
            return do(*arguments)
        except (Exception, SystemExit) as error:
            reason = self._findings.end_of_run(error)
            if reason is None:
                raise
            if self.replica is not None and (sender := as_sending_at_once(self.replica)):
                self._send(sender.left())
            self.stop(reason)
        return None

    # -- Time ------------------------------------------------------------------------------------

    def _set_timer(self) -> None:
        """See to it that a timer event is due no later than the replica's deadline.

        A deadline that moves away leaves the event in place: when it comes, it is set anew.
        Election time-outs move away with every heartbeat, so this saves most events.
        """
        replica = self.replica
        if replica is None:
            return
        time = self.clock.time_of(replica.deadline, self._queue.now)
        if self._timer_at is None or time < self._timer_at:
            self._timer_at = time
            self._queue.at(time, self._on_timer, (self._life, time))

    def _on_timer(self, argument: tuple[int, int]) -> None:
        life, time = argument
        if life != self._life or time != self._timer_at:
            return
        self._timer_at = None
        replica = self.replica
        assert replica is not None
        if self.is_paused or self._busy_until > time:
            if self.is_paused:
                self._effects["pause"] += 1
            return
        if self.clock.time_of(replica.deadline, time) > time:
            self._set_timer()
        elif self._spins(time):
            self.stop("does nothing but ask for the time")
        else:
            self._handle(())

    def _spins(self, time: int) -> bool:
        """Whether the replica asks to be called now, again and again, and never has enough of it: a
        process that does so takes all the time there is."""
        if time > self._spinning_since:
            self._spinning_since, self._calls = time, 0
        self._calls += 1
        if self._calls < _MOST_CALLS:
            return False
        self._report(
            Failure(
                kind="liveness",
                message=f"{self.name} asks {_MOST_CALLS} times to be called at the same moment, "
                "and time does not go on",
                time=time,
                node=self.name,
            )
        )
        return True

    def clock_changed(self) -> None:
        """The clock was set: deadlines lie elsewhere now."""
        if self.replica is not None and not self.is_paused:
            self._timer_at = None
            self._set_timer()

    # -- What the nemesis may see ----------------------------------------------------------------

    @property
    def configuration(self) -> Configuration | None:
        """What is in effect here; None without a process, or if it does not know."""
        return None if self.configured is None else self.configured.configuration()

    @property
    def was_added(self) -> bool:
        """Whether it runs, and knows of a cluster that it belongs to, or did."""
        configuration = self.configuration
        return configuration is not None and bool(configuration.voters)

    def tell_state(self) -> None:
        """Tell a digest of the state, to be compared with those of others at the same index."""
        tell_state(self.replica, self._recorder)

    @property
    def standing(self) -> Standing | None:
        """What the replica says of itself now; None without a process."""
        if self._said is None and self.replica is not None:
            self._said = self.replica.standing()
        return self._said

    def status(self, is_voter: bool, is_member: bool) -> NodeStatus:
        """Role and log, for choosing targets; what it is in the present configuration, the cluster
        knows."""
        said = self.standing
        if said is None:
            return NodeStatus(
                self.name, False, self.is_lost, False, None, 0, 0, 0, is_member, is_voter
            )
        return NodeStatus(
            self.name,
            not self.is_paused,
            False,
            self.is_paused,
            said.role,
            said.term,
            said.last_log_term,
            said.last_log_index,
            is_member,
            is_voter,
            said.has_voted,
            said.votes,
        )
