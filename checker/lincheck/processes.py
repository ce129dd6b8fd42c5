"""Work in forked processes, each of which tells what it finds as it goes.

A process forked has all that its parent had, so nothing need be pickled but what it tells (models
are full of functions). The parent can end all of them at any moment, which the pools of the
standard library do not offer before Python 3.14. Ctrl-C is for the parent, which decides what it
means; processes whose parent has gone end at their next ``parent_is_gone``.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import traceback
from collections.abc import Callable, Generator, Iterator
from multiprocessing.connection import Connection, wait
from typing import Any, Final

_CONTEXT: Final = "fork"

Work = Callable[[int], Iterator[Any]]
"""work(number): what the process of this number, from 0, tells; values that can be pickled."""


class ProcessDied(Exception):
    """A process ended without an answer (killed, for want of memory perhaps)."""


class ProcessFailed(Exception):
    """A process raised an exception, whose traceback is the message."""


def can_fork() -> bool:
    """Whether this system has what ``in_processes`` needs."""
    return _CONTEXT in multiprocessing.get_all_start_methods()


def counters(count: int) -> Any:
    """Integers that parent and processes share, at first 0; each is written by one process."""
    return multiprocessing.get_context(_CONTEXT).RawArray("q", count)


def locked_counter(value: int) -> Any:
    """An integer that all may change: ``with counter.get_lock(): counter.value += 1``."""
    return multiprocessing.get_context(_CONTEXT).Value("q", value)


def process_number() -> int:
    """What ``parent_is_gone`` compares with: the number that the system gives this process."""
    return os.getpid()


def parent_is_gone(parent: int) -> bool:
    """Whether the process that forked this one has ended."""
    return os.getppid() != parent


def in_processes(work: Work, count: int, *, patience: float) -> Generator[Any, None, None]:
    """What so many processes tell, as it comes; None whenever nothing did for ``patience`` s.

    Closing the iterator ends them. Raises ProcessDied and ProcessFailed.
    """
    context = multiprocessing.get_context(_CONTEXT)
    running: dict[Connection, Any] = {}
    started = []
    try:
        for number in range(count):
            receiver, sender = context.Pipe(duplex=False)
            process = context.Process(target=_run, args=(work, number, sender), daemon=True)
            process.start()
            started.append(process)
            # The process alone holds this end: when it is gone, the parent sees the end of it.
            sender.close()
            running[receiver] = process
        while running:
            ready = wait(list(running), patience)
            if not ready:
                yield None
            for receiver in [each for each in running if each in ready]:
                try:
                    kind, told = receiver.recv()
                except EOFError:
                    running[receiver].join()
                    code = running[receiver].exitcode
                    raise ProcessDied(
                        f"a process ended with exit code {code}, without an answer; "
                        "for want of memory, perhaps"
                    ) from None
                if kind == "told":
                    yield told
                    continue
                receiver.close()
                del running[receiver]
                if kind == "failed":
                    raise ProcessFailed(told)
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.join()
        for receiver in running:
            receiver.close()


def _run(work: Work, number: int, sender: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    last: tuple[str, Any] = ("done", None)
    try:
        for told in work(number):
            sender.send(("told", told))
    except Exception:  # noqa: BLE001 (the parent raises it)
        last = ("failed", traceback.format_exc())
    sender.send(last)
    sender.close()
