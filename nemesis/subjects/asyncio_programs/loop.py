"""An event loop under virtual time: what is due now runs, then control returns to the simulator.

Callbacks run in the order in which they were scheduled, timers by time and, at equal times, in the
order in which they were set. Tasks are numbered by the loop, their hash is their number: a set of
tasks, such as ``asyncio.wait`` returns and a TaskGroup holds, is iterated the same way every time.
"""

from __future__ import annotations

import asyncio
import contextvars
import ctypes
from asyncio.events import _get_running_loop, _set_running_loop
from collections import deque
from collections.abc import Callable, Coroutine
from heapq import heapify, heappop, heappush
from traceback import walk_tb
from typing import Any, Final

from nemesis.subjects.asyncio_programs.environment import refuse
from nemesis.subjects.asyncio_programs.errors import LeavesTheSimulation, ProcessGone
from nemesis.subjects.asyncio_programs.refusing_loop import RefusingLoop
from nemesis.subjects.errors import SubjectFailed
from nemesis.subjects.streams import NEVER

_SECOND: Final = 1_000_000_000
# So many callbacks run at most before the simulator is asked for more time at the same moment; it
# convicts a program that never has enough.
_AT_ONCE: Final = 1_000
# So often is a coroutine that does not end when it is closed told to.
_MOST_CLOSES: Final = 100
# Handlers of connections, and tasks, may end with these and nobody be the wiser, as in asyncio
# itself: the other side is gone.
_OTHER_SIDE_GONE: Final = (ConnectionError, EOFError, TimeoutError)

# The one program that lies in this package.
_EXAMPLE: Final = f"{__package__}.small_raft"

Callback = Callable[..., object]


class SimulatedTask(asyncio.Task[Any]):
    """A task whose hash does not depend on where in memory it lies."""

    number = 0

    def __hash__(self) -> int:
        return self.number


