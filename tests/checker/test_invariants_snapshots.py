"""The monitors of snapshots, both ways, and those of logs where a snapshot takes entries' place."""

from __future__ import annotations

import pytest

from checker.invariants import Monitors, judge_trace
from checker.trace import Started
from tests.checker.traces import MEMBERS, Case, Trace, applied, committed


def taken(last: int = 3, index: int = 2) -> Trace:
    """n1, leader of term 1, has applied up to ``last`` and taken a snapshot of ``index``."""
    return applied(last).take(1, index)


def restarted(n: int = 1, index: int = 2) -> Trace:
    """n1 is back, up to where it tells its snapshot."""
    return taken().compact(1, 2).stop(n).start(n, 1).restore(n, index)


def received(last: int = 3) -> Trace:
    """n3, which had nothing, has received the snapshot of index 2 and made it durable."""
    return taken(last).restore(3, 2).persist(3, 2)


def stale() -> Trace:
    """n3 has a long log on its disk of which nothing was ever committed."""
    trace = taken()
    for index in range(1, 6):
        trace.store(3, index, 0)
    return trace


CASES: list[Case] = [
    # -- Same state
    Case("another state received", "same-state", taken().restore(3, 2, digest="other")),
    Case("another state applied", "same-state", taken().digest(1, 3).digest(2, 3, "other")),
    Case(
        "another state in a snapshot", "same-state", applied(2).digest(1, 2).take(1, 2, 1, "other")
    ),
    Case("equal states", None, received().digest(1, 2).digest(2, 3).digest(1, 3)),
    # -- Snapshots of what is applied
    Case("a snapshot beyond what is applied", "snapshot-of-applied", applied(2).take(1, 3)),
    Case("a snapshot with a wrong term", "snapshot-of-applied", applied(2).take(1, 2, 2)),
    Case("a snapshot below what is applied", None, applied(2).take(1, 1)),
    # -- Snapshots go on
    Case("an older snapshot", "monotonic-snapshot", taken(3, 2).take(1, 1)),
    Case("a newer snapshot", None, taken(3, 2).take(1, 3)),
    Case(
        "an older snapshot received",
        "monotonic-snapshot",
        taken(3, 3).restore(3, 3).persist(3, 3).restore(3, 2),
    ),
    Case(
        "an older snapshot received before the newer one is durable",
        "monotonic-snapshot",
        taken(3, 3).restore(3, 3).restore(3, 2),
    ),
    Case("a restart with an older snapshot", "monotonic-snapshot", restarted(1, 1)),
    Case(
        "a restart without the snapshot",
        "monotonic-snapshot",
        taken()
        .stop(1)
        .start(1, 1)
        .append(1, 1, 1)
        .append(1, 2, 1)
        .append(1, 3, 1)
        .persist(1, 3)
        .configure(1, 0, MEMBERS),
    ),
    Case(
        "a restart without the snapshot received, once durable",
        "monotonic-snapshot",
        received().stop(3).start(3, 1).persist(3, 0).configure(3, 0, MEMBERS),
    ),
    Case(
        "a restart without a snapshot received that was not durable",
        None,
        taken().restore(3, 2).stop(3).start(3, 1).persist(3, 0).configure(3, 0, MEMBERS),
    ),
    Case("a restart with the snapshot", None, restarted().append(1, 3, 1).persist(1, 3)),
    # -- Compaction
    Case("compacted without a snapshot", "compaction-behind-snapshot", applied(2).compact(1, 1)),
    Case("compacted beyond the snapshot", "compaction-behind-snapshot", taken().compact(1, 3)),
    Case("compacted up to the snapshot", None, taken().compact(1, 2)),
    Case("compacted with some entries kept", None, taken().compact(1, 1)),
    Case(
        "compacted after a restart", None, restarted().append(1, 3, 1).persist(1, 3).compact(1, 2)
    ),
    # -- What a snapshot may be
    Case("a snapshot of nothing committed", "state-machine-safety", committed(2).restore(3, 3)),
    Case("a snapshot of another term", "state-machine-safety", taken().restore(3, 2, 2)),
    Case("found on the disk, of nothing committed", "state-machine-safety", restarted(1, 4)),
    Case(
        "gave up what it had committed for a snapshot",
        "state-machine-safety",
        taken().commit(2, 3).restore(2, 2),
    ),
    Case(
        "kept what it had committed behind a snapshot",
        None,
        taken().commit(2, 3).restore(2, 2, 1, 3),
    ),
    Case(
        "went back to a snapshot",
        "applied-within-commit",
        taken().commit(2, 3).apply(2, 1, 1).apply(2, 2, 2).apply(2, 3, 3).restore(2, 2, 1, 3),
    ),
    Case(
        "a snapshot of just what is applied",
        None,
        taken().commit(2, 3).apply(2, 1, 1).apply(2, 2, 2).restore(2, 2, 1, 3),
    ),
    Case(
        "applied again what the snapshot holds",
        "applied-within-commit",
        received().store(3, 3, 1).commit(3, 3).apply(3, 2, 2),
    ),
    Case(
        "skipped an entry behind the snapshot",
        "applied-within-commit",
        received(4).store(3, 3, 1).store(3, 4, 1).commit(3, 4).apply(3, 4, 4),
    ),
    Case(
        "goes on behind the snapshot", None, received().store(3, 3, 1).commit(3, 3).apply(3, 3, 3)
    ),
    Case(
        "applied beyond the snapshot",
        "applied-within-commit",
        received().append(3, 3, 1).apply(3, 3),
    ),
    # -- The log behind it
    Case("a gap behind the snapshot", "log-matching", received().append(3, 4, 1)),
    Case("an entry within the snapshot", "log-matching", received().append(3, 2, 1)),
    Case("a term that goes back", "log-matching", received().append(3, 3, 0)),
    Case("another entry of the same term", "log-matching", received().append(3, 3, 1, b"d")),
    Case(
        "kept entries behind a snapshot that does not match",
        "log-matching",
        taken().append(3, 1, 0).append(3, 2, 0).append(3, 3, 0).restore(3, 2, 1, 3),
    ),
    Case(
        "found on the disk, with entries behind it that are told next",
        None,
        taken().stop(1).start(1, 1).restore(1, 2, 1, 3).append(1, 3, 1).persist(1, 3),
    ),
    Case("kept entries that it does not have", "log-matching", taken().restore(2, 2, 1, 4)),
    Case(
        "replaced a log that does not match",
        None,
        taken().append(3, 1, 0).append(3, 2, 0).append(3, 3, 0).restore(3, 2).persist(3, 2),
    ),
    Case(
        "a leader gives up entries for a snapshot",
        "leader-append-only",
        taken().append(1, 4, 1).restore(1, 3),
    ),
    Case("a removal within the snapshot", "state-machine-safety", received().truncate(3, 2)),
    Case("a removal behind the snapshot", None, received().append(3, 3, 1).truncate(3, 3)),
    Case("a commit index within the snapshot", "monotonic-commit", received().commit(3, 2)),
    Case("a commit index beyond the log", "monotonic-commit", received().commit(3, 3)),
    Case("a commit index behind the snapshot", None, received().append(3, 3, 1).commit(3, 3)),
    Case(
        "another entry committed behind the snapshot",
        "state-machine-safety",
        received().append(3, 3, 2, b"d").commit(3, 3),
    ),
    Case(
        "an old term's entry committed behind the snapshot",
        "own-term-commit",
        received().store(3, 3, 1).lead(3, 2).commit(3, 3),
    ),
    # -- Who leads behind it
    Case("leads with a snapshot that lacks entries", "leader-completeness", received().lead(3, 2)),
    Case("leads with a snapshot and all entries", None, received().append(3, 3, 1).lead(3, 2)),
    Case("leads with a snapshot of everything", None, taken(2, 2).restore(3, 2).lead(3, 2)),
    # -- On whose disk
    Case(
        "committed on a snapshot that is not durable",
        "committed-on-majority",
        taken().restore(3, 2).append(3, 3, 1).append(3, 4, 1).store(1, 4, 1).commit(1, 4),
    ),
    Case(
        "committed on what lies behind a snapshot",
        None,
        taken()
        .restore(3, 2)
        .append(3, 3, 1)
        .append(3, 4, 1)
        .persist(3, 4)
        .store(1, 4, 1)
        .commit(1, 4),
    ),
    Case(
        "committed on what lies behind a snapshot that replaced a longer log",
        None,
        stale()
        .restore(3, 2)
        .append(3, 3, 1)
        .append(3, 4, 1)
        .persist(3, 4)
        .store(1, 4, 1)
        .commit(1, 4),
    ),
    Case(
        "committed on a log that a snapshot is to replace",
        "committed-on-majority",
        stale().restore(3, 2).append(3, 3, 1).append(3, 4, 1).store(1, 4, 1).commit(1, 4),
    ),
    Case(
        "gone from a disk, replaced by an older snapshot",
        "committed-on-majority",
        taken().restore(2, 2).persist(2, 2),
    ),
    Case(
        "gone from a disk, another has a snapshot of it",
        None,
        taken(3, 3).restore(3, 3).persist(3, 3).stop(2).start(2, 1).persist(2, 0),
    ),
    Case(
        "gone from a disk after a restart with a snapshot",
        "committed-on-majority",
        restarted().persist(1, 2),
    ),
    Case(
        "all there after a restart with a snapshot", None, restarted().append(1, 3, 1).persist(1, 3)
    ),
    Case(
        "durable by the snapshot alone",
        None,
        committed(1)
        .append(2, 2, 1)
        .store(1, 2, 1)
        .store(3, 1, 1)
        .store(3, 2, 1)
        .commit(1, 2)
        .commit(2, 2)
        .apply(2, 1, 1)
        .apply(2, 2, 2)
        .take(2, 2)
        .stop(3)
        .start(3, 1)
        .persist(3, 0),
    ),
    # -- Sessions
    Case(
        "executed again behind a snapshot",
        "exactly-once",
        received().store(3, 3, 1).commit(3, 3).apply(3, 3, 1),
    ),
    Case(
        "recognised behind a snapshot",
        None,
        received().store(3, 3, 1).commit(3, 3).apply(3, 3, 1, executed=False),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_monitor(case: Case) -> None:
    case.check()


def test_a_removal_within_the_snapshot_does_not_end_the_judgement() -> None:
    trace = received().truncate(3, 1).append(3, 2, 1).persist(3, 2).commit(3, 3)
    kinds = [failure.kind for failure in judge_trace(MEMBERS, trace.events).failures]
    assert kinds[:2] == ["state-machine-safety", "log-matching"]
    assert "monotonic-commit" not in kinds


def test_an_index_before_the_snapshot_is_not_looked_for_in_the_log() -> None:
    trace = received().commit(3, 1)
    assert judge_trace(MEMBERS, trace.events).kinds == {"monotonic-commit"}
    trace = received().append(3, 3, 1).commit(3, 3).apply(3, 1, 1)
    assert judge_trace(MEMBERS, trace.events).kinds == {"applied-within-commit"}


def test_a_snapshot_costs_no_more_behind_a_long_log() -> None:
    """What a ghost holds of a log that a snapshot replaced does not grow with the log."""
    monitors = Monitors(MEMBERS)
    for event in taken(500, 499).restore(3, 499).store(3, 500, 1).commit(3, 500).events:
        monitors.observe(event)
    node = monitors.cluster.nodes["n3"]
    assert monitors.failures == []
    assert len(node.hashes) == len(node.terms) == len(node.durable) == 2


def test_a_node_that_is_no_member_gets_its_ghost() -> None:
    monitors = Monitors(MEMBERS)
    for event in taken().start(4).persist(4, 0).restore(4, 2).store(4, 3, 1).commit(4, 3).events:
        monitors.observe(event)
    assert monitors.failures == []
    assert monitors.cluster.nodes["n4"].commit_index == 3
    judge = Monitors(MEMBERS).judge_of("n5")
    judge(Started(0, 0, "n5", 0, None))
