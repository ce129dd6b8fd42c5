"""Reads by lease (thesis, 6.4.1): what they rest on, and what becomes of them when clocks lie."""

from __future__ import annotations

from collections import Counter

import msgspec
import pytest

from checker.lincheck import check
from checker.models import get_model
from checker.trace import LeaseRead
from checker.verdict import Validity
from nemesis.errors import ScheduleError
from nemesis.faults import ClockDrift, Partition
from nemesis.run import Run, run
from nemesis.schedule import Knobs, Operate, Schedule, validate
from nemesis.search.generate import Only, Size, generate
from raft.consensus import Consensus, Settings
from raft.consensus.configuration import Configuration
from raft.consensus.messages import AppendEntries, PreVote, RequestVote, RequestVoteReply
from raft.consensus.settings import SettingsError
from raft.replica import HEALTHY, Variant
from tests.raft.harness import MS, Server

SETTINGS = Settings(lease_reads=True, pre_vote=False, max_clock_drift=100_000)
# 150 ms, less a tenth.
LEASE = 135 * MS


def leader(kind: type[Consensus] = Consensus, settings: Settings = SETTINGS) -> Server:
    """A leader that has committed its no-op; the round of its first broadcast, sent just now, is
    answered."""
    server = Server(settings=settings, kind=kind)
    server.elect()
    server.acknowledge(1, "n2", read_round=1)
    return server


def served(server: Server, read_id: int = 1) -> bool:
    """Whether a read is confirmed without asking anyone."""
    server.consensus.read(read_id)
    reads, server.consensus.confirmed_reads = server.consensus.confirmed_reads, []
    return [read.read_id for read in reads] == [read_id]


def test_a_lease_lasts_for_an_election_time_out_less_the_drift() -> None:
    server = leader()
    server.step(after=LEASE - 1)
    assert served(server)
    server.step(after=1)
    assert not served(server)


def test_it_is_counted_from_when_the_round_was_sent() -> None:
    server = leader()
    (message, *_) = server.step(after=server.consensus.heartbeat_deadline - server.now)
    sent_at = server.now
    server.step(after=50 * MS)
    server.acknowledge(1, "n2", read_round=message.read_round)
    server.step(after=sent_at + LEASE - 1 - server.now)
    assert served(server)
    server.step(after=1)
    assert not served(server)


def test_an_answer_to_an_older_round_renews_nothing() -> None:
    server = leader()
    for _ in range(2):
        server.step(after=75 * MS)
    server.acknowledge(1, "n2", read_round=1)
    assert not served(server)


def test_a_minority_renews_nothing() -> None:
    server = Server(settings=SETTINGS, members=("n1", "n2", "n3", "n4", "n5"))
    server.time_out()
    for voter in ("n2", "n3"):
        server.step(RequestVoteReply(voter, "n1", 1, True))
    for follower in ("n2", "n3"):
        server.acknowledge(1, follower, read_round=0)
    server.acknowledge(1, "n4", read_round=1)
    assert not served(server)
    server.acknowledge(1, "n5", read_round=1)
    assert served(server, 2)


def test_a_joint_configuration_needs_both_majorities() -> None:
    server = leader()
    # Round 1 was answered by n2 alone.
    server.consensus.configuration = Configuration(("n1", "n2", "n3"), ("n1", "n3", "n4"))
    server.step(after=75 * MS)
    server.acknowledge(1, "n2", read_round=2)
    server.step(after=LEASE - 75 * MS)
    assert not served(server)
    server.acknowledge(1, "n3", read_round=2)
    assert served(server, 2)


def test_without_an_entry_of_its_term_a_leader_with_a_lease_serves_nothing() -> None:
    server = Server(1, settings=SETTINGS)
    server.elect()
    server.acknowledge(1, "n2", read_round=1)
    assert not served(server)


def test_who_was_asked_to_campaign_voids_the_lease_for_the_rest_of_the_term() -> None:
    server = leader()
    server.consensus.timeout_now_sent = True
    assert not served(server)
    server.step(RequestVoteReply("n3", "n1", 5, False))
    server.elect()
    server.acknowledge(2, "n2", read_round=1)
    assert served(server, 2)


def test_a_new_term_begins_without_a_lease() -> None:
    server = leader()
    assert served(server)
    server.step(RequestVoteReply("n3", "n1", 5, False))
    # As if it had been asked to campaign at once.
    server.consensus.start_election()
    server.step(RequestVoteReply("n2", "n1", 6, True))
    server.acknowledge(2, "n2", read_round=0)
    assert server.consensus.may_set_read_index()
    assert not served(server, 2)


def test_a_lease_that_is_over_is_no_reason_to_refuse_reads() -> None:
    server = leader()
    server.step(after=LEASE)
    server.acknowledge(1, "n2", read_round=0)
    assert not served(server, 7)
    (message, *_) = server.settle()
    server.acknowledge(1, "n2", read_round=message.read_round)
    assert [read.read_id for read in server.consensus.confirmed_reads] == [7]


def test_rounds_that_are_too_old_to_matter_are_forgotten() -> None:
    server = leader()
    for _ in range(1_000):
        server.step(after=10 * MS)
        server.propose()
        server.consensus.active_peers.add("n2")
    assert server.consensus.role == "leader"
    assert len(server.consensus.unanswered_rounds) <= 16


# Voters.


def follower(settings: Settings, heard: bool) -> Server:
    server = Server(settings=settings, term=1)
    server.step(after=1)
    if heard:
        server.step(AppendEntries("n2", "n1", 1, 0, 0, (), 0, 1))
    return server


