"""etcd's Raft core in the simulator: it holds, runs repeat themselves, and errors are convicted."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest

from nemesis.cluster.sim.disk import SimulatedDisk
from nemesis.outcome import Run
from nemesis.run import run
from nemesis.schedule import Knobs
from nemesis.search.generate import Only, generate
from nemesis.subjects.errors import SubjectFailed, SubjectMissing
from nemesis.subjects.etcd_raft import build as building
from nemesis.subjects.etcd_raft.adapter import EtcdRaft, EtcdRaftMeanwhile, library
from nemesis.subjects.etcd_raft.library import Answer, Configuration, Entry, Node
from nemesis.subjects.etcd_raft.operators import Desk, Members
from nemesis.subjects.etcd_raft.persistence import (
    Found,
    Names,
    Persistence,
    Write,
    decode_state,
    encode_state,
)
from nemesis.subjects.etcd_raft.replica import EtcdRaftReplica
from nemesis.subjects.registry import subject_named
from nemesis.subjects.subject import Machine, Subject
from raft.client_messages import ClientRequest, MembershipRequest, TransferRequest
from raft.consensus.changes import AddLearner, AddVoter, Change, Promote, Remove
from raft.consensus.configuration import Configuration as Of
from raft.kv.commands import Command, Put, Result
from raft.observer import Observer
from raft.storage import Storage, StorageCorrupt
from tests.subjects.runs import digests_of, run_seed, skipped_where_missing

SEEDS = range(40)


@pytest.fixture(scope="module", autouse=True)
def _is_built() -> None:
    with skipped_where_missing():
        building.build()


@pytest.fixture
def subject() -> Subject:
    return subject_named("etcd-raft")


# -- It holds ------------------------------------------------------------------------------------


def test_it_bears_all_that_it_claims_to(subject: Subject) -> None:
    effects: Counter[str] = Counter()
    milestones: Counter[str] = Counter()
    for seed in SEEDS:
        made = run_seed(subject, seed)
        assert made.verdict.failures == (), f"seed {seed}"
        effects.update(made.statistics.effects)
        milestones.update(made.statistics.milestones)
    assert {"partition", "duplicate", "reorder", "loss", "crash", "torn-write", "pause"} <= set(
        effects
    )
    assert milestones["snapshots taken"]


def test_it_goes_on_while_its_disk_writes() -> None:
    subject = subject_named(f"etcd-raft-{building.version()}-async")
    for seed in range(20):
        made = run_seed(subject, seed)
        assert made.schedule.knobs.asynchronous_storage
        assert made.verdict.failures == (), f"seed {seed}"


OPERATORS = ("add-server", "remove-server", "rolling-restart", "transfer-leadership")


def test_its_members_come_and_go(subject: Subject) -> None:
    effects: Counter[str] = Counter()
    milestones: Counter[str] = Counter()
    for seed in range(12):
        made = run(generate(seed, only=Only(faults=OPERATORS), tested=subject), subject)
        assert made.verdict.failures == (), f"seed {seed}"
        effects.update(made.statistics.effects)
        milestones.update(made.statistics.milestones)
    assert set(OPERATORS) <= set(effects)
    assert min(milestones["configurations committed"], milestones["snapshots installed"]) > 0
    assert milestones["transfers done"]


def test_nothing_is_left_of_a_run(subject: Subject) -> None:
    before = library().count
    run_seed(subject, 1)
    assert library().count == before


# -- Runs repeat themselves ----------------------------------------------------------------------


def test_a_run_is_the_same_again_and_in_another_process() -> None:
    """Go's maps are iterated in another order each time, whatever the process."""
    assert len(digests_of("etcd-raft", range(8), hash_seeds=("7",))) == 1


# -- Errors are convicted ------------------------------------------------------------------------


class _Forgetful(Storage):
    def state_to_save(self, term: int, voted_for: str | None) -> tuple[int, str | None]:
        return term, None


