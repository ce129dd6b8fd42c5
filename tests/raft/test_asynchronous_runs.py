"""Asynchronous storage in any order of events, crashed at any point, and in the simulator."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nemesis.run import run
from nemesis.schedule import Schedule
from nemesis.search.generate import ANYTHING, ORDINARY, Only, Size, generate
from raft.consensus import (
    AppendEntriesReply,
    Consensus,
    RequestVote,
    RequestVoteReply,
    Settings,
)
from raft.consensus.quorums import agreed_index
from raft.replica import Variant
from tests.raft.asynchronous import ASYNCHRONOUS, Cluster
from tests.raft.asynchronous_nodes import (
    SMALL,
)
from tests.raft.harness import MEMBERS

STEPS = (
    *("perform", "acknowledge") * 3,
    *("apply", "acknowledge-application", "propose", "propose") * 2,
    *("time-out", "lose"),
    *("crash", "crash-in-write"),
)
ONE = st.one_of(
    st.tuples(st.sampled_from(MEMBERS), st.sampled_from(STEPS)),
    st.tuples(st.just("deliver"), st.integers(0, 30)),
    st.tuples(st.just("deliver"), st.just(0)),
    st.tuples(st.just("again"), st.integers(0, 30)),
    st.tuples(st.just("run"), st.sampled_from((None, *MEMBERS))),
)


def interleave(cluster: Cluster, steps: list[tuple[str, Any]]) -> None:
    """Do the steps, after a first leader was elected, until a monitor convicts."""
    cluster.do("n1", "time-out")
    cluster.run(4)
    for name, what in steps:
        if name == "deliver":
            cluster.deliver(what)
        elif name == "again":
            cluster.deliver(what, again=True)
        elif name == "run":
            cluster.run(3, without=what)
        else:
            cluster.do(name, what)
        if cluster.failures:
            return


@given(st.lists(ONE, max_size=150), st.sampled_from((ASYNCHRONOUS, SMALL)))
@settings(max_examples=300, deadline=None)
def test_nothing_that_left_contradicts_what_the_disk_recovers(
    steps: list[tuple[str, Any]], knobs: Settings
) -> None:
    cluster = Cluster(knobs)
    interleave(cluster, steps)
    assert cluster.failures == []
    for name in MEMBERS:
        cluster.crash(name)
    assert cluster.failures == []


# In the simulator.


# Leaders change while disks are slow: there an acknowledgement comes late for what was replaced.
SLOW = Only(replicas=3, faults=("partition", "slow-disk", "delay", "slow-link"))


def asynchronous(seed: int, size: Size = ORDINARY, only: Only = ANYTHING) -> Schedule:
    schedule = generate(seed, size, only)
    return msgspec.structs.replace(
        schedule, knobs=msgspec.structs.replace(schedule.knobs, asynchronous_storage=True)
    )


def test_asynchronous_runs_are_valid_and_repeatable() -> None:
    for seed in range(20):
        result = run(asynchronous(seed))
        assert result.verdict.failures == ()
        if seed < 3:
            assert result.trace_bytes() == run(asynchronous(seed)).trace_bytes()


class AcknowledgesAnything(Consensus):
    """Does not look at the term of what was written (etcd's AsyncStorageWrites, before its fix)."""

    def counts_acknowledgement(self, term: int, last_index: int, last_term: int) -> bool:
        return True


class AnswersEarly(Consensus):
    def append_reply_may_leave(self, message: AppendEntriesReply) -> bool:
        return True


class VotesEarly(Consensus):
    def vote_may_leave(self, message: RequestVoteReply) -> bool:
        return True


class AsksEarly(Consensus):
    def request_vote_may_leave(self, message: RequestVote) -> bool:
        return True


class ForgetsTerms(Consensus):
    def is_term_saved(self, term: int) -> bool:
        return True


class AppliesEarly(Consensus):
    def index_to_apply(self) -> int:
        return self.log.last_index


class CountsWhatItSent(Consensus):
    """A leader that takes its own log for durable."""

    def majority_match_index(self) -> int:
        matched = {peer: progress.match_index for peer, progress in self.progress.items()}
        matched[self.node] = self.log.last_index
        return agreed_index(self.configuration, matched)


@pytest.mark.parametrize(
    ("kind", "convicted_by"),
    [
        (AcknowledgesAnything, {"committed-on-majority"}),
        (AnswersEarly, {"committed-on-majority"}),
        (VotesEarly, {"monotonic-term", "one-vote-a-term"}),
        (AsksEarly, {"monotonic-term", "one-vote-a-term"}),
        (ForgetsTerms, {"monotonic-term"}),
        (AppliesEarly, {"applied-within-commit"}),
        (CountsWhatItSent, {"committed-on-majority"}),
    ],
)
def test_whoever_breaks_a_rule_is_convicted(kind: type[Consensus], convicted_by: set[str]) -> None:
    variant = Variant(kind.__name__, consensus=kind)
    for seed in range(400):
        schedule = asynchronous(seed)
        if kind is AcknowledgesAnything:
            # Nine of 250 such schedules convict it, and hardly one of the ordinary mix.
            schedule = asynchronous(seed, Size(operations=60, attacks=20), SLOW)
        result = run(schedule, variant, brief=True)
        if result.verdict.failures:
            assert result.verdict.failures[0].kind in convicted_by
            return
    pytest.fail(f"{kind.__name__} was not convicted")
