"""Who waits for libraft to say what came of a command, a barrier, or a transfer."""

from __future__ import annotations

from typing import Any

from nemesis.subjects.c_raft.core import Core
from nemesis.subjects.c_raft.disk import name_of, number_of
from nemesis.subjects.c_raft.effects import ANSWER, LEADER, NOT_LEADER, Effect
from nemesis.subjects.service import KeyValueService
from raft.client_messages import ClientRequest, TransferRequest
from raft.kv.replicated import Applied
from raft.observer import Observer


class Requests:
    """Clients are answered when libraft calls back, with what it says: 0 is success. A query waits
    for a barrier: an entry of the log, behind all that was acknowledged before it was asked."""

    def __init__(self, core: Core, service: KeyValueService, observer: Observer) -> None:
        self._core = core
        self._service = service
        self._observer = observer
        # What was applied last: libraft calls back who has proposed it right afterwards.
        self.applied: Applied | None = None
        # By token; for a read, its number with the service.
        self._waiting: dict[int, ClientRequest | TransferRequest | int] = {}
        self._next_token = 0
        self._replies: list[Any] = []

    def take_replies(self) -> list[Any]:
        """The answers since this was last asked."""
        replies, self._replies = self._replies, []
        return replies + self._service.take_replies()

    def _token_for(self, who: ClientRequest | TransferRequest | int) -> int:
        self._next_token += 1
        self._waiting[self._next_token] = who
        return self._next_token

    def ask(self, request: ClientRequest, now: int) -> list[Effect]:
        """Propose a command, or a barrier."""
        if request.command is None:
            return self._core.barrier(now, self._token_for(self._service.begin_read(request)))
        command = self._service.command_of(request)
        return self._core.apply(now, self._token_for(request), command)

    def transfer(self, request: TransferRequest, now: int) -> list[Effect]:
        """Begin to hand over, which those who judge are told, unless it is refused at once."""
        token = self._token_for(request)
        effects = self._core.transfer(now, token, number_of(request.successor))
        is_refused = any(
            kind == ANSWER and about[0] == token and about[1] < 0 for kind, about in effects
        )
        if not is_refused:
            self._observer.transfer_started(request.successor)
        return effects

    def answered(self, about: tuple[int, int]) -> None:
        """libraft has called back with a status, or refused at once: then it is less than 0."""
        token, status = about
        who = self._waiting.pop(token)
        standing = self._core.standing
        leader = name_of(standing.leader)
        if type(who) is int:
            if status == 0:
                self._service.confirm_read(who, self._service.last_applied)
            else:
                self._service.refuse_read(who, leader)
        elif type(who) is ClientRequest:
            if status == 0:
                assert self.applied is not None
                self._service.answer(who, self.applied)
            elif status > 0:
                self._service.lose(who, leader)
            elif standing.state == LEADER:
                # It hands over, and takes nothing meanwhile.
                self._service.put_off(who)
            else:
                self._service.refuse(who, leader)
        elif type(who) is TransferRequest:
            self._transferred(who, status, leader)

    def _transferred(self, request: TransferRequest, status: int, leader: str | None) -> None:
        """The callback comes at the end, however it ended: whoever asked looks who leads."""
        if status == -NOT_LEADER:
            self._replies.append(request.refused("not-leader", leader))
        elif status:
            self._replies.append(request.refused("unknown-member", leader))
        elif self._core.standing.state == LEADER:
            self._observer.transfer_ended("abandoned")
            self._replies.append(request.refused("abandoned", leader))
        else:
            self._observer.transfer_ended("done")
            self._replies.append(request.answered())
