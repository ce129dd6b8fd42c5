"""A client of etcd's v3 JSON gateway: of etcd, and of our own server, which speaks the same.

What an answer proves is decided here, with care:

    connection refused              nothing was sent                               fail
    a code that etcd only gives     invalid argument, request too large, ...       fail
      before it proposes anything
    time-out, connection broken,    it may have been proposed, and may still be    info
      any other error, no JSON      committed, even by the next leader

Append, which etcd does not have, is a read followed by a transaction that writes only if the key
has not been modified since. If that did not succeed, nothing has happened, and it is tried again;
if it did, nobody has written between the two, so that both together are one atomic operation. The
same is done for transactions that append.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, ClassVar, get_args

import aiohttp

from nemesis.cluster.real.json_http import JsonObject, post
from nemesis.cluster.real.service import NodeState, Refused, Uncertain
from nemesis.workloads.performance import only_reads
from raft.kv.commands import (
    Append,
    CompareAndSet,
    Delete,
    Get,
    Operation,
    Put,
    Result,
    Simple,
    Transaction,
)

# Codes of gRPC by which etcd refuses a request before it is proposed: invalid argument, not found,
# permission denied, out of range, unimplemented, unauthenticated.
_DEFINITE_CODES = frozenset({3, 5, 7, 11, 12, 16})
# What else is refused before: the server has too much to apply (v3_server.go, before it proposes).
_DEFINITE_MESSAGES = ("etcdserver: too many requests",)
# How often what rests on a read begins anew as somebody else has written.
_ATTEMPTS = 5


class EtcdService:
    """Implements nemesis.cluster.real.service.Service for servers that are reached at ``urls``, by
    the names of their nodes. Times in s. The session is closed with it.

    If ``serializable``, reads, and with etcd transactions that only read, are answered by any
    server from its own state. They are not linearizable then: a positive control for whoever judges
    the histories.
    """

    performs: ClassVar[frozenset[type[Operation]]] = frozenset(get_args(Operation))

    def __init__(
        self,
        session: aiohttp.ClientSession,
        urls: Mapping[str, str],
        *,
        timeout: float,
        serializable: bool = False,
    ) -> None:
        self._session = session
        self._urls = urls
        self._timeout = timeout
        self._serializable = serializable

    async def close(self) -> None:
        """Break all connections."""
        await self._session.close()

    async def perform(self, node: str, operation: Operation) -> Result:
        """Perform an operation by this server. Raises Refused, NotReached or Uncertain."""
        url = self._urls[node]
        if isinstance(operation, Get):
            try:
                value, _ = await self._get(url, operation.key, self._serializable)
            except Uncertain as error:
                raise Refused(str(error)) from error
            return Result(value)
        if isinstance(operation, Put):
            await self._ask(url, "kv/put", _put(operation))
            return Result()
        if isinstance(operation, Delete):
            await self._ask(url, "kv/deleterange", {"key": _encode(operation.key)})
            return Result()
        if isinstance(operation, CompareAndSet):
            answer = await self._ask(
                url,
                "kv/txn",
                {
                    "compare": [_compare(operation.key, operation.expected)],
                    "success": [{"requestPut": _put(Put(operation.key, operation.value))}],
                },
            )
            return Result(succeeded=_has_succeeded(answer))
        if isinstance(operation, Append):
            await self._optimistically(url, Transaction((), (operation,), ()))
            return Result()
        return await self._transaction(url, operation)

    async def state(self, node: str, timeout: float) -> NodeState | None:
        """What the server says of itself; None if it does not answer."""
        try:
            answer = await self._ask(self._urls[node], "maintenance/status", {}, timeout)
            return NodeState(
                str(answer["header"]["member_id"]),
                str(answer.get("leader", "0")),
                int(answer.get("raftTerm", 0)),
                int(answer.get("raftIndex", 0)),
            )
        except (Refused, Uncertain, KeyError, ValueError, TypeError):
            return None

    async def clock(self, node: str, timeout: float) -> int | None:
        """What the server takes for the time, in ns; None if it does not say."""
        limit = aiohttp.ClientTimeout(total=timeout)
        try:
            async with self._session.get(f"{self._urls[node]}/clock", timeout=limit) as response:
                return int((await response.json(content_type=None))["clock"])
        except (aiohttp.ClientError, OSError, KeyError, ValueError, TypeError):
            return None

    async def request(
        self, node: str, path: str, content: JsonObject, timeout: float
    ) -> JsonObject:
        """The answer of this server to a request that is no operation of a client. Raises Refused
        or Uncertain."""
        return await self._ask(self._urls[node], path, content, timeout)

    async def _ask(
        self, url: str, path: str, content: JsonObject, timeout: float | None = None
    ) -> JsonObject:
        """One request. Raises Refused or Uncertain."""
        within = self._timeout if timeout is None else timeout
        return _answer(*await post(self._session, f"{url}/v3/{path}", content, within))

    async def _get(
        self, url: str, key: str, serializable: bool = False
    ) -> tuple[str | None, JsonObject]:
        """A key's value, and the compare that holds as long as nobody writes it."""
        answer = await self._ask(url, "kv/range", _range(key, serializable))
        with _Understanding():
            pairs = answer.get("kvs", [])
            revision = pairs[0]["mod_revision"] if pairs else "0"
            unchanged = {
                "key": _encode(key),
                "target": "MOD",
                "result": "EQUAL",
                "mod_revision": revision,
            }
            return _value_in(pairs), unchanged

    async def _transaction(self, url: str, operation: Transaction) -> Result:
        then, otherwise = operation.then, operation.otherwise
        if any(isinstance(each, Append) for each in (*then, *otherwise)):
            return await self._optimistically(url, operation)
        is_serializable = self._serializable and only_reads(operation)
        content = {
            "compare": [_compare(each.key, each.expected) for each in operation.compares],
            "success": _requests(then, {}, is_serializable),
            "failure": _requests(otherwise, {}, is_serializable),
        }
        answer = await self._ask(url, "kv/txn", content)
        succeeded = _has_succeeded(answer)
        return Result(succeeded=succeeded, values=_values(answer, then if succeeded else otherwise))

    async def _optimistically(self, url: str, operation: Transaction) -> Result:
        """Read all that the outcome rests on, then do what follows from it, on condition that none
        of it has been modified meanwhile; else nothing happens, and it is tried again."""
        both = (*operation.then, *operation.otherwise)
        needed = [each.key for each in operation.compares]
        needed += [each.key for each in both if isinstance(each, Append)]
        for _ in range(_ATTEMPTS):
            found: dict[str, str | None] = {}
            guards = []
            try:
                for key in dict.fromkeys(needed):
                    found[key], unchanged = await self._get(url, key)
                    guards.append(unchanged)
            except Uncertain as error:
                raise Refused(f"the read before: {error}") from error
            succeeded = all(found[each.key] == each.expected for each in operation.compares)
            branch = operation.then if succeeded else operation.otherwise
            content = {"compare": guards, "success": _requests(branch, found)}
            answer = await self._ask(url, "kv/txn", content)
            if _has_succeeded(answer):
                return Result(succeeded=succeeded, values=_values(answer, branch))
        raise Refused("somebody else has written, every time")


