"""Ctrl-C and SIGTERM, where they would come too often, or in the middle of what must be whole.

People who wait press Ctrl-C again, and so do batch systems with SIGTERM. What ends workers takes a
second or two, and is not to be interrupted itself: half ended, Dask tells of it in its own words.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread
from types import FrameType
from typing import Any, NoReturn

_Handler = Callable[[int, FrameType | None], Any]

_SIGNALS: tuple[int, ...] = (signal.SIGINT, signal.SIGTERM)

# The exit code of who was interrupted before there was anything to judge: unknown.
INTERRUPTED = 2
NO_VERDICT = "interrupted: no verdict"


def leave() -> NoReturn:
    """End this process at once, where nothing has begun that must be ended."""
    try:
        os.write(2, f"splitbrain: {NO_VERDICT}\n".encode())
    finally:
        os._exit(INTERRUPTED)


@contextmanager
def leaving() -> Iterator[None]:
    """The first of these signals within ends this process at once. An exception would not always:
    what is raised while modules are imported is lost in some places, and another's in others."""

    def replaced(_number: int, _before: _Handler) -> _Handler:
        return lambda *_: leave()

    with _handled_by(replaced):
        yield


@contextmanager
def interrupted_once() -> Iterator[None]:
    """The first of these signals within is raised as it was before; those after it do nothing, as
    the end has begun. It takes no longer than Dask's own patience."""
    came: list[int] = []

    def replaced(number: int, before: _Handler) -> _Handler:
        def handle(_number: int, frame: FrameType | None) -> None:
            came.append(number)
            if len(came) == 1:
                before(number, frame)

        return handle

    with _handled_by(replaced):
        yield


@contextmanager
def unheard() -> Iterator[None]:
    """These signals do nothing within: who came first has interrupted, and the end has begun."""
    with _handled_by(lambda _number, _before: lambda _received, _frame: None):
        yield


@contextmanager
def uninterrupted() -> Iterator[None]:
    """What is within comes to its end, or fails; the first signal that came meanwhile is raised
    then: it may have reached processes that were made, and be why it failed."""
    came: list[tuple[int, _Handler]] = []

    def replaced(number: int, before: _Handler) -> _Handler:
        def handle(_number: int, _frame: FrameType | None) -> None:
            came.append((number, before))

        return handle

    try:
        with _handled_by(replaced):
            yield
    finally:
        if came:
            number, before = came[0]
            before(number, None)


@contextmanager
def _handled_by(replaced: Callable[[int, _Handler], _Handler]) -> Iterator[None]:
    """Signals that end this process as the system has it, or that it ignores, are left alone; and
    all of them in a thread, which gets none."""
    before: dict[int, _Handler] = {}
    if current_thread() is main_thread():
        for number in _SIGNALS:
            handler = signal.getsignal(number)
            if callable(handler):
                before[number] = handler
    try:
        for number, handler in before.items():
            signal.signal(number, replaced(number, handler))
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def deaf_to_ctrl_c() -> Iterator[None]:
    """Threads and processes that are made within never hear of Ctrl-C, which a terminal sends to
    all processes of a command: whoever made them ends them."""
    # Only here: what is imported above is imported before anybody hears of Ctrl-C.
    from multiprocessing import resource_tracker

    # Who starts it, for the first process that is made, hears of Ctrl-C from then on.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
