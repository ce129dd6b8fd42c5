"""Membership changes: section 6 of the paper, chapter 4 of the thesis, the correction of 2015."""

from __future__ import annotations

import pytest

from raft.consensus import Consensus, Entry, Settings
from raft.consensus.changes import AddLearner, AddVoter, Change, Demote, Promote, Remove, Target
from raft.consensus.configuration import Configuration
from raft.consensus.membership import CATCH_UP_ROUNDS, AppendedChange, RefusedChange
from raft.consensus.messages import (
    AppendEntries,
    AppendEntriesReply,
    PreVote,
    RequestVote,
    RequestVoteReply,
)
from tests.raft.harness import MS, PLAIN, Server
from tests.raft.network import Network

TIMEOUT = Settings().election_timeout_min


def change(network: Network, name: str, *changes: Change, transition: str = "automatic") -> str:
    """Ask ``name`` for changes; "appended", "waiting", or the reason of the refusal."""
    server = network[name]
    server.now = network.now
    server.change_membership(7, changes, transition)  # type: ignore[arg-type]
    network.settle(name)
    appended, refused = server.appended_changes, server.refused_changes
    server.appended_changes, server.refused_changes = [], []
    if refused:
        assert [each.change_id for each in refused] == [7]
        return refused[0].reason
    return "appended" if appended else "waiting"


def led(names: str, members: str, settings: Settings | None = None) -> Network:
    """A cluster of ``members`` (one letter each) led by the first, in agreement."""
    network = Network(tuple(names), tuple(members), settings)
    network.elect(members[0])
    return network


# When a change may begin.


def test_only_a_leader_changes_the_membership() -> None:
    network = led("abc", "abc")
    assert change(network, "b", Remove("c")) == "not-leader"


def test_no_change_before_an_entry_of_the_own_term_is_committed() -> None:
    server = Server(1)
    server.elect()
    server.consensus.change_membership(1, (Remove("n3"),))
    assert server.consensus.refused_changes == [RefusedChange(1, "nothing-committed-in-own-term")]
    server.acknowledge(2)
    server.consensus.change_membership(2, (Remove("n3"),))
    assert server.consensus.appended_changes == [AppendedChange(2, 3, 2)]


def test_one_change_at_a_time() -> None:
    network = led("abcde", "abc")
    assert change(network, "a", AddVoter("d")) == "appended"
    assert change(network, "a", AddVoter("e")) == "change-in-progress"
    network.exchange()
    assert change(network, "a", AddVoter("e")) == "appended"


def test_nonsense_is_refused_by_its_reason_and_appends_nothing() -> None:
    network = led("a", "a")
    last = network["a"].log.last_index
    assert change(network, "a", Remove("a")) == "no-voters"
    assert change(network, "a") == "not-joint"
    assert network["a"].log.last_index == last


# A change is in effect once appended, and gone when truncated.


def test_a_configuration_is_in_effect_once_it_is_appended() -> None:
    network = led("abcd", "abc")
    change(network, "a", AddVoter("d"))
    assert network["a"].configuration.voters == ("a", "b", "c", "d")
    assert {m.target for m in network.in_flight} == {"b", "c", "d"}
    network.exchange("ab")
    assert network["b"].configuration.voters == ("a", "b", "c", "d")
    assert network["a"].commit_index == 1  # two of three, but not three of four
    network.elapse(100 * MS, "abd")
    assert network["a"].commit_index == 2
    assert network["d"].log.last_index == 2


def test_a_truncated_configuration_is_rolled_back() -> None:
    network = led("abcd", "abc")
    change(network, "a", Remove("b"))
    network.in_flight.clear()
    assert network["a"].configuration.voters == ("a", "c")
    network.elect("b", among="bc")
    network.elapse(200 * MS, "abc")
    assert network["a"].configuration.voters == ("a", "b", "c")
    assert network["a"].configuration_index == 0
    assert set(network["a"].peers) == {"b", "c"}


