"""Locks: ``acquire`` and ``release``, one lock a key, free at first.

    mutex             whoever asks; a release by anyone frees it
    owner-mutex       only its owner releases it, and cannot acquire it twice
    reentrant-mutex   only its owner releases it, as often as it acquired it
    fencing-lock      an owner-mutex; acquire answers a token (an integer), greater than all before;
                      holder answers its owner, nil if it is free
    semaphore         acquire and release of a number of permits (1 if there is no value); get_model
                      takes how many there are: ``semaphore:3``

The owner is the ``value`` of the operation, or its process where there is none: name the owner if
your clients go on under a new process after an operation of which nobody knows the outcome.
An acquire that failed says nothing: it may have timed out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from checker.history import Operation
from checker.models.model import (
    ANYTHING,
    UNKNOWN,
    Call,
    CallError,
    Model,
    State,
    distinct,
    register_family,
    register_model,
)


def _parse(name: str, argument: Callable[[Operation], Any], operation: Operation) -> Call | None:
    if operation.f not in ("acquire", "release"):
        known = "acquire, release and holder" if name == "fencing-lock" else "acquire and release"
        raise CallError(f"the model {name!r} knows {known}, not {operation.f!r}")
    if operation.outcome == "fail":
        return None
    key = distinct(operation.key)
    return Call(operation.f, key, argument(operation), None, "depends")


def _nothing(operation: Operation) -> None:
    return None


def _owner(operation: Operation) -> Any:
    named = operation.argument if operation.argument is not None else operation.process
    return distinct(named)


def clusters_of_owners(calls: Sequence[Call]) -> list[list[int]]:
    """All calls of an owner may be dropped together (Model.clusters), if locks have owners.

    Between an owner's acquire and the release that frees the lock nobody else's call is allowed. So
    in a linearization the calls of an owner stand in blocks that start and end with a free lock,
    save the last, after which nothing comes, and the first, if the lock was held at the start; for
    the others it is as if the block were not there. Tokens that grow also grow if some are missing.
    Who asks for the holder is told within the holder's block, or finds the lock free, which it also
    is if blocks are missing.
    """
    found: dict[Any, list[int]] = {}
    for position, call in enumerate(calls):
        found.setdefault(call.argument, []).append(position)
    return list(found.values())


def _step_mutex(held: State, f: str, argument: Any, result: Any) -> tuple[bool, State]:
    return (not held, True) if f == "acquire" else (held, False)


@register_model
def mutex() -> Model:
    """A lock without owner."""
    return Model(
        name="mutex",
        summary="acquire and release, by anyone",
        initial=False,
        step=_step_mutex,
        parse=partial(_parse, "mutex", _nothing),
        reveals=lambda call: call.f == "acquire",
    )


def _step_owner(owner: State, f: str, argument: Any, result: Any) -> tuple[bool, State]:
    if f == "acquire":
        return owner is None, argument
    return owner == argument, None


@register_model
def owner_mutex() -> Model:
    """A lock that only its owner releases; the state is the owner."""
    return Model(
        name="owner-mutex",
        summary="acquire and release, the latter by the owner (value, or process)",
        initial=None,
        step=_step_owner,
        parse=partial(_parse, "owner-mutex", _owner),
        clusters=clusters_of_owners,
        reveals=lambda call: call.argument if call.f == "acquire" else None,
    )


def _step_reentrant(state: State, f: str, argument: Any, result: Any) -> tuple[bool, State]:
    owner, times = state
    if f == "acquire":
        return owner is None or owner == argument, (argument, times + 1)
    if owner is None or owner != argument:
        return False, state
    return True, (owner, times - 1) if times > 1 else (None, 0)


@register_model
def reentrant_mutex() -> Model:
    """A lock that its owner may acquire again; the state is the owner, and how often."""
    return Model(
        name="reentrant-mutex",
        summary="acquire (again, by the owner) and release, as often as acquired",
        initial=(None, 0),
        step=_step_reentrant,
        parse=partial(_parse, "reentrant-mutex", _owner),
        clusters=clusters_of_owners,
    )


def _parse_fencing(operation: Operation) -> Call | None:
    if operation.f == "holder":
        if operation.outcome != "ok":
            return None
        # As if it were the owner's own: what is dropped of an owner is dropped with it (clusters).
        owner = distinct(operation.result)
        return Call("holder", distinct(operation.key), owner, None, "observes")
    call = _parse("fencing-lock", _owner, operation)
    if call is None or call.f == "release":
        return call
    if operation.outcome != "ok":
        return call._replace(result=UNKNOWN)
    token = operation.result
    if type(token) is not int:
        raise CallError(f"acquire of a fencing lock answers an integer, not {token!r}")
    return call._replace(result=token)


def _step_fencing(state: State, f: str, argument: Any, result: Any) -> tuple[bool, State]:
    owner, last = state
    if f == "holder":
        return owner == argument, state
    if f == "release":
        return owner == argument, (None, last)
    if result is UNKNOWN:
        # Some token greater than the last: the least leaves most open to those that follow.
        return owner is None, (argument, None if last is None else last + 1)
    return owner is None and (last is None or result > last), (argument, result)


def _reveals_fencing(call: Call) -> State:
    if call.f != "acquire" or call.result is UNKNOWN:
        return ANYTHING
    return call.argument, call.result


@register_model
def fencing_lock() -> Model:
    """A lock with fencing tokens; the state is the owner and the last token, None at first."""
    return Model(
        name="fencing-lock",
        summary="as owner-mutex; acquire answers a token greater than all before; holder",
        initial=(None, None),
        step=_step_fencing,
        parse=_parse_fencing,
        clusters=clusters_of_owners,
        reveals=_reveals_fencing,
    )


def _permits(operation: Operation) -> int:
    permits = 1 if operation.argument is None else operation.argument
    if type(permits) is not int or permits < 1:
        raise CallError(f"the value of {operation.f} must be a number of permits, not {permits!r}")
    return permits


def _step_semaphore(
    permits: int, taken: State, f: str, argument: Any, result: Any
) -> tuple[bool, State]:
    if f == "acquire":
        return taken + argument <= permits, taken + argument
    return taken >= argument, taken - argument


@register_family("semaphore", default="1")
def semaphore(permits: str) -> Model:
    """A semaphore of so many permits; the state is how many are taken."""
    if not permits.isdecimal() or int(permits) < 1:
        raise ValueError(f"a semaphore has a number of permits, not {permits!r}")
    return Model(
        name=f"semaphore:{permits}",
        summary="acquire and release of permits",
        initial=0,
        step=partial(_step_semaphore, int(permits)),
        parse=partial(_parse, "semaphore", _permits),
    )
