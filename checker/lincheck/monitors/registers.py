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

Not judged (NotApplicable): a value written more than once that somebody asks about; mismatches that
have no place in the line that was found; appends and transactions.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from checker.history import Operation
from checker.lincheck.budget import Meter
from checker.lincheck.engine import Impossible, Monitor, NotApplicable, Outcome, Possible
from checker.lincheck.monitors.chains import line_up
from checker.lincheck.monitors.clusters import (
    Clusters,
    Contradiction,
    Words,
    completions,
    gather,
)
from checker.lincheck.monitors.cores import core_of, shows_at
from checker.lincheck.monitors.mismatches import place

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
    held = len(operations) * _BYTES_AN_OPERATION
    meter.spend(meter.explored, held)
    try:
        clusters = gather(operations, words)
        meter.spend(meter.explored, held)
        line = line_up(clusters)
    except Contradiction as contradiction:
        meter.spend(meter.explored, held)
        is_possible = partial(_is_possible, words)
        core = core_of(operations, contradiction.ranks, words, is_possible)
        return Impossible(shows_at(operations, core, is_possible), core)
    meter.spend(meter.explored, held)
    places: list[int] = []
    if clusters.mismatches:
        starts = [operations[at].invoked for at in clusters.mismatches]
        found = place(clusters, line, starts, completions(operations, clusters.mismatches))
        if found is None:
            raise NotApplicable("a failed compare-and-set has no place in the order of the others")
        places = found
    return Possible(_order(len(operations), clusters, line, places) if order else None)


def _is_possible(words: Words, operations: Sequence[Operation]) -> bool:
    """Whether a contradiction is absent, whatever mismatches say."""
    try:
        line_up(gather(operations, words))
    except Contradiction:
        return False
    return True


def _order(count: int, clusters: Clusters, line: list[int], places: list[int]) -> list[int]:
    """The positions of the operations in the order of the line of clusters."""
    behind = [0] * len(clusters.writer)
    ranks = [0] * count
    for place_, number in enumerate(line):
        behind[number] = 2 * place_ + 1
    writer = clusters.writer
    for number in line[1:]:
        ranks[writer[number]] = behind[number] - 1
    for at, number in zip(clusters.reads, clusters.of_read, strict=True):
        ranks[at] = behind[number]
    for at, place_ in zip(clusters.mismatches, places, strict=True):
        ranks[at] = 2 * place_ + 1
    # What has no rank did not happen. The sort is stable: reads stay in order of invocation.
    return sorted((at for at in range(count) if ranks[at]), key=ranks.__getitem__)


def _monitor_of(words: Words) -> Monitor:
    return partial(monitor, words)


MONITORS: dict[str, Monitor] = {
    "register": _monitor_of(Words("read", "write")),
    "cas-register": _monitor_of(Words("read", "write", "cas")),
    "kv": _monitor_of(Words("get", "put", "cas", "delete", texts=True)),
    "kv-empty": _monitor_of(Words("get", "put", "cas", "delete", initial="", texts=True)),
}
