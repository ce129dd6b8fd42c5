"""A user's step function, held to its promises; ``custom.py`` tells which, and why.

Each distinct pair of a state and a call is examined once, and its answer remembered.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from checker.models.model import Call, CallError, ModelError, State, Step

Commutes = Callable[[Call, Call], bool]

_REMEMBERED_MAX = 500_000
"""Answers of the step that are remembered; then it starts anew."""

_PAIRS_MAX = 20_000
"""Pairs of calls of which it is tried whether they commute."""

_FIRM = (type(None), bool, int, float, str, bytes)
"""Types of which no value can be changed."""


class Examined:
    """A step function that is held to its promises; each (state, call) is examined once."""

    def __init__(self, name: str, step: Step, commutes: Commutes | None) -> None:
        self.name = name
        # What it answers is examined, so it is not taken for granted.
        self._step: Callable[..., Any] = step
        self._commutes = commutes
        self._answers: dict[tuple[str, Any, Any], dict[State, tuple[bool, State]]] = {}
        self._remembered = 0
        # The calls that were parsed, with their effect, by what a step sees of them.
        self._calls: dict[tuple[str, Any, Any], Call] = {}
        # Where calls that overwrite lead to.
        self._left: dict[tuple[str, Any, Any], State] = {}
        self._pairs = 0

    def know(self, call: Call) -> None:
        """A call that will be tried; the step sees neither its key nor its effect."""
        asked = (call.f, call.argument, call.result)
        other = self._calls.setdefault(asked, call)
        if (other.effect == "observes") != (call.effect == "observes"):
            raise ModelError(
                f"the model {self.name!r} says that {describe_call(call)} is read-only, and that "
                "it is not"
            )

    def step(self, state: State, f: str, argument: Any, result: Any) -> tuple[bool, State]:
        """As the user's; raises ModelError."""
        asked = (f, argument, result)
        answers = self._answers.get(asked)
        if answers is None:
            answers = self._answers[asked] = {}
        answer = answers.get(state)
        if answer is None:
            answer = self._examine(state, asked)
            if self._commutes is not None:
                self._try_pairs(state, asked)
        return answer

    def _examine(self, state: State, asked: tuple[str, Any, Any]) -> tuple[bool, State]:
        call = self._calls.get(asked) or Call(asked[0], None, asked[1], asked[2], "depends")
        before = state if isinstance(state, _FIRM) else deepcopy(state)
        first = self._evaluate(state, call)
        self._must_be_unchanged(before, state, call)
        second = self._evaluate(state, call)
        self._must_be_unchanged(before, state, call)
        if first != second:
            raise ModelError(
                f"the model {self.name!r} is not deterministic: {_where(call, before)} once gives "
                f"{_answer(first)} and once {_answer(second)}"
            )
        self._must_have_effect(call, before, first)
        self._remember(asked, before, first)
        return first

    def _evaluate(self, state: State, call: Call) -> tuple[bool, State]:
        try:
            answer = self._step(state, call.f, call.argument, call.result)
        except (ModelError, CallError):
            raise
        except Exception as error:
            # Whatever a user's function raises, the caller is told where.
            raise ModelError(
                f"the model {self.name!r} fails at {_where(call, state)}: "
                f"{type(error).__name__}: {error}"
            ) from error
        if not isinstance(answer, tuple) or len(answer) != 2 or type(answer[0]) is not bool:
            raise ModelError(
                f"the model {self.name!r} must answer (allowed, next state), a bool and a state, "
                f"not {answer!r}: {_where(call, state)}"
            )
        allowed, after = answer
        if not allowed:
            return False, state
        examine_state(self.name, after, f"the state after {_where(call, state)}")
        return True, after

    def _must_be_unchanged(self, before: State, state: State, call: Call) -> None:
        if before is not state and before != state:
            raise ModelError(
                f"the model {self.name!r} changes the state that it is given: "
                f"{_where(call, before)} has made it {describe(state)}; return a new state and "
                "leave the old as it is"
            )

    def _must_have_effect(self, call: Call, state: State, answer: tuple[bool, State]) -> None:
        allowed, after = answer
        if call.effect == "observes":
            if allowed and after != state:
                raise ModelError(
                    f"the model {self.name!r} changes its state in a read-only call: "
                    f"{_where(call, state)} leads to {describe(after)}"
                )
        elif call.effect != "depends":
            if not allowed:
                raise ModelError(
                    f"the model {self.name!r} refuses {_where(call, state)}, but its effect is "
                    f"{call.effect!r}, which is allowed in every state"
                )
            asked = (call.f, call.argument, call.result)
            if call.effect == "overwrites" and self._left.setdefault(asked, after) != after:
                raise ModelError(
                    f"the model {self.name!r} says that {describe_call(call)} overwrites the "
                    f"state, but it leads to {describe(self._left[asked])} from one state and to "
                    f"{describe(after)} from another"
                )

    def _remember(
        self, asked: tuple[str, Any, Any], state: State, answer: tuple[bool, State]
    ) -> None:
        if self._remembered >= _REMEMBERED_MAX:
            for answers in self._answers.values():
                answers.clear()
            self._remembered = 0
        self._answers[asked][state] = answer
        self._remembered += 1

    def _try_pairs(self, state: State, asked: tuple[str, Any, Any]) -> None:
        """Whether the call commutes, here, with those calls that the hint says it does."""
        commutes = self._commutes
        one = self._calls.get(asked)
        if commutes is None or one is None:
            return
        for other_asked, other in list(self._calls.items()):
            if self._pairs >= _PAIRS_MAX:
                return
            self._pairs += 1
            forth, back = bool(commutes(one, other)), bool(commutes(other, one))
            if forth != back:
                raise ModelError(
                    f"the model {self.name!r} says that {describe_call(one)} commutes with "
                    f"{describe_call(other)}, but not the other way round"
                )
            if not forth:
                continue
            ends = self._both(state, asked, other_asked), self._both(state, other_asked, asked)
            if ends[0] != ends[1]:
                raise ModelError(
                    f"the model {self.name!r} says that {describe_call(one)} and "
                    f"{describe_call(other)} commute, but in state {describe(state)} they give "
                    f"{_answer(ends[0])} in this order, and {_answer(ends[1])} in the other"
                )

    def _both(
        self, state: State, first: tuple[str, Any, Any], second: tuple[str, Any, Any]
    ) -> tuple[bool, State]:
        for asked in (first, second):
            answer = self._answers.setdefault(asked, {}).get(state)
            allowed, state = answer if answer is not None else self._examine(state, asked)
            if not allowed:
                return False, None
        return True, state


