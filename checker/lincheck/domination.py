"""Which configurations of a frontier matter.

At equal states the one with the fuller mask can do all that the other can (see ``frontier``).
"""

from __future__ import annotations

from checker.lincheck.accounts import Frontier, Trace
from checker.models.model import State


def admit(frontier: Frontier, state: State, mask: int, trace: Trace) -> bool:
    """Add a configuration unless one that is held dominates it; drop those that it dominates."""
    held = frontier.get(state)
    if held is None:
        frontier[state] = {mask: trace}
        return True
    dominated: list[int] | None = None
    for other in held:
        union = other | mask
        if union == other:
            return False
        if union == mask:
            if dominated is None:
                dominated = [other]
            else:
                dominated.append(other)
    if dominated is not None:
        for other in dominated:
            del held[other]
    held[mask] = trace
    return True


def is_dominated(frontier: Frontier, state: State, mask: int) -> bool:
    held = frontier.get(state)
    if held is not None:
        for other in held:
            if other | mask == other:
                return True
    return False


def fullest(frontier: Frontier, count: int) -> Frontier:
    """So many configurations with the fullest masks: those that have done most, and used least."""
    ranked = [
        (-mask.bit_count(), at, state, mask)
        for at, (state, held) in enumerate(frontier.items())
        for mask in held
    ]
    ranked.sort(key=lambda each: each[:2])
    found: Frontier = {}
    for _, _, state, mask in ranked[:count]:
        found.setdefault(state, {})[mask] = frontier[state][mask]
    return found


def lengthened(frontier: Frontier, more: int) -> Frontier:
    """The same with these bits in all masks."""
    return {
        state: {mask | more: trace for mask, trace in held.items()}
        for state, held in frontier.items()
    }


def copied(frontier: Frontier) -> Frontier:
    """The same, to be changed by itself."""
    return {state: dict(held) for state, held in frontier.items()}
