"""The core of a set's contradiction, and the order of a possible set; see ``sets``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import repeat

from checker.lincheck.budget import Meter
from checker.lincheck.monitors.columns import UNTIL_LOOK, blocks
from checker.lincheck.monitors.set_elements import (
    BYTES,
    NEVER,
    Contradiction,
    Judged,
    Told,
    elements_of,
    plain,
)


def core_of(told: Told, found: Contradiction, meter: Meter) -> tuple[int, ...]:
    operations, rows = told.operations, told.rows
    named = bytearray(len(rows) + 1)  # And one for what has no row.
    for row in found.rows:
        named[row] = 1
    for at in found.reads:
        for row in map(rows.get, elements_of(operations[at].result), repeat(-1)):
            named[row] = 1
    named[-1] = 0
    positions = [*found.reads, *found.others]
    yeses: dict[int, list[int]] = {}
    for start, block in blocks(operations, meter, BYTES):
        _, fs, _, arguments, results, outcomes, *_ = block
        columns = zip(fs, arguments, results, outcomes, strict=True)
        for at, entry in enumerate(columns, start):
            f, argument, result, outcome = entry
            if f == "read" or outcome == "fail":
                continue
            if type(argument) is not int and type(argument) is not str:
                argument = plain(argument)
            row = rows.get(argument, -1)
            if not named[row]:
                continue
            if f != "contains":
                positions.append(at)
            elif row in found.rows and outcome == "ok" and result:
                yeses.setdefault(row, []).append(at)
    for row in found.rows:
        positions.extend(_observations(told, row, yeses.get(row, [])))
    positions.sort()
    return tuple(dict.fromkeys(positions))


def _observations(told: Told, row: int, yeses: list[int]) -> Iterable[int]:
    """The answers about an element that bound when it appears and leaves."""
    operations = told.operations
    if yeses:
        yield max(yeses, key=lambda at: operations[at].invoked)
        yield min(yeses, key=lambda at: operations[at].completed or NEVER)
    noes = told.all_of(told.noes, row)
    if noes:
        # All after ``end`` are of equal use; of those the first to complete is the hardest to fit.
        yield max(noes, key=lambda at: operations[at].invoked)
        late = [at for at in noes if operations[at].invoked > told.ends[row]]
        if late:
            yield min(late, key=lambda at: operations[at].completed or NEVER)


def order_of(
    told: Told, judged: Judged, odd: Sequence[tuple[int, int, int]], meter: Meter
) -> list[int]:
    """Sorted by points, and where these are equal, by what must come first there.

    ``odd`` has points, such numbers and positions for the elements that a search has judged.
    """
    _, rows, *_ = told
    appears, leaves = judged.appears, judged.leaves
    early, after = -2, 2 * max(judged.blocks, default=0) + 2
    placed = list(odd)
    come: set[int] = set()
    for at, operation in enumerate(told.operations):
        if at & UNTIL_LOOK == UNTIL_LOOK:
            meter.look()
        _, f, _, argument, result, outcome, invoked, completed, _, _, _ = operation
        if at in judged.points:
            point, block = judged.points[at]
            placed.append((point, 2 * block, at))
            continue
        if f == "read" or outcome == "fail" or (f == "contains" and outcome != "ok"):
            continue
        row = rows[plain(argument)]
        appear = appears[row]
        if row in judged.odd:
            continue
        if f == "add" and appear < NEVER and row not in come:
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
    meter.look(len(told.operations))
    placed.sort()
    meter.look(len(told.operations))
    return [at for _, _, at in placed]
