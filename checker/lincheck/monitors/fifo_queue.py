"""FIFO queue whose elements are unique, in O(n log n).

Theory of operation
-------------------
The claim: a history is linearizable if and only if it has none of a few bad patterns (Bouajjani,
Emmi, Enea, Hamza, "On Reducing Linearizability to State Reachability", 2015; without peeks and
crashes there are four of them). Each element has an insertion and *outputs*: its peeks, its
removal. In a legal sequence elements are inserted in some order, and all outputs of one come before
all outputs of the next.

Let an element have its insertion within [begin, end], ``high`` the earliest completion of its
outputs, ``low`` the latest invocation of them and of the insertion (never, if it is not removed).

1. An output without an insertion, two removals, an output that completed before the insertion was
   invoked, a peek that was invoked after the removal had completed: impossible.
2. high < low: a *forward zone* [high, low], in which the element is at the head all the time. Two
   of them may not overlap. Otherwise all outputs can happen at one point of [low, high], which may
   not be in a forward zone: so ``low`` moves to the zone's end, ``high`` to its start, and [low,
   high] inside a zone is impossible. (Zones: Gibbons and Korach, "Testing Shared Memories", 1997.)
3. The insertion must happen before min(end, high); call that ``end`` from now on. Elements are now
   ordered by two interval orders, that of the insertions and that of the outputs. In an interval
   order w < x and y < z imply w < z or y < x. So a cycle in their union with two edges of one order
   can be cut short, and a shortest one has two elements: a is inserted before b, and b is out
   before a. No such pair: some order of the elements extends both, and putting everything as early
   as that order allows puts nothing too late.
4. An element is surely inside from ``end`` to ``low``. Whoever found the queue empty must have had
   a moment when nothing was. If each has one, elements go whole between those moments, each into
   the gap where its ``low`` is: what must be before another is there too, or in an earlier one.

Crashes. An insertion that crashed and of which nobody heard is dropped; one that was seen ends at
``high``. A removal that crashed may have taken any element that nobody else got. Such elements are
taken in the order in which their insertions completed, the j-th by the j-th crashed removal (by
invocation), as far as there are any. That is the best choice: an element inserted later has a later
deadline (rule 3: the first ``high`` of an element inserted after it), and all deadlines only ask
that a removal had been invoked by then; a moment at which the queue is empty asks that as many
crashed removals had been invoked as such elements had been inserted. So both ask for prefixes.
That argument fails for an element that was peeked at and never got, since its removal ends a zone.
There the history is judged twice: without crashed removals (if that is possible, so is the whole),
and with one for each such element for free (if that is not, neither is the whole); if the answers
differ, the monitor does not apply.

The core of a contradiction. From a legal sequence all operations of an element may be left out:
the others stay at the head when they were, and an empty queue stays empty. (A crashed removal that
took it is left out with it, as it need not have happened.) Peeks and removals that answered "empty"
change nothing, so they may be left out one by one. A crashed removal may be left out only if all
elements of the core are removed by others, or if it was invoked after all of the core had
completed.
"""

from __future__ import annotations

from collections.abc import Sequence

from checker.history import Operation
from checker.lincheck.budget import Meter
from checker.lincheck.engine import Impossible, NotApplicable, Outcome, Possible
from checker.lincheck.monitors.columns import Look, looking
from checker.lincheck.monitors.fifo_elements import (
    BYTES,
    Contradiction,
    Elements,
    Told,
    gather,
    read,
)
from checker.lincheck.monitors.fifo_order import Placed, order_of
from checker.lincheck.monitors.fifo_rules import Judged, judge


def monitor(operations: Sequence[Operation], meter: Meter, order: bool) -> Outcome:
    """Judge the operations of one queue; raises NotApplicable, BudgetExhausted."""

    look = looking(meter, len(operations), BYTES)
    try:
        told = read(operations, meter)
        elements = gather(operations, told, look)
        crashed = [operations[at].invoked for at in told.crashed]
        if not crashed or not elements.heads:
            return _possible(
                operations, told, elements, judge(elements, crashed, look), order, look
            )
    except Contradiction as found:
        return Impossible(core=tuple(sorted(found.positions)))
    try:
        return _possible(operations, told, elements, judge(elements, [], look), order, look)
    except Contradiction:
        pass
    try:
        judge(elements, crashed, look)
    except Contradiction as found:
        return Impossible(core=tuple(sorted(found.positions)))
    raise NotApplicable(
        "it depends on a crashed removal whether an element that was peeked at was removed"
    )


def _possible(
    operations: Sequence[Operation],
    told: Told,
    elements: Elements,
    judged: Judged,
    order: bool,
    look: Look,
) -> Possible:
    if not order:
        return Possible()
    insertions = [told.insertions[name] for name in elements.names]
    look()
    removals = [told.removals.get(name, -1) for name in elements.names]
    look()
    for row, number in judged.taken.items():
        removals[row] = told.crashed[number]
    peeks: dict[int, list[int]] = {}
    if told.peeks:
        for row, name in enumerate(elements.names):
            if name in told.peeks:
                # They were told in order of invocation.
                peeks[row] = told.peeks[name]
    placed = Placed(
        insertions, removals, peeks, elements.begins, judged.ends, judged.lows, judged.highs
    )
    empties = list(zip(judged.moments, told.empties, strict=True))
    look()
    return Possible(order_of(operations, placed, empties, look))
