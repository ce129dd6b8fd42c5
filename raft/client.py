"""A client, sans-IO: one operation at a time, retried until it is answered or given up.

A driver sends what it is told to, hands in what arrives, and calls ``on_timeout`` when ``deadline``
has come. Every retry carries the same session and sequence number, so that the service executes it
once. Before its first command a client registers a session (thesis, 6.3), and a new one whenever a
command has ended without an answer; reads that are no commands need none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from raft.client_messages import ClientReply, ClientRequest
from raft.kv.commands import (
    REGISTRATION,
    Command,
    Get,
    Operation,
    Result,
)


class Send(msgspec.Struct, frozen=True, gc=False):
    """Send ``request`` to the replica ``target``."""

    target: str
    request: ClientRequest


class Finished(msgspec.Struct, frozen=True, gc=False):
    """The operation has ended: ``ok`` it happened, ``fail`` it did not and never will, ``info``
    nobody knows, and it may still happen later.

    ``error`` says why it is not ok: "timed-out", "session-expired", or "no-session" if none could
    be registered in time, so that the operation was never sent.
    """

    outcome: Literal["ok", "fail", "info"]
    result: Result | None
    error: str | None


class Client:
    """A client of the service. Times in ns, of whatever clock the driver passes.

    Answers find it by ``name``. ``registration`` is a word that no client of this name has used
    before: by it the answers to its registrations are told from those to another's. Where sessions
    never expire (``session_timeout`` None) it need not register, and that word names its sessions.
    """

    def __init__(
        self,
        name: str,
        registration: str,
        replicas: Sequence[str],
        *,
        attempt_timeout: int,
        operation_timeout: int,
        reads_through_log: bool = False,
        reads_anywhere: bool = False,
        registers: bool = True,
        first_replica: int = 0,
    ) -> None:
        self.name = name
        # The session that was registered, or what is asked for under until one is.
        self.session = registration
        self.sequence = 0
        self.deadline = 0
        self._replicas = tuple(replicas)
        self._attempt_timeout = attempt_timeout
        self._operation_timeout = operation_timeout
        self._reads_through_log = reads_through_log
        self._reads_anywhere = reads_anywhere
        self._target = first_replica % len(self._replicas)
        self._registration = registration
        self._registrations = 0
        self._must_register = registers
        self._has_session = not registers
        # What is sent as soon as there is a session.
        self._waiting_operation: Operation | None = None
        self._request: ClientRequest | None = None
        self._gives_up_at = 0
        self._is_waiting = False
        self._is_read = False

    def start(self, operation: Operation, now: int) -> Send:
        """Begin an operation; the one before must have ended."""
        assert self._request is None, "a client has one operation under way at a time"
        self.sequence += 1
        self._gives_up_at = now + self._operation_timeout
        self._is_read = type(operation) is Get
        if self._is_read and not self._reads_through_log:
            self._request = ClientRequest(
                self.name, self.session, self.sequence, 0, None, operation, self._reads_anywhere
            )
            if self._reads_anywhere:
                # Each replica in turn.
                self._target = self.sequence % len(self._replicas)
        elif self._has_session:
            self._request = self._command(operation)
        else:
            self._waiting_operation = operation
            self._request = ClientRequest(self.name, self.session, 0, 0, REGISTRATION, None)
        return self._send(now)

    def _command(self, operation: Operation) -> ClientRequest:
        command = Command(self.session, self.sequence, operation)
        return ClientRequest(self.name, self.session, self.sequence, 0, command, None)

    def on_reply(self, reply: ClientReply, now: int) -> Send | Finished | None:
        """A reply arrived. None: nothing to do but to wait on."""
        request = self._request
        if (
            request is None
            or reply.sequence != request.sequence
            or reply.session != request.session
        ):
            # Late: to an earlier operation, or to a session that was given up.
            return None
        if reply.status == "ok":
            # Any attempt's answer is the operation's answer.
            if reply.result is None:
                # Another client goes on under this session's name, as only servers that have lost
                # what was committed let it: nobody remembers what came of this command.
                return self._end_without_answer("no-answer")
            if self._waiting_operation is not None:
                return self._on_registered(reply, now)
            self._request = None
            assert reply.result is None or type(reply.result) is Result
            return Finished("ok", reply.result, None)
        if reply.status == "expired":
            return self._end_without_answer("session-expired")
        if reply.attempt != request.attempt or self._is_waiting:
            return None
        if reply.leader in self._replicas and reply.leader != self._replicas[self._target]:
            self._target = self._replicas.index(reply.leader)
            return self._send(now)
        # Nobody knows a leader: ask the next one, but give an election some time. A leader that is
        # busy is given as much.
        if reply.status != "busy":
            self._target = (self._target + 1) % len(self._replicas)
        self._is_waiting = True
        self.deadline = min(now + self._attempt_timeout // 2, self._gives_up_at)
        return None

    def on_timeout(self, now: int) -> Send | Finished | None:
        """``deadline`` has come; None if it has not."""
        if self._request is None or now < self.deadline:
            return None
        if not self._is_waiting:
            self._target = (self._target + 1) % len(self._replicas)
        if now >= self._gives_up_at:
            return self._end_without_answer("timed-out")
        return self._send(now)

    def _send(self, now: int) -> Send:
        assert self._request is not None
        request = self._request
        # A request is never sent twice under one number, or a late refusal could be taken for
        # the answer to a later attempt.
        self._request = ClientRequest(
            request.client,
            request.session,
            request.sequence,
            request.attempt + 1,
            request.command,
            request.query,
            request.at_any_replica,
        )
        self._is_waiting = False
        self.deadline = min(now + self._attempt_timeout, self._gives_up_at)
        return Send(self._replicas[self._target], self._request)

    def _on_registered(self, reply: ClientReply, now: int) -> Send:
        """There is a session now: send what has waited for it."""
        operation = self._waiting_operation
        assert operation is not None
        assert type(reply.result) is Result
        assert reply.result.value is not None, "the answer to a registration names the session"
        self.session = reply.result.value
        self._has_session = True
        self._waiting_operation = None
        self._request = self._command(operation)
        return self._send(now)

    def _end_without_answer(self, error: str) -> Finished:
        """Give the operation up; the next command begins a session of its own.

        A read without an answer tells nothing: it failed. So did what waited for a session: it was
        never sent. Anything else may have happened, even if every attempt was refused: a network
        may deliver a second copy of a refused request to a replica that leads by then. Nor does it
        help to know that the session is expired, even if only one attempt was made: a copy of it
        may have been executed before, and its answer lost.
        """
        request = self._request
        assert request is not None
        self._request = None
        if request.query is not None:
            return Finished("fail", None, error)
        was_sent = self._waiting_operation is None
        self._waiting_operation = None
        self._has_session = not self._must_register
        self._registrations += 1
        self.session = f"{self._registration}.{self._registrations}"
        if not was_sent:
            return Finished("fail", None, "no-session")
        return Finished("fail" if self._is_read else "info", None, error)
