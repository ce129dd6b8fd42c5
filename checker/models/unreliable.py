"""Stores that may lose what they acknowledged: nondeterministic models.

    lossy-register   write (may be lost), read; one a key, nil at first
    lossy-queue      enqueue (may be lost), dequeue -> the oldest, or nil: at most once; one a key

What was read once was not lost: from then on the register holds it, until it is written again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from checker.history import Operation
from checker.models import queues, register
from checker.models.custom import nondeterministic
from checker.models.model import UNKNOWN, Call, CallError, Model, State, distinct, register_model


def _key(operation: Operation) -> Any:
    return distinct(operation.key)


def _parse_register(operation: Operation) -> Call | None:
    call = register.parse(operation)
    return None if call is None else call._replace(effect="depends")


def _step_register(value: State, f: str, argument: Any, result: Any) -> Iterator[State]:
    if f == "write":
        yield argument
        yield value
    elif value == result:
        yield value


@register_model
def lossy_register() -> Model:
    """A register whose writes may be lost."""
    return nondeterministic(
        "lossy-register",
        [None],
        _step_register,
        partition=_key,
        read_only={"read"},
        parse=_parse_register,
        summary="read and write, which may be lost",
    )


def _parse_queue(operation: Operation) -> Call | None:
    if operation.f == "peek":
        raise CallError("the model 'lossy-queue' knows enqueue and dequeue, not 'peek'")
    call = queues.parse(queues.FIFO, operation)
    return None if call is None else call._replace(effect="depends")


def _step_queue(elements: State, f: str, argument: Any, result: Any) -> Iterator[State]:
    if f == "insert":
        yield (*elements, argument)
        yield elements
    elif result is UNKNOWN or result == (elements[0] if elements else None):
        yield elements[1:]


@register_model
def lossy_queue() -> Model:
    """A queue that delivers at most once."""
    return nondeterministic(
        "lossy-queue",
        [()],
        _step_queue,
        partition=_key,
        parse=_parse_queue,
        summary="enqueue, which may be lost, and dequeue (nil if empty)",
    )