def examine_state(name: str, state: State, what: str) -> None:
    """A state must be hashable, and equal to its copy."""
    if isinstance(state, _FIRM):
        return
    if not is_hashable(state):
        raise ModelError(
            f"the model {name!r} has a state that cannot be hashed, {state!r} ({what}); use tuples "
            "for lists, frozensets for sets, and tuples of sorted pairs for maps"
        )
    if deepcopy(state) != state:
        raise ModelError(
            f"the model {name!r} has a state that differs from its own copy, {state!r} ({what}); "
            "states must compare by value, as tuples and frozen dataclasses do"
        )


def is_hashable(value: Any) -> bool:
    try:
        return bool({value})
    except TypeError:
        return False


def describe(value: Any) -> str:
    """As ``repr``, but with the elements of sets in order."""
    if isinstance(value, frozenset):
        return "{" + ", ".join(sorted(map(describe, value))) + "}"
    if type(value) is tuple:
        inside = ", ".join(map(describe, value))
        return f"({inside},)" if len(value) == 1 else f"({inside})"
    return repr(value)


def describe_call(call: Call) -> str:
    """A call in words: its name, argument and result."""
    argument = "" if call.argument is None else f" {describe(call.argument)}"
    return f"{call.f}{argument} -> {describe(call.result)}"


def _where(call: Call, state: State) -> str:
    return f"{describe_call(call)} in state {describe(state)}"


def _answer(answer: tuple[bool, State]) -> str:
    allowed, state = answer
    return describe(state) if allowed else "refused"
