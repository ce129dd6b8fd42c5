"""What clients ask of nodes, and what answers prove: the workload lin-kv of Maelstrom.

https://github.com/jepsen-io/maelstrom/blob/main/doc/workloads.md#workload-lin-kv. Keys and values
are numbers, as there: programs in typed languages know nothing else.

    definite error (errors.py)      nothing has happened               fail
      of them 11                    another node may take it           the next node is asked
      of them 20, to a read         the key is absent                  ok: None
      of them 20 and 22, to a cas   it did not compare equal           fail: mismatch
    a cas that expects no key       lin-kv cannot say so: not sent     fail
    0, 13, a code of the program's  it may have happened, or still     info, a read: fail
      own, time-out, no sense         will
    the node has no process, or     nothing was sent                   the next node is asked
      has not answered init
    the node ends before it answers it may have passed it on           info, a read: fail
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any, ClassVar

from nemesis.cluster.real.maelstrom.errors import (
    KEY_DOES_NOT_EXIST,
    PRECONDITION_FAILED,
    TEMPORARILY_UNAVAILABLE,
    TIMEOUT,
    error_code,
)
from nemesis.cluster.real.maelstrom.messages import Body, Message, parse_body, shown
from nemesis.cluster.real.maelstrom.network import Network
from nemesis.cluster.real.service import NodeState, NotReached, Refused, Uncertain
from raft.kv.commands import CompareAndSet, Get, Operation, Put, Result

# Names that are no numbers are numbered from here on, which no run reaches by counting.
_FIRST_NUMBER = 1_000_000_000


class Numbers:
    """Keys and values as numbers, and back; a name has one number for ever."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._names: dict[int, str] = {}

    def number(self, name: str | None) -> int | None:
        """The number of a name: "7", "k7" and "last" are told apart from each other."""
        if name is None:
            return None
        found = self._numbers.get(name)
        if found is None:
            is_small = name.isascii() and name.isdecimal() and str(int(name)) == name
            found = int(name) if is_small else _FIRST_NUMBER + len(self._numbers)
            if is_small and found >= _FIRST_NUMBER:
                found = _FIRST_NUMBER + len(self._numbers)
            self._numbers[name] = found
            self._names[found] = name
        return found

    def name(self, value: Any) -> str | None:
        """What has this number; of what is none of ours, the JSON text."""
        if value is None:
            return None
        if isinstance(value, int) and not isinstance(value, bool) and value in self._names:
            return self._names[value]
        return json.dumps(value)


class ErrorAnswer(Exception):
    """A node has answered with an error."""

    def __init__(self, code: int, text: str) -> None:
        found = error_code(code)
        super().__init__(f"error {code} ({found.name}): {text}" if text else f"error {code}")
        self.code = code
        self.is_definite = found.is_definite


