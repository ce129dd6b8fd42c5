"""What clients wait for: writes, reads, and changes of the membership, asked of any server.

The leader performs writes; another server forwards them, once. If nobody leads, a request waits for
a leader, for a bounded time. Whatever was handed to a leader and is not answered is indeterminate:
it is never sent again from here, for clients have no sessions that would tell a retry from a second
request.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from raft.client_messages import (
    ClientReply,
    ClientRequest,
    MembershipReply,
    MembershipRequest,
    Reply,
    TransferReply,
    TransferRequest,
)
from raft.consensus.changes import (
    AddLearner,
    AddVoter,
    Promote,
    Remove,
    ServerChange,
    Transition,
)
from raft.errors import RaftError
from raft.kv.commands import Result
from raft.kv.revisions import Answer, Range, RangeAnswer, Update, Write
from raft.server.config import Limits
from raft.server.frames import ChangeKind, Forward, Forwarded, MemberChange, PeerMessage
from raft.server.node import Node

_CHANGES: Final[dict[ChangeKind, type[ServerChange]]] = {
    "add-voter": AddVoter,
    "add-learner": AddLearner,
    "promote": Promote,
    "remove": Remove,
}
# Nothing was done: the same request may be made again.
_DEFINITE: Final = ("not-leader", "busy")
# Reasons for which a change of the membership is refused that pass by themselves.
_PASSING: Final = ("transferring", "nothing-committed-in-own-term", "change-in-progress")
# How long to wait before asking again whoever was not ready, in s.
_PAUSE: Final = 0.02


class NoLeader(RaftError):
    """Nobody led for as long as a request may wait; nothing was done."""


class TooManyRequests(RaftError):
    """More requests wait than may; nothing was done."""


class Indeterminate(RaftError):
    """The request was handed to a leader, and nobody knows what became of it."""


class ChangeRefused(RaftError):
    """The membership was not changed; the message is the reason."""


class Requests:
    """Those of this server's clients, and those that other servers forward to it."""

    def __init__(
        self,
        origin: str,
        node: Callable[[], Node],
        send: Callable[[str, PeerMessage], bool],
        limits: Limits,
    ) -> None:
        """``origin`` names this life of the server; ``send`` hands a message to another server, or
        says that it cannot be reached now."""
        self._origin = origin
        self._node = node
        self._send = send
        self._limits = limits
        self._number = 0
        # How many requests of clients are under way, whatever they wait for.
        self._asking = 0
        self._waiting: dict[int, asyncio.Future[Forwarded]] = {}
        # To whom a request was forwarded.
        self._forwarded: dict[int, str] = {}
        self._leader_known: set[asyncio.Future[None]] = set()

    # -- For clients -----------------------------------------------------------------------------

    async def write(self, write: Write) -> Answer:
        """Perform a write. Raises NoLeader, TooManyRequests, Indeterminate."""

        def begin(number: int, leader: str) -> bool:
            node = self._node()
            if leader != node.replica.node:
                return self._forward(number, leader, Forward(number, self._origin, write))
            self._propose(str(number), self._origin, number, write)
            return True

        done = await self._ask(begin)
        assert done.answer is not None
        return done.answer

    async def read(self, query: Range) -> RangeAnswer:
        """A linearizable read, by this server. Raises NoLeader, TooManyRequests, Indeterminate."""

        def begin(number: int, leader: str) -> bool:
            self._node().submit(
                ClientRequest(str(number), self._origin, number, 0, None, query, True)
            )
            return True

        done = await self._ask(begin)
        assert isinstance(done.answer, RangeAnswer)
        return done.answer

    async def change_membership(self, kind: ChangeKind, member: str) -> None:
        """Make a change, and wait until it is committed. Raises ChangeRefused, and what ``write``
        does."""

        def begin(number: int, leader: str) -> bool:
            if leader != self._node().replica.node:
                return self._forward(number, leader, MemberChange(number, kind, member))
            self._change(str(number), number, kind, member)
            return True

        done = await self._ask(begin)
        if done.status == "refused":
            raise ChangeRefused(done.reason)

    async def change_together(
        self, changes: tuple[ServerChange, ...], transition: Transition
    ) -> None:
        """Make several changes by one entry, by this server, which must lead; committed when this
        returns, though the joint configuration may still have to be left. Raises ChangeRefused,
        Indeterminate."""

        def begin(number: int, leader: str) -> bool:
            self._node().submit(MembershipRequest(str(number), number, changes, transition))
            return True

        done = await self._attempt(begin, self._node().replica.node)
        if done.status == "lost":
            raise Indeterminate("request timed out, possibly due to previous leader failure")
        if done.status != "ok":
            raise ChangeRefused(done.reason or done.status)

    async def transfer_leadership(self, successor: str) -> bool:
        """Ask this server, which leads, to hand over; whether it has. Raises Indeterminate."""

        def begin(number: int, leader: str) -> bool:
            self._node().submit(TransferRequest(str(number), number, successor))
            return True

        return (await self._attempt(begin, self._node().replica.node)).status == "ok"

    async def _ask(self, begin: Callable[[int, str], bool]) -> Forwarded:
        """Ask the leader, and again as long as nothing was done."""
        if self._asking >= self._limits.requests_waiting:
            raise TooManyRequests("too many requests wait")
        self._asking += 1
        try:
            return await self._ask_until_done(begin)
        finally:
            self._asking -= 1

    async def _ask_until_done(self, begin: Callable[[int, str], bool]) -> Forwarded:
        loop = asyncio.get_running_loop()
        give_up = loop.time() + self._limits.leader_wait / 1000
        while True:
            leader = self._node().leader
            if leader is None:
                await self._wait_for_leader(give_up)
                continue
            done = await self._attempt(begin, leader)
            if done.status not in _DEFINITE and done.reason not in _PASSING:
                break
            if loop.time() >= give_up:
                if done.status == "refused":
                    break
                if done.status == "busy":
                    raise TooManyRequests("the leader takes no requests for now")
                raise NoLeader("no leader")
            await asyncio.sleep(_PAUSE)
        if done.status == "lost":
            raise Indeterminate("request timed out, possibly due to previous leader failure")
        return done

    async def _attempt(self, begin: Callable[[int, str], bool], leader: str) -> Forwarded:
        number, future = self._next()
        try:
            if begin(number, leader):
                return await self._wait(number, future)
            return Forwarded(number, "not-leader")
        finally:
            self._waiting.pop(number, None)
            self._forwarded.pop(number, None)

    def _next(self) -> tuple[int, asyncio.Future[Forwarded]]:
        self._number += 1
        future: asyncio.Future[Forwarded] = asyncio.get_running_loop().create_future()
        self._waiting[self._number] = future
        return self._number, future

    async def _wait(self, number: int, future: asyncio.Future[Forwarded]) -> Forwarded:
        loop = asyncio.get_running_loop()
        timer = loop.call_later(self._limits.request_timeout / 1000, self._time_out, number)
        try:
            return await future
        finally:
            timer.cancel()

    def _time_out(self, number: int) -> None:
        future = self._waiting.get(number)
        if future is not None and not future.done():
            future.set_exception(Indeterminate("request timed out"))

    async def _wait_for_leader(self, give_up: float) -> None:
        loop = asyncio.get_running_loop()
        waiter = loop.create_future()
        self._leader_known.add(waiter)
        try:
            async with asyncio.timeout_at(give_up):
                await waiter
        except TimeoutError as error:
            raise NoLeader("no leader") from error
        finally:
            self._leader_known.discard(waiter)

    # -- What the rest of the server tells -------------------------------------------------------

    def leader_may_have_changed(self) -> None:
        """Whoever waits for a leader may go on, if there is one."""
        if self._leader_known and self._node().leader is not None:
            for waiter in self._leader_known:
                if not waiter.done():
                    waiter.set_result(None)

    def answer(self, reply: Reply) -> None:
        """The replica has answered; the request is one of here, or of another server."""
        number, _, peer = reply.client.partition("@")
        done = _forwarded(int(number), reply)
        if peer:
            self._send(peer, done)
        else:
            self._end(done)

    def on_message(self, peer: str, message: Forward | MemberChange | Forwarded) -> None:
        """Another server asks, or answers."""
        if isinstance(message, Forwarded):
            if self._forwarded.get(message.number) == peer:
                self._end(message)
        elif isinstance(message, Forward):
            client = f"{message.number}@{peer}"
            self._propose(client, message.origin, message.number, message.write)
        else:
            self._change(f"{message.number}@{peer}", message.number, message.kind, message.member)

    def on_dropped(self, message: PeerMessage) -> None:
        """It was never sent: if it is a request, nothing was done."""
        if isinstance(message, Forward | MemberChange):
            self._end(Forwarded(message.number, "busy"))

    def on_link_lost(self, peer: str) -> None:
        """What was forwarded there may have arrived or not, and so may the answer."""
        for number, to in list(self._forwarded.items()):
            if to == peer:
                self._end(Forwarded(number, "lost"))

    # -- Inside ----------------------------------------------------------------------------------

    def _forward(self, number: int, leader: str, message: Forward | MemberChange) -> bool:
        if not self._send(leader, message):
            return False
        self._forwarded[number] = leader
        return True

    def _propose(self, client: str, origin: str, number: int, write: Write) -> None:
        command = Update(origin, number, write)
        self._node().submit(ClientRequest(client, origin, number, 0, command, None))

    def _change(self, client: str, number: int, kind: ChangeKind, member: str) -> None:
        change = _CHANGES[kind](member)
        self._node().submit(MembershipRequest(client, number, (change,)))

    def _end(self, done: Forwarded) -> None:
        future = self._waiting.get(done.number)
        if future is not None and not future.done():
            future.set_result(done)


def _forwarded(number: int, reply: Reply) -> Forwarded:
    if isinstance(reply, ClientReply):
        assert not isinstance(reply.result, Result)
        return Forwarded(number, reply.status, reply.result)
    assert isinstance(reply, MembershipReply | TransferReply)
    return Forwarded(number, reply.status, None, reply.reason or "")
