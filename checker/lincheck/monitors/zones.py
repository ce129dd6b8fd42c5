"""Zones: an order of blocks of operations that must stay together.

Theory of operation
-------------------
A block is a set of operations that stand side by side in every legal order: a write with the reads
of its value, or several of these tied together by compare-and-sets. All that the other blocks can
see of it are two ranks: ``earliest``, the earliest completion in it, and ``latest``, the latest
invocation. A must precede B, A -> B, if and only if something of A completed before something of B
was invoked: ``earliest(A) < latest(B)``. With the blocks in a line such that no arrow points
backwards, real time is respected; a cycle of arrows leaves no such line.

    forward zone    earliest < latest      |====|        nothing else fits between the two
    backward zone   latest < earliest      |----|        a point anywhere in between will do

Claim: in the order of ``min(earliest, latest)`` no arrow points backwards, unless two blocks point
at each other. Proof: let P stand before Z although Z -> P, that is

    earliest(Z) < latest(P),  and  key(P) <= key(Z) <= earliest(Z).

So key(P) < latest(P), hence key(P) = earliest(P), and earliest(P) = key(P) <= key(Z) <= latest(Z).
The ranks of a completion and an invocation differ, so earliest(P) < latest(Z): P -> Z.

So one sort decides, and the sweep after it only looks for an arrow that points backwards: a block
with ``earliest`` before the greatest ``latest`` in front of it. The two blocks that it finds cannot
both be there; Gibbons and Korach ("Testing Shared Memories", 1997, section 4) say it as: forward
zones must not overlap, and no backward zone may lie inside a forward one. n log n for n blocks; the
sort finds its keys almost sorted.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from operator import lt

from checker.lincheck.monitors.columns import Look

NEVER = 1 << 62
"""The rank of a completion that there is none of: after everything."""

BEFORE = -NEVER
"""The rank of what the initial value rests on: before everything."""


def arrange(earliest: Sequence[int], latest: Sequence[int], look: Look) -> list[int]:
    """The numbers of the blocks, in an order that respects real time if there is one."""
    keys = [f if f < s else s for f, s in zip(earliest, latest, strict=True)]
    look()
    return sorted(range(len(keys)), key=keys.__getitem__)


def conflict(
    order: Sequence[int], earliest: Sequence[int], latest: Sequence[int]
) -> tuple[int, int] | None:
    """Two blocks that must each precede the other, if the order does not respect real time.

    ``order`` comes from ``arrange``. Of several such pairs it is one that shows early in time.
    """
    highest = accumulate(map(latest.__getitem__, order), max, initial=BEFORE)
    if not any(map(lt, map(earliest.__getitem__, order), highest)):
        return None
    before = order[0]
    found: tuple[int, int, int] | None = None
    for block in order[1:]:
        if earliest[block] < latest[before]:
            shows = max(latest[before], latest[block])
            if found is None or shows < found[0]:
                found = shows, before, block
        if latest[block] > latest[before]:
            before = block
    assert found is not None
    return found[1:]
