"""Changing a key to what follows from its value: read, compare and set, and again if somebody else
was faster. This is how clients build objects that the service does not know, of any service that
can compare and set.

It is atomic: the compare-and-set that succeeds finds what was read, so nothing happened between the
two. One that finds something else has changed nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from nemesis.errors import ScheduleError
from nemesis.workloads.performance import Outcome, Program
from raft.kv.commands import CompareAndSet, Get

# How often is tried anew before the operation fails, nothing having been changed.
ATTEMPTS = 8
CONTENDED = "somebody else was faster, every time"
# A value that no operation can have written; a read of it goes to the model as it is.
NONSENSE = "the value makes no sense"

_SEPARATOR = ","


class Change(NamedTuple):
    """What to write, and what the operation comes to once it is written."""

    text: str
    outcome: Outcome


def update(key: str, value: Any, change: Callable[[str | None], Change | Outcome]) -> Program:
    """Change the key as ``change`` says of its text, None if it is absent; an Outcome where nothing
    is to be written. ``value`` is the operation's argument."""
    for _ in range(ATTEMPTS):
        found = (yield Get(key)).value
        following = change(found)
        if isinstance(following, Outcome):
            return following
        if (yield CompareAndSet(key, found, following.text)).succeeded:
            return following.outcome
    return Outcome("fail", value, CONTENDED)


def needed(key: str | None, workload: str, f: str) -> str:
    """The key, which must be there."""
    if key is None:
        raise ScheduleError(f"{workload}: {f} needs a key")
    return key


def unknown_operation(workload: str, f: str, value: Any) -> ScheduleError:
    """Of an ``f`` or a ``value`` that the workload does not know."""
    return ScheduleError(f"{workload}: no operation {f!r} with the value {value!r}")


def is_element(value: Any) -> bool:
    """Whether it can stand in a key's text beside others."""
    return isinstance(value, str) and value != "" and _SEPARATOR not in value


def as_text(*elements: str) -> str:
    """Elements as a key holds them: each ends with a comma, so that one more can be appended."""
    return "".join(element + _SEPARATOR for element in elements)


def elements_in(text: str | None) -> list[str] | None:
    """The elements of a text, none if it is absent; None if it is none of ``as_text``."""
    if not text:
        return []
    *elements, rest = text.split(_SEPARATOR)
    return elements if not rest and all(elements) else None
