"""Graphs, time and cycles, against definitions that look at every pair and every way."""

from __future__ import annotations

from itertools import permutations
from random import Random

from checker.isolation.cycles import find_cycles, kind_of
from checker.isolation.graph import (
    KIND,
    PROCESS,
    REALTIME,
    REALTIME_ON,
    RW,
    RW_ON,
    SHIFT,
    WR,
    WW,
    Graph,
    components,
    peel,
    shortest_way,
)
from checker.isolation.levels import LEVELS, violated
from checker.isolation.order import add_process_order, add_real_time
from checker.isolation.transactions import Transaction

ALL = KIND


def drawn(random: Random, nodes: int, edges: int, kinds: tuple[int, ...]) -> Graph:
    graph = Graph(nodes)
    for _ in range(edges):
        source, target = random.sample(range(nodes), 2)
        graph.add(source, target, random.choice(kinds))
    return graph


def reachable(graph: Graph, start: int, mask: int = ALL) -> set[int]:
    """The nodes that some way of at least one edge leads to."""
    found: set[int] = set()
    left = [start]
    while left:
        for edge in graph.out[left.pop()]:
            if edge & mask and edge >> SHIFT not in found:
                found.add(edge >> SHIFT)
                left.append(edge >> SHIFT)
    return found


def test_components_are_nodes_that_reach_each_other() -> None:
    random = Random(1)
    several = 0
    for _ in range(300):
        graph = drawn(random, random.randint(2, 9), random.randint(1, 14), (WW, WR, RW))
        for mask in (WW, WW | WR, ALL):
            reach = [reachable(graph, node, mask) for node in range(len(graph.out))]
            mutual = {
                tuple(sorted(other for other in reach[node] if node in reach[other]))
                for node in range(len(graph.out))
                if node in reach[node]
            }
            assert components(graph, mask) == sorted(map(list, mutual))
            assert set(peel(graph, mask)) >= {node for each in mutual for node in each}
            assert bool(peel(graph, mask)) == bool(mutual)
            several += len(mutual) > 1
    assert several > 10


def test_deep_graphs_need_no_recursion() -> None:
    graph = Graph(50_000)
    for node in range(50_000):
        graph.add(node, (node + 1) % 50_000, WW)
    assert components(graph, ALL) == [list(range(50_000))]


def test_shortest_way_counts_dependencies() -> None:
    graph = Graph(4)
    far, near = graph.junction(), graph.junction()
    graph.add(0, far, REALTIME)
    graph.add(far, near, REALTIME_ON)
    graph.add(near, 3, REALTIME_ON)
    for source, target in ((0, 1), (1, 3)):
        graph.add(source, target, WW)
    inside = [1] * 6
    way, _ = shortest_way(graph, ALL, inside, 0, 3, 9)
    assert way == [(0, REALTIME), (4, REALTIME_ON), (5, REALTIME_ON)]
    way, _ = shortest_way(graph, WW, inside, 0, 3, 9)
    assert way == [(0, WW), (1, WW)]
    assert shortest_way(graph, WW, inside, 0, 3, 1)[0] is None
    assert shortest_way(graph, ALL, inside, 3, 0, 9)[0] is None


def test_a_fan_leads_from_each_source_to_each_other_target() -> None:
    random = Random(2)
    for _ in range(200):
        size = random.randint(1, 30)
        graph = Graph(size)
        sources = random.sample(range(size), random.randint(1, size))
        targets = random.sample(range(size), random.randint(1, size))
        graph.fan(sources, targets, RW, RW_ON)
        for source in range(size):
            expected = (
                {target for target in targets if target != source} if source in sources else set()
            )
            straight: set[int] = set()
            for edge in graph.out[source]:
                node = edge >> SHIFT
                ahead = {node} if node < size else reachable(graph, node, RW_ON)
                straight |= {each for each in ahead if each < size}
            assert straight == expected
        assert sum(map(len, graph.out)) <= 8 * (len(sources) + len(targets))


def timed(random: Random, count: int) -> list[Transaction]:
    ranks = random.sample(range(4 * count), 2 * count)
    transactions = []
    for at in range(count):
        invoked, completed = sorted(ranks[2 * at : 2 * at + 2])
        ends = None if random.random() < 0.1 else completed
        transactions.append(Transaction(at, random.randrange(3), invoked, ends, "ok", at, []))
    return sorted(transactions, key=lambda each: each.invoked)


def test_order_leads_to_whatever_begins_after_the_end() -> None:
    random = Random(3)
    for _ in range(200):
        transactions = timed(random, random.randint(1, 12))
        count = len(transactions)
        times, processes = Graph(count), Graph(count)
        add_real_time(times, range(count), transactions)
        add_process_order(processes, range(count), transactions)
        for graph, everyone in ((times, True), (processes, False)):
            assert sum(map(len, graph.out)) <= 3 * count
            for at, one in enumerate(transactions):
                expected = {
                    place
                    for place, other in enumerate(transactions)
                    if one.completed is not None
                    and one.completed < other.invoked
                    and (everyone or one.process == other.process)
                }
                assert {node for node in reachable(graph, at) if node < count} == expected


def every_cycle(graph: Graph) -> set[str]:
    """The kinds of all cycles that meet no node twice."""
    kinds: set[str] = set()
    count = len(graph.out)
    between: dict[tuple[int, int], list[int]] = {}
    for source, edges in enumerate(graph.out):
        for edge in edges:
            between.setdefault((source, edge >> SHIFT), []).append(edge & KIND)

    def extend(nodes: tuple[int, ...], steps: list[tuple[int, int, int]]) -> None:
        at = len(steps)
        if at == len(nodes):
            kinds.add(kind_of(tuple(steps)))
            return
        pair = nodes[at], nodes[(at + 1) % len(nodes)]
        for kind in between.get(pair, ()):
            extend(nodes, [*steps, (*pair, kind)])

    for size in range(2, count + 1):
        for nodes in permutations(range(count), size):
            if nodes[0] == min(nodes):
                extend(nodes, [])
    return kinds


DRAWS = (
    *((WW, WR, RW), (RW, RW, WR)),
    *(
        (data, other, order)
        for order in (PROCESS, REALTIME)
        for data in (WW, WR)
        for other in (WR, RW)
    ),
    *((*data, order) for order in (PROCESS, REALTIME) for data in ((RW, RW), (RW,))),
)
"""Kinds of edges to draw, such that each kind of cycle is common in some draw."""


def test_cycles_violate_the_same_levels_as_all_cycles_together() -> None:
    random = Random(4)
    seen: set[str] = set()
    for _ in range(1_500):
        kinds = random.choice(DRAWS)
        graph = drawn(random, random.randint(2, 5), random.randint(2, 10), kinds)
        # Order has no cycles of its own.
        for node, edges in enumerate(graph.out):
            edges[:] = [e for e in edges if e & (WW | WR | RW) or e >> SHIFT > node]
        graph.strongest_first()
        every = every_cycle(graph)
        found = find_cycles(graph, lambda one, other: False)
        for cycle in found:
            assert kind_of(cycle.steps) == cycle.kind
            assert cycle.kind in every
        assert violated(every) == violated(cycle.kind for cycle in found)
        seen |= every
    assert len(seen) == 15


def test_levels_are_a_lattice() -> None:
    assert violated(["G0"]) == tuple(LEVELS)
    assert violated(["G2-item-realtime"]) == ("strict-serializable",)
    assert "snapshot-isolation" not in violated(["G2-item"])