def test_a_restart_finds_the_latest_configuration_of_the_log() -> None:
    network = led("abcd", "abc")
    change(network, "a", AddVoter("d"))
    network.exchange()
    network.restart("d")
    assert network["d"].configuration.voters == ("a", "b", "c", "d")
    assert network["d"].configuration_index == 2


class InTheWayOf2014(Consensus):
    """As in the thesis before its correction."""

    def has_committed_in_own_term(self) -> bool:
        return True


def two_leaders_change(kind: type[Consensus]) -> tuple[Network, str]:
    """The scenario of the correction: a of {a,b,c,d} adds e, and only e hears of it; b, leader of
    the next term, removes a; then a comes back."""
    network = Network("abcde", "abcd", kind=kind)
    network.elect("a")
    change(network, "a", AddVoter("e"))
    network.exchange("ae")
    network.elapse(2 * PLAIN.heartbeat_interval, "ae")
    assert network["e"].configuration.voters == ("a", "b", "c", "d", "e")
    # b is elected by c and d, but its entries reach c alone.
    server = network["b"]
    network.now += 2 * PLAIN.election_timeout_max
    server.election_deadline = server.deadline = network.now
    for name in "cd":
        network[name].election_deadline = network[name].deadline = network.now + 10**12
        network[name].last_leader_contact = None
    network.settle("b")
    for _ in range(100):
        if server.role == "leader":
            break
        message = network.in_flight[0]
        if message.target in "bcd" and message.source in "bcd":
            network.deliver(message)
        else:
            network.in_flight.pop(0)
    outcome = change(network, "b", Remove("a"))
    network.exchange("bc")
    return network, outcome


def comes_back(network: Network) -> None:
    """a, which has learned of b's term, and the servers that b did not reach are by themselves."""
    term = network["b"].current_term
    network.step("a", AppendEntriesReply("d", "a", term, False, 0, 0, 0, 0, 0))
    network["d"].election_deadline = network["d"].deadline = network.now
    network.elapse(3_000 * MS, "ade")


def test_2015_two_leaders_change_and_a_committed_entry_is_lost_without_the_rule() -> None:
    network, outcome = two_leaders_change(InTheWayOf2014)
    assert outcome == "appended"
    assert network.committed[-1].configuration == Configuration(("b", "c", "d"))
    # a, which still has its own change, wins with e and d: a majority of its five.
    with pytest.raises(AssertionError, match=r"leads without|differs at"):
        comes_back(network)


def test_2015_with_the_rule_it_cannot_happen() -> None:
    network, outcome = two_leaders_change(Consensus)
    assert outcome == "nothing-committed-in-own-term"
    # Nothing of b's is committed, as two of four are no majority; so a may win.
    assert len(network.committed) == 1
    comes_back(network)
    leader = network.leader()
    assert leader is not None
    assert leader.node in "ae"
    # And once b's no-op is committed, by three of four, a cannot.
    network, _ = two_leaders_change(Consensus)
    network.elapse(PLAIN.heartbeat_interval, "bcd")
    assert len(network.committed) == 2
    assert change(network, "b", Remove("a")) == "appended"
    network.exchange("bc")
    assert network.committed[-1].configuration == Configuration(("b", "c", "d"))
    comes_back(network)
    assert network["a"].role != "leader"


# Joint configurations need both majorities.

NEW = ("a", "d", "e")
OLD = ("a", "b", "c")


def joint_server(settings: Settings = PLAIN) -> Server:
    """Server n1 of the old majority {n1,n2,n3} and the new one {n1,n4,n5}."""
    server = Server(settings=settings)
    entry = Entry(1, 0, b"", Configuration(("n1", "n4", "n5"), ("n1", "n2", "n3"), (), (), False))
    server.append(0, 0, 0, entry)
    return server


