"""Where an engine over a frontier can go back to: what it knew between two events."""

from __future__ import annotations

from sys import getsizeof
from typing import NamedTuple

from checker.lincheck.accounts import Frontier
from checker.lincheck.pending import Mutation, Observation


class Snapshot(NamedTuple):
    """An engine between two events."""

    frontier: Frontier
    observations: dict[int, Observation]
    mutations: dict[int, Mutation]
    slots: int
    free_slots: list[int]
    hiding: int
    overwriting: int
    is_exact: bool

    def held_bytes(self) -> int:
        """The bytes held, but for steps and for what is pending, which others hold too."""
        masks = sum(map(len, self.frontier.values()))
        return (
            getsizeof(self)
            + sum(map(getsizeof, self[:3]))
            + sum(map(getsizeof, self.frontier.values()))
            + getsizeof(1 << 2 * self.slots) * masks
            + getsizeof(self.free_slots)
        )
