"""Simulated clients: each drives a raft.client.Client and writes down what it saw."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from typing import Any

from checker.history import Event
from nemesis.cluster.sim.events import EventQueue
from nemesis.cluster.sim.node import Sender
from nemesis.schedule import Knobs, Operate
from nemesis.workloads import Outcome, Performance, Workload
from raft.client import Client, Finished, Send
from raft.kv.commands import Operation


class History:
    """The events of one run, in the order in which they happened."""

    __slots__ = ("_last_time", "_queue", "events", "next_process", "on_event")

    def __init__(self, queue: EventQueue, on_event: Callable[[Event], None] | None) -> None:
        self._queue = queue
        self._last_time = -1
        self.events: list[Event] = []
        self.next_process = 0
        # Called with each event as it happens, to append it to a file.
        self.on_event = on_event

    def add(
        self,
        process: int | str,
        type: str,
        f: str,
        key: str | None,
        value: Any,
        error: str | None = None,
    ) -> None:
        """Write down an event that happens now."""
        # What the queue does one after the other happens one after the other: times that increase
        # say so, where equal ones would mean concurrent.
        self._last_time = max(self._queue.now, self._last_time + 1)
        event = Event(len(self.events), process, type, f, key, value, self._last_time, error)
        self.events.append(event)
        if self.on_event is not None:
            self.on_event(event)

    def new_process(self) -> int:
        """A process number that was never used."""
        self.next_process += 1
        return self.next_process - 1


class Operations:
    """The operations of one client, one at a time, as the history tells of them."""

    __slots__ = (
        "_history",
        "_milestones",
        "_performance",
        "_process",
        "_succeeded",
        "_workload",
        "current",
    )

    def __init__(
        self,
        workload: Workload,
        history: History,
        succeeded: Counter[str],
        milestones: Counter[str],
    ) -> None:
        self._workload = workload
        self._history = history
        self._succeeded = succeeded
        self._milestones = milestones
        self._process = -1
        self._performance: Performance | None = None
        self.current: Operate | None = None

    def new_process(self) -> int:
        """Those that follow are another process's, by this number."""
        self._process = self._history.new_process()
        return self._process

    def begin(self, operate: Operate) -> Operation:
        """What the service is asked for first."""
        performance = self._workload.begin(operate)
        self.current = operate
        self._performance = performance
        self._history.add(self._process, "invoke", operate.f, operate.key, operate.value)
        return performance.request

    def end(self, finished: Finished) -> Operation | None:
        """The present request has ended so. What the service is asked for next; None if the
        operation has ended with it."""
        performance = self._performance
        assert performance is not None
        error = finished.error or ""
        if finished.outcome == "ok":
            assert finished.result is not None
            outcome = performance.answer(finished.result)
            if outcome is None:
                return performance.request
        elif finished.outcome == "fail":
            outcome = performance.refused(error)
        else:
            outcome = performance.unanswered(error)
        if error == "session-expired":
            self._milestones["sessions expired"] += 1
        self._end(outcome)
        return None

    def _end(self, outcome: Outcome) -> None:
        operate = self.current
        assert operate is not None
        self.current = None
        self._performance = None
        if outcome.type == "ok":
            self._succeeded[operate.f] += 1
        self._history.add(
            self._process, outcome.type, operate.f, operate.key, outcome.value, outcome.error
        )


class SimulatedClient:
    """Performs the operations that it is given one after the other.

    After an operation whose outcome nobody knows it goes on under a new process number and a new
    session: the old ones may still be at work.
    """

    def __init__(
        self,
        number: int,
        replicas: tuple[str, ...],
        knobs: Knobs,
        workload: Workload,
        queue: EventQueue,
        network: Sender,
        history: History,
        succeeded: Counter[str],
        milestones: Counter[str],
    ) -> None:
        self.name = f"c{number}"
        self._number = number
        self._replicas = replicas
        self._knobs = knobs
        self._queue = queue
        self._network = network
        self._operations = Operations(workload, history, succeeded, milestones)
        self._pending: deque[Operate] = deque()
        self._timer_at: int | None = None
        self._begin_session()

    def _begin_session(self) -> None:
        self._knows_less = False
        self._client = Client(
            self.name,
            f"s{self._operations.new_process()}",
            self._replicas,
            attempt_timeout=self._knobs.attempt_timeout,
            operation_timeout=self._knobs.operation_timeout,
            reads_through_log=self._knobs.reads == "log",
            reads_anywhere=self._knobs.reads == "follower",
            registers=self._knobs.session_timeout is not None,
            first_replica=self._number,
        )

    @property
    def is_idle(self) -> bool:
        """Whether everything that was submitted has ended."""
        return self._operations.current is None

    @property
    def unfinished(self) -> int:
        """Operations that were submitted and have not ended."""
        return len(self._pending) + (self._operations.current is not None)

    def submit(self, operate: Operate) -> None:
        """Perform the operation once those before it have ended."""
        if self._operations.current is None:
            self._begin(operate)
        else:
            self._pending.append(operate)

    def forget(self, replica: str) -> None:
        """The replica is gone for good: the next operation is not asked of it. Nobody answers
        there, and an operation does not last long enough to find that out of several."""
        self._replicas = tuple(name for name in self._replicas if name != replica)
        self._knows_less = True

    def remember(self, replica: str) -> None:
        """The replica is back."""
        if replica not in self._replicas:
            self._replicas = (*self._replicas, replica)
            self._knows_less = True

    def _begin(self, operate: Operate) -> None:
        if self._knows_less:
            self._begin_session()
        self._do(self._client.start(self._operations.begin(operate), self._queue.now))

    def receive(self, reply: Any) -> None:
        """A reply arrives."""
        self._do(self._client.on_reply(reply, self._queue.now))

    def _do(self, action: Send | Finished | None) -> None:
        if isinstance(action, Finished):
            self._finish(action)
            return
        if action is not None:
            self._network.send(self.name, action.target, action.request)
        if self._operations.current is not None:
            self._set_timer()

    def _finish(self, finished: Finished) -> None:
        request = self._operations.end(finished)
        if finished.outcome == "info":
            self._begin_session()
        if request is not None:
            self._do(self._client.start(request, self._queue.now))
        elif self._pending:
            self._begin(self._pending.popleft())
        else:
            self._queue.is_halted = True

    def _set_timer(self) -> None:
        """As for nodes: a deadline that moves away leaves the earlier event in place."""
        deadline = self._client.deadline
        if self._timer_at is None or deadline < self._timer_at:
            self._timer_at = deadline
            self._queue.at(deadline, self._on_timer, deadline)

    def _on_timer(self, time: int) -> None:
        if time != self._timer_at:
            return
        self._timer_at = None
        if self._operations.current is None:
            return
        if self._client.deadline > time:
            self._set_timer()
        else:
            self._do(self._client.on_timeout(time))
