"""What a workload infers from its transactions: the protocol of list_append and register."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from checker.isolation.anomalies import Step
from checker.isolation.graph import Graph
from checker.isolation.transactions import Transactions

FAILED: Final = 0
UNKNOWN: Final = 1
COMMITTED: Final = 2
STATUS: Final = {"fail": FAILED, "info": UNKNOWN, "ok": COMMITTED}
"""What is known of a transaction; ``info`` becomes COMMITTED when somebody saw its write."""

Name = Callable[[int], str]


class Inference(Protocol):
    """Dependencies, direct anomalies (in the Collector that it was given), and reasons.

    ``graph`` has the ww, wr and rw edges; ``status`` of each transaction is FAILED, UNKNOWN or
    COMMITTED; ``edges`` says whether any dependency was found; ``reasons`` tell what was left out.
    """

    transactions: Transactions
    graph: Graph
    status: bytearray
    reasons: list[str]

    def explain(self, source: int, target: int, kind: str, name: Name) -> Step:
        """Why there is this edge, of a kind of graph.NAMES.

        ``name`` calls transactions by the names of the explanation.
        """
        ...

    def suspect(self, members: list[int]) -> None:
        """Look for anomalies that only transactions on one cycle can have."""
        ...
