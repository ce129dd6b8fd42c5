"""Sets whose elements come and go once, in O(n log n + what reads answered).

Theory of operation
-------------------
Adds and removes answer nothing and may always happen. So without reads of the whole set an element
is a register of its own, true or false, written by adds and removes and read by ``contains``
(locality, Herlihy and Wing 1990). This monitor judges elements that are absent, then present, then
absent again for good: those with one add, or none; those with several but no remove; those whose
adds all completed before the first remove was invoked, or were invoked after the last one had
completed. Any other element that somebody asked for is not for it (NotApplicable).

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

Reads of the whole set are judged if no element is both added and removed. Then the set only grows,
so each answer must be a subset of the next larger one. That makes a chain: the reads of the
smallest answer, the elements that the next one has more, its reads, ..., at last the elements that
no read saw. Putting each as early as its bounds and those before it allow is best for all that
follow: the history is linearizable if and only if nothing in the chain must be over (``end``, or
the completion of a read) before the latest bound (``begin``, the last "no", or the invocation of a
read) of something before it.

The core of a contradiction. Observations may be left out one by one. All adds and removes of an
element may be left out together, with the ``contains`` of it, if no read that is kept holds it. So
a core has the reads and the ``contains`` that contradict each other, and all adds and removes of
the elements that they name.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any, NamedTuple

from checker.history import Operation
from checker.lincheck.budget import Meter
from checker.lincheck.engine import Impossible, NotApplicable, Outcome, Possible
from checker.models.model import CallError, distinct

_CHUNK = 1 << 16
"""Operations read between two looks at the budget."""

_BYTES = 250
"""What this holds for each operation: a place in a table, and in up to ten columns."""

_PLAIN = {int, str, type(None)}
"""Types of values that stay themselves when they are made distinct."""

NEVER = 1 << 62
"""Later than any rank."""


def _monitor(
    grows_only: bool, operations: Sequence[Operation], meter: Meter, order: bool
) -> Outcome:
    told = _read(grows_only, operations, meter)
    try:
        judged = _judge_each(told)
        meter.spend(meter.explored, len(operations) * _BYTES)
        _judge_reads(told, judged)
    except _Contradiction as found:
        for at in told.reads:
            # One that is no answer of a set is an error, whatever else is wrong.
            _elements(operations[at].result)
        return Impossible(core=_core(told, found))
    return Possible(_order(told, judged) if order else None)


grow_only_set = partial(_monitor, True)
"""The monitor of ``g-set``; raises NotApplicable, BudgetExhausted."""

full_set = partial(_monitor, False)
"""The monitor of ``set``; raises NotApplicable, BudgetExhausted."""


class _Contradiction(Exception):
    """These elements (rows) and these reads (positions) are impossible by themselves."""

    def __init__(self, rows: Iterable[int], reads: Iterable[int] = ()) -> None:
        super().__init__()
        self.rows = list(rows)
        self.reads = list(reads)


class _Told(NamedTuple):
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


def _read(grows_only: bool, operations: Sequence[Operation], meter: Meter) -> _Told:
    told = _Told(operations, {}, [], [], [], [], [], {}, {}, [])
    _, rows, adds, begins, ends, overs, sinces, removes, noes, reads = told
    known = ("add",) if grows_only else ("add", "contains", "remove")
    for start in range(0, len(operations), _CHUNK):
        meter.spend(meter.explored, start * _BYTES)
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
                argument = _distinct(argument)
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


def _distinct(value: Any) -> Any:
    try:
        return distinct(value)
    except (CallError, RecursionError) as error:
        raise NotApplicable(str(error)) from None


class _Judged(NamedTuple):
    """When each element appears and leaves, as ranks, and by which remove; columns by row.

    ``appears`` without removes is the earliest point, until the reads are judged. ``blocks`` are
    places in the chain, of elements and of reads (by position), ``points`` those of the reads.
    ``free``: elements that nobody asked for.
    """

    appears: list[int]
    leaves: list[int]
    removers: dict[int, int]
    free: set[int]
    blocks: list[int]
    points: dict[int, tuple[int, int]]


def _judge_each(told: _Told) -> _Judged:
    """Each element by itself."""
    count = len(told.rows)
    judged = _Judged([NEVER] * count, [NEVER] * count, {}, set(), [0] * count, {})
    operations, _, adds, begins, ends, _, sinces, removes, noes, reads = told
    appears = judged.appears
    for row, (begin, end) in enumerate(zip(begins, ends, strict=True)):
        if end < begin:
            raise _Contradiction([row])
        gone = removes.get(row)
        if gone and begin < NEVER:
            if reads:
                raise NotApplicable("an element is added and removed, and the whole set is read")
            if adds[row] > 1:
                gone = _one_presence(told, judged, row, gone)
        if end == NEVER and (begin == NEVER or not reads):
            # Never added, or by a crashed add that nobody saw.
            continue
        if gone and row not in judged.free:
            _fit(told, judged, row, max(begin, sinces[row]), gone)
            continue
        first = begin
        if row in noes:
            first = max(begin, *(operations[at][6] for at in noes[row]))
            if first > end:
                raise _Contradiction([row])
        appears[row] = first
    return judged


def _one_presence(told: _Told, judged: _Judged, row: int, gone: list[int]) -> list[int] | None:
    """The removes that can make an element leave that is added several times."""
    operations = told.operations
    if told.overs[row] < min(operations[at].invoked for at in gone):
        return gone
    completions = [operations[at].completed for at in gone]
    if all(end is not None and end < told.begins[row] for end in completions):
        return None
    if told.sinces[row] >= 0 or row in told.noes:
        raise NotApplicable("an element is added several times and removed in between")
    judged.free.add(row)
    return None


def _fit(told: _Told, judged: _Judged, row: int, since: int, gone: list[int]) -> None:
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
                raise _Contradiction([row])
            judged.leaves[row] = leaves
            judged.removers[row] = remover


def _elements(answer: Any) -> frozenset[Any]:
    plain = set(map(type, answer)) <= _PLAIN
    found = frozenset(answer if plain else map(_distinct, answer))
    if len(found) != len(answer):
        raise NotApplicable("a read of a set answers an element twice")
    return found


def _judge_reads(told: _Told, judged: _Judged) -> None:
    """Along the chain, with the latest bound so far and whose it is: ("row" or "read", which)."""
    operations, rows, ends = told.operations, told.rows, told.ends
    appears, blocks = judged.appears, judged.blocks
    by_size = sorted(told.reads, key=lambda at: len(operations[at].result))
    latest, owner = -1, ("", -1)
    held: frozenset[Any] = frozenset()
    previous = -1
    for at in by_size:
        _, _, _, _, answer, _, invoked, completed, _, _, _ = operations[at]
        elements = _elements(answer)
        if not held <= elements:
            raise _Contradiction([], [previous, at])
        if elements != held:
            new = elements - held
            if not new <= rows.keys() or any(appears[rows[each]] == NEVER for each in new):
                raise _Contradiction([], [at])
            held = elements
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
    for row, end in enumerate(ends):
        if blocks[row] or appears[row] == NEVER:
            continue
        if end == NEVER:
            appears[row] = NEVER
            continue
        if row in judged.removers or row in judged.free or not told.reads:
            continue
        blocks[row] = len(held) + 1
        if end < latest:
            raise _against(told, judged, by_size, owner, ("row", row))
        appears[row] = max(appears[row], latest)


def _against(
    told: _Told,
    judged: _Judged,
    by_size: Sequence[int],
    first: tuple[str, int],
    second: tuple[str, int],
) -> _Contradiction:
    """``first`` comes first in the chain, yet ``second`` was over before it could be."""
    found = [first, second]
    reads = [which for kind, which in found if kind == "read"]
    rows = [which for kind, which in found if kind == "row"]
    if not reads:
        # The first read that holds the first element does not hold the second one.
        block = judged.blocks[rows[0]]
        reads = [at for at in by_size if len(told.operations[at].result) == block][:1]
    return _Contradiction(rows, reads)


def _core(told: _Told, found: _Contradiction) -> tuple[int, ...]:
    operations, rows = told.operations, told.rows
    named = set(found.rows)
    for at in found.reads:
        for each in _elements(operations[at].result):
            if each in rows:
                named.add(rows[each])
    positions = set(found.reads)
    yeses: dict[int, list[int]] = {}
    for at, operation in enumerate(operations):
        _, f, _, argument, result, outcome, _, _, _, _, _ = operation
        if f == "read" or outcome == "fail":
            continue
        if type(argument) is not int and type(argument) is not str:
            argument = _distinct(argument)
        row = rows.get(argument, -1)
        if row not in named:
            continue
        if f != "contains":
            positions.add(at)
        elif row in found.rows and outcome == "ok" and result:
            yeses.setdefault(row, []).append(at)
    for row in found.rows:
        positions.update(_observations(told, row, yeses.get(row, [])))
    return tuple(sorted(positions))


def _observations(told: _Told, row: int, yeses: list[int]) -> Iterable[int]:
    """The answers about an element that bound when it appears and leaves."""
    operations = told.operations
    if yeses:
        yield max(yeses, key=lambda at: operations[at].invoked)
        yield min(yeses, key=lambda at: operations[at].completed or NEVER)
    noes = told.noes.get(row)
    if noes:
        # All after ``end`` are of equal use; of those the first to complete is the hardest to fit.
        yield max(noes, key=lambda at: operations[at].invoked)
        late = [at for at in noes if operations[at].invoked > told.ends[row]]
        if late:
            yield min(late, key=lambda at: operations[at].completed or NEVER)


def _order(told: _Told, judged: _Judged) -> list[int]:
    """Sorted by points, and where these are equal, by what must come first there."""
    _, rows, *_ = told
    appears, leaves = judged.appears, judged.leaves
    early, after = -2, 2 * max(judged.blocks, default=0) + 2
    placed: list[tuple[int, int, int]] = []
    come: set[int] = set()
    for at, operation in enumerate(told.operations):
        _, f, _, argument, result, outcome, invoked, completed, _, _, _ = operation
        if at in judged.points:
            point, block = judged.points[at]
            placed.append((point, 2 * block, at))
            continue
        if f == "read" or outcome == "fail" or (f == "contains" and outcome != "ok"):
            continue
        row = rows[_distinct(argument)]
        appear = appears[row]
        if row in judged.free:
            if completed is not None:
                placed.append((invoked, early, at))
        elif f == "add" and appear < NEVER and row not in come:
            come.add(row)
            placed.append((appear, 2 * judged.blocks[row] - 1, at))
        elif judged.removers.get(row) == at:
            placed.append((leaves[row], after + 1, at))
        elif completed is None:
            continue
        elif f == "add" or (f == "contains" and result):
            placed.append((max(invoked, appear), after, at))
        elif invoked <= appear:
            placed.append((invoked, early, at))
        else:
            placed.append((max(invoked, leaves[row]), after + 2, at))
    placed.sort()
    return [at for _, _, at in placed]
