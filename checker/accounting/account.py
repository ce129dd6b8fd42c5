"""What an account is, and the words in which it convicts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from checker.history import Operation
from checker.verdict import VALID, Failure, Verdict, invalid, unknown

# So many elements of a failure are named; the others are counted.
NAMED = 10


class Account(NamedTuple):
    """``counts`` of what happened, by name; the ``verdict`` is invalid where something was lost,
    unknown where what the workload is about did not happen, and valid otherwise."""

    counts: dict[str, int]
    verdict: Verdict


NOTHING = Account({}, VALID)
"""The account of a workload that has none."""


class Found(NamedTuple):
    """An element, or whatever else is counted, and the key of the object that it belongs to."""

    key: Any
    element: Any


def by_key(operations: Iterable[Operation]) -> dict[Any, list[Operation]]:
    """The operations on each key, in the order of the keys' first use."""
    keys: dict[Any, list[Operation]] = {}
    for operation in operations:
        keys.setdefault(operation.key, []).append(operation)
    return keys


def failure(kind: str, what: str, found: Sequence[Found]) -> Failure:
    """A failure that names what was ``found``: ``what`` says of it, with its number before it."""
    named = ", ".join(f"{each.element!r} of {each.key!r}" for each in found[:NAMED])
    more = f", and {len(found) - NAMED} more" if len(found) > NAMED else ""
    return Failure(
        kind,
        f"{len(found)} {what}: {named}{more}",
        evidence={"found": [[each.key, each.element] for each in found[:NAMED]]},
    )


def verdict_of(failures: Sequence[Failure], missing: Sequence[str]) -> Verdict:
    """Invalid with failures; unknown if something is ``missing`` that had to happen."""
    if failures:
        return invalid(*failures)
    return unknown(*missing) if missing else VALID
