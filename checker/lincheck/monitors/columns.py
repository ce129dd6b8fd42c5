"""Operations as columns, a block at a time.

The operations of a long history are scattered over more memory than a processor keeps near, so they
should be gone through once. The fastest way to do that is to let ``zip`` turn some hundred of them
into a tuple a field: all its work is done inside the interpreter, and what it touches stays near.
That takes half of the time of a loop that unpacks each operation; what follows works on columns.
The blocks are so small that the iterators that ``zip`` makes, one an operation, are too few to wake
the garbage collector.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any, TypeVar

from checker.history import Operation
from checker.lincheck.budget import Meter

_BLOCK = 512

_BETWEEN_LOOKS = 1 << 14
"""Operations, or rows of columns, between two looks at the budget: some milliseconds."""

UNTIL_LOOK = _BETWEEN_LOOKS - 1
"""Where rows are numbered, a look is due when a number has none of these bits."""

Look = Callable[[], object]
"""Looks at the budget; raises BudgetExhausted."""

T = TypeVar("T")

Block = tuple[tuple[Any, ...], ...]
"""A tuple for each field of an operation, in the order of the fields."""


def blocks(
    operations: Sequence[Operation], meter: Meter, bytes_each: int = 0
) -> Iterator[tuple[int, Block]]:
    """Pairs of a position and the columns of the operations from there on.

    Reports to the meter as it goes, with so many bytes held for each operation that was read.
    """
    for start in range(0, len(operations), _BLOCK):
        if start % _BETWEEN_LOOKS == 0:
            meter.spend(meter.explored, start * bytes_each)
        yield start, tuple(zip(*operations[start : start + _BLOCK], strict=True))


def looking(meter: Meter, operations: int, bytes_each: int) -> Look:
    """To be called between phases that go through so many operations, and hold so much of each."""

    def look() -> None:
        if operations >= _BETWEEN_LOOKS:
            meter.spend(meter.explored, operations * bytes_each)

    return look


def stretches(items: Iterable[T], look: Look) -> Iterator[Iterator[T]]:
    """The items in stretches, each to be gone through before the next, with a look after each.

    Two nested loops cost less than anything that is done for each item.
    """
    left = iter(items)
    for first in left:
        yield chain((first,), islice(left, _BETWEEN_LOOKS))
        look()
