"""A simulated operator: carries out procedures, by requests to whoever leads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from nemesis.cluster.procedure import Outcome, Procedure, Sleep, Task, TransferLeadership
from nemesis.cluster.sim.clients import History
from nemesis.cluster.sim.events import EventQueue
from nemesis.cluster.sim.leading import present_leader
from nemesis.cluster.sim.node import Sender, SimulatedNode
from nemesis.schedule import Knobs
from raft.client_messages import MembershipRequest, OperatorRequest, TransferRequest

# How long the operator waits for an answer, or for a leader, in longest election time-outs: longer
# than a leader waits for a learner that does not answer.
_PATIENCE = 12


class _Running:
    """A procedure that is under way, and the request that it waits for."""

    __slots__ = ("give_up_at", "kind", "procedure", "task")

    def __init__(self, kind: str, procedure: Procedure) -> None:
        self.kind = kind
        self.procedure = procedure
        self.task: Task = Sleep(0)
        self.give_up_at = 0


class SimulatedOperator:
    """Several procedures may be under way: then there are as many operators, who do not agree with
    each other on who does what.

    The answers come over the network. What a procedure came to is an event of the history, and, if
    it was done, an effect of the fault ``kind``.
    """

    name = "operator"

    def __init__(
        self,
        nodes: Mapping[str, SimulatedNode],
        knobs: Knobs,
        queue: EventQueue,
        network: Sender,
        history: History,
        effects: Counter[str],
    ) -> None:
        self._nodes = nodes
        self._patience = _PATIENCE * knobs.election_timeout_max
        self._retry_after = knobs.attempt_timeout // 2
        self._queue = queue
        self._network = network
        self._history = history
        self._effects = effects
        # Whether there was anything to do.
        self.has_begun = False
        self._is_stopping = False
        # What has not ended, in the order of beginning.
        self._under_way: list[_Running] = []
        # Requests that were not answered yet, by number.
        self._waiting: dict[int, _Running] = {}
        self._next_request_id = 0

    def begin(self, kind: str, procedure: Procedure) -> None:
        """Carry out a procedure, from now on."""
        self.has_begun = True
        running = _Running(kind, procedure)
        self._under_way.append(running)
        self._go_on(running, None)

    def stop(self) -> None:
        """Begin nothing more: only what was asked for already is still waited for."""
        self._is_stopping = True

    def close(self) -> None:
        """Nobody hears any more what comes of what is under way."""
        self._waiting.clear()
        for running in self._under_way[:]:
            self._interrupt(running)

    def receive(self, reply: Any) -> None:
        """A reply arrives; a second one, or one that came too late, tells nothing."""
        running = self._waiting.pop(reply.request_id, None)
        if running is None:
            return
        if reply.status == "ok":
            self._go_on(running, None)
        elif reply.status == "not-leader":
            self._ask_later(running)
        elif reply.status == "lost":
            self._go_on(running, "lost")
        else:
            self._go_on(running, reply.reason)

    def _go_on(self, running: _Running, outcome: Outcome) -> None:
        try:
            task = running.procedure.send(outcome)
        except StopIteration as end:
            self._end(running, end.value)
            return
        if self._is_stopping:
            self._interrupt(running)
        elif isinstance(task, Sleep):
            self._queue.at(self._queue.now + task.duration, self._wake, running)
        else:
            running.task = task
            running.give_up_at = self._queue.now + self._patience
            self._ask(running)

    def _wake(self, running: _Running) -> None:
        if self._is_stopping:
            self._interrupt(running)
        else:
            self._go_on(running, None)

    def _ask(self, running: _Running) -> None:
        leader = present_leader(self._nodes)
        if self._is_stopping:
            self._interrupt(running)
        elif leader is not None:
            self._next_request_id += 1
            number = self._next_request_id
            self._waiting[number] = running
            self._network.send(self.name, leader, _request(self.name, number, running.task))
            self._queue.at(running.give_up_at, self._on_silence, number)
        elif self._queue.now < running.give_up_at:
            self._ask_later(running)
        else:
            self._go_on(running, "no-leader")

    def _ask_later(self, running: _Running) -> None:
        time = max(self._queue.now, min(self._queue.now + self._retry_after, running.give_up_at))
        self._queue.at(time, self._ask, running)

    def _on_silence(self, number: int) -> None:
        running = self._waiting.pop(number, None)
        if running is not None:
            self._go_on(running, "no-answer")

    def _interrupt(self, running: _Running) -> None:
        running.procedure.close()
        self._end(running, "interrupted")

    def _end(self, running: _Running, outcome: Outcome) -> None:
        self._under_way.remove(running)
        if outcome is None:
            self._effects[running.kind] += 1
        self._history.add(
            "nemesis", "info", running.kind, None, "failed" if outcome else "done", outcome
        )


def _request(operator: str, number: int, task: Task) -> OperatorRequest:
    if isinstance(task, TransferLeadership):
        return TransferRequest(operator, number, task.successor)
    assert not isinstance(task, Sleep)
    return MembershipRequest(operator, number, task.changes, task.transition)