@pytest.mark.parametrize("heard", [True, False], ids=["heard", "just-started"])
def test_a_voter_keeps_the_lease_of_a_leader_it_heard_or_may_have_forgotten(heard: bool) -> None:
    server = follower(SETTINGS, heard)
    patience = SETTINGS.election_timeout_min - (not heard)
    vote = RequestVote("n3", "n1", 2, 9, 9)
    assert server.step(vote, after=patience - 1) == []
    assert not server.step(PreVote("n3", "n1", 2, 9, 9))[0].vote_granted
    (reply,) = server.step(vote, after=1)
    assert reply.vote_granted


def test_without_leases_a_restarted_server_votes_at_once() -> None:
    server = follower(msgspec.structs.replace(SETTINGS, lease_reads=False), heard=False)
    (reply,) = server.step(RequestVote("n3", "n1", 2, 9, 9))
    assert reply.vote_granted


def test_a_server_does_not_campaign_while_the_lease_may_last() -> None:
    for heard in (True, False):
        server = follower(SETTINGS, heard)
        assert server.consensus.election_deadline >= SETTINGS.election_timeout_min


# Settings.


def test_leases_are_refused_without_check_quorum() -> None:
    with pytest.raises(SettingsError, match="check_quorum"):
        Settings(lease_reads=True, check_quorum=False)
    knobs = Knobs(reads="lease", check_quorum=False)
    with pytest.raises(ScheduleError, match="check_quorum"):
        validate(Schedule(knobs=knobs))


@pytest.mark.parametrize("drift", [-1, 1_000_000])
def test_a_bound_that_leaves_no_lease_is_refused(drift: int) -> None:
    with pytest.raises(SettingsError, match="max_clock_drift"):
        Settings(max_clock_drift=drift)


# In the simulator: a leader is cut off, and its clock is too slow for it to notice.

SIZE = Size(operations=60, attacks=5)


def schedule_with_slow_leaders(seed: int, drift: int, bound: int, reads: str) -> Schedule:
    """Partitions; and clocks of leaders that run at another rate, by ``drift`` parts per million,
    where they may by ``bound``."""
    schedule = generate(seed, SIZE, Only(replicas=3, faults=("partition", "clock-drift")))
    knobs = msgspec.structs.replace(
        schedule.knobs, reads=reads, check_quorum=True, max_clock_drift=bound
    )
    steps = tuple(
        msgspec.structs.replace(step, parts_per_million=drift, target="leader")
        if isinstance(step, ClockDrift)
        else step
        for step in schedule.steps
    )
    return msgspec.structs.replace(schedule, knobs=knobs, steps=steps)


def search(
    seeds: range, drift: int, bound: int, reads: str = "lease", variant: Variant = HEALTHY
) -> tuple[Counter[str], list[Run]]:
    """What was seen, and the runs that failed."""
    seen, failed = Counter[str](), []
    for seed in seeds:
        result = run(schedule_with_slow_leaders(seed, drift, bound, reads), variant)
        seen["reads by lease"] += sum(isinstance(event, LeaseRead) for event in result.trace)
        seen["drift"] += "clock-drift" in result.statistics.confirmed
        if result.verdict.validity is Validity.INVALID:
            failed.append(result)
    return seen, failed


def test_within_the_bound_no_read_is_stale() -> None:
    # Clocks of the others run faster than the leader's by 43 per cent; 50 are allowed.
    seen, failed = search(range(300), -300_000, 500_000)
    assert failed == []
    assert seen["reads by lease"] > 1_000
    assert seen["drift"] > 30


def test_beyond_the_bound_reads_are_stale_and_the_checker_sees_it() -> None:
    # The leader's clock runs at a tenth of its rate.
    _, failed = search(range(60), -900_000, 10_000)
    assert failed
    for result in failed:
        assert set(result.verdict.kinds) <= {"linearizability", "lease-safety"}
        asking = schedule_with_slow_leaders(result.schedule.seed, -900_000, 10_000, "index")
        assert run(asking).verdict.failures == ()


def read_of_who_is_cut_off(seed: int, reads: str, bound: int) -> Schedule:
    """The leader, whose clock runs at a tenth of its rate, is cut off; the others write by a leader
    of theirs, and somebody reads, of a server that the seed draws."""
    knobs = Knobs(clients=2, workload="register", reads=reads, max_clock_drift=bound)
    steps = (
        ClockDrift(target="leader", parts_per_million=-900_000),
        Partition(target="leader", wait=500 * MS),
        Operate(client=0, f="write", key="x", value="new", wait=300 * MS),
        Operate(client=1, f="read", key="x"),
    )
    return Schedule(seed=seed, knobs=knobs, steps=steps)


def test_clients_see_stale_reads_where_the_monitor_does() -> None:
    seen = 0
    for seed in range(20):
        result = run(read_of_who_is_cut_off(seed, "lease", bound=10_000))
        stale = check(result.history, get_model("register")).validity is Validity.INVALID
        assert result.verdict.kinds == ({"lease-safety"} if stale else frozenset()), seed
        seen += stale
        for reads, bound in (("index", 10_000), ("lease", 950_000)):
            assert run(read_of_who_is_cut_off(seed, reads, bound)).verdict.failures == (), seed
    assert seen >= 4


def test_generated_schedules_read_in_every_way_and_leave_leases_their_clocks() -> None:
    ways = Counter[str]()
    for seed in range(300):
        schedule = generate(seed)
        ways[schedule.knobs.reads] += 1
        if schedule.knobs.reads == "lease":
            assert schedule.knobs.check_quorum
            assert not any(step.kind.startswith("clock-") for step in schedule.faults)
    assert min(ways[way] for way in ("index", "log", "follower", "lease")) > 20
    only = Only(faults=("clock-jump",))
    assert all(generate(seed, only=only).knobs.reads != "lease" for seed in range(60))
