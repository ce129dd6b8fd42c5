"""The graph of dependencies between transactions, and the ways around in it.

Nodes are integers: first the transactions, then *junctions*, which keep the graph small where many
transactions precede many. An edge into a junction has the kind of the dependency, the edges out of
it only lead on, and count nothing: ``T1 -realtime-> junction -> T2`` is one dependency.

An edge is one integer, its target shifted and its kind, a single bit: so a set of kinds is a mask,
and following only some kinds costs one ``&``.

All is linear in nodes and edges: peeling off what cannot be on a cycle (Kahn 1962), strongly
connected components (Tarjan 1972, without recursion), and the shortest way by breadth, with two
weights (a junction's edges weigh nothing). The order of nodes and edges decides ties, so the same
graph always gives the same cycles.
"""

from __future__ import annotations

from collections import deque
from heapq import heapify, heappop, heappush
from typing import Final

WW: Final = 1
WR: Final = 2
RW: Final = 4
PROCESS: Final = 8
REALTIME: Final = 16
RW_ON: Final = 32
PROCESS_ON: Final = 64
REALTIME_ON: Final = 128
RW_TIME: Final = 256
SHIFT: Final = 9
KIND: Final = (1 << SHIFT) - 1

NAMES: Final = {
    WW: "ww",
    WR: "wr",
    RW: "rw",
    PROCESS: "process",
    REALTIME: "realtime",
    RW_TIME: "rw-realtime",
}
"""The kinds of dependencies by name; the others only lead on.

``rw-realtime`` is an rw edge that exists only if versions are in the order of real time.
"""

# Nodes of a way, each with the kind of the edge that leaves it; the last node is left out.
Way = list[tuple[int, int]]


class Graph:
    """Edges by source; the first ``transactions`` nodes are transactions, the others junctions.

    ``layer`` is not 0 in a graph in which each node stands more than once, ``layer`` apart.
    """

    __slots__ = ("layer", "out", "transactions")

    def __init__(self, transactions: int) -> None:
        self.transactions = transactions
        self.layer = 0
        self.out: list[list[int]] = [[] for _ in range(transactions)]

    def add(self, source: int, target: int, kind: int) -> None:
        """Add an edge."""
        self.out[source].append(target << SHIFT | kind)

    def junction(self) -> int:
        """A new junction."""
        self.out.append([])
        return len(self.out) - 1

    def fan(self, sources: list[int], targets: list[int], kind: int, kind_on: int) -> None:
        """An edge from each source to each target but itself, in linear space.

        ``targets`` has nothing twice. Few edges are drawn one by one. Otherwise a chain of
        junctions leads to all targets from some position on, another to all up to some position: a
        source that is a target enters both beside itself.
        """
        if len(sources) * len(targets) <= 4 * (len(sources) + len(targets)):
            for source in sources:
                for target in targets:
                    if source != target:
                        self.add(source, target, kind)
            return
        ahead = self._chain(targets, kind_on)
        behind = self._chain(targets[::-1], kind_on)[::-1]
        place = {target: at for at, target in enumerate(targets)}
        for source in sources:
            at = place.get(source)
            if at is None:
                self.add(source, ahead[0], kind)
                continue
            if at + 1 < len(targets):
                self.add(source, ahead[at + 1], kind)
            if at > 0:
                self.add(source, behind[at - 1], kind)

    def _chain(self, targets: list[int], kind_on: int) -> list[int]:
        """Junctions, each of which leads to its target and to the next junction."""
        chain = [self.junction() for _ in targets]
        for at, target in enumerate(targets):
            self.add(chain[at], target, kind_on)
            if at + 1 < len(chain):
                self.add(chain[at], chain[at + 1], kind_on)
        return chain

    def part(self, nodes: list[int]) -> Graph:
        """The graph of these nodes only (ascending): node ``i`` of it is ``nodes[i]`` here."""
        place = {node: at for at, node in enumerate(nodes)}
        part = Graph(0)
        part.transactions = sum(node < self.transactions for node in nodes)
        for node in nodes:
            part.out.append(
                [
                    place[edge >> SHIFT] << SHIFT | edge & KIND
                    for edge in self.out[node]
                    if edge >> SHIFT in place
                ]
            )
        return part

    def strongest_first(self) -> None:
        """Order the edges of each node by kind: of parallel ones, a way takes the first."""
        for edges in self.out:
            edges.sort(key=lambda edge: (edge & KIND, edge))

    def without_adjacent(self) -> Graph:
        """A graph whose cycles are those of this one without two rw edges in a row.

        Each node stands twice: as it is, and (``len(out)`` later) as reached by an rw edge, from
        where no rw edge leaves.
        """
        size = len(self.out)
        twice = Graph(0)
        twice.transactions = self.transactions
        twice.layer = size
        twice.out = [[] for _ in range(2 * size)]
        for node, edges in enumerate(self.out):
            plain, reached = twice.out[node], twice.out[node + size]
            for edge in edges:
                if edge & (RW | RW_TIME):
                    plain.append(edge + (size << SHIFT))
                elif edge & RW_ON:
                    reached.append(edge + (size << SHIFT))
                else:
                    plain.append(edge)
                    reached.append(edge)
        return twice


