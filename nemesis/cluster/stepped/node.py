"""One server of the stepped cluster: a disk, and a process that runs a replica while it is up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, Literal, TypeVar

from checker.verdict import Failure
from nemesis.cluster.protocol import DiskFile
from nemesis.cluster.sim.disk import PowerLost, SimulatedDisk
from nemesis.cluster.sim.events import EventQueue
from nemesis.cluster.sim.findings import Findings
from nemesis.cluster.sim.leading import tell_state
from nemesis.cluster.sim.recorder import Recorder
from nemesis.schedule import Knobs
from nemesis.subjects.capabilities import Configured
from nemesis.subjects.own import OwnRaft, OwnReplica
from nemesis.subjects.subject import Machine, Standing
from raft.apply_queue import PendingApplication
from raft.replica import Outputs
from raft.storage import StorageCorrupt
from raft.write_queue import PendingWrite

_Result = TypeVar("_Result")
# Takes what a server, by its name, has put out.
Deliver = Callable[[str, Outputs], None]


class _LastMoment(Random):
    """Every time-out is drawn as long as may be: which one ends first, a schedule says. Shorter by
    a trifle in each life of a server, so that what must differ from life to life does
    (raft.consensus.follower_reads)."""

    def __init__(self, life: int) -> None:
        super().__init__(0)
        self._drawn = 1.0 - life / (1 << 20)

    def random(self) -> float:
        return self._drawn


class _Half(Random):
    """Of what a disk draws: half of it."""

    def random(self) -> float:
        return 0.5


class SteppedNode:
    """Handles what it is given, at once or, if it is stalled, as far as it is told to."""

    def __init__(
        self,
        name: str,
        members: tuple[str, ...],
        knobs: Knobs,
        subject: OwnRaft,
        time: EventQueue,
        recorder: Recorder,
        effects: Counter[str],
        report: Callable[[Failure], None],
    ) -> None:
        self.name = name
        self.disk = SimulatedDisk(_Half(0), effects)
        self.replica: OwnReplica | None = None
        # Its disk is corrupt, and it must refuse to start.
        self.is_lost = False
        # The fault that did it.
        self.lost_by = "lost-file"
        self.is_stalled = False
        self._lives = 0
        self._members = members
        self._knobs = knobs
        self._is_asynchronous = knobs.asynchronous_storage
        self._subject = subject
        self._time = time
        self._recorder = recorder
        self._effects = effects
        self._findings = Findings(name, time, report)
        # What was begun and is not done, while it is stalled.
        self._write: PendingWrite | None = None
        self._application: PendingApplication | None = None
        self._start(is_first=True)

    @property
    def standing(self) -> Standing | None:
        """What the replica says of itself now; None while it is down."""
        return None if self.replica is None else self.replica.standing()

    @property
    def configured(self) -> Configured | None:
        """The replica, which knows of configurations."""
        return self.replica

    # -- Life --------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the process on what its disk holds; a corrupt disk keeps it down for good. Whoever
        starts it has made space first."""
        if self.replica is None:
            self.disk.free = None
            self._start(is_first=False)

    def _start(self, *, is_first: bool) -> None:
        self._lives += 1
        machine = Machine(
            self.name,
            self._members,
            self._knobs,
            self.disk,
            _LastMoment(self._lives),
            self._recorder,
            self._time.now,
            is_first,
        )
        try:
            self.replica = self._subject.start(machine)
        except Exception as error:
            reason = self._findings.end_of_start(error, is_lost=self.is_lost)
            if reason is None:
                raise
            if isinstance(error, PowerLost):
                self._effects["fail-power"] += 1
            if not isinstance(error, StorageCorrupt):
                self.disk.crash()
            elif self.is_lost:
                self._effects[self.lost_by] += 1
            self._recorder.stopped(reason)
            return
        if self.is_lost:
            self._findings.started_though_lost(self.lost_by)

    def stop(self, reason: str) -> None:
        """The process is gone; unsynced bytes are lost."""
        if self.replica is not None:
            self.replica = None
            self._write = self._application = None
            self.is_stalled = False
            self.disk.crash()
            self._recorder.stopped(reason)

    def fail_power(self, syncs: int, *, torn: bool) -> None:
        """Power fails at the sync after so many."""
        self.disk.power_fails = "torn-write" if torn else "unsynced-loss"
        self.disk.syncs_with_power = syncs

    def keep_power(self) -> None:
        """Power does not fail, whatever was said before."""
        self.disk.power_fails = None

    def lose_file(self, file: DiskFile) -> None:
        """Stop it, and take the newest file of this kind from its disk, if there is one that must
        be missed."""
        name = self._to_lose(file, whole=True)
        if name is not None:
            self.stop("its disk fails")
            self.disk.lose(name, None, zeroed=False)
            self.is_lost = True

    def flip_bit(self, file: DiskFile) -> None:
        """Stop it, and flip the last bit that is synced of the newest file of this kind, if there
        is one."""
        name = self._to_lose(file, whole=False)
        if name is not None:
            self.stop("its disk fails")
            self.is_lost = self.disk.flip_last_bit(name)
            self.lost_by = "bit-flip"

    def _to_lose(self, file: DiskFile, *, whole: bool) -> str | None:
        """None if the disk is lost already: a bit that is flipped twice is as it was."""
        if self.is_lost:
            return None
        return self.disk.to_lose(file, whole=whole, is_up=self.replica is not None)

    # -- Inputs ------------------------------------------------------------------------------------

    def handle(self, inputs: Sequence[Any], deliver: Deliver) -> None:
        """Hand in inputs; what they lead to goes to ``deliver``, and so does what the work leads to
        that is done at once."""
        self._handle(inputs, deliver)
        if self._is_asynchronous:
            self._work(deliver)

    def _handle(self, inputs: Sequence[Any], deliver: Deliver) -> None:
        replica = self.replica
        if replica is None:
            return
        # As in _attempt, written out: nearly all that a run does is done here.
        try:
            outputs = replica.handle(inputs, self._time.now)
        except Exception as error:
            if not self._ends_with(error):
                raise
            return
        if outputs.messages or outputs.replies:
            deliver(self.name, outputs)

    def take_snapshot(self, deliver: Deliver) -> None:
        """Take a snapshot of what is applied, if there is anything new."""
        replica = self.replica
        if replica is not None and self._attempt(replica.take_snapshot):
            self._effects["snapshot"] += 1
            self.handle((), deliver)

    def stall(self) -> None:
        """What is begun waits to be told, until the process ends."""
        self.is_stalled = self.replica is not None

    def unstall(self, deliver: Deliver) -> None:
        """What waits is done, and what comes is done at once again."""
        self.is_stalled = False
        self._work(deliver)

    def perform(self, work: Literal["write", "application"], deliver: Deliver) -> None:
        """Do what was begun; the next is begun after it."""
        replica = self.replica
        if replica is None:
            return
        done: Any = None
        if work == "write" and self._write is not None:
            done = self._attempt(replica.perform, self._write)
            self._write = None
        elif work == "application" and self._application is not None:
            done = self._attempt(replica.apply, self._application)
            self._application = None
        if done is not None:
            self._handle((done,), deliver)
            self._begin()

    def _work(self, deliver: Deliver) -> None:
        self._begin()
        while not self.is_stalled and (self._write is not None or self._application is not None):
            self.perform("write" if self._write is not None else "application", deliver)

    def _begin(self) -> None:
        replica = self.replica
        if replica is not None:
            self._write = self._write or replica.begin_write()
            self._application = self._application or replica.begin_application()

    # -- What goes wrong ---------------------------------------------------------------------------

    def _attempt(self, do: Callable[..., _Result], *arguments: Any) -> _Result | None:
        """What the replica does; None if that is its end."""
        try:
            return do(*arguments)
        except Exception as error:
            if not self._ends_with(error):
                raise
        return None

    def _ends_with(self, error: Exception) -> bool:
        """Whether the process is gone with this error; if not, the error is our own."""
        reason = self._findings.end_of_run(error)
        if reason is None:
            return False
        if isinstance(error, PowerLost):
            self._effects["fail-power"] += 1
        self.stop(reason)
        return True

    def tell_state(self) -> None:
        """Tell a digest of the state, to be compared with those of others at the same index."""
        tell_state(self.replica, self._recorder)
