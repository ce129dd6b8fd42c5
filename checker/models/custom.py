"""Models of your own, from a pure step function.

    def step(state, f, argument, result):
        if f == "inc":
            return True, state + 1
        return state == result, state

    counter = model_from_step("my-counter", 0, step, read_only={"get"}, partition=by_key)

``step`` says whether an operation may answer ``result`` in this state, and which state follows. The
result of an operation of which nobody was told is ``UNKNOWN``: allow it if any result is allowed.

An engine believes what a model says, and a model that is not what it claims gives wrong verdicts.
So every distinct pair of a state and a call that is ever tried is examined, once, and the answer
remembered: the step is evaluated twice and must answer the same, must leave its state as it was,
and must keep to the hints. What does not hold raises a ModelError with the state and the call. This
is a test on the states met, not a proof; but a verdict rests on the states met alone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from copy import deepcopy
from functools import partial
from typing import Any

from checker.history import Operation
from checker.models.model import (
    Call,
    CallError,
    Key,
    Model,
    ModelError,
    State,
    Step,
    distinct,
    plain_parser,
)

ReadOnly = Collection[str] | Callable[[Call], bool]
Parse = Callable[[Operation], Call | None]
Partition = Callable[[Operation], Key]
Commutes = Callable[[Call, Call], bool]
Successors = Callable[[State, str, Any, Any], Iterable[State]]
"""step(state, f, argument, result) -> the states that may follow; none: it is refused."""

_REMEMBERED_MAX = 500_000
"""Answers of the step that are remembered; then it starts anew."""

_PAIRS_MAX = 20_000
"""Pairs of calls of which it is tried whether they commute."""

_FIRM = (type(None), bool, int, float, str, bytes)
"""Types of which no value can be changed."""


def by_key(operation: Operation) -> Key:
    """The partition by the operation's key: keys have nothing to do with each other."""
    return distinct(operation.key)


def model_from_step(
    name: str,
    initial: State,
    step: Step,
    *,
    partition: Partition | None = None,
    read_only: ReadOnly = (),
    commutes: Commutes | None = None,
    parse: Parse | None = None,
    summary: str = "",
) -> Model:
    """A model of a pure function ``step(state, f, argument, result) -> (allowed, next state)``.

    States must be hashable, compare by value, and never change: tuples, frozensets, frozen
    dataclasses. Hints, each held against what the step does:

    ``partition``: the key of an operation; keys are independent of each other, and ``initial`` and
    ``step`` speak of one. It may depend on what was asked alone. Without it all operations belong
    together, and must have no key, for the step would not see it.

    ``read_only``: the names of operations, or a predicate of calls, that never change the state.
    They make checking much faster, and one that was never answered says nothing.

    ``commutes``: see ``Model.commutes``.

    ``parse`` translates an operation into a Call (or None if it says nothing; CallError if it is
    wrong). Without it lists become tuples, and maps tuples of sorted pairs; values that Python
    holds to be equal, like 1 and true, are one: translate them with ``distinct`` if they differ.

    Raises ModelError, now or while it is used, for a model that is not what it claims to be.
    """
    _examine_state(name, initial, "the initial state")
    examined = _Examined(name, step, commutes)
    return Model(
        name=name,
        initial=initial,
        step=examined.step,
        parse=partial(_parse, examined, parse or plain_parser(), partition, _predicate(read_only)),
        per_key=partition is not None,
        commutes=commutes,
        summary=summary,
    )


