"""Hypothesis drives the cluster, rule by rule and by whole schedules, in shards.

Under ``pytest -n auto`` the shards run side by side; each has a seed of its own, so that they do
not all run the same cases.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from checker.verdict import Validity
from nemesis.run import Run, run
from nemesis.schedule import Schedule, encode_schedule
from nemesis.search.generate import Only, Size
from nemesis.search.machine import STATEFUL, ClusterMachine
from nemesis.search.strategies import schedules
from nemesis.search.violation import Violation, assert_holds
from nemesis.store import RESULTS
from raft.bugs import BUGS
from raft.replica import HEALTHY, Variant

SHARDS = range(8)
EXAMPLES = 60


def runs_of_shard(
    shard: int,
    examples: int,
    base: type[ClusterMachine] = ClusterMachine,
    variant: Variant | None = None,
) -> list[Run]:
    """Run a shard of the state machine; the runs that it made."""
    runs: list[Run] = []
    machine = type(
        f"Shard{shard}",
        (base,),
        {"on_run": staticmethod(runs.append), "variant": variant or base.variant},
    )
    limits = settings(STATEFUL, max_examples=examples, stateful_step_count=40, database=None)
    run_state_machine_as_test(seed(shard)(machine), settings=limits)
    return runs


@pytest.mark.parametrize("shard", SHARDS)
def test_the_cluster_keeps_its_promises(shard: int, variant: Variant) -> None:
    # A bug is there to be found, and ends the search.
    examples = EXAMPLES if variant is HEALTHY else 10 * EXAMPLES
    runs = runs_of_shard(shard, examples, variant=variant)
    verdicts = Counter(each.verdict.validity for each in runs)
    assert verdicts[Validity.INVALID] == 0
    # Small cases attack nothing, and count for nothing; they must not be most.
    assert verdicts[Validity.VALID] >= EXAMPLES // 3, verdicts
    assert sum(each.statistics.leader_changes for each in runs) >= EXAMPLES // 3


def test_shards_really_run_different_cases() -> None:
    cases = [
        {encode_schedule(each.schedule) for each in runs_of_shard(shard, 20)} for shard in (0, 1, 2)
    ]
    assert all(len(shard) >= 10 for shard in cases)
    for at, shard in enumerate(cases):
        for other in cases[at + 1 :]:
            # The very smallest case is tried by all.
            assert len(shard & other) <= 2


def test_a_shard_is_the_same_every_time() -> None:
    first, second = (
        [encode_schedule(each.schedule) for each in runs_of_shard(3, 10)] for _ in range(2)
    )
    assert first == second


def test_the_state_machine_convicts_and_saves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    broken = type("Broken", (ClusterMachine,), {"variant": BUGS["term-not-persisted"].variant})
    with pytest.raises(Violation, match="monotonic-term"):
        runs_of_shard(0, 300, broken)
    (saved,) = {path.resolve() for path in tmp_path.glob(f"store/pytest/latest/{RESULTS}")}
    assert b"term-not-persisted" in saved.read_bytes()


def test_the_state_machine_keeps_to_what_it_is_told() -> None:
    only = Only(replicas=5, workload="register", faults=("crash", "partition"))
    narrow = type("Narrow", (ClusterMachine,), {"only": only})
    for each in runs_of_shard(0, 20, narrow):
        assert each.schedule.knobs.replicas == 5
        assert set(each.statistics.injected) <= {"crash", "partition"}


SMALL = Size(operations=20, attacks=4)


def test_whole_schedules() -> None:
    verdicts: Counter[Validity] = Counter()

    @seed(11)
    @settings(STATEFUL, max_examples=100)
    @given(schedules(SMALL))
    def hold(schedule: Schedule) -> None:
        assert len(schedule.operations) == SMALL.operations
        result = run(schedule)
        assert_holds(result)
        verdicts[result.verdict.validity] += 1

    hold()
    # A few attack nothing, with some seeds; and what a seed draws depends on what was imported
    # before, as Hypothesis tries the numbers that it finds there.
    assert verdicts[Validity.VALID] >= 50, verdicts


@seed(11)
@settings(STATEFUL, max_examples=20)
@given(schedules(Size(operations=5, attacks=0)))
def test_whole_schedules_without_attacks(schedule: Schedule) -> None:
    assert len(schedule.steps) == 5
    assert_holds(run(schedule))


def test_whole_schedules_convict(tmp_path: Path) -> None:
    variant = BUGS["retry-applied-twice"].variant

    @seed(1)
    @settings(STATEFUL, max_examples=300, database=None)
    @given(schedules(SMALL))
    def convict(schedule: Schedule) -> None:
        assert_holds(run(schedule, variant), variant, tmp_path)

    with pytest.raises(Violation, match="exactly-once"):
        convict()
