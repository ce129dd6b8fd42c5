"""A stand-in for etcd's gateway: one server, a dict, nothing replicated; and it can misbehave.

As a program (``python -m tests.nemesis.real.stand_in PORT [MISBEHAVIOUR]``) it is a server of a
cluster whose servers know nothing of each other.
"""

from __future__ import annotations

import asyncio
import base64
import os
import signal
import sys
from collections import deque
from typing import Any

from aiohttp import web


class StandIn:
    """Keys and revisions in a dict. ``faults`` are met by the next requests, one each:

    "drop-before"   the connection breaks, nothing has happened
    "drop-after"    the connection breaks after the request was performed
    "503", "503-after"
                    unavailable, before or after it was performed
    "hang"          no answer, ever
    "nonsense"      performed, and answered by what is no JSON
    "empty"         performed, and answered by an object that lacks the header
    "invalid", "too-many"
                    refused before anything happened
    "race"          performed after somebody else has written the same key
    """

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self.versions: dict[str, int] = {}
        self.modified: dict[str, int] = {}
        self.revision = 1
        self.faults: deque[str] = deque()
        self.requests: list[tuple[str, Any]] = []

    def value(self, key: str) -> str | None:
        value = self.values.get(_encode(key))
        return None if value is None else base64.b64decode(value).decode()

    def application(self) -> web.Application:
        application = web.Application()
        application.router.add_post("/v3/{part}/{name}", self._handle)
        return application

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        content = await request.json()
        name = request.match_info["name"]
        self.requests.append((name, content))
        fault = self.faults.popleft() if self.faults else None
        if fault == "hang":
            await asyncio.Event().wait()
        if fault == "drop-before":
            return _drop(request)
        if fault == "503":
            return _error(503, 14, "etcdserver: request timed out")
        if fault == "invalid":
            return _error(400, 3, "etcdserver: duplicate key given in txn request")
        if fault == "too-many":
            return _error(503, 8, "etcdserver: too many requests")
        if fault == "race":
            self._put({"key": content["compare"][0]["key"], "value": _encode("other")})
        answer = getattr(self, f"_{name}")(content)
        if fault == "drop-after":
            return _drop(request)
        if fault == "503-after":
            return _error(503, 14, "etcdserver: leader changed")
        if fault == "nonsense":
            return web.Response(text="<html>")
        header = {} if fault == "empty" else {"header": {"member_id": "7"}}
        return web.json_response(header | answer)

    def _status(self, content: Any) -> Any:
        return {
            "leader": "7",
            "raftTerm": "1",
            "raftIndex": str(self.revision),
        }

    def _range(self, content: Any) -> Any:
        key = content["key"]
        if key not in self.values:
            return {}
        pair = {"key": key, "mod_revision": str(self.modified[key])}
        # As the real one: what is empty is left out.
        if self.values[key]:
            pair["value"] = self.values[key]
        return {"kvs": [pair], "count": "1"}

    def _put(self, content: Any) -> Any:
        key = content["key"]
        self.revision += 1
        self.values[key] = content.get("value", "")
        self.versions[key] = self.versions.get(key, 0) + 1
        self.modified[key] = self.revision
        return {}

    def _deleterange(self, content: Any) -> Any:
        self.revision += 1
        for table in (self.values, self.versions, self.modified):
            table.pop(content["key"], None)
        return {}

    def _txn(self, content: Any) -> Any:
        holds = all(self._holds(each) for each in content.get("compare", []))
        responses = []
        for each in content.get("success" if holds else "failure", []):
            (kind, request), *_ = each.items()
            name = {
                "requestRange": "range",
                "requestPut": "put",
                "requestDeleteRange": "deleterange",
            }[kind]
            told = {
                "range": "response_range",
                "put": "response_put",
                "deleterange": "response_delete_range",
            }[name]
            responses.append({told: getattr(self, f"_{name}")(request)})
        answer: dict[str, Any] = {"responses": responses} if responses else {}
        if holds:
            answer["succeeded"] = True
        return answer

    def _holds(self, compare: Any) -> bool:
        key = compare["key"]
        if compare["target"] == "VERSION":
            return self.versions.get(key, 0) == int(compare["version"])
        if compare["target"] == "MOD":
            return self.modified.get(key, 0) == int(compare["mod_revision"])
        return key in self.values and self.values[key] == compare["value"]


def _encode(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _error(status: int, code: int, message: str) -> web.Response:
    return web.json_response({"error": message, "code": code, "message": message}, status=status)


def _drop(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def _serve(port: int, misbehaviour: str | None) -> None:
    if misbehaviour == "ends at once":
        sys.exit("nothing to do here")
    if misbehaviour == "stays":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    stand_in = StandIn()
    runner = web.AppRunner(stand_in.application())
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    if misbehaviour == "ends later":
        while len(stand_in.requests) < 30:
            await asyncio.sleep(0.01)
        # At once: of a request that is still being answered, an event loop that is closed says a
        # word of its own afterwards, and that would be the last one.
        print("had enough", file=sys.stderr, flush=True)
        os._exit(1)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None))
