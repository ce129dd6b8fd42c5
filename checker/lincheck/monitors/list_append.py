"""A list that is appended to and read whole, whose elements are unique, in O(n log n + what reads
answered).

Theory of operation
-------------------
A read answers all of the list, and the list only grows. So in a legal sequence each answer begins
with the one before it, and the longest one tells the order of all elements that anybody read: no
two reads may answer lists of which neither begins with the other, an element may be read only if it
is appended, and no list holds it twice. (An append is a compare-and-set from a list to the longer
one: chains of zones, as for registers.)

What is left is one chain: the reads of the empty list, the append of the first element, the reads
of that list, the append of the second, ..., at last, in any order, the appends that nobody read.
Putting each thing as early as its invocation and those before it allow is best for all that follow,
so the history is linearizable if and only if nothing in the chain completes before the latest
invocation among those before it. An append that crashed never completes; it is dropped if nobody
read its element.

The core of a contradiction. Reads change nothing, so each may be left out of a legal sequence by
itself. An append may be left out if no read that is kept holds its element. So a core is the two
operations that contradict each other, a read which tells their order if they do not tell it
themselves, and the appends of all elements that these reads hold. An append whose element such a
read does not hold, though later ones do, comes after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from checker.history import Operation
from checker.lincheck.budget import Meter
from checker.lincheck.engine import Impossible, NotApplicable, Outcome, Possible
from checker.lincheck.monitors.columns import blocks
from checker.models.model import CallError, distinct

_BYTES = 170
"""What this holds for each operation: a place in a table, and in a column."""

_BETWEEN_LOOKS = (1 << 8) - 1
"""Reads, or lengths of a list, between two looks at the budget: a read may be long."""

_PLAIN = {int, str, type(None)}
"""Types of values that stay themselves when they are made distinct."""


def monitor(operations: Sequence[Operation], meter: Meter, order: bool) -> Outcome:
    """Judge the operations of one list; raises NotApplicable, BudgetExhausted."""
    told = _read(operations, meter)
    outcome = _judge(told, meter, order)
    if isinstance(outcome, Impossible):
        for at in told.reads:
            # One that holds no value of JSON is an error, whatever else is wrong.
            _list_of(operations[at].result)
    return outcome


def _judge(told: _Told, meter: Meter, order: bool) -> Outcome:
    operations = told.operations
    by_length = sorted(told.reads, key=lambda at: len(operations[at].result or ()))
    longest = _list_of(operations[by_length[-1]].result) if by_length else []
    for number, at in enumerate(by_length):
        if number & _BETWEEN_LOOKS == _BETWEEN_LOOKS:
            meter.look()
        answer = _list_of(operations[at].result)
        if longest[: len(answer)] != answer:
            return _core(told, [by_length[-1], at])
    meter.spend(meter.explored, len(operations) * _BYTES)
    distinct_ones = set(longest)
    if len(distinct_ones) < len(longest) or not told.appends.keys() >= distinct_ones:
        return _core(told, [_shortest_wrong(told, by_length, longest)])
    return _walk(told, by_length, longest, meter, order)


class _Told(NamedTuple):
    """Positions of the appends by element, and of the reads."""

    operations: Sequence[Operation]
    appends: dict[Any, int]
    reads: list[int]


def _read(operations: Sequence[Operation], meter: Meter) -> _Told:
    told = _Told(operations, {}, [])
    _, appends, reads = told
    for start, block in blocks(operations, meter, _BYTES):
        _, fs, _, arguments, _, outcomes, *_ = block
        for at, entry in enumerate(zip(fs, arguments, outcomes, strict=True), start):
            f, argument, outcome = entry
            if f == "append":
                if type(argument) is not int and type(argument) is not str:
                    argument = _distinct(argument)
                if outcome == "fail":
                    continue
                if argument in appends:
                    raise NotApplicable(f"the element {argument!r} is appended twice")
                appends[argument] = at
            elif f != "read":
                raise NotApplicable(f"a single list has no operation {f!r}")
            elif outcome == "ok":
                reads.append(at)
    for at in reads:
        answer = operations[at].result
        if answer is not None and not isinstance(answer, list | tuple):
            raise NotApplicable(f"a read of a list answers a list, not {answer!r}")
    return told


def _distinct(value: Any) -> Any:
    try:
        return distinct(value)
    except (CallError, RecursionError) as error:
        raise NotApplicable(str(error)) from None


def _list_of(answer: Any) -> list[Any]:
    """The elements of an answer, which is given back as it is where that will do."""
    if answer is None:
        return []
    if set(map(type, answer)) <= _PLAIN:
        return answer if type(answer) is list else list(answer)
    return list(map(_distinct, answer))


def _shortest_wrong(told: _Told, by_length: Sequence[int], longest: list[Any]) -> int:
    """The first read that holds an element twice, or one that was not appended."""
    seen: set[Any] = set()
    length = 0
    for element in longest:
        length += 1
        if element in seen or element not in told.appends:
            break
        seen.add(element)
    return next(at for at in by_length if len(told.operations[at].result or ()) >= length)


def _core(told: _Told, reads: Iterable[int], others: Iterable[int] = ()) -> Impossible:
    """These reads, the appends of all that they hold, and the operations at other positions."""
    positions = set(others)
    for at in reads:
        positions.add(at)
        for element in _list_of(told.operations[at].result):
            if element in told.appends:
                positions.add(told.appends[element])
    return Impossible(core=tuple(sorted(positions)))


def _walk(
    told: _Told, by_length: Sequence[int], longest: list[Any], meter: Meter, order: bool
) -> Outcome:
    """Along the chain, with the latest invocation so far; ``longest`` holds appended elements."""
    operations, appends, _ = told
    chain: list[int] = []
    following = 0
    for length in range(len(longest) + 1):
        if length & _BETWEEN_LOOKS == _BETWEEN_LOOKS:
            meter.look()
        # The reads of this length: any order will do, that of their invocations is one.
        first = following
        while following < len(by_length):
            answer = operations[by_length[following]].result
            if len(answer or ()) > length:
                break
            following += 1
        chain.extend(sorted(by_length[first:following]))
        if length < len(longest):
            chain.append(appends[longest[length]])
    latest = last = -1
    meter.look(len(operations))
    for at in chain:
        invoked, completed = operations[at][6:8]
        if completed is not None and completed < latest:
            return _contradiction(told, by_length, longest, last, at)
        if invoked > latest:
            latest, last = invoked, at
    meter.look(len(operations))
    seen = set(longest)
    for element, at in appends.items() if len(seen) < len(appends) else ():
        completed = operations[at][7]
        if element in seen or completed is None:
            continue
        if completed < latest:
            return _contradiction(told, by_length, longest, last, at)
        chain.append(at)
    return Possible(chain if order else None)


def _contradiction(
    told: _Told, by_length: Sequence[int], longest: list[Any], first: int, second: int
) -> Impossible:
    """``first`` comes first in the chain, yet ``second`` had completed before it was invoked."""
    operations = told.operations
    reads = [at for at in (first, second) if operations[at].f == "read"]
    if not reads:
        # The shortest read that holds the first element tells that the second comes later: it holds
        # it behind, or not at all.
        length = longest.index(_distinct(operations[first].argument)) + 1
        reads = [next(at for at in by_length if len(operations[at].result or ()) >= length)]
    return _core(told, reads, (first, second))
