"""Ctrl-C while an event loop runs."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from nemesis.cluster.real.interruptible import run_interruptibly


@pytest.fixture(autouse=True)
def _is_heard() -> Iterator[None]:
    """Where the tests run in the background, it would be ignored."""
    with _handled_by(signal.SIGINT, signal.default_int_handler):
        yield


@contextmanager
def _handled_by(number: signal.Signals, handler: Any) -> Iterator[None]:
    before = signal.signal(number, handler)
    yield
    assert signal.signal(number, before) is handler


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_goes_on_beside_is_not_hit_though_the_work_is_just_done(
    number: signal.Signals,
) -> None:
    """Of SIGTERM where Ctrl-C is ignored, as in the background."""
    done = asyncio.Event()
    gone_on: list[bool] = []

    async def beside() -> None:
        await done.wait()
        signal.raise_signal(number)
        gone_on.append(True)

    async def work() -> asyncio.Task[None]:
        task = asyncio.create_task(beside())
        await asyncio.sleep(0)
        done.set()
        return task

    with ExitStack() as stack:
        if number == signal.SIGTERM:
            stack.enter_context(_handled_by(signal.SIGINT, signal.SIG_IGN))
            stack.enter_context(_handled_by(signal.SIGTERM, signal.default_int_handler))
        runner = stack.enter_context(asyncio.Runner())
        with pytest.raises(KeyboardInterrupt):
            run_interruptibly(runner, work())
        assert gone_on
        # Nothing is left that would come later.
        run_interruptibly(runner, asyncio.sleep(0))


def test_what_is_waited_for_is_cancelled() -> None:
    ended: list[bool] = []

    async def work() -> None:
        asyncio.get_running_loop().call_soon(signal.raise_signal, signal.SIGINT)
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    with asyncio.Runner() as runner, pytest.raises(KeyboardInterrupt):
        run_interruptibly(runner, work())
    assert ended


def test_what_ends_by_itself_is_no_interrupt() -> None:
    async def work(number: int) -> int:
        if number == 0:
            raise asyncio.CancelledError
        return number

    with asyncio.Runner() as runner:
        assert run_interruptibly(runner, work(3)) == 3
        with pytest.raises(asyncio.CancelledError):
            run_interruptibly(runner, work(0))


def test_a_handler_of_somebody_else_is_left_alone() -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: heard.append(number))

    async def work() -> int:
        signal.raise_signal(signal.SIGINT)
        return 3

    try:
        with asyncio.Runner() as runner:
            assert run_interruptibly(runner, work()) == 3
    finally:
        signal.signal(signal.SIGINT, before)
    assert heard == [signal.SIGINT]
