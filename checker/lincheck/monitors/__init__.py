"""Monitors: near-linear judges of one model each, for histories whose values are unique.

A monitor judges the operations of one key (``checker.lincheck.engine`` has the protocol), and
raises NotApplicable where its conditions do not hold.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from checker.history import Operation
from checker.lincheck.budget import Meter
from checker.lincheck.engine import Monitor, NotApplicable, Outcome
from checker.lincheck.monitors import (
    appends,
    counter,
    fifo_queue,
    list_append,
    list_transactions,
    priority_queue,
    registers,
    sets,
    stack,
    unique_ids,
)
from checker.lincheck.parts import Part

MONITORS: dict[str, Monitor] = {
    **registers.MONITORS,
    **appends.MONITORS,
    "counter": counter.monitor,
    "fifo-queue": fifo_queue.monitor,
    "g-set": sets.grow_only_set,
    "list-append": list_append.monitor,
    "priority-queue": priority_queue.monitor,
    "set": sets.full_set,
    "stack": stack.monitor,
    "unique-ids": unique_ids.monitor,
}
"""The monitor of a model, by the model's name."""

TIED_MONITORS: dict[str, Callable[[Part, Meter, bool], Outcome]] = {
    "list-append": list_transactions.monitor,
}
"""The same for keys that operations tie together, which had to be translated to see that."""

__all__ = ["MONITORS", "TIED_MONITORS", "monitored", "monitored_part"]


def monitored(name: str, operations: Sequence[Operation], meter: Meter) -> Outcome | None:
    """What the monitor of the model of this name says of operations; None if it does not apply."""
    monitor = MONITORS.get(name)
    if monitor is None:
        return None
    lane = meter.lane()
    try:
        return monitor(operations, lane, False)
    except NotApplicable:
        return None
    finally:
        lane.release()


def monitored_part(name: str, part: Part, meter: Meter, order: bool = False) -> Outcome | None:
    """What the monitor of this model says of a part; None if none applies.

    ``order``: ask for one, if the keys are tied."""
    if not part.joint:
        return monitored(name, [entry.operation for entry in part.entries], meter)
    monitor = TIED_MONITORS.get(name)
    if monitor is None:
        return None
    lane = meter.lane()
    try:
        return monitor(part, lane, order)
    except NotApplicable:
        return None
    finally:
        lane.release()
