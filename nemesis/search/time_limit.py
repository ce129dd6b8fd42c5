"""How long a run may take, in a process that works for another: native code need never return.

The kernel ends the process when its time is over (setitimer of POSIX), whatever the code does, and
though it holds Python's lock. What counts is the processor's time that the process had, so that no
machine is too slow or too busy; and, for code that waits for what never comes, much more of the
clock's time.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from time import monotonic, thread_time
from typing import NamedTuple


class TimeLimit(NamedTuple):
    """In s, of the processor's time and of the clock's, from one sign of life to the next."""

    processor: float
    clock: float


# Runs take some hundredths of a second to some seconds, and shrinking (the longest without a sign
# of life) 5 of the processor, 90 of the clock. A process that has had none of the processor for
# half an hour is waiting.
TIME_LIMIT = TimeLimit(processor=120.0, clock=1_800.0)
_NONE = TimeLimit(0, 0)

# The limits in force in this process; on workers of Dask, of several threads.
_limits: list[TimeLimit] = []
_lock = Lock()


@contextmanager
def limited(limit: TimeLimit) -> Iterator[None]:
    """The process is ended if a limit passes before the end, or before ``restart`` is called again.
    Only one that another process waits for: nobody would say what became of any other."""
    if multiprocessing.parent_process() is None:
        yield
        return
    with _lock:
        _limits.append(limit)
        _set(limit)
    try:
        yield
    finally:
        with _lock:
            _limits.remove(limit)
            _set(_limits[-1] if _limits else _NONE)


def within(limit: TimeLimit) -> Callable[[], bool]:
    """For what can stop by itself: whether this thread has not yet taken that long from now on."""
    processor, clock = thread_time() + limit.processor, monotonic() + limit.clock
    return lambda: thread_time() < processor and monotonic() < clock


def restart(limit: TimeLimit) -> None:
    """A sign of life: the time begins again, if there is a limit."""
    if _limits:
        _set(limit)


def _set(limit: TimeLimit) -> None:
    signal.setitimer(signal.ITIMER_PROF, limit.processor)
    signal.setitimer(signal.ITIMER_REAL, limit.clock)


def words_of(ended_by: signal.Signals, limit: TimeLimit) -> str | None:
    """What is said of a process that this signal has ended, if that is what its limit does."""
    if ended_by == signal.SIGPROF:
        return f"killed after {limit.processor:g} s of processor time, as it had not returned"
    if ended_by == signal.SIGALRM:
        return f"killed after {limit.clock:g} s, as it had not returned"
    return None