def peel(graph: Graph, mask: int) -> list[int]:
    """The nodes that are left, ascending, when those without a way in or out are taken off.

    None is left if and only if the edges of ``mask`` have no cycle.
    """
    out = graph.out
    degree = [0] * len(out)
    for edges in out:
        for edge in edges:
            if edge & mask:
                degree[edge >> SHIFT] += 1
    taken = [node for node, count in enumerate(degree) if not count]
    for node in taken:
        for edge in out[node]:
            if edge & mask:
                target = edge >> SHIFT
                count = degree[target] = degree[target] - 1
                if not count:
                    taken.append(target)
    if len(taken) == len(out):
        return []
    left = [node for node, count in enumerate(degree) if count]
    return _peel_ends(graph, mask, left)


def _peel_ends(graph: Graph, mask: int, nodes: list[int]) -> list[int]:
    """Those of the nodes that lead, among them, to a cycle."""
    into: dict[int, list[int]] = {node: [] for node in nodes}
    ways = dict.fromkeys(nodes, 0)
    for node in nodes:
        for edge in graph.out[node]:
            if edge & mask and edge >> SHIFT in into:
                into[edge >> SHIFT].append(node)
                ways[node] += 1
    taken = [node for node in nodes if not ways[node]]
    for node in taken:
        for source in into[node]:
            ways[source] -= 1
            if not ways[source]:
                taken.append(source)
    return [node for node in nodes if ways[node]]


def components(graph: Graph, mask: int) -> list[list[int]]:
    """The strongly connected components of more than one node, over the edges of ``mask``.

    Each is ascending; they are in order of their first node.
    """
    nodes = peel(graph, mask)
    out = graph.out
    order = [0] * len(out)  # When a node was first seen, from 1.
    low = [0] * len(out)
    on_stack = bytearray(len(out))
    stack: list[int] = []
    found: list[list[int]] = []
    clock = 0
    for root in nodes:
        if order[root]:
            continue
        clock += 1
        order[root] = low[root] = clock
        stack.append(root)
        on_stack[root] = 1
        path = [(root, iter(out[root]))]
        while path:
            node, edges = path[-1]
            for edge in edges:
                if not edge & mask:
                    continue
                target = edge >> SHIFT
                if not order[target]:
                    clock += 1
                    order[target] = low[target] = clock
                    stack.append(target)
                    on_stack[target] = 1
                    path.append((target, iter(out[target])))
                    break
                if on_stack[target] and order[target] < low[node]:
                    low[node] = order[target]
            else:
                path.pop()
                if path and low[node] < low[path[-1][0]]:
                    low[path[-1][0]] = low[node]
                if low[node] == order[node]:
                    at = len(stack) - 1
                    while stack[at] != node:
                        at -= 1
                    members = stack[at:]
                    del stack[at:]
                    for member in members:
                        on_stack[member] = 0
                    if len(members) > 1:
                        found.append(sorted(members))
    return sorted(found)


def ranks(graph: Graph, mask: int) -> list[int]:
    """A number for each node, such that edges of ``mask`` lead from smaller to larger ones.

    0 for nodes on cycles, and after them. Junctions, then the smallest nodes, come as early as they
    can; so other edges that agree with the order of the nodes mostly lead to larger numbers too.
    """
    out, transactions = graph.out, graph.transactions
    degree = [0] * len(out)
    for edges in out:
        for edge in edges:
            if edge & mask:
                degree[edge >> SHIFT] += 1
    # A junction stands before all transactions in the queue.
    ready = [
        node if node < transactions else node - len(out)
        for node, count in enumerate(degree)
        if not count
    ]
    heapify(ready)
    rank = [0] * len(out)
    count = 0
    while ready:
        node = heappop(ready)
        if node < 0:
            node += len(out)
        count += 1
        rank[node] = count
        for edge in out[node]:
            if edge & mask:
                target = edge >> SHIFT
                degree[target] -= 1
                if not degree[target]:
                    heappush(ready, target if target < transactions else target - len(out))
    return rank


def shortest_way(
    graph: Graph, mask: int, inside: list[int], start: int, goal: int, bound: int
) -> tuple[Way | None, int]:
    """The way from start to goal with the fewest dependencies, and how many edges were looked at.

    It stays in the nodes where ``inside`` is what it is at ``start``. None if there is none with at
    most ``bound`` dependencies. Edges out of junctions are no dependencies of their own.
    """
    out, transactions = graph.out, graph.transactions
    layer = graph.layer or len(out)
    within = inside[start]
    parent: dict[int, tuple[int, int]] = {}
    distance = {start: 0}
    settled: set[int] = set()
    queue = deque((start,))
    looked = 0
    while queue:
        node = queue.popleft()
        if node in settled:
            continue
        settled.add(node)
        if node == goal:
            break
        so_far = distance[node]
        weight = 1 if node % layer < transactions else 0
        if so_far + weight > bound:
            continue
        edges = out[node]
        looked += len(edges)
        for edge in edges:
            target = edge >> SHIFT
            if not edge & mask or inside[target] != within:
                continue
            known = distance.get(target)
            if known is None or so_far + weight < known:
                distance[target] = so_far + weight
                parent[target] = (node, edge & KIND)
                if weight:
                    queue.append(target)
                else:
                    queue.appendleft(target)
    if goal not in parent:
        return None, looked
    way: Way = []
    node = goal
    while node != start:
        node, kind = parent[node]
        way.append((node, kind))
    return way[::-1], looked
