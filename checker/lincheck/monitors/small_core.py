"""Making a core smaller, as long as that is cheap.

A core is impossible by itself. What may be left out of it: all operations on an element together
(the projection, see ``elements.py``), and any observation. Impossible stays impossible when
operations are added, so leaving out pieces by halves, then quarters, and so on, as in delta
debugging (Zeller and Hildebrandt 2002), ends with a core of which no piece can be spared, unless
the work runs out first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

WORK_OPERATIONS = 30_000
"""Operations that may be judged again for one core, in all: about 0.1 s."""

Pieces = list[list[int]]


def shrink(
    elements: Pieces,
    observations: Sequence[int],
    fixed: Sequence[int],
    impossible: Callable[[list[int]], bool],
) -> tuple[int, ...] | None:
    """The positions of a core of these, in order; None if all together are not impossible.

    ``elements`` has the positions of each element's operations, ``observations`` those that may
    also be left out alone, ``fixed`` what must stay.
    """
    left = WORK_OPERATIONS

    def holds(pieces: Pieces) -> bool:
        nonlocal left
        positions = sorted({position for piece in pieces for position in piece}.union(fixed))
        left -= len(positions) + 20
        return impossible(positions)

    if not holds(elements):
        return None
    elements = _fewest(elements, holds, lambda: left > 0)
    alone = set(observations)
    kept = [[position for position in piece if position not in alone] for piece in elements]
    seen = [[position] for piece in elements for position in piece if position in alone]
    seen = _fewest(seen, lambda pieces: holds(kept + pieces), lambda: left > 0)
    return tuple(sorted({position for piece in kept + seen for position in piece}.union(fixed)))


def _fewest(
    pieces: Pieces, holds: Callable[[Pieces], bool], affordable: Callable[[], bool]
) -> Pieces:
    """Pieces that still hold, none of which can be left out, as far as affordable."""
    size = len(pieces) // 2
    while size:
        at = 0
        while at < len(pieces) and affordable():
            fewer = pieces[:at] + pieces[at + size :]
            if holds(fewer):
                pieces = fewer
            else:
                at += size  # Needed; and what is needed stays so when others leave.
        size //= 2
    if len(pieces) == 1 and affordable() and holds([]):
        return []
    return pieces