class _Understanding:
    """What is read of an answer here must be there; else nobody knows what it means."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: Any, trace: Any) -> None:
        if kind is not None and issubclass(
            kind, KeyError | IndexError | TypeError | ValueError | AttributeError
        ):
            raise Uncertain(f"an answer that makes no sense: {error!r}") from error


def _answer(status: int, answer: JsonObject) -> JsonObject:
    """The answer, if the request was granted. Raises Refused or Uncertain."""
    # Fields that are false or empty are left out; the header never is.
    if status == 200 and "header" in answer:
        return answer
    message = str(answer.get("message") or answer.get("error") or f"HTTP {status}")
    code = answer.get("code")
    if code in _DEFINITE_CODES or message in _DEFINITE_MESSAGES:
        raise Refused(message)
    raise Uncertain(message)


def _encode(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _decode(text: str) -> str:
    return base64.b64decode(text, validate=True).decode()


def _range(key: str, serializable: bool) -> JsonObject:
    content: JsonObject = {"key": _encode(key)}
    if serializable:
        content["serializable"] = True
    return content


def _put(operation: Put) -> JsonObject:
    return {"key": _encode(operation.key), "value": _encode(operation.value)}


def _compare(key: str, expected: str | None) -> JsonObject:
    """Whether the key has this value; None: whether it is absent, which is version 0."""
    if expected is None:
        return {"key": _encode(key), "target": "VERSION", "result": "EQUAL", "version": "0"}
    return {
        "key": _encode(key),
        "target": "VALUE",
        "result": "EQUAL",
        "value": _encode(expected),
    }


def _requests(
    operations: tuple[Simple, ...], found: dict[str, str | None], serializable: bool = False
) -> list[JsonObject]:
    """The operations of a branch; an append writes what was ``found`` and its own."""
    requests: list[JsonObject] = []
    for each in operations:
        if isinstance(each, Get):
            requests.append({"requestRange": _range(each.key, serializable)})
        elif isinstance(each, Delete):
            requests.append({"requestDeleteRange": {"key": _encode(each.key)}})
        elif isinstance(each, Append):
            value = (found[each.key] or "") + each.value
            requests.append({"requestPut": _put(Put(each.key, value))})
        else:
            requests.append({"requestPut": _put(each)})
    return requests


def _has_succeeded(answer: JsonObject) -> bool:
    """Of a transaction: fields that are false are left out."""
    return answer.get("succeeded") is True


def _value_in(pairs: list[JsonObject]) -> str | None:
    return _decode(pairs[0].get("value", "")) if pairs else None


def _values(answer: JsonObject, operations: tuple[Simple, ...]) -> tuple[str | None, ...]:
    """What the operations of a transaction have read."""
    with _Understanding():
        values: list[str | None] = []
        for operation, response in zip(operations, answer.get("responses", []), strict=True):
            is_read = isinstance(operation, Get)
            values.append(_value_in(response["response_range"].get("kvs", [])) if is_read else None)
        return tuple(values)
