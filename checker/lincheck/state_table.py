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

from collections.abc import Callable
from sys import getsizeof
from typing import Any

from checker.lincheck.layers import Layers
from checker.lincheck.parts import Part
from checker.models.model import DEAD, UNKNOWN, Call, State

REFUSED = -1
"""What a transition says of a call that the state does not allow."""

ASK = -2
"""What ``sees`` says of a call that many states may allow: ask the transitions."""

_INTEGER_BYTES = 32
"""An integer of 30 to 60 bits, as the keys of transitions are."""


class StateTable:
    """The states met so far, the distinct calls, and the transitions between states.

    ``known(state * stride + call)`` is the next state, or REFUSED; None if it was not asked for
    yet: then ``move`` finds out. Both change when ``layers`` are left (``renew``).
    ``dead`` has the states that are DEAD, in some key at least. ``sees`` has for each call the one
    state that allows it, where that is known, or ASK.
    """

    __slots__ = (
        "_bytes",
        "_collapse",
        "_joint",
        "_left",
        "_measured",
        "_numbers",
        "_parents",
        "_specification",
        "_states",
        "_transitions",
        "calls",
        "dead",
        "known",
        "layers",
        "move",
        "sees",
        "stride",
    )

    def __init__(self, part: Part, calls: list[Call]) -> None:
        self.calls = calls
        self.stride = len(calls)
        initial = part.specification.initial
        self._specification = part.specification
        self._collapse = None if part.foresight is None else part.foresight.collapse
        if self._collapse is not None:
            initial = self._collapse(initial)
        self._joint = part.joint
        self._states: list[State] = [initial]
        self._numbers = Layers(dict)
        self._numbers.newest[initial] = 0
        self._parents: list[int] = [0]
        self._transitions = Layers(dict)
        self.layers = (self._transitions, self._numbers)
        self.dead: set[int] = set()
        self.sees = [ASK] * len(calls)
        if part.foresight is not None and part.foresight.sees is not None:
            self._foresee(part.foresight.sees)
        self._bytes = self._left = 0
        # A dictionary's ``get``, with or without a default.
        self.known: Callable[..., Any] = self._transitions.newest.get
        self.move = self._mover()
        # What the calls themselves hold is not counted.
        self._measured = len(self._states)

    def _foresee(self, sees: Callable[[Call], State]) -> None:
        """Number the states that observations see."""
        numbers: dict[State, int] = self._numbers.newest
        states = self._states
        for at, call in enumerate(self.calls):
            if call[4] == "observes":
                state = sees(call)
                if state is not UNKNOWN:
                    self.sees[at] = number = numbers.setdefault(state, len(states))
                    if number == len(states):
                        states.append(state)
        self._parents += [0] * (len(states) - 1)

    def allows(self, state: int, call: int) -> bool:
        """Whether the state allows the call."""
        seen = self.sees[call]
        if seen != ASK:
            return seen == state
        to = self.known(state * self.stride + call)
        return (self.move(state, call) if to is None else to) != REFUSED

    def renew(self) -> None:
        """Use the newest layers from now on, if there are other ones than before."""
        transitions, numbers = self._transitions, self._numbers
        if len(transitions.older) + len(numbers.older) == self._left:
            return
        self._left = len(transitions.older) + len(numbers.older)
        gets = [table.get for table in (transitions.newest, *transitions.older)]

        def known(key: int, default: int | None = None, /) -> Any:
            for get in gets:
                found = get(key)
                if found is not None:
                    return found
            return default

        self.known = known if transitions.older else transitions.newest.get
        self.move = self._mover()

    def _mover(self) -> Callable[[int, int], int]:
        """``move``, with all that it needs at hand."""
        advance, joint, collapse = self._specification.advance, self._joint, self._collapse
        states, parents, dead = self._states, self._parents, self.dead
        calls, stride = self.calls, self.stride
        transitions: dict[int, int] = self._transitions.newest
        numbers: dict[State, int] = self._numbers.newest
        older: list[dict[State, int]] = self._numbers.older

        def of_older(state: State) -> int | None:
            for table in older:
                if state in table:
                    return table[state]
            return None

        def move(state: int, call: int) -> int:
            asked = calls[call]
            allowed, after = advance(states[state], asked)
            if not allowed:
                number = REFUSED
            elif asked[4] == "observes":
                number = state
            else:
                # What has a number is collapsed.
                known = numbers.get(after)
                if known is None and older:
                    known = of_older(after)
                if known is None:
                    if collapse is not None:
                        after = collapse(after)
                        known = of_older(after) if older else None
                    if known is None:
                        known = numbers.setdefault(after, len(states))
                    if known == len(states):
                        states.append(after)
                        parents.append(state)
                        if after is DEAD or (joint and DEAD in after):
                            dead.add(known)
                number = known
            transitions[state * stride + call] = number
            return number

        return move

    def held_bytes(self) -> int:
        """The bytes held by states and transitions."""
        states = self._states
        for at in range(self._measured, len(states)):
            self._bytes += own_bytes(
                states[at], states[self._parents[at]] if at else None, joint=self._joint
            )
        self._measured = len(states)
        return (
            self._bytes
            + getsizeof(states)
            + self._numbers.held_bytes()
            + getsizeof(self._parents)
            + self._transitions.held_bytes()
            # A state's number is one object, wherever it stands.
            + _INTEGER_BYTES * (len(self._transitions) + len(states))
        )


def own_bytes(state: State, parent: State, *, joint: bool) -> int:
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
