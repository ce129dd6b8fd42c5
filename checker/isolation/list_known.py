"""What is known of a list to which transactions append, and what each of them read of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from checker.isolation.transactions import READ, Small
from checker.models.model import Key

Elements = list[Any]


class KnownList:
    """All that is known of one key.

    ``reads`` are the lists read, ``readers`` who read each; ``writer`` of each element;
    ``superseded``: elements after which their writer appended another, and ``previous``: the
    element that it had appended before, with the writer; ``ambiguous``: appended
    twice by transactions that did not fail; ``retried``: appended twice by any. The rest is found
    when all is read: ``longest``, its reader ``witness``, the number of its elements on which all
    reads ``agreed``, and in ``order`` the writer of each, None for one that nobody appended.
    """

    __slots__ = (
        "agreed",
        "ambiguous",
        "longest",
        "order",
        "previous",
        "readers",
        "reads",
        "retried",
        "superseded",
        "witness",
        "writer",
    )

    def __init__(self) -> None:
        self.reads: list[Elements] = []
        self.readers: list[int] = []
        self.writer: dict[Any, int] = {}
        self.superseded: dict[Any, int] = {}
        self.previous: dict[Any, tuple[Any, int]] = {}
        self.ambiguous: dict[Any, None] = {}
        self.retried: dict[Any, None] = {}
        self.longest: Elements = []
        self.witness: int | None = None
        self.agreed = 0
        self.order: list[int | None] = []


def observed(smalls: list[Small]) -> Iterator[tuple[int, Key, Elements]]:
    """What a transaction read, without its own elements: (place of the read, key, list).

    A read that does not end with what its own transaction had appended is left out.
    """
    own: dict[Key, Elements] = {}
    for place, (f, key, value) in enumerate(smalls):
        if f != READ:
            own.setdefault(key, []).append(value)
            continue
        mine = own.get(key)
        if mine is None:
            yield place, key, value
        else:
            base = without_own(value, mine)
            if base is not None:
                yield place, key, base


def without_own(value: Elements, own: Elements) -> Elements | None:
    """What a list was before its reader's own appends; None if it does not show each of them so."""
    size = len(value) - len(own)
    if size < 0 or value[size:] != own:
        return None
    base = value[:size]
    return None if any(element in base for element in own) else base
