"""A client, sans-IO: one operation at a time, retried until it is answered or given up.

A driver sends what it is told to, hands in what arrives, and calls ``on_timeout`` when ``deadline``
has come. Every retry carries the same session and sequence number, so that the service executes it
once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from raft.client_messages import ClientReply, ClientRequest
from raft.kv.commands import Command, Get, Operation, Result, encode_command


class Send(msgspec.Struct, frozen=True, gc=False):
    """Send ``request`` to the replica ``target``."""

    target: str
    request: ClientRequest


class Finished(msgspec.Struct, frozen=True, gc=False):
    """The operation has ended: ``ok`` it happened, ``fail`` it did not and never will, ``info``
    nobody knows; the session must then not be used again."""

    outcome: Literal["ok", "fail", "info"]
    result: Result | None
    error: str | None


class Client:
    """A session with the service. Times in ns, of whatever clock the driver passes."""

    def __init__(
        self,
        name: str,
        session: str,
        replicas: Sequence[str],
        *,
        attempt_timeout: int,
        operation_timeout: int,
        reads_through_log: bool = False,
        first_replica: int = 0,
    ) -> None:
        self.name = name
        self.session = session
        self.sequence = 0
        self.deadline = 0
        self._replicas = tuple(replicas)
        self._attempt_timeout = attempt_timeout
        self._operation_timeout = operation_timeout
        self._reads_through_log = reads_through_log
        self._target = first_replica % len(self._replicas)
        self._request: ClientRequest | None = None
        self._gives_up_at = 0
        self._is_waiting = False
        self._is_read = False

    def start(self, operation: Operation, now: int) -> Send:
        """Begin an operation; the one before must have ended."""
        assert self._request is None, "a client has one operation under way at a time"
        self.sequence += 1
        is_query = type(operation) is Get and not self._reads_through_log
        self._request = ClientRequest(
            self.name,
            self.session,
            self.sequence,
            0,
            None if is_query else encode_command(Command(self.session, self.sequence, operation)),
            operation if is_query else None,
        )
        self._gives_up_at = now + self._operation_timeout
        self._is_read = type(operation) is Get
        return self._send(now)

    @property
    def is_busy(self) -> bool:
        """Whether an operation is under way."""
        return self._request is not None

    def on_reply(self, reply: ClientReply, now: int) -> Send | Finished | None:
        """A reply arrived. None: nothing to do but to wait on."""
        request = self._request
        if request is None or reply.sequence != self.sequence or reply.session != self.session:
            # Late: to an earlier operation, or to a session that was given up.
            return None
        if reply.status == "ok":
            # Any attempt's answer is the operation's answer.
            self._request = None
            return Finished("ok", reply.result, None)
        if reply.attempt != request.attempt or self._is_waiting:
            return None
        if reply.leader in self._replicas and reply.leader != self._replicas[self._target]:
            self._target = self._replicas.index(reply.leader)
            return self._send(now)
        # Nobody knows a leader: ask the next one, but give an election some time.
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
            return self._give_up()
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
        )
        self._is_waiting = False
        self.deadline = min(now + self._attempt_timeout, self._gives_up_at)
        return Send(self._replicas[self._target], self._request)

    def _give_up(self) -> Finished:
        """A read without an answer tells nothing: it failed. Anything else may have happened, even
        if every attempt was refused: a network may deliver a second copy of a refused request to
        a replica that leads by then."""
        self._request = None
        return Finished("fail" if self._is_read else "info", None, "timed-out")
