"""Monitors: near-linear judges of one model each, for histories whose values are unique.

A monitor judges the operations of one key (``checker.lincheck.engine`` has the protocol), and
raises NotApplicable where its conditions do not hold.
"""

from __future__ import annotations

from collections.abc import Sequence

from checker.history import Operation
from checker.lincheck.budget import Meter
from checker.lincheck.engine import Monitor, NotApplicable, Outcome
from checker.lincheck.monitors import (
    appends,
    counter,
    fifo_queue,
    list_append,
    priority_queue,
    registers,
    sets,
    stack,
    unique_ids,
)

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

__all__ = ["MONITORS", "monitored"]


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