class _NeverSyncs(Storage):
    def must_sync(self, state_changed: bool) -> bool:
        return False


def with_storage(kind: type[Storage]) -> type[EtcdRaftReplica]:
    class Changed(EtcdRaftReplica):
        def persistence(self, machine: Machine) -> Persistence:
            made = super().persistence(machine)
            made.storage = kind(machine.disk, machine.knobs.segment_bytes)
            return made

    return Changed


class SendsFirst(EtcdRaftReplica):
    """Messages leave, and only the next Ready makes durable what this one should have."""

    _late: Write | None = None

    def persist(self, write: Write) -> None:
        if self._late is not None:
            super().persist(self._late)
        self._late = write


class SendsMeanwhile(EtcdRaftReplica):
    """Not only leaders send while they write."""

    def _wait(self, write: Write) -> None:
        super()._wait(write)
        assert self._waiting is not None
        if not self._waiting.has_sent:
            self._send(write.ready.messages)
            self._waiting = write._replace(has_sent=True)


class AnswersEarly(EtcdRaftReplica):
    """A leader answers a put when it proposes it."""

    def _take(self, request: ClientRequest) -> None:
        super()._take(request)
        command = request.command
        if isinstance(command, Command) and isinstance(command.operation, Put):
            self._service._replies.append(request.answered(Result()))


class ReadsLocally(EtcdRaftReplica):
    """Whoever believes that it leads reads what it has."""

    def _take(self, request: ClientRequest) -> None:
        if request.query is not None and self.standing().role == "leader":
            self._service.confirm_read(self._service.begin_read(request), 0)
        else:
            super()._take(request)


class LosesAnEntry(EtcdRaftReplica):
    """A restart does not find the last entry."""

    def _recover(self, machine: Machine) -> Found:
        found = super()._recover(machine)
        kept = found.entries[:-1]
        last = found.snapshot.last_index + len(kept)
        return found._replace(entries=kept, commit_index=min(found.commit_index, last))


class CommitsTooMuch(EtcdRaftReplica):
    """A restart takes what is not in the log for committed."""

    def _start(self, found: Found) -> Answer:
        return super()._start(found._replace(commit_index=found.commit_index + 50))


def run_planted(replica: type[EtcdRaftReplica], seed: int) -> Run:
    kind = EtcdRaftMeanwhile if replica is SendsMeanwhile else EtcdRaft
    subject = kind("planted", replica)
    only = Only(faults=("crash", "partition", "unsynced-loss"))
    return run(generate(seed, only=only, tested=subject), subject)


@pytest.mark.parametrize(
    ("replica", "seed", "kind"),
    [
        pytest.param(SendsMeanwhile, 0, "committed-on-majority", id="sends-meanwhile"),
        pytest.param(with_storage(_Forgetful), 0, "one-vote-a-term", id="vote-lost"),
        pytest.param(with_storage(_NeverSyncs), 0, "committed-on-majority", id="not-synced"),
        pytest.param(SendsFirst, 0, "committed-on-majority", id="sends-first"),
        pytest.param(AnswersEarly, 1, "linearizability", id="answers-early"),
        pytest.param(ReadsLocally, 31, "linearizability", id="reads-locally"),
        pytest.param(LosesAnEntry, 2, "leader-append-only", id="loses-an-entry"),
        pytest.param(CommitsTooMuch, 0, "unhandled-exception", id="commits-too-much"),
    ],
)
def test_an_error_in_the_adapter_is_convicted(
    replica: type[EtcdRaftReplica], seed: int, kind: str
) -> None:
    made = run_planted(replica, seed)
    assert [each.kind for each in made.verdict.failures[:1]] == [kind]


def test_the_text_of_a_panic_convicts() -> None:
    made = run_planted(CommitsTooMuch, 0)
    assert "raised SubjectFailed: panic: 1 state.commit 51 is out of range [1, 1]" in (
        made.verdict.failures[0].message
    )


