"""Elements of a set that come and go several times, by search.

Without reads of the whole set each element is independent of the others (see ``sets``), so each is
a part of its own, with two states. The frontier's cost grows with how many operations of this one
element are pending together, not with the set.
"""

from __future__ import annotations

from collections.abc import Collection

from checker.lincheck.budget import Meter
from checker.lincheck.engine import Impossible, finish
from checker.lincheck.monitors.set_elements import Contradiction, Told, plain
from checker.lincheck.parts import split
from checker.lincheck.widening import frontier
from checker.models import get_model


def judge_odd(
    told: Told, odd: Collection[int], meter: Meter, order: bool
) -> list[tuple[int, int, int]]:
    """Raises Contradiction for an element that is impossible; also BudgetExhausted.

    If ``order`` is asked for: (rank of its point, number in its element's order, position) for all
    operations that happened. The points respect real time, as in ``witness.merge_orders``.
    """
    operations, rows = told.operations, told.rows
    positions: dict[int, list[int]] = {row: [] for row in sorted(odd)}
    for at, operation in enumerate(operations):
        if operation.outcome == "fail":
            continue
        row = rows.get(plain(operation.argument), -1)
        if row in positions:
            positions[row].append(at)
    model = get_model("set")
    placed: list[tuple[int, int, int]] = []
    for ats in positions.values():
        place = {operations[at].invoked: at for at in ats}
        for part in split([operations[at] for at in ats], model):
            lane = meter.lane()
            try:
                outcome = finish(frontier(part, lane, order))
            finally:
                lane.release()
            if isinstance(outcome, Impossible):
                raise Contradiction([], others=ats)
            latest = -1
            for number, position in enumerate(outcome.order or ()):
                entry = part.entries[position]
                latest = max(latest, entry.invoked)
                placed.append((latest, number, place[entry.invoked]))
    return placed