def nondeterministic(
    name: str,
    initial_states: Iterable[State],
    step: Successors,
    *,
    partition: Partition | None = None,
    read_only: ReadOnly = (),
    parse: Parse | None = None,
    summary: str = "",
) -> Model:
    """A model of ``step(state, f, argument, result) -> next states``, of which any may be true.

    None at all: the result is refused in this state. The model's state is the set of all states
    that may be true (Rabin and Scott's power set construction), so it is deterministic again: a
    result is allowed if any of them allows it. A ``read_only`` operation leaves each state as it
    is, or is refused there; it changes the set all the same, so it is not free as it is in a
    deterministic model.

    The rest is as in ``model_from_step``. States are frozensets of your states.
    """
    states = frozenset(_listed(name, initial_states, "the initial states"))
    if not states:
        raise ModelError(f"the model {name!r} has no initial state")
    is_read_only = _predicate(read_only)

    def advance(states: State, f: str, argument: Any, result: Any) -> tuple[bool, State]:
        after: set[State] = set()
        call = Call(f, None, argument, result, "depends")
        for state in states:
            what = f"{describe_call(call)} in state {describe(state)}"
            successors = _listed(name, step(state, f, argument, result), what)
            if is_read_only(call) and any(other != state for other in successors):
                raise ModelError(
                    f"the model {name!r} changes its state in a read-only call: {what} leads to "
                    f"{describe(frozenset(successors))}"
                )
            after.update(successors)
        return bool(after), frozenset(after)

    translate = parse or plain_parser()

    def parse_(operation: Operation) -> Call | None:
        call = translate(operation)
        if call is not None and operation.completed is None and is_read_only(call):
            return None
        return call

    return model_from_step(
        name, states, advance, partition=partition, parse=parse_, summary=summary
    )


def _listed(name: str, states: Iterable[State], what: str) -> list[State]:
    try:
        found = list(states)
    except TypeError:
        raise ModelError(
            f"the model {name!r} must answer the states that may follow, in a list or as a "
            f"generator, not {states!r}: {what}"
        ) from None
    for state in found:
        _examine_state(name, state, f"a state after {what}")
    return found


def _predicate(read_only: ReadOnly) -> Callable[[Call], bool]:
    if callable(read_only):
        return read_only
    if isinstance(read_only, str):
        raise ModelError(f"read_only must be a set of names, like {{{read_only!r}}}, not a text")
    names = frozenset(read_only)
    return lambda call: call.f in names


class _Examined:
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
        _examine_state(self.name, after, f"the state after {_where(call, state)}")
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


def _parse(
    examined: _Examined,
    parse: Callable[[Operation], Any],
    partition: Partition | None,
    is_read_only: Callable[[Call], bool],
    operation: Operation,
) -> Call | None:
    name = examined.name
    call = parse(operation)
    if call is None:
        return None
    if not isinstance(call, Call):
        raise ModelError(f"parse of the model {name!r} must answer a Call or None, not {call!r}")
    key = _key(name, partition, operation)
    if is_read_only(call):
        if operation.completed is None:
            return None
        call = call._replace(key=key, effect="observes")
    else:
        call = call._replace(key=key)
    if not _is_hashable(call):
        raise ModelError(
            f"the model {name!r} made a call that cannot be hashed, {call!r}; use tuples for lists "
            "and frozensets for sets"
        )
    examined.know(call)
    return call


def _key(name: str, partition: Partition | None, operation: Operation) -> Key:
    if partition is None:
        if operation.key is not None:
            raise ModelError(
                f"the model {name!r} does not see the key of {operation}: give it partition=by_key "
                "if keys are independent, or a parse that puts the key into the argument and "
                "operations without key"
            )
        return None
    key = partition(operation)
    asked = operation._replace(result=None, outcome="info", completed=None, error=None)
    for again in (operation, asked):
        other = partition(again)
        if other != key:
            raise ModelError(
                f"the partition of the model {name!r} must depend on what was asked alone, but for "
                f"({operation}) it gives {describe(key)}, and {describe(other)} "
                + ("the next time" if again is operation else "if nobody was told the result")
            )
    return key


def _examine_state(name: str, state: State, what: str) -> None:
    """A state must be hashable, and equal to its copy."""
    if isinstance(state, _FIRM):
        return
    if not _is_hashable(state):
        raise ModelError(
            f"the model {name!r} has a state that cannot be hashed, {state!r} ({what}); use tuples "
            "for lists, frozensets for sets, and tuples of sorted pairs for maps"
        )
    if deepcopy(state) != state:
        raise ModelError(
            f"the model {name!r} has a state that differs from its own copy, {state!r} ({what}); "
            "states must compare by value, as tuples and frozen dataclasses do"
        )


def _is_hashable(value: Any) -> bool:
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
