"""Models of one's own: right ones are judged, and those that are not what they claim are refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from random import Random
from typing import Any

import pytest

from checker.errors import CheckerError
from checker.history import History, Operation
from checker.lincheck import check
from checker.models import (
    UNKNOWN,
    Call,
    Model,
    ModelError,
    by_key,
    get_model,
    model_from_step,
    nondeterministic,
)
from checker.verdict import Validity
from tests.checker.brute_force import possible
from tests.checker.histories import history, random_history

VALID, INVALID = Validity.VALID, Validity.INVALID


def one_after_another(*told: tuple[str, Any, Any]) -> History:
    rows: list[tuple[Any, ...]] = []
    for process, (f, argument, result) in enumerate(told):
        rows.append((process, "invoke", f, None, argument))
        rows.append((process, "ok", f, None, result))
    return history(*rows)


def judged(model: Model, *told: tuple[str, Any, Any]) -> Validity:
    return check(one_after_another(*told), model).validity


def step_register(state: Any, f: str, argument: Any, result: Any) -> tuple[bool, Any]:
    if f == "read":
        return state == result, state
    if f == "cas":
        expected, new = argument
        return state == expected, new
    return True, argument


# A step function is all that is needed


def test_a_step_function_is_a_model() -> None:
    model = model_from_step("mine", None, step_register)
    assert judged(model, ("write", 1, None), ("read", None, 1)) is VALID
    assert judged(model, ("write", 1, None), ("read", None, 2)) is INVALID


@pytest.mark.parametrize("read_only", [(), {"read"}, lambda call: call.f == "read"])
def test_a_register_of_ones_own_is_judged_like_the_models(read_only: Any) -> None:
    random = Random(1)
    verdicts = {VALID: 0, INVALID: 0}
    for _ in range(300):
        given = random_history(random, "register", random.randrange(2, 6), "xy")
        model = model_from_step("mine", None, step_register, partition=by_key, read_only=read_only)
        found = check(given, model).validity
        assert found is check(given, get_model("register")).validity, given.events
        verdicts[found] += 1
    assert min(verdicts.values()) > 60


def test_an_unanswered_read_says_nothing() -> None:
    model = model_from_step("mine", None, step_register, read_only={"read"})
    asked = Operation(0, "read", None, None, None, "info", 0, None)
    assert model.parse(asked) is None
    plain = model_from_step("mine", None, step_register)
    call = plain.parse(asked)
    assert call is not None
    assert call.result is UNKNOWN


def test_the_step_is_evaluated_twice_and_never_again() -> None:
    asked: list[Any] = []

    def step(state: Any, f: str, argument: Any, result: Any) -> tuple[bool, Any]:
        asked.append((state, f, argument, result))
        return step_register(state, f, argument, result)

    model = model_from_step("mine", None, step)
    for _ in range(3):
        judged(model, ("write", 1, None), ("read", None, 1), ("write", 1, None))
    assert len(asked) == 2 * len(set(asked))


# What is not what it claims to be


def refused(model: Model, *told: tuple[str, Any, Any]) -> str:
    with pytest.raises(ModelError) as caught:
        judged(model, *told)
    assert isinstance(caught.value, CheckerError)
    return str(caught.value)


def test_a_step_that_is_not_deterministic_is_refused() -> None:
    numbers = count()

    def step(state: Any, f: str, argument: Any, result: Any) -> tuple[bool, Any]:
        return True, next(numbers)

    assert refused(model_from_step("mine", 0, step), ("inc", 1, None)) == (
        "the model 'mine' is not deterministic: inc 1 -> None in state 0 once gives 0 and once 1"
    )


@dataclass(unsafe_hash=True)
class Box:
    """Hashable, compares by value, and can be changed all the same."""

    value: int


def test_a_step_that_changes_its_state_is_refused() -> None:
    def step(state: Any, f: str, argument: Any, result: Any) -> tuple[bool, Any]:
        state.value += argument
        return True, state

    message = refused(model_from_step("mine", Box(0), step), ("inc", 5, None))
    assert "changes the state that it is given: inc 5 -> None in state Box(value=0)" in message
    assert "Box(value=5); return a new state" in message


def test_a_state_that_cannot_be_hashed_is_refused() -> None:
    def step(state: Any, f: str, argument: Any, result: Any) -> tuple[bool, Any]:
        return True, [*state, argument]

    message = refused(model_from_step("mine", (), step), ("push", 1, None))
    assert "cannot be hashed, [1] (the state after push 1 -> None in state ())" in message
    assert "use tuples for lists" in message
    with pytest.raises(ModelError, match="the initial state"):
        model_from_step("mine", {}, step)


def test_a_state_that_differs_from_its_copy_is_refused() -> None:
    class Plain:
        pass

    with pytest.raises(ModelError, match="differs from its own copy"):
        model_from_step("mine", Plain(), step_register)


@pytest.mark.parametrize("answer", [None, True, (1, 2), (True,), [True, 1]])
def test_an_answer_of_another_shape_is_refused(answer: Any) -> None:
    model = model_from_step("mine", None, lambda *_: answer)
    assert f"(allowed, next state), a bool and a state, not {answer!r}" in refused(
        model, ("write", 1, None)
    )


def test_an_exception_of_the_step_tells_where() -> None:
    def step(state: Any, f: str, argument: Any, result: Any) -> tuple[bool, Any]:
        return True, state + argument

    message = refused(model_from_step("mine", 0, step), ("add", "x", None))
    assert message.startswith("the model 'mine' fails at add 'x' -> None in state 0: TypeError: ")


def test_a_read_only_hint_that_does_not_hold_is_refused() -> None:
    model = model_from_step("mine", None, step_register, read_only={"read", "write"})
    assert refused(model, ("write", 1, None)) == (
        "the model 'mine' changes its state in a read-only call: write 1 -> None in state None "
        "leads to 1"
    )
    with pytest.raises(ModelError, match=r"a set of names, like \{'read'\}"):
        model_from_step("mine", None, step_register, read_only="read")


def test_a_read_only_hint_must_be_of_the_call_alone() -> None:
    flips = count()
    model = model_from_step(
        "mine", None, step_register, read_only=lambda call: next(flips) % 2 == 0
    )
    assert "is read-only, and that it is not" in refused(
        model, ("read", None, None), ("read", None, None)
    )


def commuting(*pairs: set[str]) -> Any:
    return lambda one, other: {one.f, other.f} in pairs


def test_a_commutativity_hint_that_does_not_hold_is_refused() -> None:
    def step(state: Any, f: str, argument: Any, result: Any) -> tuple[bool, Any]:
        return (True, state + argument) if f == "add" else (True, state * argument)

    good = model_from_step("mine", 1, step, commutes=commuting({"add"}, {"mul"}))
    assert judged(good, ("add", 1, None), ("mul", 3, None), ("add", 2, None)) is VALID
    assert good.commutes is not None
    bad = model_from_step("mine", 1, step, commutes=commuting({"add", "mul"}))
    assert refused(bad, ("add", 1, None), ("mul", 3, None)) == (
        "the model 'mine' says that add 1 -> None and mul 3 -> None commute, but in state 1 they "
        "give 6 in this order, and 4 in the other"
    )
    lopsided = model_from_step("mine", 1, step, commutes=lambda one, other: one.f < other.f)
    assert "but not the other way round" in refused(lopsided, ("add", 1, None), ("mul", 3, None))


def test_calls_that_allow_each_other_do_not_commute() -> None:
    """A release makes an acquire possible."""

    def step(held: Any, f: str, argument: Any, result: Any) -> tuple[bool, Any]:
        return (not held, True) if f == "acquire" else (held, False)

    model = model_from_step("mine", True, step, commutes=commuting({"acquire", "release"}))
    assert "they give" in refused(model, ("release", None, None), ("acquire", None, None))


def test_a_partition_that_depends_on_the_answer_is_refused() -> None:
    model = model_from_step("mine", None, step_register, partition=lambda o: o.result)
    assert "must depend on what was asked alone" in refused(model, ("read", None, 1))
    numbers = count()
    model = model_from_step("mine", None, step_register, partition=lambda _: next(numbers))
    assert "it gives 0, and 1 the next time" in refused(model, ("read", None, 1))
    model = model_from_step("mine", None, step_register, partition=lambda _: [1])
    assert "a call that cannot be hashed" in refused(model, ("read", None, 1))


def test_a_key_that_the_step_would_not_see_is_refused() -> None:
    given = history((0, "invoke", "write", "x", 1), (0, "ok", "write", "x", 1))
    with pytest.raises(ModelError, match="give it partition=by_key"):
        check(given, model_from_step("mine", None, step_register))


def test_a_parse_of_ones_own_is_held_to_its_effects() -> None:
    def parse(effect: Any) -> Any:
        return lambda o: Call(o.f, None, o.argument, o.result, effect)

    right = model_from_step("mine", None, step_register, parse=parse("depends"))
    assert judged(right, ("write", 1, None), ("read", None, 1)) is VALID
    applies = model_from_step("mine", None, step_register, parse=parse("applies"))
    assert "which is allowed in every state" in refused(applies, ("read", None, 1))

    def step(state: Any, f: str, argument: Any, result: Any) -> tuple[bool, Any]:
        return True, state + argument

    overwrites = model_from_step("mine", 0, step, parse=parse("overwrites"))
    message = refused(overwrites, ("add", 1, None), ("add", 1, None))
    assert "leads to 1 from one state and to 2 from another" in message
    wrong = model_from_step("mine", None, step_register, parse=lambda o: o.f)
    assert "must answer a Call or None, not 'write'" in refused(wrong, ("write", 1, None))


# Nondeterministic models


def step_forgetful(value: Any, f: str, argument: Any, result: Any) -> Iterator[Any]:
    """A cache that may forget at any write, of its own accord, and never remembers again."""
    if f == "put":
        yield argument
        yield None
    elif value == result:
        yield value


def test_a_nondeterministic_model_takes_all_ways_at_once() -> None:
    model = nondeterministic("cache", [None], step_forgetful, read_only={"get"})
    put = ("put", 1, None)
    assert judged(model, put, ("get", None, 1), ("get", None, 1)) is VALID
    assert judged(model, put, ("get", None, None)) is VALID
    assert judged(model, put, ("get", None, None), ("get", None, 1)) is INVALID, "it had forgotten"
    assert judged(model, put, ("get", None, 1), ("get", None, None)) is INVALID, "it had not"
    assert judged(model, put, ("get", None, 2)) is INVALID


def explores(operations: Sequence[Operation], model: Model, step: Any, initial: Any) -> bool:
    """The oracle: every order, and in it every way that the states may go."""
    items = [(each, call) for each in operations if (call := model.parse(each)) is not None]

    def explore(left: list[Any], state: Any) -> bool:
        ends = [each.completed for each, _ in left if each.completed is not None]
        if not ends:
            return True
        return any(
            explore(left[:at] + left[at + 1 :], after)
            for at, (operation, call) in enumerate(left)
            if operation.invoked < min(ends)
            for after in step(state, call.f, call.argument, call.result)
        )

    return explore(items, initial)


@pytest.mark.parametrize("name", ["lossy-register", "lossy-queue"])
def test_lossy_models_as_the_oracle_says(name: str) -> None:
    from checker.models import unreliable

    step, initial, inner = {
        "lossy-register": (unreliable._step_register, None, "register"),
        "lossy-queue": (unreliable._step_queue, (), "register"),
    }[name]
    random = Random(name)
    model = get_model(name)
    verdicts = {VALID: 0, INVALID: 0}
    for _ in range(400):
        given = random_history(random, inner, random.randrange(2, 7))
        if name == "lossy-queue":
            given = as_queue(random, given)
        found = check(given, model).validity
        expected = explores(given.operations(), model, step, initial)
        assert found is (VALID if expected else INVALID), given.events
        assert possible(given.operations(), model) is expected
        verdicts[found] += 1
    assert min(verdicts.values()) > 60, verdicts


def as_queue(random: Random, given: History) -> History:
    words = {"write": "enqueue", "read": "dequeue"}
    return History(
        event._replace(
            f=words[event.f],
            value=random.choice([0, 1])
            if event.f == "write" and event.type == "invoke"
            else event.value,
        )
        for event in given.events
    )


def test_a_nondeterministic_step_is_held_to_its_promises() -> None:
    model = nondeterministic("cache", [None], step_forgetful, read_only={"put"})
    assert "changes its state in a read-only call: put 1 -> None in state None" in refused(
        model, ("put", 1, None)
    )
    for answer in (1, (True, 1), "ab", {1: 2}):
        model = nondeterministic("cache", [None], lambda *_, answer=answer: answer)
        message = refused(model, ("put", 1, None))
        assert f"in a list or as a generator, not {answer!r}" in message

    def fails(state: Any, f: str, argument: Any, result: Any) -> Iterator[Any]:
        yield state + argument

    message = refused(nondeterministic("cache", ["a"], fails), ("put", 1, None))
    assert "fails at put 1 -> None in state {'a'}: TypeError: " in message
    model = nondeterministic("cache", [None], lambda *_: [[1]])
    assert "cannot be hashed, [1]" in refused(model, ("put", 1, None))
    numbers = count()
    model = nondeterministic("cache", [None], lambda *_: [next(numbers), 9])
    assert "once gives {0, 9} and once {1, 9}" in refused(model, ("put", 1, None))
    with pytest.raises(ModelError, match="has no initial state"):
        nondeterministic("cache", [], step_forgetful)


def test_an_unanswered_read_of_a_nondeterministic_model_says_nothing() -> None:
    model = nondeterministic("cache", [None], step_forgetful, read_only={"get"})
    assert model.parse(Operation(0, "get", None, None, None, "info", 0, None)) is None
    call = model.parse(Operation(0, "get", None, None, 1, "ok", 0, 1))
    assert call is not None
    assert call.effect == "depends", "what was read tells which of the states it was"