@pytest.mark.parametrize(("first", "second"), [("n2", "n4"), ("n5", "n3")])
@pytest.mark.parametrize("alone", [("n2", "n3"), ("n4", "n5")])
def test_each_majority_alone_is_not_enough(first: str, second: str, alone: tuple[str, str]) -> None:
    # Votes.
    server = joint_server()
    sent = server.time_out()
    assert [message.target for message in sent] == ["n4", "n5", "n2", "n3"]
    for voter in alone:
        server.step(RequestVoteReply(voter, "n1", 1, True))
        assert server.consensus.role == "candidate"
    server = joint_server()
    server.time_out()
    server.step(RequestVoteReply(first, "n1", 1, True))
    assert server.consensus.role == "candidate"
    server.step(RequestVoteReply(second, "n1", 1, True))
    assert server.consensus.role == "leader"
    # Commits.
    for peer in alone:
        server.acknowledge(2, peer)
        assert server.consensus.commit_index == 0
    server.acknowledge(2, first)
    server.acknowledge(2, second)
    assert server.consensus.commit_index == 2
    # Rounds of reads.
    server.consensus.read(1)
    server.settle()
    for peer in alone:
        server.acknowledge(2, peer, read_round=1)
        assert server.consensus.confirmed_reads == []
    server.acknowledge(2, first, read_round=1)
    server.acknowledge(2, second, read_round=1)
    assert [read.read_id for read in server.consensus.confirmed_reads] == [1]


@pytest.mark.parametrize(
    ("answering", "stays"),
    [(("n2", "n3"), False), (("n4", "n5"), False), (("n2", "n5"), True), (("n3", "n4"), True)],
)
def test_a_leader_needs_answers_of_both_majorities_to_stay(
    answering: tuple[str, str], stays: bool
) -> None:
    server = joint_server(Settings(pre_vote=False))
    server.time_out()
    for voter in ("n2", "n4"):
        server.step(RequestVoteReply(voter, "n1", 1, True))
    for peer in answering:
        server.acknowledge(2, peer)
    server.step(after=TIMEOUT)
    assert (server.consensus.role == "leader") is stays


@pytest.mark.parametrize("transition", ["automatic", "implicit"])
def test_a_joint_configuration_is_left_once_it_is_committed(transition: str) -> None:
    network = led("abcde", "abc")
    outcome = change(network, "a", Target(NEW), transition=transition)
    assert outcome == "appended"
    assert network["a"].configuration == Configuration(NEW, OLD)
    network.exchange("abc")
    network.elapse(PLAIN.heartbeat_interval, "abc")
    assert network["a"].configuration.is_joint  # not committed without the new majority
    network.elapse(2 * PLAIN.heartbeat_interval)
    assert network["a"].configuration == Configuration(NEW)
    entries = [each for each in network["a"].log.entries_from(1) if each.configuration]
    assert [entry.configuration for entry in entries] == [
        Configuration(NEW, OLD),
        Configuration(NEW),
    ]  # and left once (etcd bd3c759)
    assert network["a"].commit_index == network["a"].log.last_index
    assert network["d"].configuration == Configuration(NEW)


def test_a_joint_configuration_is_not_left_for_the_commitment_of_an_earlier_entry() -> None:
    network = led("abcde", "abc")
    network.propose("a")
    network.in_flight.clear()
    change(network, "a", Target(NEW))
    server = network["a"]
    for name in "bd":
        network.step("a", AppendEntriesReply(name, "a", 1, True, 2, 1, 0, 0, 0))
    assert server.commit_index == 2
    assert server.configuration == Configuration(NEW, OLD)
    for name in "bd":
        network.step("a", AppendEntriesReply(name, "a", 1, True, 3, 2, 0, 0, 0))
    assert server.commit_index == 3
    assert server.configuration == Configuration(NEW)


def test_an_explicit_one_is_left_when_that_is_asked_for() -> None:
    network = led("abcde", "abc")
    change(network, "a", Target(NEW), transition="explicit")
    network.elapse(500 * MS)
    assert network["a"].configuration == Configuration(NEW, OLD, (), (), False)
    assert change(network, "a", Remove("b")) == "is-joint"
    assert change(network, "a") == "appended"
    assert change(network, "a") == "change-in-progress"
    network.elapse(500 * MS)
    assert network["d"].configuration == Configuration(NEW)


