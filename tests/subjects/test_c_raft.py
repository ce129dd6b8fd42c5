"""C-Raft in the simulator: known errors are convicted and nothing else, runs repeat themselves."""

from __future__ import annotations

import gc
import struct
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest

from nemesis.cluster.sim.disk import SimulatedDisk
from nemesis.run import Execution, run
from nemesis.schedule import Knobs
from nemesis.search.generate import Only, Size, generate
from nemesis.subjects.c_raft import build as building
from nemesis.subjects.c_raft import effects as libraft
from nemesis.subjects.c_raft.adapter import CRaft
from nemesis.subjects.c_raft.core import Core, count_of_servers
from nemesis.subjects.c_raft.disk import CoreDisk, Found
from nemesis.subjects.c_raft.effects import CoreEntry, CoreSnapshot, look_into
from nemesis.subjects.c_raft.replica import CRaftReplica, Write
from nemesis.subjects.c_raft.requests import Requests
from nemesis.subjects.errors import SubjectFailed, SubjectMissing
from nemesis.subjects.messages import Envelope
from nemesis.subjects.registry import subject_named
from nemesis.subjects.service import KeyValueService
from nemesis.subjects.subject import Machine, Subject
from raft.client_messages import ClientRequest, TransferRequest
from raft.observer import Observer
from raft.storage import Storage
from tests.subjects.runs import digests_of, run_seed, skipped_where_missing

SEEDS = range(30)
# What version 0.15 is known for (docs/foreign-rafts.md).
KNOWN = {"own-term-commit", "committed-on-majority"}


@pytest.fixture(scope="module", autouse=True)
def _is_there() -> None:
    with skipped_where_missing():
        building.build()


@pytest.fixture
def subject() -> Subject:
    return subject_named("c-raft")


# -- What it bears -------------------------------------------------------------------------------


def test_it_is_convicted_of_what_is_known_and_of_nothing_else(subject: Subject) -> None:
    kinds: Counter[str] = Counter()
    effects: Counter[str] = Counter()
    milestones: Counter[str] = Counter()
    for seed in SEEDS:
        made = run_seed(subject, seed)
        kinds.update(failure.kind for failure in made.verdict.failures[:1])
        effects.update(made.statistics.effects)
        milestones.update(made.statistics.milestones)
    assert set(kinds) <= KNOWN
    assert 0 < kinds["own-term-commit"] < len(SEEDS)
    assert {"partition", "crash", "unsynced-loss", "torn-write", "pause"} <= set(effects)
    assert milestones["snapshots taken"]


def test_nothing_is_left_of_a_run(subject: Subject) -> None:
    gc.collect()
    before = count_of_servers()
    run_seed(subject, 1)
    assert count_of_servers() == before


# -- Runs repeat themselves ----------------------------------------------------------------------


def test_a_run_is_the_same_again_and_in_another_process() -> None:
    assert len(digests_of("c-raft", range(8), hash_seeds=("7",))) == 1


# -- Errors are convicted ------------------------------------------------------------------------


class _Forgetful(Storage):
    def state_to_save(self, term: int, voted_for: str | None) -> tuple[int, str | None]:
        return term, None


class _NeverSyncs(Storage):
    def must_sync(self, state_changed: bool) -> bool:
        return False


def with_storage(kind: type[Storage]) -> type[CRaftReplica]:
    class Changed(CRaftReplica):
        def disk_of(self, machine: Machine) -> CoreDisk:
            disk = CoreDisk(machine)
            disk.storage = kind(machine.disk, machine.knobs.segment_bytes)
            return disk

    return Changed


class AcknowledgesFirst(CRaftReplica):
    """libraft hears that entries are durable, and they are written with the next ones."""

    _late: tuple[Write, ...] = ()

    def _write(self, writes: list[Write]) -> None:
        late, self._late = self._late, tuple(writes)
        super()._write(list(late))


class ReadsLocally(CRaftReplica):
    """Whoever believes that it leads reads what it has, without a barrier."""

    def handle(self, inputs: Any, now: int) -> Any:
        others = []
        for each in inputs:
            is_query = type(each) is ClientRequest and each.query is not None
            if is_query and self.standing().role == "leader":
                self._service.confirm_read(self._service.begin_read(each), 0)
            else:
                others.append(each)
        return super().handle(others, now)


class _LosesAnEntry(CoreDisk):
    def start(self, machine: Machine, first_configuration: bytes) -> Found:
        found = super().start(machine, first_configuration)
        is_short = len(found.entries) < 2
        return found if is_short else found._replace(entries=found.entries[:-1])


class LosesAnEntry(CRaftReplica):
    """A restart does not find the last entry."""

    def disk_of(self, machine: Machine) -> CoreDisk:
        return _LosesAnEntry(machine)


class ProposesInTransfer(CRaftReplica):
    """It hands over, and takes commands until the next tick: only then libraft is told."""

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine)
        self._observer = machine.observer
        self._begun: list[TransferRequest] = []

    def handle(self, inputs: Any, now: int) -> Any:
        begun = [each for each in inputs if type(each) is TransferRequest]
        if self.standing().role == "leader":
            for each in begun:
                self._observer.transfer_started(each.successor)
        inputs = [each for each in inputs if type(each) is not TransferRequest]
        if now >= self.deadline:
            inputs += self._begun
            self._begun = []
        self._begun += begun
        return super().handle(inputs, now)


