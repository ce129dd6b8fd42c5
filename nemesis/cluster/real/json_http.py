"""One request to a server that speaks JSON over HTTP, and what it proves that no answer came."""

from __future__ import annotations

import json
from typing import Any

import aiohttp

from nemesis.cluster.real.service import NotReached, Uncertain

JsonObject = dict[str, Any]


async def post(
    session: aiohttp.ClientSession, url: str, content: JsonObject | None, timeout: float
) -> tuple[int, JsonObject]:
    """The status and the JSON object that a server answers within ``timeout`` s. Raises NotReached
    if there was no connection, Uncertain if the request may have arrived, but no such answer."""
    try:
        async with session.post(
            url, data=json.dumps(content), timeout=aiohttp.ClientTimeout(total=timeout)
        ) as response:
            status, body = response.status, await response.read()
    except aiohttp.ClientConnectorError as error:
        raise NotReached(f"no connection: {error.os_error.strerror}") from error
    except TimeoutError as error:
        raise Uncertain("time-out") from error
    except (aiohttp.ClientError, OSError) as error:
        raise Uncertain(f"{type(error).__name__}: {error}") from error
    try:
        answer = json.loads(body)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise Uncertain(f"HTTP {status}, no JSON object: {body[:80]!r}")
    return status, answer
