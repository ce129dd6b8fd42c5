"""Keys of histories, judged by the workers of a scheduler (checker.lincheck.tasks)."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

from checker.lincheck.processes import ProcessDied
from checker.lincheck.tasks import perform
from nemesis.campaigns.cluster import NotYet, TaskKilled, Workers, dask_workers
from nemesis.campaigns.errors import CampaignError, WorkersGone


class Judges:
    """Implements checker.lincheck.tasks.Executor."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        # A scheduler gives one answer to whoever asks for a key.
        self._name = f"splitbrain-check-{secrets.token_hex(8)}"
        self.submitted = 0

    def slots(self) -> int:
        with _telling():
            return self._workers.slots()

    def submit(self, task: bytes) -> Hashable:
        self.submitted += 1
        with _telling():
            return self._workers.submit(f"{self._name}-{self.submitted}", judge, task)

    def finished(self, tasks: Sequence[Hashable], patience: float) -> Sequence[Hashable]:
        with _telling():
            return self._workers.finished(tasks, patience)

    def result(self, task: Hashable) -> bytes | None:
        with _telling():
            try:
                told: bytes = self._workers.result(task)
            except NotYet:
                return None
        return told

    def drop(self, tasks: Sequence[Hashable]) -> None:
        self._workers.drop(tasks)


@contextmanager
def _telling() -> Iterator[None]:
    """What becomes of workers, as the checker knows it."""
    try:
        yield
    except TaskKilled as error:
        raise ProcessDied(str(error)) from error
    except WorkersGone as error:
        raise ProcessDied("the scheduler cannot be reached any more") from error


@contextmanager
def judges(scheduler: str) -> Iterator[Judges]:
    """The workers of the scheduler at this address. Raises CampaignError if it does not answer, or
    Dask is missing."""
    with ExitStack() as stack:
        try:
            workers = stack.enter_context(dask_workers(scheduler, 0, None))
        except WorkersGone as error:
            # Nothing has begun: the address is wrong, or it is too early.
            raise CampaignError(str(error)) from error
        yield Judges(workers)


def judge(task: bytes) -> bytes:
    """A worker's side."""
    return perform(task, _is_dropped())


def _is_dropped() -> Callable[[], bool]:
    """Whether the task that this thread does is still wanted: a worker cannot end it, but knows."""
    from distributed import get_worker
    from distributed.worker import thread_state

    tasks, key = get_worker().state.tasks, thread_state.key

    def asked() -> bool:
        known = tasks.get(key)
        return known is None or known.state == "cancelled"

    return asked
