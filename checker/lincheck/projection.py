"""Few elements: what of an impossible history is impossible as far as these are concerned.

What operations say of some elements of an object is a history of its own (``Projection``), and most
violations show by one element or two: two reads that hold them in different orders, one that was
added before a read which does not hold it. As elements are left out, what was impossible may
become possible, never the other way round; so they are left out by halves, quarters, and so on, as
the operations of a conflict are (Zeller and Hildebrandt's ddmin, "Simplifying and isolating
failure-inducing input", 2002).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from typing import Any, NamedTuple

from checker.history import Operation
from checker.lincheck.budget import BudgetExhausted
from checker.lincheck.parts import Entry
from checker.models.projection import Projection


class Projected(NamedTuple):
    """What operations say of these elements; ``is_fewest``: none of them can be left out."""

    operations: list[Operation]
    elements: list[Any]
    is_fewest: bool


Test = Callable[[Sequence[Operation]], bool]
"""Whether operations are impossible."""


def few_elements(
    entries: Sequence[Entry], chosen: Set[int], projection: Projection, impossible: Test
) -> Projected | None:
    """What impossible entries say of few elements, and is still impossible; None if that is not
    known.

    ``chosen``: invocations of entries that are blamed. Of the observations those are tried first:
    with few of them it takes less time.
    """
    blamed = [entry.operation for entry in entries if entry.invoked in chosen]
    attempts = [
        [e.operation for e in entries if e.invoked in chosen or e.call.effect != "observes"]
    ]
    if not blamed or len(attempts[0]) < len(entries):
        attempts.append([entry.operation for entry in entries])
    for operations in attempts if blamed else attempts[1:]:
        for told in (blamed, operations):
            few = fewest_elements(operations, projection.elements(told), projection, impossible)
            if few is not None:
                return few
    return None


def fewest_elements(
    operations: Sequence[Operation],
    elements: Sequence[Any],
    projection: Projection,
    impossible: Test,
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
    is_fewest = False
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
        is_fewest = True
    except BudgetExhausted:
        pass
    return Projected(onto(operations, kept), kept, is_fewest)