# -- Operators -----------------------------------------------------------------------------------


def answer(role: int = 2, leader: int = 1, successor: int = 0) -> Answer:
    nobody = Configuration((), (), (), (), False)
    state = (2, 1, 3, leader, role, 0, 3, 5, False, None, (), (), (), (), nobody, successor, ())
    return Answer(False, False, *state)


def asked(changes: tuple[Change, ...], members: Members, role: int = 2) -> Any:
    """What is proposed, or why nothing."""
    desk = Desk("n1", Names(("n1", "n2", "n3", "n4")), Observer())
    proposal = desk.proposal(MembershipRequest("o", 1, changes), answer(role), members)
    replies = desk.take_replies()
    assert (proposal is None) == bool(replies)
    return proposal if proposal is not None else replies[0].reason


def test_changes_are_proposed_as_the_core_knows_them() -> None:
    members = Members(Of(("n1", "n2", "n3"), learners=("n4",)))
    assert asked((Promote("n4"),), members) == (0, b"\0\4")
    assert asked((Remove("n4"),), members) == (0, b"\1\4")
    assert asked((Promote("n4"), Remove("n2")), members) == (0, b"\0\4\1\2")
    assert asked((AddVoter("n2"),), members) == "already-voter"
    assert asked((Remove("n2"),), members, role=0) == "not-leader"


def test_no_identity_comes_again() -> None:
    members = Members(Of(("n1", "n2", "n3", "n4")))
    members.change(Of(("n1", "n2", "n3")))
    assert asked((AddLearner("n4"),), members) == "member-twice"
    state, former = decode_state(encode_state(b"state", members.former))
    assert state == b"state"
    assert asked((AddVoter("n4"),), Members(Of(("n1", "n2", "n3")), former)) == "member-twice"


def test_of_two_voters_none_is_removed() -> None:
    members = Members(Of(("n1", "n2")))
    assert asked((Remove("n2"),), members) == "no-voters"
    assert asked((AddVoter("n3"),), members) == (0, b"\0\3")


def test_a_transfer_ends_with_the_office_or_without() -> None:
    for role, status in ((0, "ok"), (2, "refused")):
        desk = Desk("n1", Names(("n1", "n2")), Observer())
        request = TransferRequest("o", 1, "n2")
        assert desk.may_transfer(request, answer(), Of(("n1", "n2")))
        desk.wait_for_transfer(request)
        desk.before_log(answer(successor=2))
        desk.after_log(answer(successor=2))
        assert desk.take_replies() == []
        desk.before_log(answer(role))
        assert [each.status for each in desk.take_replies()] == [status]


# -- The shim ------------------------------------------------------------------------------------


ALONE = Configuration((1,), (), (), (), False)


def started(identity: int = 1, voters: tuple[int, ...] = (1,), seed: int = 1) -> Node:
    node = Node(library())
    node.load_snapshot(0, 0, Configuration(voters, (), (), (), False), b"")
    node.start(
        identity=identity,
        seed=seed,
        election_ticks=10,
        heartbeat_ticks=3,
        pre_vote=False,
        check_quorum=False,
        lease_reads=False,
        max_bytes_per_message=1000,
        max_uncommitted_bytes=0,
        max_messages_in_flight=8,
        term=0,
        vote=0,
        commit_index=0,
        last_applied=0,
    )
    return node


def test_a_lone_voter_leads_and_commits() -> None:
    node = started()
    answer = node.tick(19)
    assert (answer.role, answer.last_index, answer.commit_index) == (2, 1, 1)
    assert answer.entries == (Entry(1, 2, 0, b""),)
    node.advance()
    answer = node.propose(0, b"\0x\0")
    assert answer.committed == (Entry(2, 2, 0, b"\0x\0"),)
    node.close()


