"""Majorities of configurations (section 6 of the paper): who decides, and whether two overlap.

A configuration has ``voters`` and, while it is a joint one, ``outgoing``: what decides is a
majority of each. Learners have no say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterator
from itertools import product

from checker.trace import ConfigurationChanged


def is_voter(configuration: ConfigurationChanged, node: str) -> bool:
    """Whether ``node`` has a say in one of the majorities."""
    return node in configuration.voters or node in configuration.outgoing


def has_quorum(configuration: ConfigurationChanged, servers: Container[str]) -> bool:
    """Whether ``servers`` hold every majority that the configuration asks for. The empty
    configuration, that of a node that has not joined yet, has no quorum."""
    return _is_majority(configuration.voters, servers) and (
        not configuration.outgoing or _is_majority(configuration.outgoing, servers)
    )


def _is_majority(voters: tuple[str, ...], servers: Container[str]) -> bool:
    count = 0
    for voter in voters:
        if voter in servers:
            count += 1
    return 2 * count > len(voters)


def quorums_overlap(one: ConfigurationChanged, other: ConfigurationChanged) -> bool:
    """Whether every quorum of ``one`` has a node in common with every quorum of ``other``.

    Two sets that share a majorities' set overlap at once. Else a disjoint pair is looked for: what
    counts of a node is to which sets it belongs, so that only how many of each such class go to
    the one side is tried; the rest go to the other.
    """
    sets = (one.voters, one.outgoing, other.voters, other.outgoing)
    if any(mine and set(mine) in (set(other.voters), set(other.outgoing)) for mine in sets[:2]):
        return True
    nodes = dict.fromkeys(node for voters in sets for node in voters)
    classes = Counter(tuple(node in voters for voters in sets) for node in nodes)
    needed = tuple(len(voters) // 2 + 1 if voters else 0 for voters in sets)
    return not any(
        all(reached >= need for reached, need in zip(split, needed, strict=True))
        for split in _splits(classes)
    )


def _splits(classes: Counter[tuple[bool, ...]]) -> Iterator[list[int]]:
    """For each way to share the nodes between two sides: how many of its own sets each has."""
    kinds = list(classes)
    for taken in product(*(range(classes[kind] + 1) for kind in kinds)):
        reached = [0, 0, 0, 0]
        for kind, mine in zip(kinds, taken, strict=True):
            theirs = classes[kind] - mine
            for position, belongs in enumerate(kind):
                if belongs:
                    reached[position] += mine if position < 2 else theirs
        yield reached
