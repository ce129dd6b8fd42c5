"""Majorities and their overlaps against brute force."""

from __future__ import annotations

from itertools import chain, combinations

from hypothesis import example, given
from hypothesis import strategies as st

from checker.invariants.quorums import has_quorum, quorums_overlap
from checker.trace import ConfigurationChanged
from tests.checker.traces import names


def configuration(voters: tuple[str, ...], outgoing: tuple[str, ...] = ()) -> ConfigurationChanged:
    return ConfigurationChanged(0, 0, "n1", 0, voters, outgoing, ())


def subsets(nodes: tuple[str, ...]) -> list[frozenset[str]]:
    sizes = range(len(nodes) + 1)
    return [frozenset(s) for s in chain.from_iterable(combinations(nodes, k) for k in sizes)]


SUBSETS = subsets(names(1, 2, 3, 4, 5, 6))
some_nodes = st.sets(st.sampled_from(names(1, 2, 3, 4, 5, 6))).map(
    lambda nodes: tuple(sorted(nodes))
)
configurations = st.builds(configuration, some_nodes.filter(bool), some_nodes)


@given(configurations, configurations)
@example(configuration(names(1, 2, 3)), configuration(names(1, 2, 3, 4)))
@example(configuration(names(1, 2, 3)), configuration(names(1, 2, 3, 4, 5)))
@example(configuration(names(1, 2), names(3, 4)), configuration(names(2, 3), names(1, 4)))
def test_quorums_overlap_as_brute_force_says(
    one: ConfigurationChanged, other: ConfigurationChanged
) -> None:
    def quorums(of: ConfigurationChanged) -> list[frozenset[str]]:
        sets = [voters for voters in (of.voters, of.outgoing) if voters]
        return [
            each
            for each in SUBSETS
            if all(2 * len(each & set(voters)) > len(voters) for voters in sets)
        ]

    mine, theirs = quorums(one), quorums(other)
    assert all(has_quorum(one, each) == (each in set(mine)) for each in SUBSETS)
    assert quorums_overlap(one, other) == all(a & b for a in mine for b in theirs)
