"""Drives a replica: gathers inputs, sends what comes out, and keeps the disk out of the way.

All inputs that came in since the last step are one batch of the next. The replica's writes are done
in a worker thread, one at a time: what comes up during one is the next one (group commit). So the
event loop never waits for a disk.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Final

from raft.client_messages import Reply
from raft.consensus import Message
from raft.consensus.state import LEADER
from raft.replica import Input, Replica
from raft.write_queue import PendingWrite, Saved

_NS: Final = 1_000_000_000


class Node:
    """The replica's driver, in the event loop's thread.

    ``flush`` is called before anything leaves; ``send`` takes messages, ``answer`` replies,
    ``sent`` says that for now there are no more, ``changed`` that leader, configuration or state
    are other ones; ``failed`` is told why the replica cannot go on: then nothing more happens here.
    """

    def __init__(
        self,
        replica: Replica,
        executor: Executor,
        *,
        flush: Callable[[], None],
        send: Callable[[list[Message]], None],
        sent: Callable[[], None],
        answer: Callable[[Reply], None],
        changed: Callable[[], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        self.replica = replica
        self._executor = executor
        self._flush = flush
        self._send = send
        self._sent = sent
        self._answer = answer
        self._changed = changed
        self._failed = failed
        self._loop = asyncio.get_running_loop()
        self._inbox: list[Input] = []
        self._is_scheduled = False
        self._is_stopped = False
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0
        self._write: asyncio.Future[Saved] | None = None
        # What others are told of, to see when it changes.
        self._seen: tuple[str | None, int, int] = (None, -1, -1)

    @property
    def leader(self) -> str | None:
        """Who leads, as far as is known here."""
        consensus = self.replica.consensus
        return self.replica.node if consensus.role == LEADER else consensus.leader

    def start(self) -> None:
        """Take the first step: it sets the timer."""
        self._wake()

    def submit(self, item: Input) -> None:
        """An input for the next step."""
        self._inbox.append(item)
        self._wake()

    async def stop(self) -> None:
        """Take no more steps; returns when the disk is still."""
        self._is_stopped = True
        if self._timer is not None:
            self._timer.cancel()
        if self._write is not None:
            await asyncio.wait([self._write])

    def _wake(self) -> None:
        if not self._is_scheduled and not self._is_stopped:
            self._is_scheduled = True
            self._loop.call_soon(self._step)

    def _step(self) -> None:
        self._is_scheduled = False
        if self._is_stopped:
            return
        try:
            self._handle()
            self._set_timer()
        except BaseException as error:
            # In the middle of a step the replica's state may be anything.
            self._fail(error)
            raise

    def _handle(self) -> None:
        replica = self.replica
        while True:
            inputs, self._inbox = self._inbox, []
            outputs = replica.handle(inputs, time.monotonic_ns())
            self._flush()
            if outputs.messages:
                self._send(outputs.messages)
            for reply in outputs.replies:
                self._answer(reply)
            if self._write is None:
                write = replica.begin_write()
                if write is not None:
                    self._begin(write)
            self._sent()
            application = replica.begin_application()
            if application is None:
                break
            self._inbox.append(replica.apply(application))
        seen = (self.leader, replica.consensus.configuration_index, replica.last_applied)
        if seen != self._seen:
            self._seen = seen
            self._changed()

    def _begin(self, write: PendingWrite) -> None:
        self._write = self._loop.run_in_executor(self._executor, self.replica.perform, write)
        self._write.add_done_callback(self._on_written)

    def _on_written(self, write: asyncio.Future[Saved]) -> None:
        self._write = None
        error = write.exception()
        if error is not None:
            self._fail(error)
        elif not self._is_stopped:
            # Without a detour over the loop: who waits for it has waited long enough.
            self._inbox.append(write.result())
            self._step()

    def _fail(self, error: BaseException) -> None:
        self._is_stopped = True
        self._failed(error)

    def _set_timer(self) -> None:
        """Wake up at the replica's deadline. A timer that is set for earlier is left alone: it will
        look again."""
        deadline = self.replica.deadline
        if self._timer is not None:
            if self._due <= deadline:
                return
            self._timer.cancel()
        self._due = deadline
        delay = max(0, deadline - time.monotonic_ns()) / _NS
        self._timer = self._loop.call_later(delay, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        self._wake()
