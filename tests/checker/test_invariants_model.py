"""Random legal traces are never convicted, and one illegal act at the end of one always is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checker.invariants import judge_trace
from checker.trace import TraceEvent
from tests.checker.raft_model import FIRST, RaftModel, Server, is_quorum

STEPS = 300
# An act of the model that is not legal; false if there is no occasion for it.
Act = Callable[[RaftModel], bool]


def told(seed: int, steps: int) -> RaftModel:
    model = RaftModel(Random(seed))
    for _ in range(steps):
        model.step()
    return model


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 400))
def test_legal_traces_are_not_convicted(seed: int, steps: int) -> None:
    assert judge_trace(FIRST, told(seed, steps).trace.events).failures == ()


def test_the_model_does_everything() -> None:
    kinds = Counter(
        type(event).__name__ for seed in range(20) for event in told(seed, 400).trace.events
    )
    assert min(kinds.values()) >= 10
    assert set(kinds) == {kind.__name__ for kind in get_args(TraceEvent)}


def commits_without_majority(model: RaftModel) -> bool:
    leader = model.leader
    if leader is None or is_quorum(leader.configuration()[1], [leader]):
        return False
    model.append(leader, (leader.term, b"", None))
    model.trace.commit(leader.n, len(leader.log))
    return True


def ahead(model: RaftModel) -> Server | None:
    """Who has applied something beyond its snapshot."""
    return next((s for s in model.servers.values() if s.is_up and s.applied > s.snapshot), None)


def snapshot_of_unapplied(model: RaftModel) -> bool:
    server = next((s for s in model.servers.values() if s.is_up and len(s.log) > s.applied), None)
    if server is not None:
        index = len(server.log)
        model.trace.take(server.n, index, server.log[-1][0])
    return server is not None


def other_state(model: RaftModel) -> bool:
    server = ahead(model)
    if server is not None:
        model.trace.digest(server.n, server.applied)
        model.trace.take(server.n, server.applied, server.log[server.applied - 1][0], "other")
    return server is not None


def compacts_ahead(model: RaftModel) -> bool:
    server = ahead(model)
    if server is not None:
        model.trace.compact(server.n, server.applied)
    return server is not None


def loses_snapshot(model: RaftModel) -> bool:
    server = next((s for s in model.servers.values() if s.is_up and s.disk_snapshot), None)
    if server is not None:
        server.disk_snapshot = 0
        model.trace.stop(server.n)
        model.recover(server)
    return server is not None


def restores_old_snapshot(model: RaftModel) -> bool:
    """An old snapshot takes the place of a newer log."""
    for server in model.servers.values():
        if server.is_up and server is not model.leader and 0 < server.snapshot < server.applied:
            index = server.snapshot
            model.trace.restore(server.n, index, server.log[index - 1][0])
            return True
    return False


def restores_uncommitted(model: RaftModel) -> bool:
    leader = model.leader
    if leader is None or len(leader.log) == leader.commit:
        return False
    follower = next(s for s in model.servers.values() if s is not leader)
    if not follower.is_up or follower.commit >= len(leader.log):
        return False
    model.trace.restore(follower.n, len(leader.log), leader.term)
    return True


def changes_twice(model: RaftModel) -> bool:
    leader = model.leader
    if leader is None or leader.configuration()[0] <= leader.commit:
        return False
    voters, outgoing = leader.configuration()[1]
    model.append(leader, (leader.term, b"", ((*voters, "n9"), outgoing)))
    return True


def changes_before_own_commit(model: RaftModel) -> bool:
    model.leader = None
    model.elect()
    leader = model.leader
    if leader is None:
        return False
    index, (voters, outgoing) = leader.configuration()
    if index > leader.commit or outgoing:
        return False
    model.append(leader, (leader.term, b"", ((*voters, "n9"), ())))
    return True


def changes_two_voters(model: RaftModel) -> bool:
    leader = model.leader
    voters, outgoing = leader.configuration()[1] if leader is not None else ((), ())
    if leader is None or outgoing or len(voters) % 2 == 0:
        # An even number and two more still overlap.
        return False
    model.append(leader, (leader.term, b"", ((*voters, "n8", "n9"), ())))
    return True


def elected_by_too_few(model: RaftModel) -> bool:
    winner = model.any_up()
    if is_quorum(winner.configuration()[1], [winner]):
        return False
    model.meet(winner, 1 + max(s.term for s in model.servers.values()))
    model.trace.vote(winner.n, winner.term, winner.name)
    model.lead(winner)
    return True


def stranger_leads(model: RaftModel) -> bool:
    for server in model.servers.values():
        if server.is_up and not server.is_voter and server.configuration()[0] <= server.commit:
            model.meet(server, 1 + max(s.term for s in model.servers.values()))
            model.lead(server)
            return True
    return False


def proposes_in_transfer(model: RaftModel) -> bool:
    leader = next((s for s in model.servers.values() if s.leads and s.transfers), None)
    if leader is not None:
        model.append(leader, (leader.term, b"c", None))
    return leader is not None


def reads_by_old_lease(model: RaftModel) -> bool:
    leader = model.leader
    if leader is None or not model.has_committed_own(leader) or leader.term < 2:
        return False
    old = next(s for s in model.servers.values() if s is not leader)
    model.trace.lease_read(old.n, leader.commit - 1, leader.term - 1)
    return True


def truncates_committed(model: RaftModel) -> bool:
    server = next((s for s in model.servers.values() if s.is_up and s.commit > s.snapshot), None)
    if server is not None:
        model.trace.truncate(server.n, server.commit)
    return server is not None


ACTS: list[tuple[str, Act]] = [
    ("committed-on-majority", commits_without_majority),
    ("snapshot-of-applied", snapshot_of_unapplied),
    ("same-state", other_state),
    ("compaction-behind-snapshot", compacts_ahead),
    ("monotonic-snapshot", loses_snapshot),
    ("applied-within-commit", restores_old_snapshot),
    ("state-machine-safety", restores_uncommitted),
    ("state-machine-safety", truncates_committed),
    ("one-change-at-a-time", changes_twice),
    ("one-change-at-a-time", changes_before_own_commit),
    ("overlapping-quorums", changes_two_voters),
    ("elected-by-quorum", elected_by_too_few),
    ("voters-lead", stranger_leads),
    ("no-proposals-in-transfer", proposes_in_transfer),
    ("lease-safety", reads_by_old_lease),
]


@pytest.mark.parametrize(("kind", "act"), ACTS, ids=[act.__name__ for _, act in ACTS])
def test_an_illegal_act_is_convicted(kind: str, act: Act) -> None:
    occasions = 0
    for seed in range(60):
        model = told(seed, STEPS)
        if act(model):
            occasions += 1
            assert kind in judge_trace(FIRST, model.trace.events).kinds
    assert occasions >= 5
