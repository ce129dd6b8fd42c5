"""Clusters: what each written value means for real time, as columns.

A cluster is a writer (a write, or a compare-and-set that took effect) with the reads of its value.
Number 0 is that of the initial value, whose writer came before everything; then come the writes,
then from ``first_swap`` on the compare-and-sets. For one whose outcome nobody knows, the completion
is NEVER.

One pass over the operations takes from each what is needed, into columns of plain integers; values
become numbers through one dictionary. A pass for each column would cost three times as much: the
operations of a long history are scattered over more memory than a processor keeps near.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, count, repeat
from typing import Any, NamedTuple

from checker.history import MISMATCH, Operation
from checker.lincheck.engine import NotApplicable
from checker.lincheck.monitors.columns import Look, stretches
from checker.lincheck.monitors.zones import BEFORE, NEVER
from checker.models.model import CallError, distinct

UNWRITTEN = -1
"""The number of a value that nobody wrote."""

INITIAL = 0
"""The number of the cluster of the initial value."""

_SIMPLE = {int, str, type(None)}
_PAIRS = {list, tuple}


class Words(NamedTuple):
    """What a model calls its operations; None for one that it does not have."""

    read: str
    write: str
    swap: str | None = None
    delete: str | None = None
    initial: str | None = None
    """Also what a delete leaves."""
    texts: bool = False
    """There is a key, and values must be texts, save that a read may answer the initial value."""


class Contradiction(Exception):
    """No order explains the operations with these ranks (one rank of each is enough)."""

    def __init__(self, *ranks: int) -> None:
        super().__init__(*ranks)
        self.ranks = ranks


class Column(NamedTuple):
    """Calls of one kind: position, value, invocation and completion of each, in four lists."""

    at: list[int]
    value: list[Any]
    start: list[int]
    stop: list[int]


class Calls(NamedTuple):
    """What operations said, without those that said nothing."""

    reads: Column
    writers: Column
    """Writes and deletes, then compare-and-sets that took effect or crashed, with what they wrote;
    the completion of a crashed one is NEVER."""
    expected: list[Any]
    """What these compare-and-sets expected."""
    mismatches: Column
    """Compare-and-sets that failed, with what they expected and did not find."""

    @property
    def writes(self) -> int:
        """How many of the writers are no compare-and-sets."""
        return len(self.writers.at) - len(self.expected)


@dataclass(slots=True)
class Clusters:
    """Columns by the number of a cluster, and the numbers of what each observation mentions."""

    invoked: list[int]
    """When the writer was invoked."""
    earliest: list[int]
    """The earliest completion in the cluster."""
    latest: list[int]
    """The latest invocation in the cluster."""
    first_swap: int
    parent: list[int]
    """What the compare-and-set ``first_swap + at`` expected; UNWRITTEN if nobody wrote that."""
    of_read: list[int]
    of_mismatch: list[int]


def parse(operations: Sequence[Operation], words: Words, look: Look) -> Calls:
    """The calls; NotApplicable where an operation or a value is not what the words expect.

    What is refused here is not judged: the model says what is wrong, or the search takes it.
    """
    read, write, swap, delete, initial, texts = words
    if texts and operations and operations[0].key is None:
        raise NotApplicable("an operation has no key")
    reads, writes, deletes, swaps, mismatches, failed = (Column([], [], [], []) for _ in range(6))
    expected: list[Any] = []
    compared: list[Any] = []
    to_reads, to_writes, to_deletes, to_swaps, to_mismatches, to_failed = (
        tuple(values.append for values in column)
        for column in (reads, writes, deletes, swaps, mismatches, failed)
    )
    for some in stretches(enumerate(operations), look):
        for at, operation in some:
            f, outcome, stop = operation.f, operation.outcome, operation.completed
            if f == read:
                if outcome != "ok":
                    continue
                value, to_column = operation.result, to_reads
            elif f == write:
                value = operation.argument
                to_column = to_failed if outcome == "fail" else to_writes
            elif f == delete:
                if outcome == "fail":
                    continue
                value, to_column = initial, to_deletes
            elif f == swap:
                pair = operation.argument
                if type(pair) not in _PAIRS or len(pair) != 2:
                    raise NotApplicable("the value of a compare-and-set is no pair")
                before, value = pair
                compared.append(before)
                if outcome != "fail":
                    expected.append(before)
                    to_column = to_swaps
                elif operation.error == MISMATCH:
                    failed.value.append(value)
                    value, to_column = before, to_mismatches
                else:
                    to_column = to_failed
            else:
                raise NotApplicable(f"the monitor knows no {f!r}")
            if stop is None:
                if outcome != "info":
                    raise NotApplicable(f"{operation} never completed")
                stop = NEVER
            add_at, add_value, add_start, add_stop = to_column
            add_at(at)
            add_value(value)
            add_start(operation.invoked)
            add_stop(stop)
    look()
    for values in (writes.value, swaps.value, failed.value):
        _make_distinct(values, {str} if texts else _SIMPLE, texts)
    for values in (reads.value, expected, mismatches.value, compared):
        _make_distinct(values, {str, type(initial)} if texts else _SIMPLE, texts)
    for column in (deletes, swaps):
        for mine, its in zip(writes, column, strict=True):
            mine.extend(its)
    return Calls(reads, writes, expected, mismatches)


def _make_distinct(values: list[Any], simple: set[type], texts: bool) -> None:
    """Let values that differ in a history differ in Python too; most are simple and do."""
    if set(map(type, values)) <= simple:
        return
    if texts:
        raise NotApplicable("a value is no text")
    try:
        values[:] = map(distinct, values)
    except (CallError, RecursionError, TypeError) as error:
        raise NotApplicable(f"a value is none that JSON knows: {error}") from None


def gather(calls: Calls, initial: Any, look: Look) -> Clusters:
    """The clusters of the calls.

    Raises NotApplicable where values are not unique, Contradiction for a read of what nobody wrote.
    """
    reads, writers = calls.reads, calls.writers
    numbers = _number(calls, initial)
    look()
    of_read = list(map(numbers.get, reads.value, repeat(UNWRITTEN)))
    if UNWRITTEN in of_read:
        pairs = zip(reads.stop, of_read, strict=True)
        raise Contradiction(min(stop for stop, number in pairs if number == UNWRITTEN))
    invoked = [BEFORE, *writers.start]
    earliest = [BEFORE, *writers.stop]
    latest = invoked.copy()
    look()
    for number, start, stop in zip(of_read, reads.start, reads.stop, strict=True):
        if stop < earliest[number]:
            earliest[number] = stop
        if start > latest[number]:
            latest[number] = start
    look()
    return Clusters(
        invoked=invoked,
        earliest=earliest,
        latest=latest,
        first_swap=1 + calls.writes,
        parent=list(map(numbers.get, calls.expected, repeat(UNWRITTEN))),
        of_read=of_read,
        of_mismatch=list(map(numbers.get, calls.mismatches.value, repeat(UNWRITTEN))),
    )


def _number(calls: Calls, initial: Any) -> dict[Any, int]:
    """The cluster of each value; NotApplicable if a value of several writers is asked about.

    A value that nobody reads or compares with may be written as often as one likes: each of its
    writes is a cluster of its own, and no one looks for the value.
    """
    written = calls.writers.value
    numbers = dict(zip(written, count(1)))
    if initial not in numbers:
        numbers[initial] = INITIAL
    if len(numbers) <= len(written):
        asked = {*calls.reads.value, *calls.expected, *calls.mismatches.value}
        times = Counter(chain((initial,), written))
        for value in times:
            if times[value] > 1 and value in asked:
                raise NotApplicable(f"the value {value!r} is written more than once")
    return numbers