def test_the_next_ready_waits_until_the_last_is_advanced() -> None:
    node = started()
    assert node.tick(19).has_ready
    answer = node.propose(0, b"x")
    assert (answer.has_ready, answer.entries, answer.last_index) == (False, (), 2)
    assert node.advance().entries == (Entry(2, 2, 0, b"x"),)
    node.close()


def test_an_answer_may_be_longer_than_the_space_for_it() -> None:
    node = started()
    node.tick(19)
    node.advance()
    data = bytes(range(256)) * 1000
    assert node.propose(0, data).entries[0].data == data
    node.close()


def test_a_panic_does_not_end_the_process() -> None:
    node = started()
    node.tick(19)
    node.advance()
    with pytest.raises(SubjectFailed, match="nothing is to be advanced"):
        node.advance()
    with pytest.raises(SubjectFailed, match="panic: proto"):
        node.step(0, b"\x0a")
    other = Node(library())
    other.load_snapshot(0, 0, ALONE, b"")
    with pytest.raises(SubjectFailed, match="older than the existing snapshot"):
        other.load_snapshot(0, 0, ALONE, b"")
    other.close()
    node.close()
    with pytest.raises(SubjectFailed, match="there is no node"):
        node.tick(1)


def test_time_outs_are_drawn_from_the_nodes_own_numbers() -> None:
    due = {seed: started(seed=seed, voters=(1, 2)).tick(0).ticks_until_due for seed in range(1, 30)}
    again = {
        seed: started(seed=seed, voters=(1, 2)).tick(0).ticks_until_due
        for seed in reversed(range(1, 30))
    }
    assert due == again
    assert set(due.values()) == set(range(10, 20))


def test_nothing_comes_of_a_tick_before_it_is_due() -> None:
    """What allows not to wait for each."""
    for seed in range(1, 20):
        one, other = started(seed=seed, voters=(1, 2)), started(seed=seed, voters=(1, 2))
        due = one.tick(0).ticks_until_due
        for passed in range(1, due):
            answer = one.tick(1)
            assert not answer.has_ready
            assert answer.ticks_until_due == due - passed
        assert one.tick(1) == other.tick(due)
        assert other.advance().role == 1


# -- The disk ------------------------------------------------------------------------------------


def test_a_commit_index_that_changed_on_the_disk_is_noticed() -> None:
    disk = SimulatedDisk(Random(1), Counter())
    names = Names(("n1", "n2"))
    Persistence(disk, 1000, names).initialize(("n1", "n2"))
    disk.create("commit", bytes(12))
    with pytest.raises(StorageCorrupt, match="commit: "):
        Persistence(disk, 1000, names).recover()


# -- What it needs -------------------------------------------------------------------------------


def test_its_knobs_are_those_it_can_keep(subject: Subject) -> None:
    drawn = Knobs(
        spares=2,
        reads="lease",
        session_timeout=1,
        asynchronous_storage=True,
        election_timeout_max=9,
        priorities={"n1": 1},
    )
    kept = subject.knobs(drawn)
    assert (kept.spares, kept.reads, kept.session_timeout) == (2, "index", None)
    assert subject.knobs(kept) == kept


def test_what_is_missing_is_said_in_a_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, subject: Subject
) -> None:
    with pytest.raises(SubjectMissing, match=f"here is {subject.name}$"):
        subject_named("etcd-raft-0.1")
    monkeypatch.setenv("SPLITBRAIN_CACHE", str(tmp_path))
    with pytest.raises(
        SubjectMissing, match=r"is not built: python -m nemesis\.subjects\.etcd_raft\.build$"
    ):
        subject_named("etcd-raft")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        SubjectMissing, match=r"needs Go: apt-get install golang-go golang-etcd-server-dev$"
    ):
        building.build()
    monkeypatch.setattr(building, "_ETCD", tmp_path)
    with pytest.raises(SubjectMissing, match="needs etcd's sources: apt-get install"):
        subject_named("etcd-raft")
