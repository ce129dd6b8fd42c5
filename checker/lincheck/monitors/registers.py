"""Registers, and single keys of key-value stores, whose values are unique, in n log n.

Theory of operation
-------------------
Under unique values each read tells which write it saw. A write and the reads of its value are a
cluster; in every legal order its operations stand together, after a cluster that compare-and-sets
tied it to (``chains``). So the question is only in which order such blocks can stand, and for that
two ranks of each block are enough, and one sort (``zones``). Gibbons and Korach, "Testing Shared
Memories" (1997), section 4.

    clusters    operations -> columns, one entry a cluster
    chains      clusters -> blocks, each possible in itself, or a contradiction
    zones       blocks -> a line, or a contradiction
    mismatches  compare-and-sets that saw another value find their places in the line
    cores       contradiction -> a few operations that are impossible by themselves

The order that is asked for is the line of clusters, each with its writer first and then its reads
as they were invoked. It is legal, for each read stands behind the writer of its value with nothing
but reads between. It respects real time: two operations of different blocks by ``zones``, two of a
block by the walk of ``chains``; a read never completed before the writer of its cluster began; and
of two reads of a cluster the first was invoked first.

Not judged (NotApplicable): a value written more than once that somebody asks about; mismatches for
which no place was found, though there may be one; appends and transactions.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import islice
from typing import Any

from checker.history import Operation
from checker.lincheck.budget import BudgetExhausted, Meter
from checker.lincheck.engine import Impossible, Monitor, NotApplicable, Outcome, Possible
from checker.lincheck.monitors.chains import line_up
from checker.lincheck.monitors.clusters import (
    Calls,
    Clusters,
    Contradiction,
    Words,
    gather,
    parse,
)
from checker.lincheck.monitors.columns import Look, looking
from checker.lincheck.monitors.cores import explain
from checker.lincheck.monitors.mismatches import place

_LOOKED_AT_FIRST = 96
"""Operations that are glanced at before all are read."""

_BYTES_AN_OPERATION = 120
"""What the columns hold for each operation, at the most."""


def monitor(words: Words, operations: Sequence[Operation], meter: Meter, order: bool) -> Outcome:
    """Judge the operations of one key, in order of invocation; ``words`` says what they are called.

    ``Impossible.core`` obeys the rules of ``Model.clusters``, and no observation in it can be left
    out; ``Impossible.at`` is the operation of the core with whose completion the core became
    impossible. Of several contradictions it is one that shows early, not always the first.

    Raises NotApplicable where values are not unique or an operation is not understood,
    BudgetExhausted.
    """
    if _repeats(operations[:_LOOKED_AT_FIRST], words):
        raise NotApplicable("a value that somebody asks about is written more than once")
    look = looking(meter, len(operations), _BYTES_AN_OPERATION)
    meter.hold(len(operations) * _BYTES_AN_OPERATION)
    calls = parse(operations, words, look)
    look()
    try:
        clusters = gather(calls, words.initial, look)
        look()
        line = line_up(clusters, look)
    except Contradiction as contradiction:
        ranks = contradiction.ranks
    else:
        look()
        places = place(clusters, line, calls.mismatches, look) if calls.mismatches.at else []
        if places is None:
            raise NotApplicable("no place was found for a failed compare-and-set")
        if not order:
            return Possible()
        return Possible(order_of(len(operations), calls, clusters, line, places, look))
    parse_some = partial(parse, words=words, look=look)
    try:
        return explain(operations, calls, ranks, parse_some, partial(_contradict, words, look))
    except BudgetExhausted:
        # That they are impossible is known all the same.
        return Impossible()


def _repeats(operations: Sequence[Operation], words: Words) -> bool:
    """Whether these few already tell that values are not unique: a glance, for most histories of a
    few values, before the columns are made."""
    written: set[Any] = set()
    again: set[Any] = set()
    asked: set[Any] = set()
    for operation in operations:
        _, f, _, argument, result, outcome, _, _, _, _, _ = operation
        if outcome == "ok":
            if f == words.read:
                if type(result) is int or type(result) is str:
                    asked.add(result)
            elif f == words.write and (type(argument) is int or type(argument) is str):
                (again if argument in written else written).add(argument)
    return not again.isdisjoint(asked)


def _contradict(
    words: Words, look: Look, operations: Sequence[Operation]
) -> tuple[int, ...] | None:
    """The ranks of a contradiction between the operations, whatever their mismatches say."""
    try:
        line_up(gather(parse(operations, words, look), words.initial, look), look)
    except Contradiction as contradiction:
        return contradiction.ranks
    return None


def order_of(
    count: int, calls: Calls, clusters: Clusters, line: list[int], places: list[int], look: Look
) -> list[int]:
    """The positions of the operations in the order of the line of clusters."""
    absent = -1
    places_of = [absent] * len(clusters.invoked)
    for position, number in enumerate(line):
        places_of[number] = position
    look()
    ranks = [absent] * count
    for at, position in zip(calls.writers.at, islice(places_of, 1, None), strict=True):
        ranks[at] = position
    look()
    for at, number in zip(calls.reads.at, clusters.of_read, strict=True):
        ranks[at] = places_of[number]
    look()
    observations = calls.reads.at
    if places:
        for at, position in zip(calls.mismatches.at, places, strict=True):
            ranks[at] = position
        observations = sorted((*observations, *calls.mismatches.at))
    # Crashed writers that are in no place did not happen. The sort is stable: in a cluster the
    # writer comes first, and what observes stays in order of invocation.
    order = [at for at in calls.writers.at if ranks[at] != absent]
    order.extend(observations)
    look()
    order.sort(key=ranks.__getitem__)
    look()
    return order


def _monitor_of(words: Words) -> Monitor:
    return partial(monitor, words)


MONITORS: dict[str, Monitor] = {
    "register": _monitor_of(Words("read", "write")),
    "cas-register": _monitor_of(Words("read", "write", "cas")),
}
