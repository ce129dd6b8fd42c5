"""Processes that work for this one, and end with it, however it ends."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing.connection import Connection
from threading import Thread


@contextmanager
def workers(jobs: int) -> Iterator[ProcessPoolExecutor]:
    """A pool of so many processes. At the end, what has begun is waited for and the rest dropped;
    after an exception (Ctrl-C, or a generator that is closed), nobody waits for what may take
    minutes, and they end at once. If this process is killed, so are they, by the end of a pipe."""
    context = multiprocessing.get_context("forkserver")
    alive, kept_open = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(
        jobs, mp_context=context, initializer=_start_worker, initargs=(alive,)
    )
    try:
        yield pool
    except BaseException:
        kept_open.close()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        kept_open.close()
        alive.close()


def _start_worker(alive: Connection) -> None:
    # Ctrl-C reaches the whole process group; the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, args=(alive,), daemon=True).start()
    tune_collector()


def _end_with_parent(alive: Connection) -> None:
    """Nothing is ever sent: the pipe ends when the process that holds its other end does."""
    try:
        alive.recv_bytes()
    except (EOFError, OSError):
        os._exit(1)


def tune_collector() -> None:
    """Spare the garbage collector the modules, and let it look less often: a run leaves little."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
