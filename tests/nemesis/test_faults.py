"""Every fault does what it says: confirmed by its effect, aimed at whom it names, ended."""

from __future__ import annotations

from collections import Counter

import pytest

from checker.trace import Stopped
from checker.verdict import Validity
from nemesis.chooser import RandomChooser
from nemesis.cluster.protocol import DiskFile
from nemesis.cluster.sim import SimulatedCluster
from nemesis.errors import ScheduleError, UnsupportedFault
from nemesis.faults import (
    FAULTS,
    BitFlip,
    ClockDrift,
    Crash,
    Heal,
    LostFile,
    Partition,
    Restart,
    TornWrite,
    UnsyncedLoss,
)
from nemesis.faults.partition import SHAPES, cut_links
from nemesis.faults.targets import TARGETS, resolve
from nemesis.run import run
from nemesis.schedule import Knobs, Operate, Schedule
from nemesis.search.generate import ATTACKS, Only, generate

MS = 1_000_000
PUT = Operate(f="put", key="x", value="1", wait=30 * MS)


def cluster(replicas: int = 3) -> SimulatedCluster:
    """A cluster that has a leader."""
    made = SimulatedCluster(Knobs(replicas=replicas), seed=1)
    while not made.trace.elections:
        made.advance(10 * MS)
    made.advance(100 * MS)
    return made


@pytest.mark.parametrize("name", ATTACKS)
def test_a_fault_is_seen_to_have_its_effect_and_no_other(name: str) -> None:
    fault = FAULTS[name](wait=400 * MS)
    if name == "grudge":
        fault = FAULTS[name](wait=400 * MS, links=((0, 1), (1, 0), (0, 2), (2, 0)))
    steps = (PUT, fault, *[PUT] * 20)
    knobs = Knobs(spares=FAULTS[name].least_spares)
    others = tuple(step for step in steps if step is not fault)
    quiet = run(Schedule(seed=3, knobs=knobs, steps=others))
    assert quiet.verdict.validity is Validity.UNKNOWN  # nothing was attacked
    assert quiet.statistics.effects == {}
    result = run(Schedule(seed=3, knobs=knobs, steps=steps))
    assert result.verdict.failures == ()
    assert result.statistics.confirmed == [name]


@pytest.mark.parametrize("name", ATTACKS)
def test_a_fault_confirms_nothing_where_it_was_not_injected(name: str) -> None:
    others = tuple(other for other in ATTACKS if other != name)
    for seed in range(5):
        statistics = run(generate(seed, only=Only(faults=others))).statistics
        assert name not in statistics.confirmed
        assert name not in statistics.injected


@pytest.mark.parametrize("replicas", [1, 2, 3, 5, 7, 9])
def test_every_fault_can_be_drawn_and_injected_at_every_size(replicas: int) -> None:
    chooser = RandomChooser(replicas)
    for name, kind in FAULTS.items():
        for _ in range(5):
            target = cluster(replicas)
            fault = kind.draw(chooser, 0)
            if not kind.is_simulated:
                with pytest.raises(UnsupportedFault, match=name):
                    fault.inject(target)
                continue
            injection = fault.inject(target)
            assert (injection.refused is None) == bool(injection.hit), name
            target.advance(500 * MS)
            assert target.failures == []
            assert target.monitors.failures == []


def test_targets_by_role() -> None:
    target = cluster(5)
    leader = target.trace.elections[-1]
    assert resolve(target, "leader", 0) == [leader]
    assert resolve(target, leader, 3) == [leader]
    assert leader not in resolve(target, "follower", 2)
    assert len(resolve(target, "minority", 4)) == 2
    assert len(resolve(target, "majority", 4)) == 3
    assert resolve(target, "all", 1) == list(target.nodes)
    assert resolve(target, "previous-leader", 0) == []
    target.crash(leader)
    target.advance(1_000 * MS)
    (new,) = resolve(target, "leader", 0)
    assert new != leader
    assert resolve(target, "previous-leader", 0) == [leader]
    assert resolve(target, "least-up-to-date", 0) == [leader]
    assert resolve(target, "most-up-to-date", 0) != [leader]
    with pytest.raises(ScheduleError, match="no node and no role"):
        resolve(target, "laeder", 0)


@pytest.mark.parametrize("parts_per_million", [-1_000_000, -2_000_000])
def test_no_clock_stands_still_or_runs_backwards(parts_per_million: int) -> None:
    """Whoever waits by it would wait for ever: that convicts nobody."""
    drift = ClockDrift(parts_per_million=parts_per_million, wait=500 * MS)
    with pytest.raises(ScheduleError, match="must be above -1000000"):
        run(Schedule(steps=(PUT, drift, PUT)))


def test_roles_that_last_for_a_moment() -> None:
    target = SimulatedCluster(Knobs(check_quorum=False, pre_vote=False), 0)
    target.advance(1_000 * MS)
    (old,) = resolve(target, "leader", 0)
    assert resolve(target, "stale-leader", 0) == []
    others = [name for name in target.nodes if name != old]
    for other in others:
        target.cut([(old, other), (other, old)])
    while resolve(target, "leader", 0) == [old]:
        candidates = [each for each in target.status() if each.role == "candidate"]
        if candidates:
            assert resolve(target, "about-to-win", 0) == [candidates[-1].name]
        target.advance(MS)
    (new,) = resolve(target, "leader", 0)
    assert resolve(target, "stale-leader", 0) == [old]
    (voter,) = (name for name in others if name != new)
    assert resolve(target, "just-voted", 0) == [voter]
    assert resolve(target, "about-to-win", 0) == [voter]


