"""Few elements: what of an impossible history is impossible as far as these are concerned.

What operations say of some elements of an object is a history of its own (``Projection``), and most
violations show by one element or two: two reads that hold them in different orders, one that was
added before a read which does not hold it. As elements are left out, what was impossible may become
possible, never the other way round; so they are left out by halves, quarters, and so on, like the
operations of a conflict (Zeller and Hildebrandt's ddmin, "Simplifying and isolating failure-inducing
input", 2002).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from checker.history import Operation
from checker.lincheck.budget import BudgetExhausted
from checker.models.projection import Projection


class Projected(NamedTuple):
    """What operations say of these elements."""

    operations: list[Operation]
    elements: list[Any]


def fewest_elements(
    operations: Sequence[Operation],
    elements: Sequence[Any],
    projection: Projection,
    impossible: Callable[[Sequence[Operation]], bool],
) -> Projected | None:
    """As few of the elements as were found with which the operations are still impossible; None if
    they are not with all of these.

    When ``impossible`` raises BudgetExhausted, the fewest found so far are given; it passes on what
    is raised before.
    """
    onto = projection.onto
    left = onto(operations, elements)
    if not impossible(left):
        return None
    kept = list(elements)
    size = max(len(kept) // 2, 1)
    try:
        while size:
            at = 0
            while at < len(kept):
                fewer = kept[:at] + kept[at + size :]
                rest = onto(left, fewer)
                if impossible(rest):
                    kept, left = fewer, rest
                else:
                    at += size
            size //= 2
    except BudgetExhausted:
        pass
    return Projected(onto(operations, kept), kept)
