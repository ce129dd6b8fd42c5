"""Changes of the membership as data: which configuration follows, and what is nonsense."""

from __future__ import annotations

from itertools import combinations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from raft.consensus.changes import (
    AddLearner,
    AddVoter,
    Change,
    Demote,
    Promote,
    Remove,
    Target,
    Transition,
    next_configuration,
)
from raft.consensus.configuration import Configuration
from raft.consensus.quorums import agreed_index, has_quorum

SMALL = Configuration(("a", "b", "c"), learners=("d",))
JOINT = Configuration(("a", "b"), ("b", "c", "d"), ("e",), ("c",))


@pytest.mark.parametrize(
    ("changes", "following"),
    [
        ((AddVoter("e"),), Configuration(("a", "b", "c", "e"), learners=("d",))),
        ((AddLearner("e"),), Configuration(("a", "b", "c"), learners=("d", "e"))),
        ((Promote("d"),), Configuration(("a", "b", "c", "d"))),
        ((Demote("a"),), Configuration(("b", "c"), learners=("d", "a"))),
        ((Remove("a"),), Configuration(("b", "c"), learners=("d",))),
        ((Remove("d"),), Configuration(("a", "b", "c"))),
        ((Target(("a", "b"), ("d",)),), Configuration(("a", "b"), learners=("d",))),
        # One vote less and any learners still go directly.
        ((Remove("a"), AddLearner("e"), Remove("d")), Configuration(("b", "c"), learners=("e",))),
    ],
)
def test_one_vote_more_or_less_is_changed_directly(
    changes: tuple[Change, ...], following: Configuration
) -> None:
    assert next_configuration(SMALL, changes, "automatic") == following


def test_anything_else_goes_through_a_joint_configuration() -> None:
    changes = (Remove("a"), Demote("b"), Promote("d"), AddLearner("e"))
    joint = next_configuration(SMALL, changes, "automatic")
    assert joint == Configuration(("c", "d"), ("a", "b", "c"), ("e",), ("b",), True)
    assert next_configuration(joint, (), "automatic") == Configuration(
        ("c", "d"), learners=("e", "b")
    )


def test_a_target_is_reached_like_the_changes_that_lead_to_it() -> None:
    target = (Target(("c", "x", "y"), ("b",)),)
    joint = next_configuration(SMALL, target, "automatic")
    assert joint == Configuration(("c", "x", "y"), ("a", "b", "c"), (), ("b",), True)


@pytest.mark.parametrize(("transition", "by_itself"), [("implicit", True), ("explicit", False)])
def test_implicit_and_explicit_go_through_a_joint_configuration_even_for_one_vote(
    transition: Transition, by_itself: bool
) -> None:
    following = next_configuration(SMALL, (Remove("a"),), transition)
    assert following == Configuration(("b", "c"), ("a", "b", "c"), ("d",), (), by_itself)


@pytest.mark.parametrize(
    ("configuration", "changes", "reason"),
    [
        (SMALL, (AddVoter("a"),), "already-voter"),
        (SMALL, (AddLearner("a"),), "already-voter"),
        (SMALL, (AddLearner("d"),), "already-learner"),
        (SMALL, (AddVoter("d"),), "already-learner"),
        (SMALL, (Demote("d"),), "already-learner"),
        (SMALL, (Promote("a"),), "not-a-learner"),
        (SMALL, (Promote("x"),), "unknown-member"),
        (SMALL, (Demote("x"),), "unknown-member"),
        (SMALL, (Remove("x"),), "unknown-member"),
        (SMALL, (AddVoter(""),), "nameless-member"),
        (SMALL, (Target(("a", "")),), "nameless-member"),
        (SMALL, (AddVoter("e"), Remove("e")), "member-twice"),
        (SMALL, (Target(("a", "a")),), "member-twice"),
        (SMALL, (Target(("a",), ("b", "b")),), "member-twice"),
        (SMALL, (Target(("a", "b"), ("b",)),), "learner-is-voter"),
        (SMALL, (Remove("a"), Remove("b"), Remove("c")), "no-voters"),
        (SMALL, (Remove("a"), Remove("b"), Demote("c")), "no-voters"),
        (SMALL, (Target((), ("a",)),), "no-voters"),
        (SMALL, (Target(("c", "b", "a"), ("d",)),), "nothing-changes"),
        (SMALL, (Target(("a",)), Remove("b")), "target-not-alone"),
        (SMALL, (Remove("b"), Target(("a",))), "target-not-alone"),
        (SMALL, (), "not-joint"),
        (JOINT, (Remove("a"),), "is-joint"),
    ],
)
def test_each_nonsense_has_its_reason(
    configuration: Configuration, changes: tuple[Change, ...], reason: str
) -> None:
    assert next_configuration(configuration, changes, "automatic") == reason