class LinKv:
    """Implements nemesis.cluster.real.service.Service. Times in s.

    A client has one request at a time; one that was not answered is never used again.
    """

    performs: ClassVar[frozenset[type[Operation]]] = frozenset({Get, Put, CompareAndSet})

    def __init__(self, network: Network, is_ready: Callable[[str], bool], timeout: float) -> None:
        self._network = network
        self._is_ready = is_ready
        self._timeout = timeout
        self._keys = Numbers()
        self._values = Numbers()
        self._idle: list[str] = []
        self._count = 0
        self._next_id = 0
        # By the name of the client: the id of its request, whom it has asked, and the answer.
        self._waiting: dict[str, tuple[int, str, asyncio.Future[tuple[str, Body]]]] = {}

    async def close(self) -> None:
        """There is nothing to close: pipes are the processes' own."""

    async def state(self, node: str, timeout: float) -> NodeState | None:
        """Nodes do not say who leads; whether it has answered ``init``."""
        return NodeState(node, "", 0, 0) if self._is_ready(node) else None

    async def perform(self, node: str, operation: Operation) -> Result:
        """Perform an operation by this node. Raises Refused, NotReached or Uncertain."""
        is_read = isinstance(operation, Get)
        try:
            return await self._perform(node, operation)
        except ErrorAnswer as error:
            if error.code == TEMPORARILY_UNAVAILABLE:
                raise NotReached(str(error)) from error
            if error.is_definite or is_read:
                raise Refused(str(error)) from error
            raise Uncertain(str(error)) from error
        except Uncertain as error:
            if is_read:
                raise Refused(str(error)) from error
            raise

    async def _perform(self, node: str, operation: Operation) -> Result:
        numbers = self._values.number
        if isinstance(operation, Get):
            try:
                answer = await self._ask(node, "read", operation.key)
            except ErrorAnswer as error:
                if error.code == KEY_DOES_NOT_EXIST:
                    return Result(None)
                raise
            return Result(self._values.name(answer["value"]))
        if isinstance(operation, Put):
            await self._ask(node, "write", operation.key, value=numbers(operation.value))
            return Result()
        assert isinstance(operation, CompareAndSet)
        if operation.expected is None:
            raise Refused("lin-kv compares with values alone, not with an absent key")
        compares = {"from": numbers(operation.expected), "to": numbers(operation.value)}
        try:
            await self._ask(node, "cas", operation.key, **compares)
        except ErrorAnswer as error:
            if error.code in (KEY_DOES_NOT_EXIST, PRECONDITION_FAILED):
                return Result(succeeded=False)
            raise
        return Result()

    async def _ask(self, node: str, kind: str, key: str, **values: int | None) -> Body:
        """The body of the answer to a request. Raises ErrorAnswer, NotReached or Uncertain."""
        if not self._is_ready(node):
            raise NotReached(f"{node} does not run, or has not answered init")
        client = self._idle.pop() if self._idle else self._new_client()
        self._next_id += 1
        request = {"type": kind, "msg_id": self._next_id, "key": self._keys.number(key), **values}
        answered = asyncio.get_running_loop().create_future()
        self._waiting[client] = (self._next_id, node, answered)
        self._network.tell(client, node, request)
        try:
            by, body = await asyncio.wait_for(answered, self._timeout)
        except TimeoutError as error:
            raise Uncertain("time-out") from error
        finally:
            del self._waiting[client]
        self._idle.append(client)
        return self._understand(by, kind, body)

    def _understand(self, by: str, kind: str, body: Body) -> Body:
        """What was answered. Raises ErrorAnswer, or Uncertain if it makes no sense, of which the
        node is convicted."""
        # Maelstrom's library for Go leaves out what is 0.
        code = body.get("code", TIMEOUT)
        if body["type"] == "error" and type(code) is int:
            raise ErrorAnswer(code, str(body.get("text", "")))
        if body["type"] == f"{kind}_ok" and (kind != "read" or "value" in body):
            return body
        wanted = "read_ok with a value" if kind == "read" else f"{kind}_ok"
        told = shown(json.dumps(body).encode())
        what = f"an answer that makes no sense: {wanted} or an error was expected, not {told}"
        self._network.convict(by, f"{by} has given {what}")
        raise Uncertain(what)

    def _new_client(self) -> str:
        self._count += 1
        name = f"c{self._count}"
        self._network.join(name, self._receive)
        return name

    def _receive(self, message: Message) -> None:
        """Also a node that was not asked may answer: it was passed on to it. What comes too late,
        or again, is nothing to anybody."""
        body = parse_body(message)
        waiting = self._waiting.get(message.dest)
        if waiting is None:
            return
        number, _, answered = waiting
        if body.get("in_reply_to") == number and not answered.done():
            answered.set_result((message.src, body))

    def node_ended(self, node: str) -> None:
        """Whoever waits for its answer waits no longer."""
        for _, asked, answered in self._waiting.values():
            if asked == node and not answered.done():
                answered.set_exception(Uncertain(f"{node} has ended before it answered"))
