"""Monitors: near-linear judges of one model each, for histories whose values are unique.

A monitor judges the operations of one key (``checker.lincheck.engine`` has the protocol), and
raises NotApplicable where its conditions do not hold.
"""

from __future__ import annotations

from checker.lincheck.engine import Monitor
from checker.lincheck.monitors import registers

MONITORS: dict[str, Monitor] = {
    **registers.MONITORS,
}
"""The monitor of a model, by the model's name."""

__all__ = ["MONITORS"]
