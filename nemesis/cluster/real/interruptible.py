"""Ctrl-C while an event loop runs, or SIGTERM where that is the same: it cancels what is waited
for, not what goes on beside it.

asyncio's own runner raises KeyboardInterrupt wherever the signal comes if what is waited for is
just done: in a connection of the proxy, say. That raises it again when it ends, out of whatever the
loop runs then, such as the end of all processes.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from threading import current_thread, main_thread
from types import FrameType
from typing import Any, TypeVar

_T = TypeVar("_T")


def run_interruptibly(runner: asyncio.Runner, work: Coroutine[Any, Any, _T]) -> _T:
    """What comes of it. Raises KeyboardInterrupt if that came meanwhile, when the loop has stopped;
    signals that somebody else handles are left alone."""
    raised = [
        number
        for number in (signal.SIGINT, signal.SIGTERM)
        if signal.getsignal(number) is signal.default_int_handler
    ]
    if current_thread() is not main_thread() or not raised:
        return runner.run(work)
    loop = runner.get_loop()
    waiting: list[asyncio.Task[Any]] = []
    has_come = False

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        nonlocal has_come
        has_come = True
        for task in waiting:
            loop.call_soon_threadsafe(task.cancel)

    async def interruptible() -> _T:
        task = asyncio.current_task()
        assert task is not None
        waiting.append(task)
        if has_come:
            task.cancel()
        return await work

    for number in raised:
        signal.signal(number, interrupt)
    try:
        result = runner.run(interruptible())
    except asyncio.CancelledError:
        if has_come:
            raise KeyboardInterrupt from None
        raise
    finally:
        for number in raised:
            signal.signal(number, signal.default_int_handler)
    if has_come:
        raise KeyboardInterrupt
    return result
