"""A service in memory, and clients that take turns with it request by request: every way in which
the programs of a workload can come between each other."""

from __future__ import annotations

from random import Random
from typing import Any

from checker.history import Event
from nemesis.chooser import RandomChooser
from nemesis.schedule import Operate
from nemesis.workloads import Outcome, Performance, Values, Workload
from raft.kv.commands import Command, Operation, Result
from raft.kv.encoding import encode_command
from raft.kv.state_machine import KeyValueStore

CLIENTS = 4
KEYS = ("x", "y")


class Shop:
    """Performs requests at once, and right. Those that are not, override ``ask``."""

    def __init__(self) -> None:
        self._store = KeyValueStore(None, 1)
        self._count = 0

    def ask(self, operation: Operation) -> Result:
        """The answer to a request."""
        self._count += 1
        command = encode_command(Command("c", self._count, operation))
        result = self._store.apply(self._count, command).result
        assert isinstance(result, Result)
        return result


def perform(workload: Workload, shop: Shop, f: str, key: str | None, value: Any = None) -> Outcome:
    """The outcome of an operation that nobody comes between."""
    performance = workload.begin(Operate(f=f, key=key, value=value))
    while (outcome := performance.answer(shop.ask(performance.request))) is None:
        pass
    return outcome


class Market:
    """Clients that perform operations of a workload in a shop, whoever is next being drawn."""

    def __init__(self, workload: Workload, seed: int, shop: Shop, trouble: float = 0.1) -> None:
        self.events: list[Event] = []
        self._workload = workload
        self._random = Random(seed)
        self._chooser = RandomChooser(seed)
        self._values = Values()
        self._shop = shop
        self._trouble = trouble
        self._processes = list(range(CLIENTS))
        self._busy: dict[int, tuple[Operate, Performance]] = {}

    def trade(self, operations: int) -> list[Event]:
        """Perform so many operations, drawn at random, and then the last ones, in peace."""
        left = operations
        while left or self._busy:
            client = self._random.randrange(CLIENTS)
            if client in self._busy:
                self._go_on(client)
            elif left:
                left -= 1
                kinds = self._workload.operations
                operate = self._workload.draw(self._chooser, kinds, KEYS, client, self._values, 0)
                self._begin(client, operate)
        self._trouble = 0.0
        last = self._workload.last_operations(self._workload.operations, KEYS, self.events)
        for group in last:
            for operate in group:
                self._begin(0, operate)
                while self._busy:
                    self._go_on(0)
        return self.events

    def _begin(self, client: int, operate: Operate) -> None:
        self._busy[client] = (operate, self._workload.begin(operate))
        self._tell(client, "invoke", operate, operate.value)

    def _go_on(self, client: int) -> None:
        operate, performance = self._busy[client]
        outcome: Outcome | None
        fate = self._random.random()
        if fate < self._trouble / 3:
            outcome = performance.refused("refused")
        elif fate < self._trouble:
            if fate < self._trouble * 2 / 3:
                self._shop.ask(performance.request)
            outcome = performance.unanswered("time-out")
        else:
            outcome = performance.answer(self._shop.ask(performance.request))
        if outcome is not None:
            del self._busy[client]
            self._tell(client, outcome.type, operate, outcome.value, outcome.error)
            if outcome.type == "info":
                self._processes[client] = max(self._processes) + 1

    def _tell(
        self, client: int, type_: str, operate: Operate, value: Any, error: str | None = None
    ) -> None:
        at = len(self.events)
        process = self._processes[client]
        self.events.append(Event(at, process, type_, operate.f, operate.key, value, at, error))
