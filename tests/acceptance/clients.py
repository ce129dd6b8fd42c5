"""Clients of the key-value service: raft.client.Client in virtual time, its operations written down
as a history."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nemesis.cluster.sim.clients import History
from nemesis.run import check_history
from nemesis.workloads.kv import KeyValueWorkload
from nemesis.workloads.workload import Outcome
from raft.client import Client, Finished, Send
from raft.client_messages import ClientReply
from tests.acceptance.harness import Cluster
from tests.acceptance.network import MILLISECOND
from tests.acceptance.tasks import Pending

_WORKLOAD = KeyValueWorkload()


class Clients:
    """All clients of a cluster, and the history that they make together."""

    def __init__(
        self, cluster: Cluster, *, reads_through_log: bool = False, attempt_timeout: int = 50
    ) -> None:
        """``attempt_timeout``: how long, in ms, a client waits for one server's answer."""
        self.cluster = cluster
        self.attempt_timeout = attempt_timeout
        self.reads_through_log = reads_through_log
        self.history = History(cluster.queue, None)
        self._count = 0

    def new(self, servers: Sequence[int] | None = None, *, patience: int = 500) -> KeyValueClient:
        """A client of these servers, in this order; of all if None. It gives an operation up after
        ``patience`` ms, which are the original's."""
        self._count += 1
        chosen = range(self.cluster.size) if servers is None else servers
        return KeyValueClient(self, f"c{self._count}", tuple(chosen), patience)

    def connect(self, client: KeyValueClient, servers: Sequence[int]) -> None:
        """Let a client talk to these servers, and to no others."""
        for server, name in enumerate(self.cluster.names):
            links = [(client.name, name), (name, client.name)]
            if server in servers:
                self.cluster.network.mend(links)
            else:
                self.cluster.network.cut(links)

    def check_linearizable(self) -> None:
        """What clients saw could have been seen of one store."""
        verdict = check_history(self.history.events, _WORKLOAD.model)
        assert verdict.validity.value == "valid", verdict.failures


class KeyValueClient:
    """Performs one operation at a time; a session whose operation was given up is not used again."""

    def __init__(
        self, clients: Clients, name: str, servers: tuple[int, ...], patience: int
    ) -> None:
        self.name = name
        # How often requests were sent, of all operations.
        self.attempts = 0
        self._cluster = clients.cluster
        self._history = clients.history
        self._replicas = tuple(self._cluster.names[server] for server in servers)
        self._patience = patience * self._cluster.world.slowness * MILLISECOND
        self._attempt_timeout = clients.attempt_timeout * self._cluster.world.slowness * MILLISECOND
        self._reads_through_log = clients.reads_through_log
        self._pending: Pending[Outcome] | None = None
        self._asked: tuple[str, str | None, Any] = ("", None, None)
        self._timer = 0
        self._cluster.receivers[name] = self._receive
        self._begin_session()

    def _begin_session(self) -> None:
        self._process = self._history.new_process()
        self._client = Client(
            self.name,
            f"s{self._process}",
            self._replicas,
            attempt_timeout=self._attempt_timeout,
            operation_timeout=self._patience,
            reads_through_log=self._reads_through_log,
            registers=False,
        )

    # -- Operations ------------------------------------------------------------------------------

    def perform(self, f: str, key: str | None, value: Any = None) -> Pending[Outcome]:
        """Begin an operation of nemesis.workloads.kv; its outcome as it stands in the history."""
        assert self._pending is None
        pending: Pending[Outcome] = Pending()
        self._pending = pending
        self._asked = (f, key, value)
        self._history.add(self._process, "invoke", f, key, value)
        operation = _WORKLOAD.operation(f, key, value)
        self._act(self._client.start(operation, self._cluster.queue.now))
        return pending

    def read_and(self, *change: str) -> Pending[Outcome]:
        """Begin a put or an append that answers the value before: ["put", key, value]."""
        return self.perform(
            "txn", None, {"compare": [], "then": [["get", change[1]], list(change)], "else": []}
        )

    def compare_and_set(self, key: str, expected: str, value: str) -> Pending[Outcome]:
        """Begin a compare-and-set that answers the value before."""
        read = ["get", key]
        then = [read, ["put", key, value]]
        return self.perform(
            "txn", None, {"compare": [[key, expected]], "then": then, "else": [read]}
        )

    # -- The client's driver ---------------------------------------------------------------------

    def _receive(self, reply: ClientReply) -> None:
        self._act(self._client.on_reply(reply, self._cluster.queue.now))

    def _act(self, action: Send | Finished | None) -> None:
        if isinstance(action, Finished):
            self._finish(action)
            return
        if action is not None:
            self.attempts += 1
            self._cluster.network.send(self.name, action.target, action.request)
        if self._pending is not None and self._client.deadline != self._timer:
            self._timer = self._client.deadline
            self._cluster.queue.at(self._timer, self._on_timer, self._timer)

    def _on_timer(self, time: int) -> None:
        if time == self._timer and self._pending is not None:
            self._act(self._client.on_timeout(time))

    def _finish(self, finished: Finished) -> None:
        f, key, value = self._asked
        pending = self._pending
        assert pending is not None
        self._pending = None
        if finished.outcome == "ok":
            assert finished.result is not None
            outcome = _WORKLOAD.outcome(f, value, finished.result)
        else:
            outcome = Outcome(finished.outcome, value, finished.error)
        self._history.add(self._process, outcome.type, f, key, outcome.value, outcome.error)
        if finished.outcome == "info":
            self._begin_session()
        self._cluster.queue.is_halted = True
        pending.finish(outcome)
