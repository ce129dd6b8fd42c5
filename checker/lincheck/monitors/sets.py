"""Sets whose elements come and go once, in O(n log n + what reads answered).

Theory of operation
-------------------
Adds and removes answer nothing and may always happen. So without reads of the whole set an element
is a register of its own, true or false, written by adds and removes and read by ``contains``
(locality, Herlihy and Wing 1990). The theory is of elements that are absent, then present, then
absent again for good: those with one add, or none; those with several but no remove; those whose
adds all completed before the first remove was invoked, or were invoked after the last one had
completed. Any other element is a part of its own for the frontier (``odd_elements``); these should
be few, or short.

Let such an element *appear* at some point and *leave* at a later one, or never. It appears after
``begin``, the first invocation of an add, and before ``end``, the first completion of an add or of
an answer "yes". It leaves after ``since``, the last invocation of an answer "yes" (and ``begin``),
within some remove. Every "no", and every other remove that completed, must stick out of the time
between: it was invoked before the element appears, or it completed after it leaves. (The critical
interval of Lee and Mathur, "Efficient Decrease-and-Conquer Linearizability Monitoring", 2025.)

- A remove that can make it leave before ``end``: the element appears and leaves at that one point,
  and everything sticks out.
- Otherwise it best appears as late as possible, at ``end``, and leaves as early as possible, at the
  first point after ``since`` that lies in a remove; or not at all, if all that must stick out was
  invoked before ``end``.
- Without removes it may appear anywhere between ``begin``, or the last invocation of a "no", and
  ``end``.

A crashed add may be dropped if nobody saw its element; a crashed remove need not stick out.

Reads of the whole set are judged only if no element is both added and removed (NotApplicable).
Then the set only grows, so each answer must be a subset of the next larger one. That makes a chain:
the reads of the smallest answer, the elements that the next one has more, its reads, ..., at last
the elements that no read saw. Putting each as early as its bounds and those before it allow is best
for all that follow: the history is linearizable if and only if nothing in the chain must be over
(``end``, or the completion of a read) before the latest bound (``begin``, the last "no", or the
invocation of a read) of something before it.

The core of a contradiction. Observations may be left out one by one. All adds and removes of an
element may be left out together, with the ``contains`` of it, if no read that is kept holds it. So
a core has the reads and the ``contains`` that contradict each other, and all adds and removes of
the elements that they name.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from checker.history import Operation
from checker.lincheck.budget import Meter
from checker.lincheck.engine import Impossible, Outcome, Possible
from checker.lincheck.monitors.odd_elements import judge_odd
from checker.lincheck.monitors.set_elements import (
    BYTES,
    NEVER,
    Contradiction,
    Judged,
    Told,
    elements_of,
    judge_each,
    more_of,
    read,
)
from checker.lincheck.monitors.set_evidence import core_of, order_of

_BETWEEN_LOOKS = (1 << 8) - 1
"""Reads between two looks at the budget: they may be long."""


def _monitor(
    grows_only: bool, operations: Sequence[Operation], meter: Meter, order: bool
) -> Outcome:
    told = read(grows_only, operations, meter)
    try:
        judged = judge_each(told, meter)
        meter.spend(meter.explored, len(operations) * BYTES)
        judge_reads(told, judged, meter)
        odd = judge_odd(told, judged.odd, meter, order) if judged.odd else []
    except Contradiction as found:
        for at in told.reads:
            # One that is no answer of a set is an error, whatever else is wrong.
            elements_of(operations[at].result)
        return Impossible(core=core_of(told, found, meter))
    return Possible(order_of(told, judged, odd, meter) if order else None)


grow_only_set = partial(_monitor, True)
"""The monitor of ``g-set``; raises NotApplicable, BudgetExhausted."""

full_set = partial(_monitor, False)
"""The monitor of ``set``; raises NotApplicable, BudgetExhausted."""


def judge_reads(told: Told, judged: Judged, meter: Meter) -> None:
    """Along the chain, with the latest bound so far and whose it is: ("row" or "read", which)."""
    operations, rows, ends = told.operations, told.rows, told.ends
    appears, blocks = judged.appears, judged.blocks
    by_size = sorted(told.reads, key=lambda at: len(operations[at].result))
    latest, owner = -1, ("", -1)
    held: set[Any] = set()
    before: Any = []
    previous = -1
    for number, at in enumerate(by_size):
        if number & _BETWEEN_LOOKS == _BETWEEN_LOOKS:
            meter.look()
        _, _, _, _, answer, _, invoked, completed, _, _, _ = operations[at]
        new, before = more_of(answer, before, held)
        if new is None:
            raise Contradiction([], [previous, at])
        if new:
            if not new <= rows.keys() or any(appears[rows[each]] == NEVER for each in new):
                raise Contradiction([], [at])
            held |= new
            bound, bounder = latest, owner
            for row in sorted(rows[each] for each in new):
                if ends[row] < latest:
                    raise _against(told, judged, by_size, owner, ("row", row))
                blocks[row] = len(held)
                if appears[row] > bound:
                    bound, bounder = appears[row], ("row", row)
                elif appears[row] < latest:
                    appears[row] = latest
            latest, owner = bound, bounder
        if completed is not None and completed < latest:
            raise _against(told, judged, by_size, owner, ("read", at))
        judged.points[at] = (max(latest, invoked), len(held))
        if invoked > latest:
            latest, owner = invoked, ("read", at)
        previous = at
    meter.look(len(told.operations))
    for row, end in enumerate(ends):
        if blocks[row] or appears[row] == NEVER:
            continue
        if end == NEVER:
            appears[row] = NEVER
            continue
        if not told.reads:
            continue
        blocks[row] = len(held) + 1
        if end < latest:
            raise _against(told, judged, by_size, owner, ("row", row))
        appears[row] = max(appears[row], latest)


def _against(
    told: Told,
    judged: Judged,
    by_size: Sequence[int],
    first: tuple[str, int],
    second: tuple[str, int],
) -> Contradiction:
    """``first`` comes first in the chain, yet ``second`` was over before it could be."""
    found = [first, second]
    reads = [which for kind, which in found if kind == "read"]
    rows = [which for kind, which in found if kind == "row"]
    if not reads:
        # The first read that holds the first element does not hold the second one.
        block = judged.blocks[rows[0]]
        reads = [at for at in by_size if len(told.operations[at].result) == block][:1]
    return Contradiction(rows, reads)
