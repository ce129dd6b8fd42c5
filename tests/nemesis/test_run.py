"""Runs: what makes a verdict valid, unknown or invalid."""

from __future__ import annotations

import gc

import pytest

from checker.verdict import Validity
from nemesis.faults import BitFlip, Crash, CrashAll, Partition
from nemesis.run import run
from nemesis.schedule import Knobs, Operate, Schedule
from nemesis.search.generate import Only, Size, generate
from raft.consensus import Consensus
from raft.consensus.messages import AppendEntries
from raft.consensus.snapshot import first_snapshot
from raft.replica import Variant
from raft.storage import Recovered, Storage, StorageCorrupt

MS = 1_000_000
PUT = Operate(f="put", key="x", value="1", wait=20 * MS)
GET = Operate(f="get", key="x", wait=20 * MS)
CRASH = Crash(wait=500 * MS)


def test_a_run_that_was_attacked_and_kept_its_promises_is_valid() -> None:
    result = run(Schedule(seed=1, steps=(PUT, CRASH, GET, PUT)))
    assert result.verdict.validity is Validity.VALID
    assert result.statistics.leader_changes >= 1
    assert result.statistics.succeeded == {"put": 3, "get": 2}  # the last ones included


@pytest.mark.parametrize(
    ("steps", "why"),
    [
        ((), "no client operation"),
        ((PUT, GET), "nothing was attacked"),
        ((CRASH,), "no client operation"),
    ],
)
def test_a_run_in_which_nothing_happened_is_unknown(steps: tuple[Operate], why: str) -> None:
    verdict = run(Schedule(seed=1, steps=steps)).verdict
    assert verdict.validity is Validity.UNKNOWN
    assert any(why in reason for reason in verdict.reasons)


def test_a_fault_that_hit_nothing_does_not_count() -> None:
    # A partition that nobody sends a message over, since all are down.
    result = run(Schedule(seed=1, steps=(PUT, CrashAll(), Partition(shape="isolate"), GET)))
    assert result.statistics.confirmed == ["crash-all"]
    assert result.statistics.injected == {"crash-all": 1, "partition": 1}


@pytest.mark.parametrize("replicas", [1, 2, 3, 4, 5, 7, 9])
def test_healthy_at_every_size(replicas: int) -> None:
    for seed in range(15):
        result = run(generate(seed, only=Only(replicas=replicas)))
        assert result.verdict.validity is Validity.VALID, (seed, result.verdict)
        assert sum(result.statistics.injected.values()) >= 3


def test_healthy_runs_are_worth_their_name() -> None:
    """What is claimed of every run of a campaign, on a sample."""
    changed = 0
    for seed in range(200):
        result = run(generate(seed))
        statistics = result.statistics
        assert result.verdict.validity is Validity.VALID, (seed, result.verdict)
        assert sum(statistics.invoked.values()) >= 50
        assert sum(statistics.injected.values()) >= 5
        changed += statistics.leader_changes > 0
    assert changed >= 180


# Broken on purpose, in ways that only one judge can see.


class NeverElected(Consensus):
    """Wins no election after the first term: safe, but not live."""

    def start_election(self) -> None:
        if self.current_term < 1:
            super().start_election()
        else:
            self.reset_election_timer()


def test_a_cluster_that_does_not_recover_is_convicted_by_liveness() -> None:
    result = run(Schedule(seed=1, steps=(PUT, CRASH, GET)), Variant("x", consensus=NeverElected))
    assert result.verdict.kinds == {"liveness"}


class Raises(Consensus):
    """Fails on its third AppendEntries with entries."""

    def store_entries(self, message: AppendEntries) -> None:
        super().store_entries(message)
        if self.log.last_index == 3:
            raise KeyError("some bug")


def test_an_exception_in_a_replica_is_a_finding() -> None:
    result = run(Schedule(seed=1, steps=(PUT, PUT, PUT)), Variant("x", consensus=Raises))
    assert result.verdict.kinds == {"unhandled-exception"}
    assert "KeyError" in result.verdict.failures[0].message


class Blind(Storage):
    """Takes whatever the disk holds."""

    def recover(self) -> Recovered:
        try:
            return super().recover()
        except StorageCorrupt:
            return Recovered(0, None, first_snapshot(("n1", "n2", "n3")), [])


def test_corruption_that_goes_undetected_is_convicted() -> None:
    found = set()
    for seed in range(40):
        schedule = generate(seed, only=Only(faults=("bit-flip",)))
        found |= run(schedule, Variant("x", storage=Blind)).verdict.kinds
    assert "corruption-undetected" in found


def test_the_schedule_of_a_failed_run_ends_where_it_failed() -> None:
    schedule = Schedule(seed=1, steps=(PUT, PUT, PUT, CRASH, PUT))
    result = run(schedule, Variant("x", consensus=Raises))
    assert len(result.schedule.steps) < len(schedule.steps)
    assert (
        run(result.schedule, Variant("x", consensus=Raises)).trace_bytes() == result.trace_bytes()
    )


def test_the_size_is_what_was_asked_for() -> None:
    schedule = generate(1, Size(operations=20, attacks=3), Only(replicas=5, workload="register"))
    assert len(schedule.operations) == 20
    assert schedule.knobs.replicas == 5
    assert {operation.f for operation in schedule.operations} <= {"read", "write", "cas"}


def test_swarm_choice_makes_runs_differ() -> None:
    schedules = [generate(seed) for seed in range(200)]
    kinds = {frozenset(fault.kind for fault in schedule.faults) for schedule in schedules}
    assert len(kinds) > 100
    assert {schedule.knobs.replicas for schedule in schedules} == {3, 5, 7}


def test_knobs_are_what_the_cluster_is_built_from() -> None:
    steps = (PUT, CRASH, GET)
    for knobs in (Knobs(reads="log"), Knobs(pre_vote=False), Knobs(check_quorum=False)):
        assert run(Schedule(seed=1, knobs=knobs, steps=steps)).verdict.validity is Validity.VALID


def test_a_run_leaves_nothing_to_the_garbage_collector() -> None:
    run(generate(3))
    gc.collect()
    gc.disable()
    try:
        run(generate(4))
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_beyond_the_budget_unavailability_is_expected() -> None:
    flips = tuple(BitFlip(target=node, beyond_budget=True, wait=100 * MS) for node in ("n1", "n2"))
    result = run(Schedule(seed=1, steps=(PUT, GET, *flips, PUT)))
    assert result.verdict.validity is Validity.VALID
    assert result.statistics.injected["bit-flip"] == 2
    # The put after the second flip, and the last ones, were never answered.
    assert result.statistics.succeeded == {"put": 1, "get": 1}


def test_the_budget_is_kept_unless_a_schedule_says_otherwise() -> None:
    flips = tuple(BitFlip(target=node, wait=100 * MS) for node in ("n1", "n2"))
    result = run(Schedule(seed=1, steps=(PUT, GET, *flips, PUT)))
    assert result.verdict.validity is Validity.VALID
    assert result.statistics.injected["bit-flip"] == 1
    assert result.statistics.succeeded["put"] == 3


class NeverHasEnough(Consensus):
    """Its time-out has ended, and stays so."""

    def on_election_timeout(self) -> None:
        """Does nothing, not even draw the next one."""


def test_a_replica_that_stops_the_clock_is_convicted() -> None:
    result = run(Schedule(), Variant("never-has-enough", consensus=NeverHasEnough))
    assert result.verdict.failures[0].kind == "liveness"
    assert "time does not go on" in result.verdict.failures[0].message
