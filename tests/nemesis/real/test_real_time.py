"""Schedules for real clusters: what is asked for is in them, and the same seed gives the same."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from nemesis.cluster.real.cluster import PROCESS_FAULTS
from nemesis.cluster.real.disks import DISK_FAULTS
from nemesis.cluster.real.loopback import Loopback
from nemesis.errors import NemesisError
from nemesis.faults import ENDS, Crash, LostFile, LyingDisk, Partition, Restart
from nemesis.schedule import Schedule, decode_schedule, encode_schedule
from nemesis.search.generate import ATTACKS, LOSSES, OPERATORS
from nemesis.search.real_time import SECOND, Plan, generate_real_time
from nemesis.workloads import WORKLOADS
from raft.kv.commands import Command, Result
from raft.kv.encoding import encode_command
from raft.kv.state_machine import KeyValueStore

POSSIBLE = tuple(name for name in ATTACKS if name in PROCESS_FAULTS | Loopback.possible())


def test_same_seed_same_schedule_and_back_from_disk() -> None:
    plan = Plan(faults=POSSIBLE)
    schedule = generate_real_time(7, plan)
    assert schedule == generate_real_time(7, plan)
    assert schedule != generate_real_time(8, plan)
    assert decode_schedule(encode_schedule(schedule)) == schedule


@pytest.mark.parametrize("seed", range(20))
def test_every_kind_of_fault_comes_and_ends(seed: int) -> None:
    plan = Plan(faults=POSSIBLE, duration=(len(POSSIBLE) * 3 + 1) * SECOND)
    faults = generate_real_time(seed, plan).faults
    assert {fault.kind for fault in faults[::2]} == set(POSSIBLE)
    for attack, end in zip(faults[::2], faults[1::2], strict=True):
        assert ENDS[attack.kind] == end.kind
        assert attack.wait >= 0


@pytest.mark.parametrize("seed", range(20))
def test_two_faults_last_together(seed: int) -> None:
    plan = Plan(faults=("delay+crash", "partition+delay", "pause"), duration=20 * SECOND)
    schedule = generate_real_time(seed, plan)
    active: set[str] = set()
    together: set[frozenset[str]] = set()
    for fault in schedule.faults:
        ended = {kind for kind in active if ENDS[kind] == fault.kind}
        active -= ended
        if not ended:
            active.add(fault.kind)
            together.add(frozenset(active))
    assert active == set()
    assert {frozenset(each.split("+")) for each in plan.faults} <= together
    assert max(len(each) for each in together) == 2


def drawn_or_refused(seed: int, plan: Plan) -> Schedule:
    """What is refused, with reason, is no example: were all of them, Hypothesis would say so."""
    refused = ""
    try:
        return generate_real_time(seed, plan)
    except NemesisError as error:
        refused = str(error)
    assert re.search("too short|for good|not together with", refused)
    reject()


KINDS = st.sampled_from(sorted({*POSSIBLE, *DISK_FAULTS, *OPERATORS}))


@given(
    faults=st.lists(
        st.lists(KINDS, min_size=1, max_size=10, unique=True).map("+".join),
        min_size=1,
        max_size=5,
        unique=True,
    ),
    replicas=st.integers(2, 9),
    seconds=st.integers(1, 200),
    seed=st.integers(0, 10_000),
)
def test_all_that_fits_comes_within_the_time(
    faults: list[str], replicas: int, seconds: int, seed: int
) -> None:
    """It can be read back, too: it is kept beside what it led to. What is begun is ended, and no
    more disks are lost than the cluster can do without."""
    plan = Plan(replicas=replicas, faults=tuple(faults), duration=seconds * SECOND, rate=5)
    schedule = drawn_or_refused(seed, plan)
    assert decode_schedule(encode_schedule(schedule)) == schedule
    assert sum(step.wait for step in schedule.steps) == plan.duration
    wanted = {kind for each in faults for kind in each.split("+")}
    kinds = Counter(fault.kind for fault in schedule.faults)
    assert wanted <= set(kinds)
    lost = sum(kinds[name] for name in LOSSES)
    assert lost <= (replicas - 1) // 2
    assert not (lost and any(kinds[name] for name in OPERATORS))
    active: set[str] = set()
    for kind in (fault.kind for fault in schedule.faults):
        active.discard(kind)
        active.update({ENDS[kind]} if kind in ENDS else ())
    assert active == set()


def test_losses_of_one_turn_are_counted_too() -> None:
    """Seven servers can do without three disks: that is a turn of both, and one of the next."""
    plan = Plan(replicas=7, faults=("bit-flip", "lost-file"), duration=60 * SECOND)
    kinds = [fault.kind for fault in generate_real_time(1, plan).faults]
    assert len(kinds) == 3


def test_many_faults_at_once_begin_before_they_end() -> None:
    together = "+".join(("loss", "duplicate", "reorder", "delay", "slow-link", "grudge", "crash"))
    plan = Plan(faults=(together,), duration=4 * SECOND)
    kinds = [fault.kind for fault in generate_real_time(1, plan).faults]
    assert kinds == [*together.split("+"), "heal", "restart"]


def test_disks_are_not_lost_beside_changes_of_the_membership() -> None:
    plan = Plan(faults=("lost-file", "crash+add-server"))
    with pytest.raises(NemesisError, match="not together with changes of the membership"):
        generate_real_time(1, plan)


def test_more_operations_than_one_run_holds_are_refused_at_once() -> None:
    plan = Plan(duration=1_000 * 3_600 * SECOND)
    with pytest.raises(NemesisError, match="180,000,000 operations: one run holds 5,000,000"):
        generate_real_time(1, plan)


def test_disks_lie_from_the_beginning() -> None:
    plan = Plan(faults=("lying-disk",), duration=10 * SECOND)
    faults = generate_real_time(1, plan).faults
    assert len({fault.target for fault in faults if isinstance(fault, LyingDisk)}) == 2
    assert len(faults) == 2


@pytest.mark.parametrize("seed", range(20))
def test_who_lied_starts_before_the_others(seed: int) -> None:
    plan = Plan(faults=("lying-disk", "crash-all"), duration=30 * SECOND)
    faults = generate_real_time(seed, plan).faults
    liars = [fault.target for fault in faults if isinstance(fault, LyingDisk)]
    restarts = [fault.target for fault in faults if isinstance(fault, Restart)]
    everybody = Restart().target
    turns = len(restarts) // 3
    assert turns
    assert restarts == [*liars, everybody] * turns


def test_losses_are_counted_also_where_they_come_with_another_fault() -> None:
    """Three servers can do without one disk."""
    plan = Plan(faults=("lost-file+delay", "crash"), duration=60 * SECOND)
    kinds = Counter(fault.kind for fault in generate_real_time(1, plan).faults)
    assert kinds["lost-file"] == 1
    assert kinds["crash"] > 1
    twice = Plan(faults=("lost-file+delay", "lost-file+pause"), duration=60 * SECOND)
    with pytest.raises(NemesisError, match="each costs a server for good"):
        generate_real_time(1, twice)


def test_file_that_is_lost_is_there_by_then() -> None:
    """No server takes a snapshot so early, and an older segment of the log takes its time."""
    plan = Plan(faults=("lost-file", "pause", "crash"), duration=20 * SECOND)
    times: dict[str, list[int]] = {}
    for seed in range(60):
        now = 0
        schedule = generate_real_time(seed, plan)
        assert schedule.knobs.segment_bytes == 4096, "the least that a server takes"
        for step in schedule.steps:
            if isinstance(step, LostFile):
                times.setdefault(step.file, []).append(now)
            now += step.wait
    assert set(times) == {"vote", "log", "older-log"}
    assert min(times["log"]) == SECOND
    assert min(times["older-log"]) > 6 * SECOND


def test_lasts_as_long_as_it_should_at_the_rate_that_was_asked_for() -> None:
    plan = Plan(faults=("crash",), duration=60 * SECOND, rate=80)
    schedule = generate_real_time(1, plan)
    assert sum(step.wait for step in schedule.steps) == plan.duration
    assert 0.9 < len(schedule.operations) / (60 * 80) < 1.1


@pytest.mark.parametrize("workload", ["kv", "register"])
def test_what_compares_often_holds(workload: str) -> None:
    """Performed one after the other, as they are drawn."""
    kind = WORKLOADS[workload]
    store = KeyValueStore(None, 1)
    succeeded: Counter[str] = Counter()
    operations = generate_real_time(2, Plan(workload=workload)).operations
    for number, operate in enumerate(operations, start=1):
        operation = kind.operation(operate.f, operate.key, operate.value)
        result = store.apply(number, encode_command(Command("c", number, operation))).result
        if isinstance(result, Result) and result.succeeded:
            succeeded[operate.f] += 1
    for f in {"cas", "txn"} & set(kind.operations):
        drawn = sum(operate.f == f for operate in operations)
        assert 0.4 < succeeded[f] / drawn < 0.8


def test_first_of_each_kind_is_against_the_leader() -> None:
    faults = generate_real_time(3, Plan(faults=("partition", "crash"))).faults
    partition = next(fault for fault in faults if isinstance(fault, Partition))
    assert (partition.shape, partition.target) == ("isolate", "leader")
    assert next(fault for fault in faults if isinstance(fault, Crash)).target == "leader"


def test_faults_that_do_not_fit_into_the_time() -> None:
    with pytest.raises(NemesisError, match=r"5 s are too short for crash, pause.*need 7 s"):
        generate_real_time(1, Plan(faults=("crash", "pause"), duration=5 * SECOND))
    lies = ("lying-disk", "crash-all")
    with pytest.raises(NemesisError, match=r"7 s are too short for lying-disk, crash-all.*need 8"):
        generate_real_time(1, Plan(faults=lies, duration=7 * SECOND))


def test_fault_that_has_nothing_to_hit() -> None:
    with pytest.raises(NemesisError, match="partition: nothing to hit in a cluster of 1"):
        generate_real_time(1, Plan(replicas=1))