def test_every_target_is_known_to_resolve() -> None:
    target = cluster()
    for name in TARGETS:
        resolve(target, name, 0)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("count", [3, 4, 5, 7, 9])
def test_shapes_of_partitions(shape: str, count: int) -> None:
    nodes = [f"n{number}" for number in range(1, count + 1)]
    cut = set(cut_links(shape, nodes))
    hears = {
        one: {other for other in nodes if other == one or (other, one) not in cut} for one in nodes
    }
    majority = count // 2 + 1
    both_ways = all((target, source) in cut for source, target in cut)
    if shape in ("one-way-out", "one-way-in"):
        assert not both_ways
        assert len(hears["n1"]) == (1 if shape == "one-way-in" else count)
        return
    assert both_ways
    if shape == "ring":
        assert all(len(heard) >= majority for heard in hears.values())
        assert len({frozenset(heard) for heard in hears.values()}) == (count if count > 3 else 1)
    elif shape == "bridge":
        assert hears["n1"] == set(nodes)
        assert all(len(hears[node]) < count for node in nodes[1:])
    else:
        sides = {frozenset(heard) for heard in hears.values()}
        assert len(sides) == 2
        smaller = min(len(side) for side in sides)
        wanted = {"isolate": 1, "halves": count // 2, "majority-minority": (count - 1) // 2}
        assert smaller == wanted[shape]


def test_no_more_than_a_minority_of_disks_is_lost() -> None:
    target = cluster(5)
    injections = [BitFlip(target=f"n{number}").inject(target) for number in range(1, 6)]
    assert [injection.refused is None for injection in injections] == [
        True,
        True,
        False,
        False,
        False,
    ]
    assert "budget" in str(injections[2].refused)
    assert sum(status.is_lost for status in target.status()) == 2


def test_a_lost_replica_refuses_to_start_and_counts_as_failed() -> None:
    target = cluster(3)
    BitFlip(target="n2", position=300).inject(target)
    Restart().inject(target)
    target.advance(1_000 * MS)
    statuses = {status.name: status for status in target.status()}
    assert statuses["n2"].is_lost
    assert not statuses["n2"].is_up
    assert target.failures == []
    target.end_faults()
    assert target.effects["bit-flip"] == 1


@pytest.mark.parametrize("file", ["vote", "log", "snapshot", "older-log"])
@pytest.mark.parametrize("kept", [None, 0, 1, 30, 60, 10_000])
def test_a_replica_that_has_lost_a_file_refuses_to_start(file: DiskFile, kept: int | None) -> None:
    fault = LostFile(target="n2", file=file, kept=kept, wait=100 * MS)
    knobs = Knobs(snapshot_threshold_bytes=100, segment_bytes=300, entries_kept_after_snapshot=9)
    result = run(Schedule(seed=1, knobs=knobs, steps=(*[PUT] * 12, fault, Restart(), PUT)))
    assert result.verdict.failures == ()
    assert result.statistics.milestones["snapshots taken"] > 3
    assert result.statistics.confirmed == ["lost-file"]
    told = [event.reason for event in result.trace if isinstance(event, Stopped)]
    assert "refuses to start" in told[-1]


def test_a_lost_file_is_within_the_budget() -> None:
    target = cluster(3)
    assert BitFlip(target="n1").inject(target).refused is None
    assert "budget" in str(LostFile(target="n2").inject(target).refused)


@pytest.mark.parametrize("kind", [TornWrite, UnsyncedLoss])
def test_power_fails_at_a_later_sync(kind: type[TornWrite | UnsyncedLoss]) -> None:
    lived = []
    for syncs in (0, 4):
        target = cluster(3)
        (leader,) = resolve(target, "leader", 0)
        kind(syncs=syncs).inject(target)
        entries = 0
        while next(each for each in target.status() if each.name == leader).role is not None:
            target.submit(PUT)
            target.advance(30 * MS)
            entries += 1
        lived.append(entries)
    assert lived == [1, 5]


@pytest.mark.parametrize("syncs", range(6))
def test_power_may_fail_at_the_very_first_start(syncs: int) -> None:
    knobs = Knobs(power_fails_at_first_start=syncs, spares=1)
    result = run(Schedule(seed=1, knobs=knobs, steps=(PUT, Crash(wait=500 * MS), PUT)))
    assert result.verdict.validity is Validity.VALID
    failed = [event for event in result.trace if isinstance(event, Stopped) and event.time == 0]
    assert len(failed) == (4 if syncs < 4 else 0)


def test_faults_end() -> None:
    target = cluster(3)
    Partition(shape="isolate").inject(target)
    Crash(target="follower").inject(target)
    target.advance(700 * MS)
    dropped = target.effects["partition"]
    assert dropped
    Heal().inject(target)
    Restart().inject(target)
    target.advance(1_000 * MS)
    assert target.effects["partition"] == dropped
    assert Counter(status.role for status in target.status()) == {"leader": 1, "follower": 2}
