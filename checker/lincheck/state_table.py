"""States and calls of a part as small integers, with what each call does to each state.

Theory of operation
-------------------
A search meets the same state many times. Here each distinct state has a number, in the order in
which states are first met, and so has each distinct call; what a call does to a state is asked of
the model once and remembered under one integer. So a search compares, hashes and stores integers
only, and a large state (a text, a queue) is held once, however many configurations are in it.

States that no observation can tell apart are one (``Foresight.collapse``).
"""

from __future__ import annotations

from sys import getsizeof

from checker.lincheck.parts import Part
from checker.models.model import DEAD, Call, State

REFUSED = -1
"""What a transition says of a call that the state does not allow."""

_INTEGER_BYTES = 32
"""An integer of 30 to 60 bits, as the keys of transitions are."""


class StateTable:
    """The states met so far, the distinct calls, and the transitions between states.

    ``transitions[state * stride + call]`` is the next state, or REFUSED; absent if it was not asked
    for yet: then ``move`` finds out. ``dead`` has the states that are DEAD, in some key at least.
    """

    __slots__ = (
        "_advance",
        "_bytes",
        "_collapse",
        "_joint",
        "_measured",
        "_numbers",
        "_parents",
        "_states",
        "calls",
        "dead",
        "stride",
        "transitions",
    )

    def __init__(self, part: Part, calls: list[Call]) -> None:
        self.calls = calls
        self.stride = len(calls)
        self._advance = part.specification.advance
        self._collapse = None if part.foresight is None else part.foresight.collapse
        initial = part.specification.initial
        if self._collapse is not None:
            initial = self._collapse(initial)
        self._joint = part.joint
        self._states: list[State] = [initial]
        self._numbers: dict[State, int] = {initial: 0}
        self._parents: list[int] = [0]
        self.transitions: dict[int, int] = {}
        self.dead: set[int] = set()
        self._bytes = 0
        self._measured = 0

    def move(self, state: int, call: int) -> int:
        """The state after the call, or REFUSED."""
        asked = self.calls[call]
        allowed, after = self._advance(self._states[state], asked)
        number = REFUSED
        if asked.effect == "observes":
            number = state if allowed else REFUSED
        elif allowed:
            if self._collapse is not None:
                after = self._collapse(after)
            number = self._numbers.setdefault(after, len(self._states))
            if number == len(self._states):
                self._states.append(after)
                self._parents.append(state)
                if after is DEAD or (self._joint and DEAD in after):
                    self.dead.add(number)
        self.transitions[state * self.stride + call] = number
        return number

    def held_bytes(self) -> int:
        """The bytes held by states and transitions."""
        states = self._states
        for at in range(self._measured, len(states)):
            self._bytes += _own_bytes(
                states[at], states[self._parents[at]] if at else None, joint=self._joint
            )
        self._measured = len(states)
        return (
            self._bytes
            + getsizeof(states)
            + getsizeof(self._numbers)
            + getsizeof(self._parents)
            + getsizeof(self.transitions)
            # A state's number is one object, wherever it stands.
            + _INTEGER_BYTES * (len(self.transitions) + len(states))
        )


def _own_bytes(state: State, parent: State, *, joint: bool) -> int:
    """The bytes of a state, without what it shares with the one that it came from.

    A joint state holds that of each key, and a call changes few of them. What stands in the state
    of one key (the elements of a queue) belongs to the calls.
    """
    size = getsizeof(state)
    if joint:
        for at, value in enumerate(state):
            if parent is None or parent[at] is not value:
                size += getsizeof(value)
    return size
