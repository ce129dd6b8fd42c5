"""The pages of a folder, as a browser is given them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer

from nemesis.serve.application import Pages
from nemesis.serve.server import LOOPBACK

HISTORIES = Path(__file__).parents[2] / "histories"
EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>"

Session = Callable[[TestClient[Any, Any]], Coroutine[Any, Any, None]]


def report(directory: Path) -> bytes:
    """In place of one with pictures."""
    return f"<p>report of {directory.name}</p>".encode()


def visit(
    root: Path,
    session: Session,
    database: str | None = None,
    names: frozenset[str] = LOOPBACK,
) -> None:
    """What somebody does who looks at the runs and campaigns below ``root``."""

    async def all_of_it() -> None:
        pages = Pages(root, names, report, database)
        async with TestClient(TestServer(pages.application())) as client:
            await session(client)

    asyncio.run(all_of_it())


async def text_of(client: TestClient[Any, Any], path: str, status: int = 200) -> str:
    """Of a page, or of a file."""
    return await _text_of(await client.get(path), status)


async def page_text_of(client: TestClient[Any, Any], path: str, status: int = 200) -> str:
    """Of a page of our own, in which no script runs."""
    answer = await client.get(path)
    text = await _text_of(answer, status)
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "script-src" not in answer.headers["Content-Security-Policy"]
    return text


async def _text_of(answer: ClientResponse, status: int) -> str:
    text = await answer.text()
    assert answer.status == status, text
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    return text
