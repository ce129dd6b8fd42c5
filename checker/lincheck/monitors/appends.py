"""Keys of a key-value store whose texts are appended to, in n log n and the length of the texts.

Theory of operation
-------------------
What was read tells how it came about, if it can have in one way only (``growth``). Then an append
of ``t`` that something seen shows behind ``p`` is a compare-and-set [p, p + t]; each get is a read
of what a write, or such a compare-and-set, left; and these are judged as the clusters of a register
are (``registers``).

An append that nothing seen shows is as good as a write of a value that nobody reads. Claim: in a
legal order either may stand in the place of the other. Neither may stand within a block (a root,
what was seen to grow from it, the reads of it all, and what compare-and-sets tied to that), for
what is seen behind it in the block would show the append, or not be there any more. Between two
blocks, or behind the last one, either may: nothing is read or compared with until the next block
begins, with a write. And the block of the initial value comes first, for either.

A crashed append that nothing shows is left out, like a crashed write of which nobody has seen
anything: it may have done nothing.

Which of several appends of one text stands at which place, real time mostly tells: it must have
begun before anything that was seen of that place, or behind it, completed; and completed after
everything in front of it began. If it leaves several, one is guessed: then a line is a proof as
ever, but a contradiction is none. A text that was appended once stands at one place at the most.

Most keys are possible in the way that comes to mind first: so that is tried before (``guesses``).

Not judged (NotApplicable): texts that can have come about in several ways; an empty text that was
appended; contradictions where anything was guessed; and what ``registers`` does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import chain
from operator import itemgetter
from typing import Any

from checker.history import MISMATCH, Operation
from checker.lincheck.budget import BudgetExhausted, Meter
from checker.lincheck.engine import Impossible, Monitor, NotApplicable, Outcome, Possible
from checker.lincheck.monitors import registers
from checker.lincheck.monitors.chains import line_up
from checker.lincheck.monitors.clusters import (
    UNWRITTEN,
    Calls,
    Clusters,
    Column,
    Contradiction,
    Words,
)
from checker.lincheck.monitors.columns import looking
from checker.lincheck.monitors.growth import Growth, Roots, Times, grow
from checker.lincheck.monitors.guesses import is_plain_sequence, is_plainly_possible
from checker.lincheck.monitors.mismatches import place
from checker.lincheck.monitors.owners import Owners, Told, owners_of
from checker.lincheck.monitors.zones import BEFORE, NEVER
from checker.lincheck.sections import until

_BYTES_AN_OPERATION = 200
"""What is held for each operation, at the most."""

_ROUNDS = 8
"""How often crashed compare-and-sets turn out to have happened, before others shall judge."""

_PAIRS = {list, tuple}

_NAME = itemgetter(1)
"""The ``f`` of an operation."""

_NO = Impossible()

_Row = tuple[int, Any, int, int]


def monitor(
    words: Words, absent: str | None, operations: Sequence[Operation], meter: Meter, order: bool
) -> Outcome:
    """Judge the operations of one key, in order of invocation; ``absent`` is what it begins as.

    ``Impossible.at`` is there if ``order`` is asked for, and the operations could be judged as they
    were known at any time before. Raises NotApplicable, BudgetExhausted.
    """
    if not operations or operations[0].key is None:
        raise NotApplicable("an operation has no key")
    if is_plain_sequence(operations, absent):
        return Possible(range(len(operations)) if order else None)
    meter.look(len(operations))
    if "append" not in map(_NAME, operations):
        return registers.monitor(words, operations, meter, order)
    look = looking(meter, len(operations), _BYTES_AN_OPERATION)
    meter.hold(len(operations) * _BYTES_AN_OPERATION)
    if not order and is_plainly_possible(operations, absent):
        return Possible()
    look()
    told = _told(operations, absent)
    look()
    growth = Growth()
    try:
        roots = Roots(absent, [*told.writes.value, *told.swaps.value])
        _grow(growth, told, roots)
        look()
        owners = owners_of(told, growth)
        look()
        calls, clusters = _clusters(told, growth, owners)
        look()
        line = line_up(clusters, look)
    except Contradiction:
        if growth.is_sure:
            return _first(partial(monitor, words, absent), operations, meter) if order else _NO
        raise NotApplicable("several operations may have made what was read") from None
    look()
    places: list[int] | None = []
    if calls.mismatches.at:
        clusters.of_mismatch = _of_mismatches(told, roots, growth, owners)
        places = place(clusters, line, calls.mismatches, look)
    if places is None:
        raise NotApplicable("no place was found for a failed compare-and-set")
    if not order:
        return Possible()
    return Possible(registers.order_of(len(operations), calls, clusters, line, places, look))


def _first(judge: Monitor, operations: Sequence[Operation], meter: Meter) -> Impossible:
    """With which completion they became impossible, by bisection of what was known when."""
    ends = sorted(each.completed for each in operations if each.completed is not None)
    low, high = 0, len(ends) - 1
    while low < high:
        middle = (low + high) // 2
        try:
            outcome = judge(until(operations, ends[middle]), meter, False)
        except (NotApplicable, BudgetExhausted):
            # That they are impossible is known all the same.
            return _NO
        if isinstance(outcome, Possible):
            low = middle + 1
        else:
            high = middle
    at = next(at for at, each in enumerate(operations) if each.completed == ends[low])
    return Impossible(at, is_first=True)


def _told(operations: Sequence[Operation], absent: str | None) -> Told:
    """NotApplicable where an operation or a value is not what the model expects."""
    reads: list[_Row] = []
    writes: list[_Row] = []
    appends: list[_Row] = []
    swaps: list[_Row] = []
    mismatches: list[_Row] = []
    expected: list[Any] = []
    compared: list[Any] = []
    for at, (_, f, _, argument, result, outcome, start, end, error, _, _) in enumerate(operations):
        stop = NEVER if end is None else end
        if end is None and outcome != "info":
            raise NotApplicable(f"{operations[at]} never completed")
        if f == "get":
            if outcome != "ok":
                continue
            reads.append((at, result, start, stop))
        elif f == "append" or f == "put":
            if type(argument) is not str:
                raise NotApplicable("a value that was written is no text")
            if outcome == "fail":
                continue
            (appends if f == "append" else writes).append((at, argument, start, stop))
        elif f == "delete":
            if outcome == "fail":
                continue
            writes.append((at, absent, start, stop))
        elif f == "cas":
            if type(argument) not in _PAIRS or len(argument) != 2:
                raise NotApplicable("the value of a compare-and-set is no pair")
            before, value = argument
            compared.append(before)
            if type(value) is not str:
                raise NotApplicable("a value that was written is no text")
            if outcome != "fail":
                expected.append(before)
                swaps.append((at, value, start, stop))
            elif error == MISMATCH:
                mismatches.append((at, before, start, stop))
        else:
            raise NotApplicable(f"the monitor knows no {f!r}")
    told = Told(
        _column(reads), _column(writes), _column(appends), _column(swaps), _column(mismatches),
        expected, [],
    )  # fmt: skip
    if not set(map(type, chain(told.reads.value, compared))) <= {str, type(absent)}:
        raise NotApplicable("a value that was seen is no text")
    if "" in told.appends.value:
        raise NotApplicable("an empty text was appended")
    return told


def _column(rows: list[_Row]) -> Column:
    if not rows:
        return Column([], [], [], [])
    at, value, start, stop = zip(*rows, strict=True)
    return Column(list(at), list(value), list(start), list(stop))


def _grow(growth: Growth, told: Told, roots: Roots) -> None:
    """How all that was seen came about. A crashed compare-and-set saw what it expected if something
    grew from what it left; ``told.needed`` has those that took effect."""
    writes, swaps, needed = told.writes, told.swaps, told.needed
    needed.extend(swap for swap, stop in enumerate(swaps.stop) if stop != NEVER)
    texts = set(told.appends.value)

    def times() -> Times:
        starts, stops = chain(writes.start, swaps.start), chain(writes.stop, swaps.stop)
        return Times(starts, stops, told.seen())

    first_swap = 1 + len(writes.at)
    for _ in range(_ROUNDS):
        values = dict.fromkeys(told.reads.value)
        values.update(dict.fromkeys(map(told.expected.__getitem__, needed)))
        growth.clear()
        grow(growth, values, roots, texts, times)
        more = {root - first_swap for root in growth.roots if root >= first_swap}
        more.difference_update(needed)
        if not more:
            return
        needed.extend(sorted(more))
    raise NotApplicable("too many crashed compare-and-sets may have happened")


def _clusters(told: Told, growth: Growth, owners: Owners) -> tuple[Calls, Clusters]:
    """The clusters: of writes, of appends that nothing shows, of compare-and-sets, of steps."""
    reads, writes, appends, swaps = told.reads, told.writes, told.appends, told.swaps
    blind, steps, first_swap = owners.blind, owners.of_step, 1 + len(writes.at)
    more = len(blind)
    of_value, behind = growth.number_of, growth.behind
    if more:
        shifted = range(first_swap + more, first_swap + more + len(swaps.at) + len(steps))
        places = [*range(first_swap), *shifted]
        of_value = {value: places[number] for value, number in of_value.items()}
        behind = [places[number] for number in behind]
    at, starts, stops = (
        [*mine, *[its[n] for n in blind], *old, *[its[n] for n in steps]]
        for mine, its, old in (
            (writes.at, appends.at, swaps.at),
            (writes.start, appends.start, swaps.start),
            (writes.stop, appends.stop, swaps.stop),
        )
    )
    invoked, earliest = [BEFORE, *starts], [BEFORE, *stops]
    latest = invoked.copy()
    of_read = [of_value[value] for value in reads.value]
    for number, start, stop in zip(of_read, reads.start, reads.stop, strict=True):
        if stop < earliest[number]:
            earliest[number] = stop
        if start > latest[number]:
            latest[number] = start
    parent = [UNWRITTEN] * len(swaps.at)
    for swap in told.needed:
        parent[swap] = of_value[told.expected[swap]]
    parent += behind
    clusters = Clusters(invoked, earliest, latest, first_swap + more, parent, of_read, [])
    return Calls(reads, Column(at, [], starts, stops), told.expected, told.mismatches), clusters


def _of_mismatches(told: Told, roots: Roots, growth: Growth, owners: Owners) -> list[int]:
    """The cluster of what each failed compare-and-set did not find."""
    texts = tuple(told.appends.value)
    is_repeated = len(set(texts)) < len(texts)
    first_swap = 1 + len(told.writes.at)
    numbers = []
    for value in told.mismatches.value:
        number = growth.number_of.get(value)
        if number is None:
            written = roots.by_value.get(value, [UNWRITTEN])
            number = written[0]
            is_doubtful = len(written) > 1 or (value is not None and value.endswith(texts))
        else:
            is_doubtful = value in growth.doubtful or (is_repeated and number >= len(roots.texts))
        if is_doubtful:
            raise NotApplicable(f"{value!r} may have been there in several ways")
        numbers.append(number if number < first_swap else number + len(owners.blind))
    return numbers


def _monitor_of(absent: str | None) -> Monitor:
    words = Words("get", "put", "cas", "delete", initial=absent, texts=True)
    return partial(monitor, words, absent)


MONITORS: dict[str, Monitor] = {"kv": _monitor_of(None), "kv-empty": _monitor_of("")}
