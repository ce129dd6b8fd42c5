"""What is known of a register: who read and wrote each version, and which are before others."""

from __future__ import annotations

from typing import Any, NamedTuple

# Why a version is before another: the rule, and the transactions that it rests on.
Because = tuple[str, tuple[int, ...]]


# Which versions come after each, and why.
Order = dict[Any, dict[Any, Because]]


class Use(NamedTuple):
    """What a transaction found on a key, and what it left there."""

    at: int
    found: Any
    left: Any


class KnownRegister:
    """All that is known of one key.

    ``readers`` of each value; ``writer`` of each value; ``superseded``: values that their writer
    wrote over; ``ambiguous``: values that do not tell who wrote them; ``final``: the last write of
    each writer; ``updates``: who read each value and then wrote. ``after`` holds the versions known
    to come after each, and why; ``in_time`` those that do by real time.
    """

    __slots__ = (
        "after",
        "ambiguous",
        "final",
        "in_time",
        "readers",
        "superseded",
        "updates",
        "uses",
        "writer",
    )

    def __init__(self) -> None:
        self.readers: dict[Any, list[int]] = {}
        self.writer: dict[Any, int] = {}
        self.superseded: dict[Any, int] = {}
        self.ambiguous: dict[Any, None] = {}
        self.final: dict[int, Any] = {}
        self.updates: dict[Any, list[int]] = {}
        self.uses: list[Use] = []
        self.after: Order = {}
        self.in_time: Order = {}


def put(order: Order, value: Any, later: Any, because: Because) -> None:
    """Note that a version is before another, unless this is known."""
    if value != later:
        order.setdefault(value, {}).setdefault(later, because)
