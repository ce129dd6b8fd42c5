"""In which order processes of pytest-xdist run the tests: the long ones first.

Under ``--dist worksteal`` each process begins with an equal part of the list, one after the other,
and who has done its part takes over half of what another has left. A long test at the end of a part
would be run while all other processes have nothing left to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def dealt(long: Sequence[T], short: Sequence[T], processes: int) -> list[T]:
    """All of them, so that each process begins with its share of the long ones."""
    dealt: list[T] = []
    taken, left = 0, len(long) + len(short)
    for process in range(processes):
        share = long[process::processes]
        part = left // (processes - process)
        left -= part
        rest = short[taken : taken + max(0, part - len(share))]
        taken += len(rest)
        dealt += [*share, *rest]
    return dealt
