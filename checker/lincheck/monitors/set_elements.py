"""What the operations of a set tell of each element, and whether each is possible by itself.

The theory stands in ``sets``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from checker.history import Operation
from checker.lincheck.budget import Meter
from checker.lincheck.engine import NotApplicable
from checker.models.model import CallError, distinct

_CHUNK = 1 << 16
"""Operations read between two looks at the budget."""

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
    ``removes`` and ``noes``: positions, by row.
    """

    operations: Sequence[Operation]
    rows: dict[Any, int]
    adds: list[int]
    begins: list[int]
    ends: list[int]
    overs: list[int]
    sinces: list[int]
    removes: dict[int, list[int]]
    noes: dict[int, list[int]]
    reads: list[int]


def read(grows_only: bool, operations: Sequence[Operation], meter: Meter) -> Told:
    told = Told(operations, {}, [], [], [], [], [], {}, {}, [])
    _, rows, adds, begins, ends, overs, sinces, removes, noes, reads = told
    known = ("add",) if grows_only else ("add", "contains", "remove")
    for start in range(0, len(operations), _CHUNK):
        meter.spend(meter.explored, start * BYTES)
        for at, operation in enumerate(operations[start : start + _CHUNK], start):
            _, f, _, argument, result, outcome, invoked, completed, _, _, _ = operation
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
            row = rows.get(argument)
            if row is None:
                row = rows[argument] = len(rows)
                adds.append(0)
                begins.append(NEVER)
                ends.append(NEVER)
                overs.append(-1)
                sinces.append(-1)
            if completed is None:
                completed = NEVER
            if f == "add":
                adds[row] += 1
                if invoked < begins[row]:
                    begins[row] = invoked
                if completed < ends[row]:
                    ends[row] = completed
                if completed > overs[row]:
                    overs[row] = completed
            elif f == "remove":
                removes.setdefault(row, []).append(at)
            elif result:
                if completed < ends[row]:
                    ends[row] = completed
                if invoked > sinces[row]:
                    sinces[row] = invoked
            else:
                noes.setdefault(row, []).append(at)
    return told


def plain(value: Any) -> Any:
    try:
        return distinct(value)
    except (CallError, RecursionError) as error:
        raise NotApplicable(str(error)) from None


def elements_of(answer: Any) -> frozenset[Any]:
    is_plain = set(map(type, answer)) <= _PLAIN
    found = frozenset(answer if is_plain else map(plain, answer))
    if len(found) != len(answer):
        raise NotApplicable("a read of a set answers an element twice")
    return found


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


def judge_each(told: Told) -> Judged:
    """Each element by itself."""
    count = len(told.rows)
    judged = Judged([NEVER] * count, [NEVER] * count, {}, set(), [0] * count, {})
    operations, _, adds, begins, ends, _, sinces, removes, noes, reads = told
    appears = judged.appears
    for row, (begin, end) in enumerate(zip(begins, ends, strict=True)):
        if end < begin:
            raise Contradiction([row])
        gone = removes.get(row)
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
            first = max(begin, *(operations[at][6] for at in noes[row]))
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
    for at in (*gone, *told.noes.get(row, ())):
        invoked, completed = operations[at][6:8]
        if invoked > end and completed is not None:
            if completed < leaves:
                raise Contradiction([row])
            judged.leaves[row] = leaves
            judged.removers[row] = remover
