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
from functools import partial
from typing import Any

from checker.history import Operation
from checker.models.examined import (
    Commutes,
    Examined,
    describe,
    describe_call,
    examine_state,
    is_hashable,
)
from checker.models.model import (
    Call,
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
Successors = Callable[[State, str, Any, Any], Iterable[State]]
"""step(state, f, argument, result) -> the states that may follow; none: it is refused."""


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
    examine_state(name, initial, "the initial state")
    examined = Examined(name, step, commutes)
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
    # What it answers is examined, so it is not taken for granted.
    successors_of: Callable[..., Any] = step

    def advance(states: State, f: str, argument: Any, result: Any) -> tuple[bool, State]:
        after: set[State] = set()
        call = Call(f, None, argument, result, "depends")
        for state in states:
            what = f"{describe_call(call)} in state {describe(state)}"
            successors = _listed(name, successors_of(state, f, argument, result), what)
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


def _listed(name: str, states: Any, what: str) -> list[State]:
    # A tuple may be the answer of a deterministic step; a text has letters, but no states.
    if not isinstance(states, Iterable) or isinstance(states, tuple | str | bytes | dict):
        raise ModelError(
            f"the model {name!r} must answer the states that may follow, in a list or as a "
            f"generator, not {states!r}: {what}"
        )
    found = list(states)
    for state in found:
        examine_state(name, state, f"a state after {what}")
    return found


def _predicate(read_only: ReadOnly) -> Callable[[Call], bool]:
    if callable(read_only):
        return read_only
    if isinstance(read_only, str):
        raise ModelError(f"read_only must be a set of names, like {{{read_only!r}}}, not a text")
    names = frozenset(read_only)
    return lambda call: call.f in names


def _parse(
    examined: Examined,
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
    if not is_hashable(call):
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
