"""Cycles by class: which there are, and a short one of each.

A class allows some kinds of edges, and asks for some. Without an order edge, with the order within
processes, and with real time as well, each of

    G0              ww                   a component of these edges
    G1c             ww, wr               a component of these edges
    G-single        one rw, ww, wr       an rw edge, and a way back without rw
    G-nonadjacent   rw never twice in a row: a component of the graph that has each node twice
    G2-item         everything           a component

Whether there is a cycle of a class, or of a worse one that violates the same levels, is decided by
components alone, in linear time: every edge inside a component is on a cycle. For G-single only,
this is not so; but a G-single is a G-nonadjacent too, and both violate the same levels.

A way back may meet a transaction twice. It is then cut into cycles that do not; cut from one
without adjacent rw edges, at least one part has none: where a walk comes by a node again, by edges
a (in) b (out) and c (in) d (out), its parts join c with b and a with d; if both joined two rw
edges, then a and b were rw too. So the levels violated are exactly those of the cycles found.

The cycles are the shortest through the edges tried; how many are tried is bounded by work that is
linear in the graph, and at least one in each component is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from checker.isolation.graph import (
    KIND,
    PROCESS,
    PROCESS_ON,
    REALTIME,
    REALTIME_ON,
    RW,
    RW_ON,
    RW_TIME,
    SHIFT,
    WR,
    WW,
    Graph,
    Way,
    components,
    peel,
    ranks,
    shortest_way,
)

_DATA: Final = WW | WR | RW | RW_ON
_MISSED: Final = (RW, RW_TIME)
_IN_PROCESS: Final = PROCESS | PROCESS_ON
_IN_TIME: Final = _IN_PROCESS | REALTIME | REALTIME_ON | RW_TIME
_ORDERS: Final = (("", 0), ("-process", _IN_PROCESS), ("-realtime", _IN_TIME))

EFFORT: Final = 100_000
"""Edges that a search looks at in any case, before it stops trying to find shorter cycles."""


class Cycle(NamedTuple):
    """A cycle that meets no transaction twice: steps (source, target, kind of edge)."""

    kind: str
    steps: tuple[tuple[int, int, int], ...]


class _Class(NamedTuple):
    """A class of cycles: what it allows, what it needs, and what the way back allows."""

    name: str
    allowed: int
    needed: int
    back: int


_CLASSES: Final = (
    _Class("G0", WW, WW, WW),
    _Class("G1c", WW | WR, WR, WW | WR),
    _Class("G-single", _DATA, RW | RW_TIME, WW | WR | RW_ON),
    _Class("G-nonadjacent", _DATA, RW | RW_TIME, _DATA),
    _Class("G2-item", _DATA, RW | RW_TIME, _DATA),
)


def on_cycles(graph: Graph) -> list[int]:
    """The nodes that may be on a cycle of dependencies and real time, ascending."""
    return peel(graph, _DATA | _IN_TIME)


def data_components(graph: Graph) -> list[list[int]]:
    """The transactions of each component of ww, wr and rw edges."""
    return [
        [node for node in component if node < graph.transactions]
        for component in components(graph, _DATA)
    ]


def find_cycles(graph: Graph, same_process: Callable[[int, int], bool]) -> list[Cycle]:
    """Cycles of each kind, in order of kind and length; those of a kind share no transaction."""
    found: dict[str, set[Cycle]] = {}
    for suffix, order in _ORDERS:
        inside, whole = _labels(graph, _DATA | order)
        if not whole:
            continue
        twice = graph.without_adjacent()
        for each in _CLASSES:
            name = each.name + suffix
            among = twice if each.name == "G-nonadjacent" else graph
            if each.allowed != _DATA or among is twice:
                labels, members = _labels(among, each.allowed | order)
            else:
                labels, members = inside, whole
            for way in _ways(among, each, order, labels, members, name, same_process):
                for cycle in way:
                    found.setdefault(cycle.kind, set()).add(cycle)
    return [cycle for kind in _kinds() for cycle in _disjoint(found.get(kind, set()))]


def _kinds() -> Iterator[str]:
    for suffix, _ in _ORDERS:
        for each in _CLASSES:
            yield each.name + suffix


def _labels(graph: Graph, mask: int) -> tuple[list[int], list[list[int]]]:
    """The component of each node, 0 for none; and the components."""
    found = components(graph, mask)
    labels = [0] * len(graph.out)
    for number, members in enumerate(found, 1):
        for node in members:
            labels[node] = number
    return labels, found


def _ways(
    graph: Graph,
    each: _Class,
    order: int,
    labels: list[int],
    members: list[list[int]],
    name: str,
    same_process: Callable[[int, int], bool],
) -> Iterator[list[Cycle]]:
    """Cycles through needed edges, shorter and shorter ones, component by component."""
    left = EFFORT + 2 * sum(map(len, graph.out))
    needed, back = each.needed & (each.allowed | order), each.back | order
    if each.name == "G-single":
        back &= ~RW_TIME
    rank = ranks(graph, back) if each.name == "G-single" else None
    for component in members:
        bound = len(graph.out)
        tried = False
        for source, kind, target in _edges(graph, component, needed, labels, rank):
            if bound < 1 or (tried and left < 0):
                break
            way, looked = shortest_way(graph, back, labels, target, source, bound)
            left -= looked
            tried = True
            if way is None:
                continue
            cycles = [
                Cycle(kind_of(steps), steps)
                for steps in _simple(_collapse(graph, [(source, kind), *way], same_process))
            ]
            yield cycles
            for cycle in cycles:
                if cycle.kind == name:
                    # Only a shorter one is worth finding now; the needed edge is one step of it.
                    bound = min(bound, len(cycle.steps) - 2)


def _edges(
    graph: Graph, component: list[int], needed: int, labels: list[int], rank: list[int] | None
) -> list[tuple[int, int, int]]:
    """The needed edges inside a component: those first that lead back in the order of nodes.

    Every cycle has such an edge, and in the order of invocation there are few. With ``rank``, an
    edge to a larger rank is left out: no way leads back.
    """
    layer = graph.layer or len(graph.out)
    back: list[tuple[int, int, int]] = []
    onward: list[tuple[int, int, int]] = []
    for source in component:
        label = labels[source]
        for edge in graph.out[source]:
            target = edge >> SHIFT
            if not edge & needed or labels[target] != label:
                continue
            if rank is not None and 0 < rank[source] < rank[target]:
                continue
            (back if target % layer < source % layer else onward).append(
                (source, edge & KIND, target)
            )
    return back + onward


def _collapse(
    graph: Graph, way: Way, same_process: Callable[[int, int], bool]
) -> list[tuple[int, int, int]]:
    """The steps of a closed way between transactions, without junctions and layers."""
    layer = graph.layer or len(graph.out)
    places = [(node % layer, kind) for node, kind in way if node % layer < graph.transactions]
    steps = []
    for at, (source, kind) in enumerate(places):
        target = places[(at + 1) % len(places)][0]
        within = kind == REALTIME and same_process(source, target)
        steps.append((source, target, PROCESS if within else kind))
    return steps


def _simple(walk: list[tuple[int, int, int]]) -> Iterator[tuple[tuple[int, int, int], ...]]:
    """Cut a closed walk into cycles, each beginning with its first transaction."""
    path: list[tuple[int, int, int]] = []
    at: dict[int, int] = {}
    for step in walk:
        at[step[0]] = len(path)
        path.append(step)
        start = at.get(step[1])
        if start is None:
            continue
        cycle = path[start:]
        del path[start:]
        for source, _, _ in cycle:
            del at[source]
        first = cycle.index(min(cycle))
        yield (*cycle[first:], *cycle[:first])


def kind_of(steps: tuple[tuple[int, int, int], ...]) -> str:
    """The kind of a cycle."""
    kinds = [kind for _, _, kind in steps]
    missed = kinds.count(RW) + kinds.count(RW_TIME)
    if not missed:
        name = "G1c" if WR in kinds else "G0"
    elif missed == 1:
        name = "G-single"
    elif any(kind in _MISSED and kinds[at - 1] in _MISSED for at, kind in enumerate(kinds)):
        name = "G2-item"
    else:
        name = "G-nonadjacent"
    if REALTIME in kinds or RW_TIME in kinds:
        return f"{name}-realtime"
    return f"{name}-process" if PROCESS in kinds else name


def _disjoint(cycles: set[Cycle]) -> list[Cycle]:
    """The shortest, and of the others those that share no transaction with one kept before."""
    kept: list[Cycle] = []
    used: set[int] = set()
    for cycle in sorted(cycles, key=lambda cycle: (len(cycle.steps), cycle.steps)):
        own = {source for source, _, _ in cycle.steps}
        if not own & used:
            kept.append(cycle)
            used |= own
    return kept
