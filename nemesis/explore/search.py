"""Breadth first through a world: what is found first is found by the fewest moves.

The queue is the list of all states in the order in which they were found; beside it stand, for each
state, from which other it was found and by which move. So a search can stop between any two states,
be written down, and go on as if nothing had been.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import NamedTuple

from nemesis.explore.servers import Violation
from nemesis.explore.world import World

# After so many states it is asked whether to go on.
_BETWEEN_LOOKS = 512


class Found(NamedTuple):
    """A violation, and the moves that lead to it, by number."""

    violation: Violation
    moves: tuple[int, ...]


class Search:
    """All states found so far, and where it goes on."""

    def __init__(self, world: World) -> None:
        self.world = world
        first = world.first
        self.states = [first]
        self.parents = array("L", [0])
        self.codes = array("L", [0])
        # How many states take at most so many moves: of 0 moves, of 1, ...
        self.layers = [1]
        # The state whose successors are looked for next, and the moves that were made up to it.
        self.at = 0
        self.transitions = 0
        self.found: Found | None = None
        self._seen = {first}

    @property
    def depth(self) -> int:
        """All states that take so many moves are known."""
        return len(self.layers) - 1

    @property
    def frontier(self) -> int:
        """How many states of the deepest complete layer are still to be expanded."""
        return self.layers[-1] - self.at

    @property
    def is_exhausted(self) -> bool:
        """Whether no move leads to a state that is not known."""
        return self.found is None and self.at == len(self.states)

    def refill(self, states: list[int]) -> None:
        """Take over states that were found before."""
        self.states = states
        self._seen = set(states)

    def run(self, depth: int, goes_on: Callable[[], bool] = lambda: True) -> bool:
        """Find all states of up to so many moves; ``goes_on`` is asked now and then. True once it
        is done: nothing is wrong in any of them, or something is ``found``."""
        while self.found is None and self.depth < depth and not self.is_exhausted:
            if not self._complete_layer(goes_on):
                return False
        return True

    def _complete_layer(self, goes_on: Callable[[], bool]) -> bool:
        last = self.layers[-1]
        while self.at < last:
            stop = min(last, self.at + _BETWEEN_LOOKS)
            if not self._expand(stop):
                return True
            if not goes_on():
                return False
        self.layers.append(len(self.states))
        return True

    def _expand(self, stop: int) -> bool:
        """Look for the successors of the states before ``stop``; False if something is wrong."""
        world, seen, states = self.world, self._seen, self.states
        canonical = world.canonical
        for at in range(self.at, stop):
            for code, following in world.successors(states[at]):
                self.transitions += 1
                if isinstance(following, Violation):
                    self.found = Found(following, (*self.moves_to(at), code))
                    return False
                state = canonical(following)[0]
                if state not in seen:
                    seen.add(state)
                    states.append(state)
                    self.parents.append(at)
                    self.codes.append(code)
            self.at = at + 1
        return True

    def moves_to(self, at: int) -> tuple[int, ...]:
        """The moves that lead to a state, by its place in the order of states."""
        moves: list[int] = []
        while at:
            moves.append(self.codes[at])
            at = self.parents[at]
        return tuple(reversed(moves))
