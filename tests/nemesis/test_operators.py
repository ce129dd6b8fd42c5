"""Steps of operators: each confirmed by what came of it, refused aloud, and lived through."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from checker.history import Event
from checker.trace import Started, Stopped
from checker.verdict import Validity
from nemesis.cluster.protocol import Membership
from nemesis.cluster.sim import SimulatedCluster
from nemesis.errors import ScheduleError, UnsupportedFault
from nemesis.faults import (
    AddServer,
    BitFlip,
    ChangeServers,
    Crash,
    CrashAll,
    DemoteServer,
    Fault,
    Heal,
    LeaveJoint,
    Partition,
    PromoteServer,
    Reconfigure,
    RemoveServer,
    ReplaceAll,
    ReplaceServer,
    RollingRestart,
    TransferLeader,
)
from nemesis.faults.targets import resolve
from nemesis.run import Execution, Run, run
from nemesis.schedule import (
    Knobs,
    Operate,
    Schedule,
    Step,
    decode_schedule,
    encode_schedule,
    validate,
)
from nemesis.search.generate import OPERATORS, Only, generate
from nemesis.search.shrink import shrink
from raft.consensus import Consensus
from raft.replica import Variant

MS = 1_000_000
PUT = Operate(f="put", key="x", value="1", wait=30 * MS)
GET = Operate(f="get", key="x", wait=30 * MS)


def cluster(knobs: Knobs) -> SimulatedCluster:
    """A cluster that has a leader."""
    made = SimulatedCluster(knobs, seed=1)
    while not made.trace.elections:
        made.advance(10 * MS)
    made.advance(100 * MS)
    return made


def after(step: Fault, knobs: Knobs) -> tuple[SimulatedCluster, Membership]:
    """The cluster, a second after the step, and its configuration."""
    target = cluster(knobs)
    assert step.inject(target).refused is None
    target.advance(1_000 * MS)
    assert target.monitors.failures == []
    return target, target.membership()


def told(events: list[Event], kind: str) -> Iterator[tuple[object, str | None]]:
    """What the history tells of the steps of a kind."""
    return ((event.value, event.error) for event in events if event.f == kind)


@pytest.mark.parametrize("as_voter", [False, True])
def test_a_spare_is_added(as_voter: bool) -> None:
    target, membership = after(AddServer(as_voter=as_voter), Knobs(spares=2))
    assert membership == Membership(("n1", "n2", "n3", "n4"))
    assert target.effects["add-server"] == 1
    assert list(told(target.history.events, "add-server"))[-1] == ("done", None)
    statuses = {status.name: status for status in target.status()}
    assert [name for name, status in statuses.items() if not status.is_member] == ["n5"]


def test_a_member_is_removed_and_comes_back_as_itself() -> None:
    target, membership = after(RemoveServer(target="n2"), Knobs())
    assert membership == Membership(("n1", "n3"))
    AddServer().inject(target)
    target.advance(1_000 * MS)
    assert set(target.membership().voters) == {"n1", "n2", "n3"}


def test_the_leader_is_removed_and_another_one_leads() -> None:
    target = cluster(Knobs())
    (leader,) = resolve(target, "leader", 0)
    RemoveServer(target="leader").inject(target)
    target.advance(1_000 * MS)
    assert leader not in target.membership().voters
    assert resolve(target, "leader", 0) not in ([], [leader])


@pytest.mark.parametrize("learner_first", [False, True])
def test_a_server_is_replaced_by_one_change(learner_first: bool) -> None:
    step = ReplaceServer(target="n3", learner_first=learner_first)
    target, membership = after(step, Knobs(spares=1))
    assert set(membership.voters) == {"n1", "n2", "n4"}
    assert membership.outgoing == ()
    # The learner's, the joint one, and the one that leaves it.
    assert len(target.trace.configurations) == (3 if learner_first else 2)


def test_every_server_is_replaced() -> None:
    _, membership = after(ReplaceAll(), Knobs(spares=3))
    assert set(membership.voters) == {"n4", "n5", "n6"}


def test_where_spares_are_few_removed_servers_come_back() -> None:
    _, membership = after(ReplaceAll(), Knobs(spares=1))
    assert len(membership.voters) == 3
    assert "n4" in membership.voters


def test_an_explicit_joint_configuration_stays_until_it_is_left() -> None:
    step = Reconfigure(voters=(0, 1, 3), learners=(2,), transition="explicit")
    target, membership = after(step, Knobs(spares=1))
    assert membership == Membership(("n1", "n2", "n4"), ("n1", "n2", "n3"), ())
    assert LeaveJoint().inject(target).refused is None
    target.advance(1_000 * MS)
    assert target.membership() == Membership(("n1", "n2", "n4"), (), ("n3",))
    assert "not a joint one" in str(LeaveJoint().inject(target).refused)


def test_several_changes_are_made_together() -> None:
    step = ChangeServers(changes=(("add-voter", 3), ("add-learner", 4), ("remove", 2)))
    _, membership = after(step, Knobs(spares=2))
    assert membership == Membership(("n1", "n2", "n4"), (), ("n5",))


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        (ChangeServers(changes=(("remove", 1), ("promote", 1))), "member-twice"),
        (ChangeServers(changes=(("remove", 1), ("only", 2))), "target-not-alone"),
        (ChangeServers(changes=(("promote", 3),)), "unknown-member"),
        (ChangeServers(changes=(("promote", 0),)), "not-a-learner"),
        (Reconfigure(voters=()), "no-voters"),
        (Reconfigure(voters=(0, 1, 1)), "member-twice"),
        (Reconfigure(voters=(0, 1), learners=(1,)), "learner-is-voter"),
    ],
)
def test_nonsense_is_asked_for_as_it_stands_and_refused(step: Fault, reason: str) -> None:
    target, membership = after(step, Knobs(spares=1))
    assert membership == Membership(("n1", "n2", "n3"))
    assert list(told(target.history.events, step.kind))[-1] == ("failed", reason)
    assert target.effects[step.kind] == 0


def test_a_voter_is_demoted_and_promoted() -> None:
    target, membership = after(DemoteServer(target="n2"), Knobs())
    assert membership == Membership(("n1", "n3"), (), ("n2",))
    assert PromoteServer().inject(target).refused is None
    target.advance(1_000 * MS)
    assert set(target.membership().voters) == {"n1", "n2", "n3"}
    assert "learner" in str(PromoteServer().inject(target).refused)


def test_the_leadership_is_handed_over() -> None:
    target = cluster(Knobs())
    (leader,) = resolve(target, "leader", 0)
    (successor,) = resolve(target, "follower", 0)
    TransferLeader(target=successor).inject(target)
    target.advance(100 * MS)
    assert resolve(target, "leader", 0) == [successor] != [leader]
    assert target.effects["transfer-leadership"] == 1
    assert target.trace.milestones["transfers done"] == 1


def test_every_member_is_restarted_once_and_in_turn() -> None:
    target, _ = after(RollingRestart(), Knobs(spares=1))
    stopped = [event for event in target.trace.events if type(event).__name__ == "Stopped"]
    assert [event.node for event in stopped] == ["n1", "n2", "n3"]
    times = [event.time for event in stopped]
    assert times == sorted(times)
    assert times[1] - times[0] == 120 * MS
    assert target.effects["rolling-restart"] == 1
    assert all(status.is_up for status in target.status())


def test_a_member_that_does_not_start_again_ends_a_rolling_restart() -> None:
    target = cluster(Knobs())
    assert BitFlip(target="n2").inject(target).refused is None
    RollingRestart().inject(target)
    target.advance(1_000 * MS)
    assert list(told(target.history.events, "rolling-restart")) == [("failed", "n2 does not start")]
    assert target.effects["rolling-restart"] == 0
    restarted = [each.node for each in target.trace.events if isinstance(each, Stopped)]
    assert "n1" in restarted
    assert "n3" not in restarted


def test_operations_and_faults_go_on_beside_a_procedure() -> None:
    steps = (PUT, RollingRestart(), PUT, Crash(target="leader"), GET, PUT, GET)
    result = run(Schedule(seed=1, steps=steps))
    events = list(told(result.history, "rolling-restart"))
    assert result.verdict.validity is Validity.VALID
    assert len(events) == 2
    places = [at for at, event in enumerate(result.history) if event.f == "rolling-restart"]
    assert places[1] - places[0] > 4


# -- Refusals --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [AddServer, ReplaceServer, ReplaceAll])
def test_without_a_spare_a_newcomer_is_refused(kind: type[Fault]) -> None:
    result = run(Schedule(seed=1, steps=(PUT, GET, kind())))
    assert result.statistics.injected == {}
    assert result.verdict.validity is Validity.UNKNOWN


def test_a_run_whose_only_attack_was_a_refused_change_is_unknown() -> None:
    # What is asked for is what there is.
    same = Reconfigure(voters=(0, 1, 2), wait=300 * MS)
    result = run(Schedule(seed=1, steps=(PUT, GET, same)))
    assert result.verdict.validity is Validity.UNKNOWN
    assert list(told(result.history, "reconfigure"))[-1] == ("failed", "nothing-changes")
    assert "nothing was attacked" in str(result.verdict.reasons)


def test_of_two_changes_at_once_one_is_refused() -> None:
    steps = (PUT, GET, DemoteServer(), DemoteServer(pick=1), PUT, PUT, PUT)
    result = run(Schedule(seed=1, knobs=Knobs(replicas=5), steps=steps))
    outcomes = [error for value, error in told(result.history, "demote-server") if value != ["n2"]]
    assert "change-in-progress" in outcomes
    assert result.statistics.milestones["configurations committed"] == 1
    assert result.verdict.validity is Validity.VALID


def test_without_a_leader_an_operator_gives_up() -> None:
    target = cluster(Knobs())
    for name in ("n1", "n2", "n3"):
        target.crash(name)
    DemoteServer(target="n2").inject(target)
    target.advance(5_000 * MS)
    assert list(told(target.history.events, "demote-server"))[-1] == ("failed", "no-leader")
    assert target.effects["demote-server"] == 0


def test_a_leader_without_a_majority_leaves_the_operator_without_an_answer() -> None:
    target = cluster(Knobs(check_quorum=False, replicas=3))
    (leader,) = resolve(target, "leader", 0)
    others = [name for name in target.nodes if name != leader]
    for name in others:
        target.crash(name)
    RemoveServer(target=others[0]).inject(target)
    target.advance(5_000 * MS)
    assert list(told(target.history.events, "remove-server"))[-1] == ("failed", "no-answer")


def test_procedures_are_interrupted_when_all_faults_end() -> None:
    target = cluster(Knobs())
    RollingRestart(between=1_000 * MS).inject(target)
    target.advance(100 * MS)
    target.end_faults()
    target.advance(3_000 * MS)
    assert list(told(target.history.events, "rolling-restart"))[-1] == ("failed", "interrupted")
    assert target.effects["crash"] == 1


def test_a_step_that_is_under_way_when_the_run_ends_is_told_of() -> None:
    steps = (PUT, GET, RemoveServer(target="follower"), Crash(target="leader", wait=400 * MS))
    result = run(Schedule(seed=1, steps=steps))
    assert result.verdict.validity is Validity.VALID
    assert list(told(result.history, "remove-server"))[-1] == ("failed", "interrupted")


def test_a_cluster_that_cannot_is_not_asked() -> None:
    execution = Execution(Knobs(), 1)
    execution.cluster.capabilities -= {"transfer-leadership"}
    with pytest.raises(UnsupportedFault, match="transfer-leadership"):
        execution.perform(TransferLeader())


# -- Whom other faults hit -------------------------------------------------------------------------


def test_roles_are_played_by_members() -> None:
    target = cluster(Knobs(spares=2))
    for pick in range(5):
        assert resolve(target, "follower", pick)[0] in ("n1", "n2", "n3")
        assert resolve(target, "least-up-to-date", pick)[0] in ("n1", "n2", "n3")
        assert set(resolve(target, "majority", pick)) < {"n1", "n2", "n3"}
    assert {resolve(target, "any", pick)[0] for pick in range(5)} == set(target.nodes)
    assert resolve(target, "all", 0) == list(target.nodes)


def test_who_is_isolated_does_not_reach_the_spares_either() -> None:
    target = cluster(Knobs(spares=1))
    Partition(shape="isolate", target="n1").inject(target)
    cut = target.network._cut
    assert {("n1", "n4"), ("n4", "n1"), ("n1", "n2"), ("n3", "n1")} <= cut
    Heal().inject(target)
    Partition(shape="majority-minority", target="n1").inject(target)
    assert not any("n4" in link for link in target.network._cut)


def test_the_budget_of_lost_disks_is_that_of_the_present_voters() -> None:
    target, _ = after(Reconfigure(voters=(0, 1)), Knobs(replicas=5))
    assert "budget" in str(BitFlip(target="n1").inject(target).refused)


# -- Liveness --------------------------------------------------------------------------------------


class NeverLeavesJoint(Consensus):
    """Does not leave a joint configuration by itself, though it should."""

    def must_leave_joint(self) -> bool:
        return False


def test_a_joint_configuration_that_is_not_left_is_convicted_by_liveness() -> None:
    steps = (PUT, GET, ReplaceServer(wait=300 * MS), PUT)
    result = run(
        Schedule(seed=1, knobs=Knobs(spares=1), steps=steps),
        Variant("x", consensus=NeverLeavesJoint),
    )
    assert result.verdict.kinds == {"liveness"}
    assert "still under way" in result.verdict.failures[0].message


def test_a_majority_of_lost_servers_that_were_replaced_is_not_missed() -> None:
    flips = tuple(BitFlip(target=name, beyond_budget=True) for name in ("n1", "n2"))
    steps = (PUT, GET, ReplaceAll(wait=2_000 * MS), *flips, PUT, GET)
    result = run(Schedule(seed=1, knobs=Knobs(spares=3), steps=steps))
    assert result.verdict.validity is Validity.VALID
    assert result.statistics.succeeded["put"] >= 3


def test_a_change_to_the_lost_that_is_under_way_at_the_end_convicts_nobody() -> None:
    """A minority is lost when all faults end, and half of the voters that were asked for before."""
    steps = (PUT, GET, BitFlip(target="n1"), Reconfigure(voters=(0, 1)))
    result = run(Schedule(steps=steps))
    assert result.verdict.failures == ()


def test_a_quorum_that_is_lost_in_every_configuration_is_missed() -> None:
    flips = tuple(BitFlip(target=name, beyond_budget=True) for name in ("n4", "n5"))
    steps = (PUT, GET, ReplaceAll(wait=2_000 * MS), *flips, PUT)
    result = run(Schedule(seed=1, knobs=Knobs(spares=3), steps=steps))
    assert result.verdict.validity is Validity.VALID
    assert result.statistics.succeeded == {"put": 1, "get": 1}


def diverging() -> Variant:
    """A state machine that differs from server to server, in what no answer tells."""
    from raft.kv.state_machine import KeyValueStore

    made = []

    class Diverging(KeyValueStore):
        def snapshot(self) -> bytes:
            made.append(self)
            return super().snapshot() + bytes([len(made)])

    return Variant("diverging", state_machine=Diverging)


def test_states_that_differ_at_the_end_are_convicted() -> None:
    result = run(Schedule(seed=1, steps=(PUT, GET, Crash(target="follower"))), diverging())
    assert result.verdict.kinds == {"same-state"}


class Lagging(Consensus):
    """A follower that believes nothing to be committed once there was a lot."""

    def learn_commit_index(self, leader_commit: int, last_new_index: int) -> None:
        if leader_commit < 4:
            super().learn_commit_index(leader_commit, last_new_index)


def test_members_that_do_not_catch_up_are_convicted_by_liveness() -> None:
    steps = (PUT, GET, PUT, PUT, Crash(target="follower"))
    result = run(Schedule(seed=1, steps=steps), Variant("x", consensus=Lagging))
    assert result.verdict.kinds == {"liveness"}
    assert "had not applied" in result.verdict.failures[0].message


def test_without_check_quorum_removed_servers_are_shut_down_at_the_end() -> None:
    """Found by a campaign: n1 does not know that its removal is committed, and campaigns for ever;
    without check-quorum every campaign of it deposes the leader."""
    knobs = Knobs(
        spares=1,
        clients=5,
        pre_vote=False,
        check_quorum=False,
        election_timeout_min=60 * MS,
        election_timeout_max=120 * MS,
        heartbeat_interval=30 * MS,
        max_appends_in_flight=2,
        delay_max=20 * MS,
    )
    steps = (
        Operate(client=1, f="put", key="x", value="0", wait=16 * MS),
        RemoveServer(target="any"),
        Operate(client=1, f="cas", key="x", value=["0", "1"], wait=40 * MS),
        CrashAll(wait=810 * MS),
    )
    result = run(Schedule(seed=1, knobs=knobs, steps=steps))
    assert result.verdict.failures == ()
    stopped = [event for event in result.trace if isinstance(event, Stopped)]
    assert [event.node for event in stopped if "removed" in event.reason] == ["n1"]


def test_who_was_shut_down_and_is_added_again_is_started_again() -> None:
    """Found by a campaign: a request to make n1 a voter was still on its way to the leader when n1
    was shut down, as it had been removed; the joint configuration then needed it."""
    knobs = Knobs(spares=2, clients=1, check_quorum=False)
    steps = (
        Operate(f="put", key="x", value="0", wait=5 * MS),
        DemoteServer(target="follower", wait=5 * MS),
        ReplaceAll(between=20 * MS, wait=30 * MS),
        Reconfigure(voters=(0, 1), wait=50 * MS),
    )
    started = 0
    for seed in range(40):
        result = run(Schedule(seed=seed, knobs=knobs, steps=steps))
        assert result.verdict.failures == ()
        shut_down = {
            event.node
            for event in result.trace
            if isinstance(event, Stopped) and "removed" in event.reason
        }
        again = [event.node for event in result.trace if isinstance(event, Started)]
        started += any(again.count(name) > 1 for name in shut_down)
    assert started


def test_with_check_quorum_removed_servers_may_disturb() -> None:
    steps = (PUT, GET, RemoveServer(wait=500 * MS), PUT)
    result = run(Schedule(seed=1, knobs=Knobs(spares=1), steps=steps))
    assert result.verdict.validity is Validity.VALID
    assert not any(isinstance(event, Stopped) for event in result.trace)


def test_what_clients_still_have_to_do_is_no_matter_of_liveness() -> None:
    """Of ten servers two are members, and reads go to each in turn: a queue of them takes longer
    than the cluster may take for the last operations."""
    knobs = Knobs(
        replicas=7,
        spares=3,
        clients=1,
        reads="follower",
        election_timeout_min=60 * MS,
        election_timeout_max=120 * MS,
        heartbeat_interval=30 * MS,
    )
    reads = [Operate(f="get", key="x") for _ in range(120)]
    steps = (PUT, Reconfigure(voters=(7, 8), wait=600 * MS), *reads)
    result = run(Schedule(seed=1, knobs=knobs, steps=steps))
    assert result.verdict.validity is Validity.VALID
    assert result.statistics.duration > 20_000 * MS


def test_clients_are_told_of_servers_that_were_shut_down() -> None:
    """Six of seven servers are gone, and no operation lasts for seven attempts; its session has
    expired whenever a read has failed, so that the next one begins where that began."""
    knobs = Knobs(
        replicas=7,
        reads="follower",
        check_quorum=False,
        session_timeout=500 * MS,
        attempt_timeout=200 * MS,
    )
    steps = (PUT, GET, Reconfigure(voters=(1,), wait=600 * MS), PUT)
    result = run(Schedule(seed=1, knobs=knobs, steps=steps))
    assert result.verdict.validity is Validity.VALID


# -- Schedules -------------------------------------------------------------------------------------


def test_steps_are_read_as_they_were_written() -> None:
    steps: tuple[Step, ...] = (
        AddServer(pick=2, as_voter=True),
        Reconfigure(voters=(0, 2), learners=(1,), transition="explicit"),
        LeaveJoint(),
        ReplaceAll(learner_first=True),
        TransferLeader(target="previous-leader"),
    )
    knobs = Knobs(spares=2, priorities={"n4": 1}, snapshot_threshold_bytes=200)
    schedule = Schedule(seed=3, knobs=knobs, steps=steps)
    assert decode_schedule(encode_schedule(schedule)) == schedule


@pytest.mark.parametrize(
    ("knobs", "what"),
    [
        (Knobs(spares=10), "knobs.spares is 10"),
        (Knobs(spares=-1), "knobs.spares is -1"),
        (Knobs(priorities={"n4": 1}), "'n4', which is no server"),
        (Knobs(snapshot_chunk_bytes=0), "knobs.snapshot_chunk_bytes must be at least 1"),
        (Knobs(entries_kept_after_snapshot=-1), "knobs.entries_kept_after_snapshot"),
        (Knobs(power_fails_at_first_start=-1), "knobs.power_fails_at_first_start"),
        (Knobs(segment_bytes=0), "knobs.segment_bytes"),
        (Knobs(max_uncommitted_bytes=-1), "knobs.max_uncommitted_bytes"),
    ],
)
def test_knobs_are_examined(knobs: Knobs, what: str) -> None:
    with pytest.raises(ScheduleError, match=what):
        validate(Schedule(knobs=knobs))


def test_a_schedule_of_before_means_what_it_meant() -> None:
    old = b'{"version": 1, "seed": 0, "knobs": {"replicas": 3}, "steps": []}'
    knobs = decode_schedule(old).knobs
    assert (knobs.spares, knobs.snapshot_threshold_bytes, knobs.segment_bytes) == (0, 0, 1024)


def test_steps_of_operators_are_shrunk() -> None:
    """What fails is a joint configuration that nobody leaves: one step and a spare, or less."""
    variant = Variant("x", consensus=NeverLeavesJoint)
    changes = (("remove", 1), ("add-voter", 3), ("add-learner", 4), ("demote", 2))
    steps = (
        PUT,
        Crash(wait=400 * MS),
        GET,
        PUT,
        Heal(),
        ChangeServers(changes=changes, transition="implicit", wait=300 * MS),
        RollingRestart(),
        PUT,
    )
    failed = run(Schedule(seed=1, knobs=Knobs(spares=3, clients=2), steps=steps), variant)
    assert failed.verdict.kinds == {"liveness"}
    smallest = shrink(failed, variant, executions=400).run
    (step,) = smallest.schedule.steps
    assert isinstance(step, ChangeServers)
    assert len(step.changes) == 1
    assert smallest.schedule.knobs.spares == 0


# -- The generator ---------------------------------------------------------------------------------


def test_lost_disks_and_operators_are_kept_apart() -> None:
    with_operators = 0
    for seed in range(300):
        kinds = {fault.kind for fault in generate(seed).faults}
        with_operators += not kinds.isdisjoint(OPERATORS)
        assert kinds.isdisjoint(OPERATORS) or "bit-flip" not in kinds
    assert 60 <= with_operators <= 180


@pytest.mark.parametrize("name", OPERATORS)
def test_a_campaign_of_operators_alone(name: str) -> None:
    confirmed = 0
    for seed in range(12):
        result: Run = run(generate(seed, only=Only(faults=(name,))))
        assert result.verdict.failures == (), seed
        assert set(result.statistics.injected) <= {name}
        confirmed += name in result.statistics.confirmed
    assert confirmed >= 6


def test_what_it_is_all_for_really_happens() -> None:
    """Snapshots that are installed, changes that are committed, in a good share of the runs."""
    runs = [run(generate(seed)) for seed in range(150)]
    for name, least in (
        ("snapshots installed", 15),
        ("configurations committed", 25),
        ("transfers done", 6),
        ("lease reads", 8),
    ):
        assert sum(name in each.statistics.milestones for each in runs) >= least, name
