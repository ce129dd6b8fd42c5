"""Clusters: what each written value means for real time, as columns.

A cluster is a writer (a write, or a compare-and-set that took effect) with the reads of its value.
Number 0 is that of the initial value, whose writer came before everything; then come the writes,
then from ``first_swap`` on the compare-and-sets. For one whose outcome nobody knows, the completion
is NEVER.

The operations stay where they are, as tuples; from them columns of plain integers are taken with
one comprehension each, and values become numbers through one dictionary: that is what makes a
million operations cost less than a second.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import chain, count, repeat
from typing import Any, NamedTuple

from checker.history import MISMATCH, Operation
from checker.lincheck.engine import NotApplicable
from checker.lincheck.monitors.zones import BEFORE, NEVER
from checker.models.model import CallError, distinct

UNWRITTEN = -1
"""The number of a value that nobody wrote."""

INITIAL = 0
"""The number of the cluster of the initial value."""

_SIMPLE = {int, str, type(None)}


class Words(NamedTuple):
    """What a model calls its operations; None for one that it does not have."""

    read: str
    write: str
    swap: str | None = None
    delete: str | None = None
    initial: str | None = None
    """Also what a delete leaves."""
    texts: bool = False
    """Values must be texts (a read may also answer the initial value)."""


class Contradiction(Exception):
    """No order explains the operations with these ranks (one of each operation is enough)."""

    def __init__(self, *ranks: int) -> None:
        super().__init__(*ranks)
        self.ranks = ranks


@dataclass(slots=True)
class Calls:
    """The operations that say something: their positions, and their values beside them."""

    reads: list[int]
    results: list[Any]
    writers: list[int]
    written: list[Any]
    writes: int
    """How many of the writers are no compare-and-sets; these come first."""
    expected: list[Any]
    """Of those writers that are compare-and-sets."""
    mismatches: list[int]
    """The compare-and-sets that saw another value than ..."""
    refused: list[Any]
    """... this one."""


@dataclass(slots=True)
class Clusters:
    """Columns by the number of a cluster, and the numbers of what each observation mentions."""

    writer: list[int]
    """Its position; UNWRITTEN for the initial value."""
    invoked: list[int]
    """When the writer was invoked."""
    earliest: list[int]
    """The earliest completion in the cluster."""
    latest: list[int]
    """The latest invocation in the cluster."""
    first_swap: int
    parent: list[int]
    """What the compare-and-set ``first_swap + at`` expected; UNWRITTEN if nobody wrote that."""
    reads: list[int]
    of_read: list[int]
    mismatches: list[int]
    of_mismatch: list[int]


def parse(operations: Sequence[Operation], words: Words) -> Calls:
    """The calls; NotApplicable where an operation or a value is not what the words expect.

    What is refused here is not judged: the model says what is wrong, or the search takes it.
    """
    names = [operation.f for operation in operations]
    known = {words.read, words.write, words.swap, words.delete}
    strange = set(names) - known
    if strange:
        raise NotApplicable(f"the monitor knows {_listed(known)}, not {_listed(strange)}")
    outcomes = [operation.outcome for operation in operations]
    plain = outcomes.count("ok") == len(outcomes)
    reads = _called(names, words.read)
    writes = _called(names, words.write)
    if words.texts:
        _check_key(operations)
        _check_texts([operations[at].argument for at in writes])
    if not plain:
        reads = [at for at in reads if outcomes[at] == "ok"]
        writes = [at for at in writes if outcomes[at] != "fail"]
    results = _simple([operations[at].result for at in reads], words)
    written = _simple([operations[at].argument for at in writes], words)
    if words.delete is not None:
        deletes = [at for at in _called(names, words.delete) if outcomes[at] != "fail"]
        writes.extend(deletes)
        written.extend(repeat(words.initial, len(deletes)))
    calls = Calls(reads, results, writes, written, len(writes), [], [], [])
    if words.swap in names:
        _parse_swaps(calls, operations, _called(names, words.swap), words)
    return calls


def _parse_swaps(
    calls: Calls, operations: Sequence[Operation], swaps: list[int], words: Words
) -> None:
    pairs = [operations[at].argument for at in swaps]
    if not set(map(type, pairs)) <= {list, tuple} or set(map(len, pairs)) != {2}:
        raise NotApplicable("the value of a compare-and-set is no pair")
    if words.texts:
        _check_texts([pair[1] for pair in pairs])
        _simple([pair[0] for pair in pairs], words)
    done = [at for at in swaps if operations[at].outcome != "fail"]
    calls.writers.extend(done)
    calls.expected = _simple([operations[at].argument[0] for at in done], words)
    calls.written.extend(_simple([operations[at].argument[1] for at in done], words))
    if len(done) < len(swaps):
        calls.mismatches = [
            at
            for at in swaps
            if operations[at].outcome == "fail" and operations[at].error == MISMATCH
        ]
        calls.refused = _simple([operations[at].argument[0] for at in calls.mismatches], words)


def gather(operations: Sequence[Operation], words: Words) -> Clusters:
    """The clusters of the operations.

    Raises NotApplicable where values are not unique or not what they should be, Contradiction for a
    read of what nobody wrote.
    """
    calls = parse(operations, words)
    numbers = _number(calls, words.initial)
    invoked = [BEFORE]
    invoked.extend([operations[at].invoked for at in calls.writers])
    earliest = [BEFORE]
    ends = [operations[at].completed for at in calls.writers]
    earliest.extend([NEVER if end is None else end for end in ends])
    latest = invoked.copy()

    of_read = list(map(numbers.get, calls.results, repeat(UNWRITTEN)))
    starts = [operations[at].invoked for at in calls.reads]
    stops = completions(operations, calls.reads)
    if UNWRITTEN in of_read:
        pairs = zip(stops, of_read, strict=True)
        raise Contradiction(min(stop for stop, number in pairs if number == UNWRITTEN))
    for number, start, stop in zip(of_read, starts, stops, strict=True):
        if stop < earliest[number]:
            earliest[number] = stop
        if start > latest[number]:
            latest[number] = start
    return Clusters(
        writer=[UNWRITTEN, *calls.writers],
        invoked=invoked,
        earliest=earliest,
        latest=latest,
        first_swap=1 + calls.writes,
        parent=list(map(numbers.get, calls.expected, repeat(UNWRITTEN))),
        reads=calls.reads,
        of_read=of_read,
        mismatches=calls.mismatches,
        of_mismatch=list(map(numbers.get, calls.refused, repeat(UNWRITTEN))),
    )


def completions(operations: Sequence[Operation], answered: Sequence[int]) -> list[int]:
    """When operations with an answer completed, by their positions."""
    found = [end for at in answered if (end := operations[at].completed) is not None]
    if len(found) < len(answered):
        raise NotApplicable("an operation has an answer and yet never completed")
    return found


def _number(calls: Calls, initial: Any) -> dict[Any, int]:
    """The cluster of each value; NotApplicable if a value of several writers is asked about.

    A value that nobody reads or compares with may be written as often as one likes: each of its
    writes is a cluster of its own, and no one looks for the value.
    """
    numbers = dict(zip(calls.written, count(1)))
    if initial not in numbers:
        numbers[initial] = INITIAL
    if len(numbers) <= len(calls.written):
        asked = {*calls.results, *calls.expected, *calls.refused}
        times = Counter(chain((initial,), calls.written))
        for value in times:
            if times[value] > 1 and value in asked:
                raise NotApplicable(f"the value {value!r} is written more than once")
    return numbers


def _called(names: Sequence[str], name: str | None) -> list[int]:
    return [at for at, called in enumerate(names) if called == name]


def _simple(values: list[Any], words: Words) -> list[Any]:
    """The values, such that those that differ in a history differ in Python."""
    kinds = set(map(type, values))
    if words.texts:
        if not kinds <= {str, type(words.initial)}:
            raise NotApplicable("a value is no text")
        return values
    if kinds <= _SIMPLE:
        return values
    try:
        return list(map(distinct, values))
    except (CallError, RecursionError, TypeError) as error:
        raise NotApplicable(f"a value is none that JSON knows: {error}") from None


def _check_texts(values: list[Any]) -> None:
    if not set(map(type, values)) <= {str}:
        raise NotApplicable("a written value is no text")


def _check_key(operations: Sequence[Operation]) -> None:
    if operations and operations[0].key is None:
        raise NotApplicable("an operation has no key")


def _listed(names: Collection[str | None]) -> str:
    return ", ".join(sorted(name for name in names if name is not None))