def test_a_later_leader_leaves_the_joint_configuration_of_a_crashed_one() -> None:
    network = led("abcde", "abc")
    change(network, "a", Target(NEW))
    server = network["a"]
    for name in "bd":  # committed, but a crashes before it does more
        server.receive(AppendEntriesReply(name, "a", 1, True, 2, 1, 0, 0, 0))
    assert server.commit_index == 2
    network.exchange("bcde")
    for name in "bcde":
        message = AppendEntries("a", name, 1, 0, 0, server.log.entries_from(1), 2, 0)
        network.step(name, message)
    network.in_flight.clear()
    network.elect("d", among="bcde")
    network.elapse(500 * MS, "bcde")
    assert network["d"].configuration == Configuration(NEW)
    assert network["d"].commit_index == network["d"].log.last_index


# Learners.


def test_learners_receive_entries_and_count_for_nothing() -> None:
    network = led("abcd", "abc")
    change(network, "a", AddLearner("d"))
    network.elapse(2 * PLAIN.heartbeat_interval)
    index = network.propose("a")
    network.exchange("ad")
    assert network["d"].log.last_index == index
    assert network["a"].commit_index < index
    assert network["a"].role == "leader"
    network.now = network["a"].quorum_deadline
    network.settle("a")
    network.exchange("ad")
    network.now = network["a"].quorum_deadline
    network.settle("a")
    assert network["a"].role == "follower"  # a learner's answers do not keep a leader


def test_a_learner_does_not_campaign_nor_does_who_waits_to_join() -> None:
    network = led("abcd", "abc")
    assert network["d"].configuration == Configuration(())
    term = network["d"].current_term
    network.elapse(2_000 * MS, "d")
    assert (network["d"].role, network["d"].current_term) == ("follower", term)
    change(network, "a", AddLearner("d"))
    network.elapse(200 * MS)
    term = network["d"].current_term
    network.elapse(2_000 * MS, "d")
    assert (network["d"].role, network["d"].current_term) == ("follower", term)
    assert network["d"].leader is None


def test_who_never_had_a_vote_does_not_campaign_before_that_is_committed_either() -> None:
    server = Server(members=(), settings=Settings())
    server.append(1, 0, 0, Entry(1, 1, b"", Configuration(("n2", "n3"), learners=("n1",))))
    assert server.time_out() == []
    assert server.consensus.role == "follower"


def test_a_demoted_voter_stays_a_learner() -> None:
    network = led("abcd", "abcd")
    change(network, "a", Demote("d"), transition="implicit")
    network.elapse(500 * MS)
    assert network["d"].configuration == Configuration(("a", "b", "c"), learners=("d",))
    network.elapse(2_000 * MS, "d")
    assert network["d"].role == "follower"
    network.elapse(500 * MS)
    assert network["d"].log.last_index == network["a"].log.last_index


def test_a_learner_that_has_caught_up_is_promoted_at_once() -> None:
    network = led("abcd", "abc")
    change(network, "a", AddLearner("d"))
    network.elapse(200 * MS)
    assert change(network, "a", Promote("d")) == "appended"
    network.exchange()
    assert network["d"].configuration == Configuration(("a", "b", "c", "d"))


def learner_behind(settings: Settings = PLAIN) -> Server:
    """n1 leads n2 and n3; n4 is a learner that has nothing yet."""
    server = Server(settings=settings)
    server.elect()
    server.acknowledge(1)
    server.consensus.change_membership(1, (AddLearner("n4"),))
    server.settle()
    server.acknowledge(2)
    server.propose(b"x")
    server.acknowledge(3)
    server.consensus.change_membership(2, (Promote("n4"),))
    server.settle()
    return server