class MixesUp(CRaftReplica):
    """The state machine is handed each command twice."""

    def _apply(self, about: tuple[int, int, bytes]) -> None:
        super()._apply(about)
        super()._apply(about)


@pytest.mark.parametrize(
    ("replica", "seed", "kind"),
    [
        pytest.param(with_storage(_Forgetful), 1, "one-vote-a-term", id="vote-lost"),
        pytest.param(with_storage(_NeverSyncs), 1, "committed-on-majority", id="not-synced"),
        pytest.param(AcknowledgesFirst, 1, "committed-on-majority", id="acknowledges-first"),
        pytest.param(LosesAnEntry, 1, "committed-on-majority", id="loses-an-entry"),
        pytest.param(MixesUp, 1, "applied-within-commit", id="applies-twice"),
    ],
)
def test_an_error_in_the_adapter_is_convicted(
    replica: type[CRaftReplica], seed: int, kind: str
) -> None:
    assert run_seed(CRaft("healthy"), seed).verdict.failures == ()
    made = run_seed(CRaft("planted", replica), seed)
    assert [each.kind for each in made.verdict.failures[:1]] == [kind]


def test_reads_without_a_barrier_are_stale() -> None:
    only = Only(replicas=3, workload="register", faults=("partition",))
    subject = CRaft("planted", ReadsLocally)
    made = run(generate(65, Size(operations=60, attacks=4), only, subject), subject)
    assert [each.kind for each in made.verdict.failures[:1]] == ["linearizability"]


def test_commands_that_are_taken_in_a_transfer_are_convicted() -> None:
    def kinds_to_the_end(subject: Subject) -> set[str]:
        execution = Execution(schedule.knobs, schedule.seed, subject)
        for step in schedule.steps:
            execution.perform(step)
        assert execution.cluster.trace.milestones["transfers done"] > 1
        return {failure.kind for failure in execution.failures}

    only = Only(replicas=3, workload="register", faults=("transfer-leadership",))
    schedule = generate(0, Size(operations=60, attacks=8), only, CRaft("healthy"))
    # libraft takes none, though its leaders commit entries of older terms, here as always.
    assert kinds_to_the_end(CRaft("healthy")) == {"own-term-commit"}
    planted = kinds_to_the_end(CRaft("planted", ProposesInTransfer))
    assert planted == {"own-term-commit", "no-proposals-in-transfer"}


def test_a_transfer_that_is_refused_has_not_begun() -> None:
    told: list[str] = []

    class Listening(Observer):
        def transfer_started(self, target: str) -> None:
            told.append(target)

    core = started(1, (1, 2))
    requests = Requests(core, KeyValueService("n1"), Listening())
    request = TransferRequest("operator", 1, "n2")
    for kind, about in requests.transfer(request, 0):
        assert kind == libraft.ANSWER
        requests.answered(about)
    (reply,) = requests.take_replies()
    assert (reply.status, told) == ("not-leader", [])
    core.close()


def test_what_ends_a_process_of_its_own_ends_a_server_here() -> None:
    for how, text in ((0, "Segmentation fault"), (1, "Aborted")):
        core = started()
        with pytest.raises(SubjectFailed, match=f"^libraft ended by a signal: {text}$"):
            core.fail(how)
        core.close()
    core = started()
    with pytest.raises(SubjectFailed, match=r"^libraft was handed bytes that are no message$"):
        core.receive(0, b"\1\0")
    with pytest.raises(SubjectFailed, match=r"^libraft broke the contract of raft\.h: nothing of"):
        core.appended(0)
    assert core.tick(50) is not None
    core.close()


def lone_machine() -> Machine:
    """Of a server that nobody else runs beside."""
    return Machine(
        "n1",
        ("n1", "n2"),
        CRaft("c-raft").knobs(Knobs()),
        SimulatedDisk(Random(1), Counter()),
        Random(2),
        Observer(),
        0,
        True,
        False,
    )


def test_what_is_sent_to_no_server_convicts() -> None:
    """The library answers whom it takes for its leader, and that may be anything."""
    replica = CRaftReplica(lone_machine())
    for target, who in ((0, "server 0, at the address NULL"), (6, "server whose id is garbage")):
        with pytest.raises(SubjectFailed, match=who):
            replica._send((target, b""))
    replica.close()


def test_a_server_that_shuts_itself_down_convicts() -> None:
    """An AppendEntries that contradicts what is committed: "should never happen"."""
    replica = CRaftReplica(lone_machine())
    message = struct.pack("<QIQQQQI", 2, libraft.APPEND_ENTRIES, 2, 1, 7, 1, 0)
    with pytest.raises(SubjectFailed, match=r"^libraft shut itself down: "):
        replica.handle([Envelope("n2", "n1", message)], 1)
    replica.close()


