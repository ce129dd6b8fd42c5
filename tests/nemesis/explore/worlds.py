"""Small worlds gone through without a Search: also past what is wrong."""

from __future__ import annotations

from nemesis.explore.servers import Violation
from nemesis.explore.world import World


def states_of(world: World, depth: int) -> tuple[list[int], set[tuple[int, int]]]:
    """All states of up to so many moves, and the moves that violate something: state and move."""
    found = [world.first]
    seen = set(found)
    violating: set[tuple[int, int]] = set()
    layer = list(found)
    for _ in range(depth):
        following: list[int] = []
        for state in layer:
            for code, each in world.successors(state):
                if isinstance(each, Violation):
                    violating.add((state, code))
                    continue
                canonical = world.canonical(each)[0]
                if canonical not in seen:
                    seen.add(canonical)
                    following.append(canonical)
        found += following
        layer = following
    return found, violating