def test_a_learner_that_is_behind_is_promoted_after_a_short_round() -> None:
    server = learner_behind()
    assert server.consensus.configuration.voters == ("n1", "n2", "n3")
    server.consensus.change_membership(3, (Remove("n3"),))
    assert server.consensus.refused_changes == [RefusedChange(3, "change-in-progress")]
    # The first round is too long; the second, up to what was added meanwhile, is short.
    server.propose(b"y")
    server.acknowledge(4)
    server.step(after=TIMEOUT)
    server.acknowledge(3, "n4")
    assert "n4" in server.consensus.configuration.learners
    server.step(after=TIMEOUT - 1)
    server.acknowledge(4, "n4")
    assert server.consensus.configuration.voters == ("n1", "n2", "n3", "n4")
    assert server.consensus.appended_changes[-1] == AppendedChange(2, 5, 1)


def test_a_learner_that_never_keeps_pace_is_not_promoted() -> None:
    server = learner_behind()
    for rounds in range(1, CATCH_UP_ROUNDS + 1):
        assert server.consensus.refused_changes == []
        goal = server.consensus.log.last_index
        server.propose(b"y")
        server.acknowledge(goal + 1)
        server.step(after=TIMEOUT)
        server.acknowledge(goal, "n4")
        assert (server.consensus.refused_changes == []) is (rounds < CATCH_UP_ROUNDS)
    assert server.consensus.refused_changes == [RefusedChange(2, "learner-too-slow")]
    server.consensus.change_membership(3, (Remove("n4"),))
    assert server.consensus.appended_changes[-1].change_id == 3


def test_a_learner_that_does_not_answer_holds_up_other_changes_for_a_while_only() -> None:
    server = learner_behind()
    server.step(after=CATCH_UP_ROUNDS * TIMEOUT - 1)
    assert server.consensus.refused_changes == []
    server.step(after=PLAIN.heartbeat_interval)
    assert server.consensus.refused_changes == [RefusedChange(2, "learner-unreachable")]


def test_a_leader_that_steps_down_promotes_nobody() -> None:
    server = learner_behind()
    server.append(2, 0, 0, source="n2")
    assert server.consensus.refused_changes == [RefusedChange(2, "not-leader")]


# Removal.


def test_a_removal_that_shrinks_the_quorum_commits_what_waited_for_it() -> None:
    network = led("ab", "ab")
    index = network.propose("a")
    network.in_flight.clear()
    assert network["a"].commit_index < index
    assert change(network, "a", Remove("b")) == "appended"
    assert network["a"].commit_index == index + 1


def test_a_cluster_of_one_grows_and_shrinks() -> None:
    network = led("ab", "a")
    assert network["a"].commit_index == 1
    assert change(network, "a", AddVoter("b")) == "appended"
    assert network["a"].commit_index == 1  # the new one counts at once
    network.exchange()
    network.elapse(PLAIN.heartbeat_interval)
    assert network["b"].commit_index == network["a"].commit_index == 2
    change(network, "a", Remove("b"))
    assert network["a"].commit_index == 3


def test_a_removed_server_is_told_and_forgotten() -> None:
    network = led("abc", "abc")
    change(network, "a", Remove("c"))
    network.exchange()
    network.elapse(PLAIN.heartbeat_interval)
    assert network["c"].configuration == Configuration(("a", "b"))
    assert network["c"].commit_index == 2
    network.elapse(2 * TIMEOUT)
    assert "c" not in network["a"].progress
    # An answer that was under way does no harm, and it never campaigns again.
    network.step("a", AppendEntriesReply("c", "a", 1, True, 2, 2, 0, 0, 0))
    network.elapse(2_000 * MS)
    assert (network["c"].role, network["a"].role) == ("follower", "leader")
    assert network["a"].current_term == 1


@pytest.mark.parametrize("pre_vote", [True, False])
def test_a_removed_server_that_was_not_told_does_not_disturb(pre_vote: bool) -> None:
    network = led("abc", "abc", Settings(pre_vote=pre_vote))
    network.sides["c"] = 1
    change(network, "a", Remove("c"))
    network.elapse(1_000 * MS, "ab")
    assert "c" not in network["a"].progress
    network.sides.clear()
    network.elapse(3_000 * MS)
    assert network["c"].configuration.is_voter("c")
    assert network["c"].current_term > 1 or pre_vote  # it did campaign
    assert network["a"].role == "leader"
    assert network["a"].current_term == 1