# -- The shim ------------------------------------------------------------------------------------


def core_of(number: int, seed: int = 1, threshold: int = 1 << 30) -> Core:
    return Core(
        number,
        seed,
        election_timeout=100,
        heartbeat_timeout=50,
        pre_vote=True,
        snapshot_threshold=threshold,
        snapshot_trailing=1,
    )


def started(number: int = 1, voters: tuple[int, ...] = (1,), seed: int = 1) -> Core:
    core = core_of(number, seed)
    first = CoreEntry(1, libraft.CHANGE, core.first_configuration(list(voters)))
    core.start(0, 1, 0, 1, [first], None)
    return core


def test_a_lone_voter_leads_and_commits() -> None:
    core = started()
    # It elects itself, without a new term.
    assert (core.standing.state, core.standing.term) == (libraft.LEADER, 1)
    assert core.servers() == ((1, libraft.VOTER),)
    assert core.apply(0, 7, b"x") == [(libraft.APPEND, (2, [CoreEntry(1, libraft.COMMAND, b"x")]))]
    assert core.standing.commit_index == 1
    assert core.appended(1) == [(libraft.APPLY, (2, 1, b"x")), (libraft.ANSWER, (7, 0))]
    assert core.standing.commit_index == core.standing.last_applied == 2
    core.close()


def test_who_does_not_lead_refuses_at_once() -> None:
    core = started(1, (1, 2))
    assert core.apply(0, 7, b"x") == [(libraft.ANSWER, (7, -libraft.NOT_LEADER))]
    assert core.barrier(0, 8) == [(libraft.ANSWER, (8, -libraft.NOT_LEADER))]
    assert core.transfer(0, 9, 2) == [(libraft.ANSWER, (9, -libraft.NOT_LEADER))]
    core.close()


def test_a_vote_is_asked_for_once_it_would_be_given() -> None:
    one, two = started(1, (1, 2)), started(2, (1, 2))
    ((kind, (target, message)),) = one.tick(200)
    assert (kind, target) == (libraft.SEND, 2)
    assert one.standing.is_pre_candidate
    assert not look_into(message).exposes_term
    ((_, (_, answer)),) = two.receive(200, message)
    effects = one.receive(201, answer)
    assert [kind for kind, _ in effects] == [libraft.TERM, libraft.VOTE, libraft.SEND]
    assert look_into(effects[2][1][1]).is_candidacy
    effects = two.receive(202, effects[2][1][1])
    assert [kind for kind, _ in effects] == [libraft.TERM, libraft.VOTE, libraft.SEND]
    assert look_into(effects[2][1][1]).is_grant
    one.receive(203, effects[2][1][1])
    assert (one.standing.state, one.standing.term) == (libraft.LEADER, 2)
    one.close()
    two.close()


def test_time_outs_come_from_the_seed() -> None:
    def is_due(seed: int) -> int:
        core = started(1, (1, 2), seed)
        due = next(time for time in range(100, 201) if core.tick(time))
        core.close()
        return due

    assert [is_due(seed) for seed in range(9)] == [is_due(seed) for seed in range(9)]
    assert len({is_due(seed) for seed in range(30)}) > 10


def test_a_snapshot_is_taken_and_sent() -> None:
    core = core_of(1, threshold=2)
    first = CoreEntry(1, libraft.CHANGE, core.first_configuration([1]))
    core.start(0, 1, 0, 1, [first], None)
    core.apply(0, 1, b"x")
    effects = core.appended(0)
    assert [kind for kind, _ in effects] == [libraft.APPLY, libraft.ANSWER, libraft.SNAPSHOT_PUT]
    taken: CoreSnapshot = effects[-1][1]
    assert (taken.last_index, taken.last_term, taken.trailing) == (2, 1, 1)
    assert CoreSnapshot.decode(taken.encode()) == taken._replace(trailing=0)
    assert core.snapshot_stored(0) == []
    assert core.standing.offset == 1
    core.close()


# -- What it needs -------------------------------------------------------------------------------


def test_its_knobs_are_those_it_can_keep(subject: Subject) -> None:
    drawn = Knobs(
        spares=2,
        reads="lease",
        session_timeout=1,
        check_quorum=True,
        election_timeout_min=150_500_000,
        priorities={"n1": 1},
    )
    kept = subject.knobs(drawn)
    assert (kept.spares, kept.reads, kept.session_timeout) == (0, "index", None)
    assert (kept.election_timeout_min, kept.election_timeout_max) == (150_000_000, 300_000_000)
    assert subject.knobs(kept) == kept


def test_what_is_missing_is_said_in_a_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, subject: Subject
) -> None:
    with pytest.raises(SubjectMissing, match=f"but {subject.name}$"):
        subject_named("c-raft-0.1")
    monkeypatch.setattr(building, "_HEADER", "raft-of-nobody.h")
    with pytest.raises(SubjectMissing, match=r"apt-get install libraft-dev gcc \(raft-of-nobody"):
        building.build()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SubjectMissing, match=r"libraft-dev gcc \(cc is not in PATH\)$"):
        subject_named("c-raft")