def test_changes_are_data() -> None:
    changes: list[Change] = [AddVoter("a"), Remove("b"), Target(("a",), ("b",))]
    encoded = msgspec.json.encode(changes)
    assert msgspec.json.decode(encoded, type=list[Change]) == changes


# Any sequence of changes.

NODES = st.sampled_from("abcde")
CHANGE = st.one_of(
    st.builds(AddVoter, NODES),
    st.builds(AddLearner, NODES),
    st.builds(Promote, NODES),
    st.builds(Demote, NODES),
    st.builds(Remove, NODES),
    st.builds(
        Target, st.lists(NODES, max_size=5).map(tuple), st.lists(NODES, max_size=2).map(tuple)
    ),
)
REQUESTS = st.lists(
    st.tuples(
        st.lists(CHANGE, max_size=3).map(tuple),
        st.sampled_from(("automatic", "implicit", "explicit")),
    ),
    max_size=8,
)


def quorums(configuration: Configuration) -> list[set[str]]:
    """All of them, tried one by one."""
    nodes = "abcde"
    return [
        set(chosen)
        for size in range(len(nodes) + 1)
        for chosen in combinations(nodes, size)
        if has_quorum(configuration, set(chosen))
    ]


@given(REQUESTS)
def test_whatever_is_asked_for_neighbouring_majorities_share_a_server(
    requests: list[tuple[tuple[Change, ...], Transition]],
) -> None:
    configuration = Configuration(("a", "b", "c"))
    for changes, transition in requests:
        following = next_configuration(configuration, changes, transition)
        if not isinstance(following, Configuration):
            continue
        assert following.voters
        assert not (configuration.is_joint and following.is_joint)
        everyone = (*following.voters, *following.learners)
        assert len(set(everyone)) == len(everyone)
        assert set(following.learners).isdisjoint(following.outgoing)
        assert set(following.learners_next) <= set(following.outgoing) - set(following.voters)
        old = quorums(configuration)
        for one in quorums(following):
            assert all(one & other for other in old)
        configuration = following


# What a majority is, against the definition.

VOTERS = st.lists(NODES, unique=True, max_size=5).map(tuple)


@given(VOTERS.filter(bool), VOTERS, st.dictionaries(NODES, st.integers(0, 9)))
def test_the_agreed_index_is_the_highest_that_a_quorum_has_reached(
    voters: tuple[str, ...], outgoing: tuple[str, ...], reached: dict[str, int]
) -> None:
    configuration = Configuration(voters, outgoing)
    agreed = agreed_index(configuration, reached)
    for index in range(1, 11):
        holders = {node for node, at in reached.items() if at >= index}
        both = all(2 * len(holders & set(each)) > len(each) for each in (voters, outgoing) if each)
        assert has_quorum(configuration, holders) == both
        assert (index <= agreed) == both


def test_who_has_not_joined_has_no_quorum_and_agrees_on_nothing() -> None:
    assert not has_quorum(Configuration(()), {"a", "b"})
    assert agreed_index(Configuration(()), {"a": 7}) == 0
