"""The monitors of membership, both ways."""

from __future__ import annotations

import pytest

from tests.checker.traces import Case, Trace, names

FIVE = names(1, 2, 3, 4, 5)
ONE = names(1, 2, 3)


def configured(voters: tuple[str, ...] = ONE, nodes: int = 5) -> Trace:
    """All of five have started and told their configuration, the first one."""
    trace = Trace(started=False)
    for n in range(1, nodes + 1):
        trace.start(n).persist(n, 0, 0).configure(n, 0, voters)
    return trace


def led(voters: tuple[str, ...] = ONE) -> Trace:
    """n1 leads term 1 and has committed its first entry, which n1, n2, n3 hold."""
    trace = configured(voters).lead(1, 1)
    for n in (1, 2, 3):
        trace.store(n, 1, 1, b"")
    return trace.commit(1, 1)


def inherited() -> Trace:
    """n2 leads term 2 with the uncommitted configuration that n1 appended in term 1."""
    trace = led().change(1, 2, 1, names(1, 2, 3, 4)).commit(2, 1)
    return trace.change(2, 2, 1, names(1, 2, 3, 4)).lead(2, 2).append(2, 3, 2, b"")


def joint() -> Trace:
    """n1 has committed a joint configuration, the new majority n3, n4, n5, at index 2."""
    trace = led()
    for n in (1, 2, 3):
        trace.change(n, 2, 1, names(3, 4, 5), ONE).persist(n, 2)
    for n in (4, 5):
        trace.append(n, 1, 1, b"").change(n, 2, 1, names(3, 4, 5), ONE).persist(n, 2)
    return trace.commit(1, 2)


def removed() -> Trace:
    """n1 has appended a configuration without itself, which n2 and n3 hold."""
    trace = led()
    for n in (1, 2, 3):
        trace.change(n, 2, 1, names(2, 3)).persist(n, 2)
    return trace


def waiting() -> Trace:
    """n4 waits to be added."""
    return configured(nodes=3).start(4).persist(4, 0, 0).configure(4, 0, ())


def snapshot_of_joint(index: int = 2) -> Trace:
    """n1 is back with a snapshot of the joint configuration, or of what followed it."""
    trace = joint().apply(1, 1, 1).apply(1, 2, 2)
    if index > 2:
        trace.store(1, 3, 1).store(3, 3, 1).store(4, 3, 1).store(2, 3, 1)
        trace.commit(1, 3).apply(1, 3, 3)
    return trace.take(1, index).stop(1).start(1, 1).restore(1, index).persist(1, index)


def applied_before_change() -> Trace:
    """n1 took a snapshot of index 1, and appended a configuration that is gone after a restart."""
    trace = led().apply(1, 1, 1).take(1, 1).change(1, 2, 1, names(1, 2, 3, 4))
    return trace.stop(1).start(1, 1).restore(1, 1).persist(1, 1)


def snapshot_before_change() -> Trace:
    """n4 has received a snapshot of index 1; the configuration of index 2 is committed."""
    trace = led().apply(1, 1, 1).take(1, 1)
    for n in (1, 2, 3):
        trace.change(n, 2, 1, names(1, 2, 3, 4)).persist(n, 2)
    return trace.commit(1, 2).restore(4, 1).persist(4, 1)


def snapshot_of_another() -> Trace:
    """n2 took a snapshot of the entry that has replaced n1's configuration at index 2."""
    trace = led().change(1, 2, 1, names(1, 2, 3, 4)).lead(2, 2).store(2, 2, 2).store(3, 2, 2)
    trace.commit(2, 2).apply(2, 1, 1).apply(2, 2, 2).take(2, 2, 2)
    return trace.stop(2).start(2, 2).restore(2, 2, 2).persist(2, 2, 2)


def with_n4() -> Trace:
    """n1 has added n4, committed it at index 2 and taken a snapshot."""
    trace = led()
    for n in (1, 2, 3):
        trace.change(n, 2, 1, names(1, 2, 3, 4)).persist(n, 2)
    return trace.commit(1, 2).apply(1, 1).apply(1, 2, 2).take(1, 2)


