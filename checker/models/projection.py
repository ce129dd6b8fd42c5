"""Projections: an object made of elements, as far as some of these are concerned.

A set is a product of booleans, one an element, and what is in it of other elements cannot be told
from what is asked about one. The same holds of the order of some elements in a list. So a history
can be judged by what it says of a few elements, which is little, though its operations say much.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from checker.history import Operation


class Projection(NamedTuple):
    """How to look at a few elements of an object.

    ``elements(operations)``: those that these operations insert or answer, as they were recorded,
    each once.

    ``onto(operations, elements)``: what the operations say of these elements, in the same order:
    others are taken out of arguments and answers, and an operation that would say nothing any more
    is left out. It is sound: if the operations are linearizable, then so is what they say of some
    elements. The operations are those that count, as they were known at some moment; they may
    lack observations. Raises CallError where nothing like that is known to be sound.
    """

    elements: Callable[[Iterable[Operation]], list[Any]]
    onto: Callable[[Sequence[Operation], Sequence[Any]], list[Operation]]
