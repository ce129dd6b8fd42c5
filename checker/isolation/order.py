"""The order of transactions in time, as edges: linear in their number, not square.

A transaction precedes all that begin after its end. Going through the beginnings and ends in order,
the ends that have gathered when a transaction begins meet in a junction; each junction leads to
the next one, and a transaction that begins is led to by the last one. So there is a way over
junctions from T1 to T2 if and only if T1 ended before T2 began, and there are at most three edges a
transaction. One that never ended precedes none.
"""

from __future__ import annotations

from collections.abc import Iterable

from checker.isolation.graph import PROCESS, PROCESS_ON, REALTIME, REALTIME_ON, SHIFT, Graph
from checker.isolation.transactions import Transaction


def add_real_time(graph: Graph, nodes: Iterable[int], transactions: list[Transaction]) -> None:
    """Real-time order among these transactions, in order of invocation."""
    _add_order(graph, nodes, transactions, REALTIME, REALTIME_ON)


def add_process_order(graph: Graph, nodes: Iterable[int], transactions: list[Transaction]) -> None:
    """The order within each process, among these transactions, in order of invocation."""
    of_process: dict[int | str, list[int]] = {}
    for node in nodes:
        of_process.setdefault(transactions[node].process, []).append(node)
    for own in of_process.values():
        if len(own) > 1:
            _add_order(graph, own, transactions, PROCESS, PROCESS_ON)


def _add_order(
    graph: Graph, nodes: Iterable[int], transactions: list[Transaction], kind: int, kind_on: int
) -> None:
    out = graph.out
    begins: list[tuple[int, int]] = []
    ends: list[tuple[int, int]] = []
    for node in nodes:
        _, _, invoked, completed, _, _, _ = transactions[node]
        begins.append((invoked, node))
        if completed is not None:
            ends.append((completed, node))
    begins.sort()
    ends.sort()
    last: int | None = None
    at = 0
    for invoked, node in begins:
        if at < len(ends) and ends[at][0] < invoked:
            junction = len(out)
            into = junction << SHIFT | kind
            while at < len(ends) and ends[at][0] < invoked:
                out[ends[at][1]].append(into)
                at += 1
            out.append([])
            if last is not None:
                out[last].append(junction << SHIFT | kind_on)
            last = junction
        if last is not None:
            out[last].append(node << SHIFT | kind_on)
