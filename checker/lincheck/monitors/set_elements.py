"""What the operations of a set tell of each element, and whether each is possible by itself.

The theory stands in ``sets``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from checker.history import Operation
from checker.lincheck.budget import Meter
from checker.lincheck.engine import NotApplicable
from checker.lincheck.monitors.columns import UNTIL_LOOK, blocks
from checker.models.model import CallError, distinct

BYTES = 280
"""What this holds for each operation: a place in a table, and in up to ten columns."""

_PLAIN = {int, str, type(None)}
"""Types of values that stay themselves when they are made distinct."""

NEVER = 1 << 62
"""Later than any rank."""


class Contradiction(Exception):
    """These elements (rows), reads and other operations (positions) are impossible together."""

    def __init__(
        self, rows: Iterable[int], reads: Iterable[int] = (), others: Iterable[int] = ()
    ) -> None:
        super().__init__()
        self.rows = list(rows)
        self.reads = list(reads)
        self.others = list(others)


class Told(NamedTuple):
    """What was told of each element, as columns with a row an element, and the reads.

    ``begins``: first invocation of an add; ``ends``: first completion of an add or of a "yes";
    ``overs``: the last completion of an add; ``sinces``: the last invocation of a "yes", or -1.
    ``removes`` and ``noes``: the last position, by row; ``earlier``: the one of the same before a
    position. (A list for each row would keep the garbage collector busy.)
    """

    operations: Sequence[Operation]
    rows: dict[Any, int]
    adds: list[int]
    begins: list[int]
    ends: list[int]
    overs: list[int]
    sinces: list[int]
    removes: dict[int, int]
    noes: dict[int, int]
    earlier: dict[int, int]
    reads: list[int]

    def all_of(self, last: dict[int, int], row: int) -> list[int]:
        """All positions of ``removes`` or ``noes`` of a row, the last first."""
        found = []
        at = last.get(row)
        while at is not None:
            found.append(at)
            at = self.earlier.get(at)
        return found


def read(grows_only: bool, operations: Sequence[Operation], meter: Meter) -> Told:
    told = Told(operations, {}, [], [], [], [], [], {}, {}, {}, [])
    _, rows, adds, begins, ends, overs, sinces, removes, noes, earlier, reads = told
    known = ("add",) if grows_only else ("add", "contains", "remove")
    for start, block in blocks(operations, meter, BYTES):
        _, fs, _, arguments, results, outcomes, invocations, completions, *_ = block
        columns = zip(fs, arguments, results, outcomes, invocations, completions, strict=True)
        for at, entry in enumerate(columns, start):
            f, argument, result, outcome, invoked, completed = entry
            if f == "read":
                if outcome == "ok":
                    if not isinstance(result, list | tuple | set | frozenset):
                        raise NotApplicable(f"a read of a set answers a list, not {result!r}")
                    reads.append(at)
                continue
            if f not in known:
                raise NotApplicable(f"this set has no operation {f!r}")
            if f == "contains":
                if outcome != "ok":
                    continue
                if result is not True and result is not False:
                    raise NotApplicable(f"contains answers true or false, not {result!r}")
            if type(argument) is not int and type(argument) is not str:
                argument = plain(argument)
            if outcome == "fail":
                continue
            if completed is None:
                completed = NEVER
            row = rows.get(argument)
            if row is None:
                row = rows[argument] = len(adds)
                if f == "add":
                    # As most are: the first of its element.
                    adds.append(1)
                    begins.append(invoked)
                    ends.append(completed)
                    overs.append(completed)
                    sinces.append(-1)
                    continue
                adds.append(0)
                begins.append(NEVER)
                ends.append(NEVER)
                overs.append(-1)
                sinces.append(-1)
            if f == "add":
                adds[row] += 1
                if invoked < begins[row]:
                    begins[row] = invoked
                if completed < ends[row]:
                    ends[row] = completed
                if completed > overs[row]:
                    overs[row] = completed
            elif f == "remove":
                if row in removes:
                    earlier[at] = removes[row]
                removes[row] = at
            elif result:
                if completed < ends[row]:
                    ends[row] = completed
                if invoked > sinces[row]:
                    sinces[row] = invoked
            else:
                if row in noes:
                    earlier[at] = noes[row]
                noes[row] = at
    return told


def plain(value: Any) -> Any:
    try:
        return distinct(value)
    except (CallError, RecursionError) as error:
        raise NotApplicable(str(error)) from None


def elements_of(answer: Any) -> set[Any]:
    is_plain = set(map(type, answer)) <= _PLAIN
    found = set(answer if is_plain else map(plain, answer))
    if len(found) != len(answer):
        raise NotApplicable("a read of a set answers an element twice")
    return found


def more_of(answer: Any, before: Any, held: set[Any]) -> tuple[set[Any] | None, Any]:
    """What an answer holds besides ``held``, the elements of the answer before; and itself.

    The first is None if it does not hold all of these. ``before`` and what is given back are None
    where values had to be made distinct. Answers mostly begin with the one before, in the same
    order: to compare them is cheaper than to make a set of each.
    """
    is_plain = set(map(type, answer)) <= _PLAIN
    count = len(held)
    if is_plain and type(answer) is type(before) is list and answer[:count] == before:
        more = set(answer[count:])
        if count + len(more) != len(answer) or not held.isdisjoint(more):
            raise NotApplicable("a read of a set answers an element twice")
        return more, answer
    more = elements_of(answer)
    more -= held
    contains_all = count + len(more) == len(answer)
    return (more if contains_all else None), (answer if is_plain else None)


class Judged(NamedTuple):
    """When each element appears and leaves, as ranks, and by which remove; columns by row.

    ``appears`` without removes is the earliest point, until the reads are judged. ``blocks`` are
    places in the chain, of elements and of reads (by position), ``points`` those of the reads.
    ``odd``: rows of elements that may come and go several times.
    """

    appears: list[int]
    leaves: list[int]
    removers: dict[int, int]
    odd: set[int]
    blocks: list[int]
    points: dict[int, tuple[int, int]]


def judge_each(told: Told, meter: Meter) -> Judged:
    """Each element by itself."""
    count = len(told.rows)
    judged = Judged([NEVER] * count, [NEVER] * count, {}, set(), [0] * count, {})
    operations, _, adds, begins, ends, _, sinces, removes, noes, _, reads = told
    appears = judged.appears
    for row, (begin, end) in enumerate(zip(begins, ends, strict=True)):
        if row & UNTIL_LOOK == UNTIL_LOOK:
            meter.look()
        if end < begin:
            raise Contradiction([row])
        gone = told.all_of(removes, row) if row in removes else []
        if gone and begin < NEVER:
            if reads:
                raise NotApplicable("an element is added and removed, and the whole set is read")
            if adds[row] > 1 and not _is_present_once(told, row, gone):
                judged.odd.add(row)
                continue
        if end == NEVER and (begin == NEVER or not reads):
            # Never added, or by a crashed add that nobody saw.
            continue
        if gone:
            _fit(told, judged, row, max(begin, sinces[row]), gone)
            continue
        first = begin
        if row in noes:
            first = max(begin, *(operations[at][6] for at in told.all_of(noes, row)))
            if first > end:
                raise Contradiction([row])
        appears[row] = first
    return judged


def _is_present_once(told: Told, row: int, gone: list[int]) -> bool:
    """Whether an element that is added several times cannot come back after it left.

    If the removes come first, the "no" and the removes all stick out before it appears, or not.
    """
    operations = told.operations
    if told.overs[row] < min(operations[at].invoked for at in gone):
        return True
    completions = [operations[at].completed for at in gone]
    return all(end is not None and end < told.begins[row] for end in completions)


def _fit(told: Told, judged: Judged, row: int, since: int, gone: list[int]) -> None:
    """An element that is removed: when it appears and leaves."""
    operations, end = told.operations, told.ends[row]
    leaves, remover = NEVER, -1
    for at in gone:
        invoked, completed = operations[at][6:8]
        point = max(since, invoked)
        if point < leaves and (completed is None or completed > point):
            leaves, remover = point, at
    if leaves < end:
        judged.appears[row] = judged.leaves[row] = leaves
        judged.removers[row] = remover
        return
    judged.appears[row] = end
    for at in (*gone, *told.all_of(told.noes, row)):
        invoked, completed = operations[at][6:8]
        if invoked > end and completed is not None:
            if completed < leaves:
                raise Contradiction([row])
            judged.leaves[row] = leaves
            judged.removers[row] = remover