def stored_without_change(last_index: int) -> Trace:
    """Three hold the log up to this index, and nobody has told of a configuration in it."""
    trace = led()
    for n in (1, 2, 3):
        for index in range(2, last_index + 1):
            trace.store(n, index, 1, b"")
    return trace


def adopted_at_commit() -> Trace:
    """As etcd does: n1 is told of each configuration when it is applied, once when that is the last
    entry, once when it is not; and it has taken a snapshot since."""
    trace = stored_without_change(2)
    trace.commit(1, 2).apply(1, 1).apply(1, 2, 2).configure(1, 2, names(1, 2, 3, 4))
    for n in (1, 2, 3):
        trace.store(n, 3, 1, b"").store(n, 4, 1, b"")
    trace.commit(1, 4).apply(1, 3, 3).configure(1, 3, FIVE)
    return trace.apply(1, 4, 4).take(1, 4)


CASES: list[Case] = [
    # -- One change at a time
    Case(
        "a change before the last is committed",
        "one-change-at-a-time",
        led().change(1, 2, 1, names(1, 2, 3, 4)).change(1, 3, 1, FIVE),
        FIVE,
    ),
    Case(
        "a change on an inherited one that is not committed",
        "one-change-at-a-time",
        inherited().change(2, 4, 2, FIVE),
        FIVE,
    ),
    Case(
        "an inherited change committed, then the next",
        None,
        inherited()
        .persist(2, 3, 2)
        .change(3, 2, 1, names(1, 2, 3, 4))
        .append(3, 3, 2, b"")
        .persist(3, 3, 2)
        .append(4, 1, 1, b"")
        .change(4, 2, 1, names(1, 2, 3, 4))
        .append(4, 3, 2, b"")
        .persist(4, 3, 2)
        .commit(2, 3)
        .change(2, 4, 2, FIVE),
        FIVE,
    ),
    Case(
        "a change before an entry of the own term is committed",
        "one-change-at-a-time",
        led().lead(2, 2).append(2, 2, 2, b"").change(2, 3, 2, names(1, 2, 3, 4)),
        FIVE,
    ),
    Case(
        "a joint change before an entry of the own term is committed",
        None,
        led().lead(2, 2).append(2, 2, 2, b"").change(2, 3, 2, names(1, 2, 3, 4), ONE),
        FIVE,
    ),
    Case(
        "a learner before an entry of the own term is committed",
        None,
        led().lead(2, 2).append(2, 2, 2, b"").change(2, 3, 2, ONE, (), names(4)),
        FIVE,
    ),
    Case("one change", None, led().change(1, 2, 1, names(1, 2, 3, 4)), FIVE),
    Case(
        "left a joint configuration that is not committed",
        "one-change-at-a-time",
        led().change(1, 2, 1, names(3, 4, 5), ONE).change(1, 3, 1, names(3, 4, 5)),
        FIVE,
    ),
    Case(
        "left a committed joint configuration", None, joint().change(1, 3, 1, names(3, 4, 5)), FIVE
    ),
    Case(
        "two configurations told by a follower",
        None,
        led().change(2, 2, 1, names(1, 2, 3, 4)).change(2, 3, 1, FIVE),
        FIVE,
    ),
    Case(
        "in effect from its commit on",
        None,
        led()
        .lead(2, 2)
        .store(2, 2, 2, b"")
        .store(3, 2, 2, b"")
        .commit(2, 2)
        .configure(2, 2, names(1, 2, 3, 4)),
        FIVE,
    ),
    Case(
        "in effect late, on a leader who learned of its commitment as a follower",
        None,
        led()
        .store(1, 2, 1, b"")
        .store(2, 2, 1, b"")
        .commit(1, 2)
        .commit(2, 2)
        .lead(2, 2)
        .configure(2, 2, names(1, 2, 3, 4)),
        FIVE,
    ),
    Case(
        "left a committed joint configuration before an entry of the own term is committed",
        None,
        joint().commit(3, 2).lead(3, 2).append(3, 3, 2, b"").change(3, 4, 2, names(3, 4, 5)),
        FIVE,
    ),
    # -- Overlapping quorums
    Case("two voters at once", "overlapping-quorums", led().change(1, 2, 1, FIVE), FIVE),
    Case(
        "swapped",
        "overlapping-quorums",
        led().change(1, 2, 1, names(1, 4, 5)),
        FIVE,
    ),
    Case(
        "left a joint configuration for a third",
        "overlapping-quorums",
        joint().change(1, 3, 1, names(1, 4)),
        FIVE,
    ),
    Case("adopted at their commit, one voter each", None, adopted_at_commit(), FIVE),
    Case(
        "two voters at once, adopted at the commit of the last entry",
        "overlapping-quorums",
        stored_without_change(2).commit(1, 2).apply(1, 1).apply(1, 2, 2).configure(1, 2, FIVE),
        FIVE,
    ),
    Case(
        "two voters at once, adopted at the commit of an entry that others follow",
        "overlapping-quorums",
        stored_without_change(3).commit(1, 2).apply(1, 1).apply(1, 2, 2).configure(1, 2, FIVE),
        FIVE,
    ),
    Case(
        "a restart with another configuration in the log",
        None,
        led()
        .stop(3)
        .start(3, 1)
        .append(3, 1, 1, b"")
        .append(3, 2, 1, b"")
        .persist(3, 2)
        .configure(3, 2, names(4, 5)),
        FIVE,
    ),
    Case(
        "many changes within a snapshot",
        None,
        configured(ONE, 3)
        .lead(1, 1)
        .store(1, 1, 1)
        .store(2, 1, 1)
        .commit(1, 1)
        .restore(3, 1)
        .configure(3, 1, names(4, 5)),
        FIVE,
    ),
    Case(
        "the first configuration that a joining node hears of",
        None,
        waiting().append(4, 1, 1, b"").change(4, 2, 1, names(1, 2, 3, 4)),
        ONE,
    ),
    Case(
        "rolled back",
        None,
        led().change(2, 2, 1, names(1, 2, 3, 4)).truncate(2, 2).configure(2, 0, ONE),
        FIVE,
    ),
    # -- Learners
    Case(
        "a learner that votes",
        "learners-apart",
        led().change(1, 2, 1, names(1, 2, 3, 4), (), names(4)),
        FIVE,
    ),
    Case(
        "a learner of the old majority",
        "learners-apart",
        led().change(1, 2, 1, names(1, 2), ONE, names(3)),
        FIVE,
    ),
    Case("a learner", None, led().change(1, 2, 1, ONE, (), names(4)), FIVE),
    # -- Who leads
    Case("a stranger leads", "voters-lead", configured().lead(4, 1), FIVE),
    Case(
        "a learner leads",
        "voters-lead",
        led().append(4, 1, 1, b"").change(4, 2, 1, ONE, (), names(4)).lead(4, 2),
        FIVE,
    ),
    Case("a node that waits leads", "voters-lead", waiting().lead(4, 1), ONE),
    Case(
        "removed, and knows it as committed",
        "voters-lead",
        removed().commit(1, 2).role(1, "follower", 1).term(2, 2).lead(1, 2),
        FIVE,
    ),
    Case(
        "removed, and may not know it as committed",
        None,
        removed()
        .commit(1, 2)
        .commit(2, 2)
        .stop(1)
        .start(1, 1)
        .append(1, 1, 1, b"")
        .append(1, 2, 1, b"")
        .persist(1, 2)
        .configure(1, 2, names(2, 3))
        .lead(1, 2),
        FIVE,
    ),
    Case(
        "removed, by an older configuration still a voter",
        None,
        led().change(2, 2, 1, names(2, 3)).lead(1, 2),
        FIVE,
    ),
    Case(
        "a voter of the old majority leads", None, joint().role(1, "follower", 1).lead(1, 2), FIVE
    ),
    Case(
        "a removed leader goes on",
        None,
        removed().commit(1, 2).store(1, 3, 1).store(2, 3, 1).store(3, 3, 1).commit(1, 3),
        FIVE,
    ),
    Case("joined, and leads", None, Trace().start(4).configure(4, 0, names(1, 2, 3, 4)).lead(4, 1)),
    # -- By whom
    Case(
        "too few votes",
        "elected-by-quorum",
        configured(FIVE).vote(1, 1, "n1").vote(2, 1, "n1").lead(1, 1),
        FIVE,
    ),
    Case(
        "votes of another term",
        "elected-by-quorum",
        configured().vote(1, 1, "n1").vote(2, 1, "n1").lead(1, 2),
        FIVE,
    ),
    Case(
        "votes for another",
        "elected-by-quorum",
        configured().vote(1, 1, "n1").vote(2, 1, "n3").lead(1, 1),
        FIVE,
    ),
    Case(
        "a learner's vote",
        "elected-by-quorum",
        configured(nodes=1).configure(1, 0, ONE, (), names(4)).vote(4, 1, "n1").lead(1, 1),
        FIVE,
    ),
    Case(
        "one majority of a joint configuration",
        "elected-by-quorum",
        joint().vote(2, 2, "n3").term(3, 2).vote(3, 2, "n3").role(3, "leader", 2),
        FIVE,
    ),
    Case(
        "both majorities of a joint configuration",
        None,
        joint().vote(2, 2, "n3").vote(4, 2, "n3").lead(3, 2),
        FIVE,
    ),
    Case(
        "enough votes, the own one not told", None, configured().vote(2, 1, "n1").lead(1, 1), FIVE
    ),
    Case(
        "the vote of a node that went down",
        None,
        configured().vote(2, 1, "n1").stop(2).lead(1, 1),
        FIVE,
    ),
    Case("alone", None, configured(names(1)).vote(2, 1, "n2").lead(1, 2), FIVE),
    Case("a trace that tells no votes", None, configured().lead(1, 1), FIVE),
    # -- Committed on whose majority
    Case(
        "committed by the majority before",
        "committed-on-majority",
        led()
        .change(1, 2, 1, names(1, 2, 3, 4))
        .persist(1, 2)
        .change(2, 2, 1, names(1, 2, 3, 4))
        .persist(2, 2)
        .commit(1, 2),
        FIVE,
    ),
    Case(
        "committed by one majority of two",
        "committed-on-majority",
        led()
        .change(1, 2, 1, names(3, 4, 5), ONE)
        .persist(1, 2)
        .change(2, 2, 1, names(3, 4, 5), ONE)
        .persist(2, 2)
        .commit(1, 2),
        FIVE,
    ),
    Case(
        "committed by a learner's disk",
        "committed-on-majority",
        led()
        .change(1, 2, 1, ONE, (), names(4))
        .persist(1, 2)
        .append(4, 1, 1, b"")
        .change(4, 2, 1, ONE, (), names(4))
        .persist(4, 2)
        .commit(1, 2),
        FIVE,
    ),
    Case("without the leader that is removed", None, removed().commit(1, 2), FIVE),
    Case(
        "a removed leader that counts itself",
        "committed-on-majority",
        led()
        .change(1, 2, 1, names(2, 3))
        .persist(1, 2)
        .change(2, 2, 1, names(2, 3))
        .persist(2, 2)
        .commit(1, 2),
        FIVE,
    ),
    Case(
        "gone from the disk of a removed node",
        None,
        removed().commit(1, 2).stop(1).start(1, 1).persist(1, 0),
        FIVE,
    ),
    Case(
        "gone from the disk of a member",
        "committed-on-majority",
        removed().commit(1, 2).stop(3).start(3, 1).persist(3, 0),
        FIVE,
    ),
    Case(
        "not committed, rolled back: the new voter still counts for what it held",
        "committed-on-majority",
        configured(names(1, 2))
        .lead(1, 1)
        .store(1, 1, 1, b"")
        .store(2, 1, 1, b"")
        .commit(1, 1)
        .store(1, 2, 1)
        .change(1, 3, 1, names(1, 2, 3))
        .persist(1, 3)
        .store(3, 1, 1, b"")
        .store(3, 2, 1)
        .commit(1, 2)
        .truncate(3, 2)
        .persist(3, 1),
        FIVE,
    ),
    # -- Snapshots of configurations
    Case(
        "a joint configuration comes back as its incoming half",
        "same-configuration",
        snapshot_of_joint().configure(1, 2, names(3, 4, 5)),
        FIVE,
    ),
    Case(
        "the configuration of the beginning comes back",
        "same-configuration",
        snapshot_of_joint().configure(1, 2, ONE),
        FIVE,
    ),
    Case(
        "a learner comes back that was none",
        "same-configuration",
        snapshot_of_joint(3).configure(1, 3, names(3, 4, 5), ONE, names(6)),
        FIVE,
    ),
    Case(
        "a joint configuration comes back",
        None,
        snapshot_of_joint().configure(1, 2, names(5, 4, 3), ONE),
        FIVE,
    ),
    Case(
        "it comes back from a later snapshot",
        None,
        snapshot_of_joint(3).configure(1, 3, names(3, 4, 5), ONE),
        FIVE,
    ),
    Case(
        "one that was appended, and not committed, is not expected",
        None,
        applied_before_change().configure(1, 1, ONE),
        FIVE,
    ),
    Case(
        "nor is one that was committed after the snapshot",
        None,
        snapshot_before_change().configure(4, 1, ONE),
        FIVE,
    ),
    Case(
        "nor is one that another entry has replaced",
        None,
        snapshot_of_another().configure(2, 2, ONE),
        FIVE,
    ),
    Case(
        "nor one that was not the last to be adopted",
        None,
        adopted_at_commit().restore(5, 4).persist(5, 4).configure(5, 4, FIVE),
        FIVE,
    ),
    Case(
        "the last one adopted at its commit is missing in a snapshot",
        "same-configuration",
        adopted_at_commit().restore(5, 4).persist(5, 4).configure(5, 4, names(1, 2, 3, 4)),
        FIVE,
    ),
    # -- The configuration of a snapshot
    Case(
        "a snapshot with the latest configuration",
        None,
        with_n4().restore(4, 2).configure(4, 2, names(4, 3, 2, 1)),
        FIVE,
    ),
    Case(
        "a snapshot with an older configuration",
        "same-configuration",
        with_n4().restore(4, 2).configure(4, 2, ONE),
        FIVE,
    ),
    Case(
        "a restart that finds an older configuration in the snapshot",
        "same-configuration",
        with_n4().stop(1).start(1, 1).restore(1, 2).persist(1, 2).configure(1, 2, ONE),
        FIVE,
    ),
    Case(
        "a snapshot before the change, and the change after it",
        None,
        led()
        .change(1, 2, 1, names(1, 2, 3, 4))
        .apply(1, 1)
        .take(1, 1)
        .restore(4, 1)
        .configure(4, 1, ONE)
        .change(4, 2, 1, names(1, 2, 3, 4)),
        FIVE,
    ),
    Case(
        "a change of a log that was given up",
        None,
        led()
        .change(3, 2, 1, names(1, 2, 3, 4))
        .lead(2, 2)
        .store(2, 2, 2)
        .store(1, 2, 2)
        .commit(2, 2)
        .apply(2, 1)
        .apply(2, 2, 2)
        .take(2, 2, 2)
        .restore(4, 2, 2)
        .configure(4, 2, ONE),
        FIVE,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_monitor(case: Case) -> None:
    case.check()
