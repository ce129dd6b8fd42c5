"""What both inferences share: values and transactions as they are shown, anomalies as told."""

from __future__ import annotations

from typing import Any

from checker.isolation.anomalies import Anomaly, Collector
from checker.isolation.transactions import Transactions
from checker.isolation.workload import STATUS
from checker.models.model import Key


class Teller:
    """Tells the collector of anomalies in a workload; ``status`` has what became of each
    transaction."""

    def __init__(self, workload: str, transactions: Transactions, collector: Collector) -> None:
        self.transactions = transactions
        self.status = bytearray(STATUS[each.outcome] for each in transactions.all)
        self._workload = workload
        self._collector = collector

    def _shown(self, value: Any) -> Any:
        return self.transactions.shown(value)

    def _position(self, at: int) -> int:
        return self.transactions.all[at].position

    def _anomaly(
        self, kind: str, message: str, who: tuple[int, ...], key: Key, **facts: Any
    ) -> None:
        positions = tuple(map(self._position, who))
        shown = self._shown(key)
        self._collector.add(Anomaly(kind, self._workload, message, positions, shown, (), facts))
