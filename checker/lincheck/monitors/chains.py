"""Chains: clusters that compare-and-sets tie together, each made into one block.

Theory of operation
-------------------
Under unique values a value is there once: from its write until the next write or compare-and-set.
So a compare-and-set [a, b] that took effect ends the time of ``a``, nobody else can do that, and
what stands between them are the reads of ``a``:

    write a, reads of a, cas [a, b], reads of b, cas [b, c], reads of c, ...

is one block, in this order save for reads of the same value. It is possible in itself if and only
if nothing in it completes before something that stands in front of it was invoked: walking along
it with the latest invocation so far, the earliest completion of each next cluster must come later.
To other blocks it is one zone: the earliest completion and the latest invocation of all of it.
Impossible besides: a value that two compare-and-sets consumed, and a chain without a root.

Which of the crashed count: one whose value was read, or expected by a compare-and-set that counts.
Any other can be left out: had it taken effect, nothing would tell, for whatever mentions its value
did not happen. It costs a step for each compare-and-set.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from operator import lt

from checker.lincheck.monitors.clusters import INITIAL, UNWRITTEN, Clusters, Contradiction
from checker.lincheck.monitors.columns import Look
from checker.lincheck.monitors.zones import NEVER, arrange, conflict


@dataclass(slots=True)
class Blocks:
    """What stands together: ``roots`` are the first clusters of the blocks.

    ``following`` is the cluster that a compare-and-set tied to each cluster, INITIAL if there is
    none; empty where there are no compare-and-sets.
    """

    roots: Sequence[int]
    earliest: list[int]
    latest: list[int]
    following: list[int]


def tie(clusters: Clusters, look: Look) -> Blocks:
    """The blocks; raises Contradiction if one is impossible in itself."""
    earliest, latest = clusters.earliest, clusters.latest
    if any(map(lt, earliest, clusters.invoked)):
        # A read that completed before its write was invoked.
        pairs = zip(earliest, clusters.invoked, strict=True)
        raise Contradiction(*min((end, start) for end, start in pairs if end < start))
    count = clusters.first_swap
    blocks = Blocks(range(count), earliest[:count], latest[:count], [])
    if clusters.parent:
        look()
        needed = _needed(clusters)
        look()
        blocks.following, swaps = _follow(clusters, needed)
        look()
        if _walk(clusters, blocks) < swaps:
            raise Contradiction(*_cycle(clusters, needed, blocks.following))
    if NEVER in blocks.earliest:
        # Crashed writes of which nobody has seen anything.
        seen = [end != NEVER for end in blocks.earliest]
        blocks.roots = list(compress(blocks.roots, seen))
        blocks.earliest = list(compress(blocks.earliest, seen))
        blocks.latest = list(compress(blocks.latest, seen))
    return blocks


def _needed(clusters: Clusters) -> list[bool]:
    """Whether each compare-and-set took effect: something in its cluster, or behind, completed.

    By the numbers of clusters; empty if that holds for all.
    """
    if NEVER not in clusters.earliest:
        return []
    needed = [end != NEVER for end in clusters.earliest]
    first = clusters.first_swap
    for swap in range(first, len(needed)):
        if needed[swap]:
            number = clusters.parent[swap - first]
            while number >= first and not needed[number]:
                needed[number] = True
                number = clusters.parent[number - first]
    return needed


def _follow(clusters: Clusters, needed: list[bool]) -> tuple[list[int], int]:
    """The cluster that follows each one, and how many follow one."""
    following = [INITIAL] * len(clusters.earliest)
    count = 0
    for swap, parent in enumerate(clusters.parent, start=clusters.first_swap):
        if needed and not needed[swap]:
            continue
        if parent == UNWRITTEN:
            raise Contradiction(clusters.invoked[swap])
        if following[parent] != INITIAL:
            raise Contradiction(clusters.invoked[swap], clusters.invoked[following[parent]])
        following[parent] = swap
        count += 1
    return following, count


def _walk(clusters: Clusters, blocks: Blocks) -> int:
    """Make each chain one zone; the number of compare-and-sets met."""
    earliest, latest, following = clusters.earliest, clusters.latest, blocks.following
    tied = 0
    for root in range(clusters.first_swap):
        number = following[root]
        if number == INITIAL:
            continue
        first, last = earliest[root], latest[root]
        while number != INITIAL:
            end = earliest[number]
            if end < last:
                raise Contradiction(end, last)
            if end < first:
                first = end
            if latest[number] > last:
                last = latest[number]
            tied += 1
            number = following[number]
        blocks.earliest[root], blocks.latest[root] = first, last
    return tied


def _cycle(clusters: Clusters, needed: list[bool], following: list[int]) -> list[int]:
    """The invocations of compare-and-sets that only follow each other."""
    rooted = [False] * len(following)
    for root in range(clusters.first_swap):
        number = following[root]
        while number != INITIAL:
            rooted[number] = True
            number = following[number]
    start = next(
        number
        for number in range(clusters.first_swap, len(following))
        if not rooted[number] and (not needed or needed[number])
    )
    # Each value is consumed once, so what follows in a circle comes back to where it began; what
    # has no root ends in a circle if one goes back to what it expected.
    first = clusters.first_swap
    behind: dict[int, None] = {}
    while start not in behind:
        behind[start] = None
        start = clusters.parent[start - first]
    circle = list(behind)
    return [clusters.invoked[number] for number in circle[circle.index(start) :]]


def line_up(clusters: Clusters, look: Look) -> list[int]:
    """The clusters in an order that explains all of it; Contradiction if there is none.

    Within a cluster the writer comes first, then its reads in order of invocation. That respects
    real time within a block by the walk above, and between blocks by ``zones``.
    """
    blocks = tie(clusters, look)
    look()
    order = arrange(blocks.earliest, blocks.latest, look)
    look()
    pair = conflict(order, blocks.earliest, blocks.latest)
    if pair is not None:
        ranks: list[int] = []
        for block in pair:
            ranks += blocks.earliest[block], blocks.latest[block]
        raise Contradiction(*ranks)
    look()
    if not blocks.following:
        return [blocks.roots[block] for block in order]
    line: list[int] = []
    following = blocks.following
    for block in order:
        number = blocks.roots[block]
        line.append(number)
        while (number := following[number]) != INITIAL:
            line.append(number)
    return line