class VirtualLoop(RefusingLoop):
    """The loop of one process. ``now`` in ns; nothing happens but within ``run``."""

    def __init__(self, now: int, run_inline: bool) -> None:
        self.now = now
        # What ends the process: an error of its disk, one that it did not handle.
        self.ended_by: BaseException | None = None
        self.is_running_now = False
        # Which loop ran in this thread before ``attach``.
        self._replaced: asyncio.AbstractEventLoop | None = None
        self._is_dead = False
        self._run_inline = run_inline
        self._ready: deque[asyncio.Handle] = deque()
        self._timers: list[tuple[int, int, asyncio.TimerHandle]] = []
        self._cancelled_timers = 0
        self._timers_set = 0
        self._context = contextvars.Context()
        # Those that have not ended; else the garbage collector might end one that nobody holds.
        self._tasks: dict[int, SimulatedTask] = {}
        self._tasks_made = 0
        self._handler: Callable[[asyncio.AbstractEventLoop, dict[str, Any]], object] | None = None

    # -- The simulator's side ------------------------------------------------------------------

    def deliver(self, callback: Callback, *arguments: Any) -> None:
        """Let ``callback`` be called at the next ``run``: something happens outside."""
        self._ready.append(asyncio.Handle(callback, arguments, self, self._context))

    def attach(self) -> None:
        """Be the running loop of this thread, until ``detach``; ``run`` needs that."""
        self._replaced = _get_running_loop()
        _set_running_loop(self)
        self.is_running_now = not self._is_dead

    def detach(self) -> None:
        """What was before is again."""
        self.is_running_now = False
        _set_running_loop(self._replaced)

    def run(self) -> None:
        """Run what is due until nothing is, or ``ended_by`` tells why the process has ended."""
        ready = self._ready
        timers = self._timers
        now = self.now
        for _ in range(_AT_ONCE):
            while timers and timers[0][0] <= now:
                ready.append(heappop(timers)[2])
            if not ready:
                break
            handle = ready.popleft()
            if not handle._cancelled:
                handle._run()
            if self.ended_by is not None:
                break

    @property
    def deadline(self) -> int:
        """When ``run`` has something to do."""
        if self._ready:
            return self.now
        timers = self._timers
        while timers and timers[0][2].cancelled():
            heappop(timers)
            self._cancelled_timers -= 1
        return timers[0][0] if timers else NEVER

    def die(self) -> None:
        """The process is gone: nothing runs any more but what Python insists on, and that without
        effect. Coroutines are closed here, in the order of their tasks, and not when the garbage
        collector comes across them: nobody knows when that is. Raises LeavesTheSimulation if one
        does not end."""
        self._is_dead = True
        endless: list[Coroutine[Any, Any, Any]] = []
        self.attach()
        try:
            for task in self._tasks.values():
                task._log_destroy_pending = False  # type: ignore[attr-defined]
                coroutine = task.get_coro()
                if isinstance(coroutine, Coroutine) and not _ends(coroutine):
                    endless.append(coroutine)
        finally:
            self.detach()
        self._tasks.clear()
        self._ready.clear()
        self._timers.clear()
        for coroutine in endless:
            # Never freed: Python would close it again, and it might not even wait, without a loop.
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(coroutine))
        for coroutine in endless[:1]:
            name = getattr(coroutine, "__qualname__", coroutine)
            raise LeavesTheSimulation(
                f"{name} does not end when its process is crashed: it goes on after GeneratorExit; "
                "let it catch Exception, not BaseException, and leave its finally blocks"
            )

    def close_generator(self, generator: Any) -> None:
        """Let an asynchronous generator that nobody holds come to its end."""
        if not self._is_dead:
            self.create_task(generator.aclose())

    # -- Callbacks and timers ------------------------------------------------------------------

    def time(self) -> float:
        return self.now / _SECOND

    def call_soon(  # type: ignore[override]
        self, callback: Callback, *args: Any, context: contextvars.Context | None = None
    ) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        if not self._is_dead:
            self._ready.append(handle)
        return handle

    call_soon_threadsafe = call_soon  # type: ignore[assignment]

    def call_later(  # type: ignore[override]
        self,
        delay: float,
        callback: Callback,
        *args: Any,
        context: contextvars.Context | None = None,
    ) -> asyncio.TimerHandle:
        return self.call_at(self.time() + delay, callback, *args, context=context)

    def call_at(  # type: ignore[override]
        self,
        when: float,
        callback: Callback,
        *args: Any,
        context: contextvars.Context | None = None,
    ) -> asyncio.TimerHandle:
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        if not self._is_dead:
            due = round(when * _SECOND) if when < NEVER // _SECOND else NEVER
            self._timers_set += 1
            heappush(self._timers, (max(due, self.now), self._timers_set, handle))
            handle._scheduled = True  # type: ignore[attr-defined]
        return handle

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """Most time-outs are cancelled: they are thrown out before they fill the heap."""
        self._cancelled_timers += 1
        if self._cancelled_timers > 50 and self._cancelled_timers * 2 > len(self._timers):
            self._timers[:] = [each for each in self._timers if not each[2].cancelled()]
            heapify(self._timers)
            self._cancelled_timers = 0

    # -- Tasks -----------------------------------------------------------------------------------

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def create_task(  # type: ignore[override]
        self,
        coro: Coroutine[Any, Any, Any],
        *,
        name: object = None,
        context: contextvars.Context | None = None,
        **options: Any,
    ) -> asyncio.Task[Any]:
        if self._is_dead:
            coro.close()
            raise ProcessGone
        self._tasks_made += 1
        named = f"Task-{self._tasks_made}" if name is None else str(name)
        task = SimulatedTask(coro, loop=self, name=named, context=context)
        task.number = self._tasks_made
        self._tasks[task.number] = task
        task.add_done_callback(self._on_done)
        return task

    def _on_done(self, task: asyncio.Task[Any]) -> None:
        assert isinstance(task, SimulatedTask)
        self._tasks.pop(task.number, None)

    def run_in_executor(  # type: ignore[override]
        self, executor: Any, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        """No threads are simulated. Where the subject was told to run such functions inline, this
        one runs now, and takes no time."""
        if not self._run_inline:
            raise refuse(
                "loop.run_in_executor, a thread,",
                'AsyncioSubject(..., executor="inline") to have the function run at once',
            )
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - whoever awaits the future gets it
            future.set_exception(error)
        return future

    # -- Errors ----------------------------------------------------------------------------------

    def set_exception_handler(self, handler: Any) -> None:
        self._handler = handler

    def get_exception_handler(self) -> Any:
        return self._handler

    def default_exception_handler(self, context: dict[str, Any]) -> None:
        """An exception that nobody handled: a callback's, a connection's handler's, or one of a
        task that nobody waits for. asyncio would log it and go on; here it convicts the program,
        unless it says no more than that the other side of a connection is gone."""
        error = context.get("exception")
        if error is not None and not isinstance(error, _OTHER_SIDE_GONE):
            self.fail(error)

    def fail(self, error: BaseException) -> None:
        """The program did not handle this, so its process ends. It is convicted, unless it is a
        piece of ours that raised it."""
        if self.ended_by is None:
            self.ended_by = error
            if not _is_our_own(error):
                self.ended_by = SubjectFailed(f"{type(error).__name__}: {error}")
                self.ended_by.__cause__ = error

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        # Told of by the garbage collector, whenever it comes, it would be another run every time.
        if self._is_dead or not self.is_running_now:
            return
        if self._handler is None:
            self.default_exception_handler(context)
        else:
            self._handler(self, context)

    # -- What a loop is asked about itself --------------------------------------------------------

    def is_running(self) -> bool:
        return self.is_running_now

    def is_closed(self) -> bool:
        return self._is_dead

    def get_debug(self) -> bool:
        return False

    def set_debug(self, enabled: bool) -> None:
        """Debugging measures real time, so it stays off."""

    def get_task_factory(self) -> None:
        return None


def _is_our_own(error: BaseException) -> bool:
    """Whether the simulator raised it, or what stands between it and the program."""
    module = ""
    for frame, _ in walk_tb(error.__traceback__):
        module = str(frame.f_globals.get("__name__"))
    return module.startswith(("nemesis.", "checker.")) and module != _EXAMPLE


def _ends(coroutine: Coroutine[Any, Any, Any]) -> bool:
    """Close a coroutine of a process that is gone; whether it ends. Its ``finally`` blocks run,
    since Python has no other way; whatever they ask of the process is refused, and what they wait
    for never comes."""
    for _ in range(_MOST_CLOSES):
        try:
            coroutine.close()
        except RuntimeError:
            # It waits for something instead of ending.
            continue
        except BaseException:  # noqa: BLE001 - nobody is left to be told
            pass
        return True
    return False
