"""A client of the servers around the library (``go/service.go``): JSON over HTTP.

connection refused, or the     nothing was proposed: the next server is asked     fail
  server does not lead
the request makes no sense     it is refused before it is proposed                fail
time-out, connection broken,   it may be in somebody's log, and be committed      info
  any other answer               yet; a read changes nothing                      (a read: fail)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, get_args

import aiohttp

from nemesis.cluster.real.json_http import JsonObject, post
from nemesis.cluster.real.service import NodeState, NotReached, Refused, Uncertain
from raft.kv.commands import (
    Append,
    Compare,
    CompareAndSet,
    Delete,
    Get,
    Operation,
    Put,
    Result,
    Simple,
    Transaction,
)

_OK, _NONSENSE, _NO_LEADER = 200, 400, 409


class SeedService:
    """Implements nemesis.cluster.real.service.Service. Times in s. The session is closed with
    it. Every operation is a transaction in the log, reads as well."""

    performs: ClassVar[frozenset[type[Operation]]] = frozenset(get_args(Operation))

    def __init__(
        self, session: aiohttp.ClientSession, urls: Mapping[str, str], *, timeout: float
    ) -> None:
        self._session = session
        self._urls = urls
        self._timeout = timeout

    async def close(self) -> None:
        """Break all connections."""
        await self._session.close()

    async def perform(self, node: str, operation: Operation) -> Result:
        """Perform an operation by this server. Raises Refused, NotReached or Uncertain."""
        transaction = _as_transaction(operation)
        try:
            answer = await self._ask(node, "operate", _content(transaction), self._timeout)
            try:
                succeeded = bool(answer["succeeded"])
                branch = transaction.then if succeeded else transaction.otherwise
                values = tuple(None if value is None else str(value) for value in answer["values"])
                if len(values) != len(branch):
                    raise ValueError(f"{len(values)} values of {len(branch)}")
            except (KeyError, TypeError, ValueError) as error:
                raise Uncertain(f"an answer that makes no sense: {error!r}") from error
        except Uncertain as error:
            if isinstance(operation, Get):
                raise Refused(str(error)) from error
            raise
        if isinstance(operation, Get):
            return Result(values[0])
        return Result(
            succeeded=succeeded, values=values if isinstance(operation, Transaction) else ()
        )

    async def state(self, node: str, timeout: float) -> NodeState | None:
        """What the server says of itself; None if it does not answer."""
        try:
            answer = await self._ask(node, "state", None, timeout)
            leader = node if answer["leads"] else ""
            return NodeState(node, leader, int(answer["term"]), int(answer["length"]))
        except (Refused, Uncertain, KeyError, TypeError, ValueError):
            return None

    async def _ask(
        self, node: str, path: str, content: JsonObject | None, timeout: float
    ) -> JsonObject:
        url = f"{self._urls[node]}/{path}"
        return _answer(*await post(self._session, url, content, timeout))


def _answer(status: int, answer: JsonObject) -> JsonObject:
    if status == _OK:
        return answer
    message = str(answer.get("error", f"HTTP {status}"))
    if status == _NO_LEADER:
        raise NotReached(message)
    if status == _NONSENSE:
        raise Refused(message)
    raise Uncertain(message)


def _as_transaction(operation: Operation) -> Transaction:
    if isinstance(operation, Transaction):
        return operation
    if isinstance(operation, CompareAndSet):
        compare = Compare(operation.key, operation.expected)
        return Transaction((compare,), (Put(operation.key, operation.value),), ())
    return Transaction((), (operation,), ())


def _content(transaction: Transaction) -> JsonObject:
    return {
        "compares": [
            {"key": each.key, "expected": each.expected or "", "absent": each.expected is None}
            for each in transaction.compares
        ],
        "then": [_simple(each) for each in transaction.then],
        "otherwise": [_simple(each) for each in transaction.otherwise],
    }


_KINDS: Mapping[type[Simple], str] = {Get: "get", Put: "put", Append: "append", Delete: "delete"}


def _simple(operation: Simple) -> JsonObject:
    return {
        "kind": _KINDS[type(operation)],
        "key": operation.key,
        "value": "" if isinstance(operation, Get | Delete) else operation.value,
    }
