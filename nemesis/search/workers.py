"""Processes that work for this one, and end with it, however it ends.

Native code of a subject may take its process with it. A pool then only says that one of its
processes died; what is done ``alone`` tells what it was at, and what became of it. Nor need native
code ever return: then its process is ended (nemesis.search.time_limit).
"""

from __future__ import annotations

import fcntl
import gc
import multiprocessing
import os
import pickle
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import forkserver
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerContext
from pathlib import Path
from threading import Thread
from traceback import format_exception
from typing import Any, TypeVar

from nemesis.errors import NemesisError
from nemesis.interrupts import deaf_to_ctrl_c, uninterrupted
from nemesis.search.time_limit import TIME_LIMIT, TimeLimit, limited, words_of

_Result = TypeVar("_Result")
# Of what a process wrote to its standard error before it died, so many characters are kept.
_LAST_WORDS = 2_000
# How long a process may take to end, in s, when it has told what comes of its work.
_PATIENCE = 10.0
LENIENCE = 2
"""Whoever waits for a process waits so many times as long as that has between signs of life."""


class WorkerDied(NemesisError):
    """A process ended before it was done: ``how``, what it was ``at`` as far as it told, and what
    it wrote to its standard error in the end. ``is_endless``: by us, as it did not return."""

    def __init__(self, how: str, at: Any, last_words: str, *, is_endless: bool = False) -> None:
        super().__init__(f"a worker process ended: {how}")
        self.how = how
        self.at = at
        self.last_words = last_words
        self.is_endless = is_endless


class WorkerRaised(NemesisError):
    """What was raised in a process that works alone, and cannot be sent from there: its traceback
    is the message."""


def _context() -> ForkServerContext:
    """Processes are copies of one that has loaded what they need, and no subject of others: to load
    it takes a second."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["nemesis.search.block"])
    # Ctrl-C reaches the whole process group, also while the one that is copied starts; and copies
    # before they can say that it is the parent's.
    with deaf_to_ctrl_c():
        forkserver.ensure_running()
    return context


class _Pool(ProcessPoolExecutor):
    """One that makes its processes whole: Ctrl-C in the middle of that would leave one that nobody
    knows of, and that finds nothing of what it was made with."""

    def submit(
        self, function: Callable[..., _Result], /, *arguments: Any, **named: Any
    ) -> Future[_Result]:
        with uninterrupted():
            return super().submit(function, *arguments, **named)


@contextmanager
def workers(jobs: int) -> Iterator[ProcessPoolExecutor]:
    """A pool of so many processes. At the end, what has begun is waited for and the rest dropped;
    after an exception (Ctrl-C, or a generator that is closed), nobody waits for what may take
    minutes, and they end at once. If this process is killed, so are they, by the end of a pipe."""
    context = _context()
    alive, kept_open = context.Pipe(duplex=False)
    pool = _Pool(jobs, mp_context=context, initializer=_start_worker, initargs=(alive,))
    try:
        yield pool
    except BaseException:
        kept_open.close()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        kept_open.close()
        alive.close()


# Where to tell of what is done, in a process that works alone.
_told_to: list[Connection] = []


def tell(at: Any) -> None:
    """The work comes to this now: so much is known of a process that dies, if it works alone."""
    for told_to in _told_to:
        told_to.send(("at", at))


def alone(
    function: Callable[..., _Result],
    *arguments: Any,
    limit: TimeLimit = TIME_LIMIT,
    is_quiet: bool = False,
) -> _Result:
    """Call a function in a process of its own, and wait for it. Raises what it raises, WorkerDied
    if the process ends before that, or is ended since it does not return. What it writes to its
    standard error is passed on, unless ``is_quiet``."""
    context = _context()
    alive, kept_open = context.Pipe(duplex=False)
    results, told_to = context.Pipe(duplex=False)
    with tempfile.TemporaryDirectory(prefix="splitbrain-") as directory:
        words = Path(directory) / "stderr"
        process = context.Process(
            target=_work_alone, args=(alive, told_to, str(words), limit, function, arguments)
        )
        at: Any = None
        try:
            with uninterrupted():
                process.start()
            # The end of the other process closes the last writing end.
            told_to.close()
            alive.close()
            while True:
                ready = wait([results, process.sentinel], LENIENCE * limit.clock)
                if ready and not results.poll():
                    # It is gone, and processes that it has made hold its end of the pipe.
                    raise EOFError
                # It ends by itself when its time is over, unless its signals lead elsewhere.
                if not ready:
                    process.kill()
                    process.join()
                    how = f"killed after {LENIENCE * limit.clock:g} s, as it had not returned"
                    raise WorkerDied(how, at, _last(words), is_endless=True)
                kind, what = results.recv()
                if kind == "at":
                    at = what
                    continue
                # Threads of a subject may keep it from ending.
                process.join(_PATIENCE)
                if not is_quiet:
                    print(_written(words), end="", file=sys.stderr)
                if kind == "raised":
                    raise what
                result: _Result = what
                return result
        except EOFError:
            process.join(_PATIENCE)
            process.kill()
            process.join()
            raise _death(process.exitcode, limit, at, _last(words)) from None
        finally:
            kept_open.close()
            results.close()
            if process.ident is not None:
                # After Ctrl-C it is at work, and need not hear that nobody waits for it any more.
                process.kill()
                process.join()


def _work_alone(
    alive: Connection,
    told_to: Connection,
    words: str,
    limit: TimeLimit,
    function: Callable[..., Any],
    arguments: tuple[Any, ...],
) -> None:
    _start_worker(alive)
    # What native code writes, it writes here.
    with open(words, "wb") as file:
        os.dup2(file.fileno(), 2)
    _told_to.append(told_to)
    try:
        with limited(limit):
            result = function(*arguments)
    except Exception as error:  # noqa: BLE001 (raised where it was called)
        told_to.send(("raised", _sendable(error)))
    else:
        told_to.send(("done", result))


def _sendable(error: Exception) -> Exception:
    """The error; or one that tells of it, as an exception with arguments of its own may not come
    out of a pickle as it went in."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # noqa: BLE001 (whatever an exception's own code may raise)
        return WorkerRaised("".join(format_exception(error)))
    return error


def _written(words: Path) -> str:
    return words.read_text(errors="replace") if words.exists() else ""


def _last(words: Path) -> str:
    return _written(words)[-_LAST_WORDS:]


def _death(code: int | None, limit: TimeLimit, at: Any, last_words: str) -> WorkerDied:
    if code is None or code >= 0:
        return WorkerDied(f"exit status {code}", at, last_words)
    ended_by = signal.Signals(-code)
    endless = words_of(ended_by, limit)
    how = endless or f"killed by {ended_by.name}"
    return WorkerDied(how, at, last_words, is_endless=endless is not None)


def _start_worker(alive: Connection) -> None:
    # Ctrl-C reaches the whole process group; the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _end_by_kernel_with_parent(alive)
    Thread(target=_end_with_parent, args=(alive,), daemon=True).start()
    tune_collector()


def _end_by_kernel_with_parent(alive: Connection) -> None:
    """Where native code holds Python's lock, no thread hears of the end of a pipe. Linux sends a
    signal then, which ends the process; elsewhere its limit does."""
    if sys.platform == "linux":
        # Opened anew, and left open: what is inherited is one file for all workers of a pool, which
        # has one owner.
        own = os.open(f"/proc/self/fd/{alive.fileno()}", os.O_RDONLY | os.O_NONBLOCK)
        fcntl.fcntl(own, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(own, fcntl.F_SETFL, os.O_NONBLOCK | os.O_ASYNC)


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