def test_a_leader_that_removes_itself_does_not_count_itself_and_leaves_office() -> None:
    network = led("abc", "abc")
    change(network, "a", Remove("a"))
    network.exchange("ab")
    assert network["a"].commit_index == 1  # a and b are two of the old three, but not of b and c
    assert network["a"].role == "leader"
    network.propose("a")
    for _ in range(100):
        if network["a"].role != "leader":
            break
        if not network.in_flight:
            network.now += PLAIN.heartbeat_interval
            network.settle("a")
        network.deliver(network.in_flight[0])
    assert network["a"].commit_index >= 2
    assert len(network.timeouts_now()) == 1  # a successor is named
    network.exchange()
    leader = network.leader()
    assert leader is not None
    assert leader.node in "bc"
    network.elapse(3_000 * MS)
    assert network["a"].role == "follower"
    assert network["a"].configuration == Configuration(("b", "c"))


def test_figure_4_6_a_removed_leader_may_be_needed_once_more() -> None:
    """a removes itself from {a,b}, and b has not heard of it when a restarts: b cannot win, as a's
    log is longer, so a must campaign, for b's vote alone."""
    network = led("ab", "ab")
    change(network, "a", Remove("a"))
    network.in_flight.clear()
    network.restart("a")
    network.elapse(3_000 * MS)
    assert network.committed[1].configuration == Configuration(("b",))
    leader = network.leader()
    assert leader is not None
    assert leader.node == "b"


def test_votes_and_entries_of_outsiders_are_taken() -> None:
    server = Server(1)
    assert server.ask_vote(2, 1, 1, source="n9").vote_granted
    assert server.append(2, 1, 1, Entry(2, 2, b"x"), source="n9").success
    learner = Server(1, members=("n2", "n3"))
    assert learner.ask_vote(2, 1, 1).vote_granted  # it may be a voter without knowing it


def test_a_removed_server_restarts_and_asks_before_it_disturbs() -> None:
    server = Server(1, 1, settings=Settings())
    entry = Entry(3, 1, b"", Configuration(("n2", "n3")))
    server.append(1, 2, 1, entry)
    sent = server.time_out()
    assert [type(message) for message in sent] == [PreVote, PreVote]
    server.append(1, 3, 1, commit=3)
    assert server.time_out() == []


def test_a_transfer_lets_a_vote_pass_by_a_leader_that_is_well() -> None:
    server = Server(1, settings=Settings())
    server.append(1, 1, 1)
    assert server.step(RequestVote("n3", "n1", 2, 1, 1)) == []
    (reply,) = server.step(RequestVote("n3", "n1", 2, 1, 1, True))
    assert reply.vote_granted


def test_a_demoted_leader_may_be_promoted_before_it_leaves_office() -> None:
    network = led("abc", "abc")
    change(network, "a", Demote("a"))
    server = network["a"]
    server.now = network.now
    for name in "bc":
        server.receive(AppendEntriesReply(name, "a", 1, True, 2, 1, 0, 0, 0))
    server.change_membership(8, (Promote("a"),))
    network.elapse(500 * MS)
    assert server.role == "leader"
    assert server.configuration == Configuration(("b", "c", "a"))


def test_a_new_change_takes_the_place_of_what_the_one_before_called_for() -> None:
    """Committed and changed again in one batch: nothing is left before its time."""
    network = led("abcde", "abcd")
    change(network, "a", Remove("d"))
    server = network["a"]
    server.now = network.now
    for name in "bc":
        server.receive(AppendEntriesReply(name, "a", 1, True, 2, 1, 0, 0, 0))
    assert server.commit_index == 2
    server.change_membership(8, (Target(("a", "d", "e")),))
    network.settle("a")
    assert server.configuration == Configuration(("a", "d", "e"), ("a", "b", "c"))
    assert [
        m.entries[-1].index
        for m in network.in_flight
        if isinstance(m, AppendEntries) and m.target == "b"
    ][-1] == 3
