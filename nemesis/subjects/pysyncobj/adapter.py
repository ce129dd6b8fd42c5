"""PySyncObj as a subject."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from nemesis.cluster.sim.findings import is_our_own
from nemesis.schedule import Knobs
from nemesis.subjects.messages import Produced
from nemesis.subjects.pysyncobj.files import Files
from nemesis.subjects.pysyncobj.loading import Loaded, load
from nemesis.subjects.pysyncobj.program import (
    configuration,
    connection_retry_time,
    connection_timeout,
    node_class,
    store_class,
    transport_class,
)
from nemesis.subjects.pysyncobj.surroundings import Process
from nemesis.subjects.pysyncobj.transport import Connections
from nemesis.subjects.pysyncobj.watch import ROLES, FromOutside, Watch, journal_class
from nemesis.subjects.service import KeyValueService
from nemesis.subjects.streams import Segment, Streams
from nemesis.subjects.subject import Machine, Outputs, Replica, Standing
from raft.client_messages import ClientRequest
from raft.kv.replicated import Applied

# Before the version, in the names of those of which only outcomes are judged.
OUTCOMES: Final = "outcomes-"
# Likewise: all that is known to be wrong with it is mended.
MENDED: Final = "mended-"
# What it promises to bear: its messages go over TCP, which bears whatever a network does; what its
# journal has written outlives the process. It never syncs, so power and disks are left alone, and
# it reads a clock that nobody sets.
_FAULTS: Final = frozenset(
    {
        *("partition", "grudge", "heal", "loss", "duplicate", "reorder", "delay", "slow-link"),
        *("crash", "crash-all", "restart", "pause", "resume", "clock-drift"),
    }
)
# autoTickPeriod is 0.05 s where raftMinTimeout is 0.4 s.
_TICKS_PER_TIMEOUT: Final = 8
# Heartbeats in the shortest election time-out, likewise; more than 3 are demanded.
_HEARTBEATS_PER_TIMEOUT: Final = 4
# A deadline has passed when the clock reads later, and what it reads is a float.
_LATER: Final = 1_000


class PySyncObj:
    """One version. With ``outcomes_only`` it is looked at from outside: judged is what clients are
    answered, and whether all come to the same state. Where a restart forgets the term, the monitors
    convict that at once, and nobody sees what comes of it."""

    def __init__(
        self, version: str, *, outcomes_only: bool = False, mends: Iterable[str] = ()
    ) -> None:
        self.version = version
        self.mends = tuple(sorted(mends))
        kind = OUTCOMES if outcomes_only else MENDED if self.mends else ""
        self.name = f"pysyncobj-{kind}{version}"
        self.faults = _FAULTS
        self._outcomes_only = outcomes_only

    def knobs(self, drawn: Knobs) -> Knobs:
        """Sizes, time-outs and when to compact it is told; the rest it has not."""
        timeout = drawn.election_timeout_min
        return Knobs(
            replicas=drawn.replicas,
            clients=drawn.clients,
            workload=drawn.workload,
            reads="log",
            pre_vote=False,
            check_quorum=drawn.check_quorum,
            election_timeout_min=timeout,
            election_timeout_max=max(drawn.election_timeout_max, timeout + 1_000_000),
            heartbeat_interval=min(drawn.heartbeat_interval, timeout // _HEARTBEATS_PER_TIMEOUT),
            max_entries_per_append=drawn.max_entries_per_append,
            max_bytes_per_append=drawn.max_bytes_per_append,
            snapshot_threshold_bytes=drawn.snapshot_threshold_bytes,
            snapshot_chunk_bytes=drawn.snapshot_chunk_bytes,
            delay_min=drawn.delay_min,
            delay_max=drawn.delay_max,
            attempt_timeout=drawn.attempt_timeout,
            operation_timeout=drawn.operation_timeout,
        )

    def start(self, machine: Machine) -> Replica:
        return PySyncObjReplica(
            load(self.version, self.mends), machine, outcomes_only=self._outcomes_only
        )


class PySyncObjReplica:
    """One process that runs the program."""

    def __init__(self, loaded: Loaded, machine: Machine, *, outcomes_only: bool) -> None:
        knobs = machine.knobs
        self._name = machine.name
        self._surroundings = loaded.surroundings
        self._process = Process(machine.random, Files(machine.disk), machine.now)
        self._tick_period = knobs.election_timeout_min // _TICKS_PER_TIMEOUT
        # From 0.3.14 on the thread that ticks logs what goes wrong, and goes on; before, it ended.
        self._survives_errors = loaded.version != "0.3.11"
        self._streams = Streams(
            machine.name,
            machine.random,
            # A retransmission of TCP takes 0.2 s at least, an acknowledgement waits for 0.04 s at
            # most, where raftMinTimeout is 0.4 s.
            resend_after=max(knobs.election_timeout_min // 2, 3 * knobs.delay_max),
            acknowledge_after=knobs.election_timeout_min // 10,
            give_up_after=connection_timeout(knobs),
        )
        self._service = KeyValueService(machine.name)
        watch = FromOutside if outcomes_only else Watch
        self._watch: Watch = watch(machine.name, machine.observer, self._service, self._process)
        node = node_class(loaded)
        others = [node(name) for name in machine.members if name != machine.name]
        self._connections = Connections(
            self._streams,
            {other.id: other for other in others},
            retry_after=connection_retry_time(knobs),
            silent_after=connection_timeout(knobs),
        )
        self._surroundings.process = self._process
        loaded.module("syncobj").createJournal = self._open_journal
        self._journal_class = journal_class(loaded)
        self._store = store_class(loaded)(
            self._service,
            self._watch,
            selfNode=node(machine.name),
            otherNodes=others,
            conf=configuration(loaded, knobs),
            nodeClass=node,
            transport=transport_class(loaded)(self._connections, self._watch, self._surroundings),
        )
        self._attributes = vars(self._store)
        self._tick()
        self._watch.watch(self._store)
        self._deadline = self._next_tick()

    def _open_journal(self, name: str) -> Any:
        journal = self._journal_class(name)
        self._watch.opened(journal)
        return journal

    # -- nemesis.subjects.subject.Replica ----------------------------------------------------------

    @property
    def deadline(self) -> int:
        return self._deadline

    def handle(self, inputs: Sequence[Any], now: int) -> Outputs:
        self._surroundings.process = self._process
        # What it did last may have taken until now.
        self._process.now = now = max(now, self._process.now)
        is_due = now >= self._deadline
        for each in inputs:
            if type(each) is not Segment:
                self._ask(each)
                is_due = True
            elif self._attempt(self._connections.receive, each, now):
                self._watch.look()
                is_due = True
        if is_due:
            self._tick()
            self._watch.look()
        self._deadline = self._next_tick()
        return Produced(self._streams.take(), self._service.take_replies())

    def standing(self) -> Standing:
        attributes = self._attributes
        role = ROLES[attributes["_SyncObj__raftState"]]
        vote = attributes["_SyncObj__votedForNodeId"]
        log = attributes["_SyncObj__raftLog"]
        # Empty where it has forgotten more than it has: then it does nothing any more.
        _, last_index, last_term = log[-1] if len(log) else (b"", 0, 0)
        return Standing(
            role,
            attributes["_SyncObj__raftCurrentTerm"],
            last_term,
            last_index,
            attributes["_SyncObj__raftCommitIndex"],
            attributes["_SyncObj__raftLastApplied"],
            vote not in (None, self._name),
            attributes["_SyncObj__votesCount"] if role == "candidate" else 0,
        )

    def state(self) -> bytes | None:
        return self._service.snapshot()

    def close(self) -> None:
        """Nothing holds anything but memory."""

    # -- The program -------------------------------------------------------------------------------

    def _attempt(self, do: Any, *arguments: Any) -> Any:
        """What the thread that ticks would call, and what it would make of an error."""
        try:
            return do(*arguments)
        except Exception as error:
            if not self._survives_errors or is_our_own(error):
                raise
        return True

    def _tick(self) -> None:
        self._attempt(self._store.doTick, 0.0)
        self._connections.tick(self._process.now)

    def _ask(self, request: ClientRequest) -> None:
        """A user calls the replicated method; PySyncObj sends the command on to the leader."""
        command = self._service.command_of(request)

        def answer(applied: Applied | None, reason: int) -> None:
            if reason == _SUCCESS:
                assert applied is not None, "the method returns what it did"
                self._service.answer(request, applied)
            elif reason in _NOTHING_DONE:
                self._service.refuse(request, None)
            else:
                self._service.lose(request, None)

        self._store.perform(command, callback=answer)

    # -- Time --------------------------------------------------------------------------------------

    def _next_tick(self) -> int:
        """The program ticks every autoTickPeriod; here only when a tick does something."""
        now = self._process.now
        attributes = self._attributes
        due = self._connections.deadline
        if attributes["_SyncObj__raftState"] == _LEADER:
            due = min(due, _nanoseconds(attributes["_SyncObj__newAppendEntriesTime"]))
        elif attributes["_SyncObj__connectedNodes"] or not attributes["_SyncObj__otherNodes"]:
            due = min(due, _nanoseconds(attributes["_SyncObj__raftElectionDeadline"]))
        next_tick = now + self._tick_period
        if due <= now:
            # It is not ready for what is due.
            return next_tick
        return min(due, next_tick) if self._is_dumping else due

    @property
    def _is_dumping(self) -> bool:
        """Whether a dump was written that the next tick takes notice of."""
        return bool(vars(self._attributes["_SyncObj__serializer"])["_Serializer__pid"])


def _nanoseconds(seconds: float) -> int:
    return int(seconds * 1e9) + _LATER


_LEADER: Final = 2
# Of FAIL_REASON: the command is applied; it was not proposed anywhere.
_SUCCESS: Final = 0
_NOTHING_DONE: Final = frozenset({1, 2, 6})
