"""A client of the stepped cluster: it asks whom a schedule says, and writes down what it saw."""

from __future__ import annotations

from collections import Counter

from nemesis.cluster.sim.clients import History, Operations
from nemesis.cluster.sim.events import EventQueue
from nemesis.schedule import Knobs, Operate
from nemesis.workloads import Workload
from raft.client import Client, Finished, Send
from raft.client_messages import ClientReply, ClientRequest

# A client tries again when it is told to, and gives up when it is given something else to do.
_AT_ONCE = 1
_NEVER = 1 << 60


class SteppedClient:
    """Performs one operation at a time; after one without an answer it goes on under a new process
    number and a new session."""

    def __init__(
        self,
        number: int,
        knobs: Knobs,
        workload: Workload,
        time: EventQueue,
        history: History,
        succeeded: Counter[str],
        milestones: Counter[str],
    ) -> None:
        self.name = f"c{number}"
        self._knobs = knobs
        self._time = time
        self._operations = Operations(workload, history, succeeded, milestones)
        # The attempts whose answers are lost.
        self._unanswered: set[tuple[str, int, int]] = set()
        self._begin_session()

    def _begin_session(self) -> None:
        self._client = Client(
            self.name,
            f"s{self._operations.new_process()}",
            ("",),
            attempt_timeout=_AT_ONCE,
            operation_timeout=_NEVER,
            reads_through_log=self._knobs.reads == "log",
            reads_anywhere=self._knobs.reads == "follower",
            registers=self._knobs.session_timeout is not None,
        )

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits for an answer."""
        return self._operations.current is None

    def begin(self, operate: Operate, *, unanswered: bool = False) -> ClientRequest:
        """What is to be sent for the operation; one that still waits is given up."""
        if not self.is_idle:
            self.give_up()
        operation = self._operations.begin(operate)
        return self._send(self._client.start(operation, self._time.now), unanswered)

    def retry(self, *, unanswered: bool = False) -> ClientRequest | None:
        """What is to be sent once more; None if nothing waits for an answer."""
        if self.is_idle:
            return None
        action = self._client.on_timeout(max(self._time.now, self._client.deadline))
        assert isinstance(action, Send)
        return self._send(action, unanswered)

    def give_up(self) -> None:
        """No answer will come: nobody knows the outcome."""
        self._do(self._client.on_timeout(_NEVER << 1))

    def receive(self, reply: ClientReply) -> ClientRequest | None:
        """A reply arrives, if it is not lost. What is to be sent to the same server at once: the
        command that has waited for a session, or the operation's next request."""
        if (reply.session, reply.sequence, reply.attempt) in self._unanswered:
            return None
        return self._do(self._client.on_reply(reply, self._time.now))

    def _send(self, action: Send, unanswered: bool) -> ClientRequest:
        request = action.request
        if unanswered:
            self._unanswered.add((request.session, request.sequence, request.attempt))
        return request

    def _do(self, action: Send | Finished | None) -> ClientRequest | None:
        if isinstance(action, Finished):
            request = self._operations.end(action)
            if action.outcome == "info":
                self._begin_session()
            if request is not None:
                return self._client.start(request, self._time.now).request
        # No server has the name that the client knows, so it is never told to ask another.
        return action.request if isinstance(action, Send) else None
