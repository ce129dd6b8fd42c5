"""Listening: on loopback unless told otherwise, until Ctrl-C."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path

from aiohttp import web

from nemesis.errors import NemesisError
from nemesis.serve.application import Pages, Report

LOOPBACK = frozenset(("localhost", "127.0.0.1", "[::1]"))


class CannotListen(NemesisError):
    """The address is taken, or is none of this machine."""


async def serve(
    root: Path,
    host: str,
    port: int,
    make_report: Report,
    tell: Callable[[str], None],
    database: str | None = None,
) -> None:
    """Serve the runs and campaigns below ``root``, and the campaigns of a database, until SIGINT or
    SIGTERM; ``tell`` is given the address once there is an answer at it (``port`` 0: any that is
    free). Raises StoreError, CannotListen, NeedsExtra, LedgerBroken."""
    in_address = f"[{host}]" if ":" in host else host.lower()
    pages = Pages(root, LOOPBACK | {in_address}, make_report, database)
    runner = web.AppRunner(pages.application(), access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        try:
            await site.start()
        except OSError as error:
            what = (
                "is taken; choose another with --port"
                if error.errno == errno.EADDRINUSE
                else _words_of(error)
            )
            raise CannotListen(f"{host}:{port}: {what}") from error
        bound = runner.addresses[0][1]
        tell(f"http://{in_address}:{bound}/")
        await _until_told_to_end()
    finally:
        await runner.cleanup()


def _words_of(error: OSError) -> str:
    # What asyncio raises begins with the address, or has a text for each that was tried; the number
    # of an error of names is none of the system's.
    if isinstance(error, socket.gaierror) or not error.errno:
        return error.strerror or str(error)
    return os.strerror(error.errno)


async def _until_told_to_end() -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    await ended.wait()
