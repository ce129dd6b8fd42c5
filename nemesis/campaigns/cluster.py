"""The workers: processes on this machine, or those behind a scheduler of Dask.

Kubernetes, SSH, Slurm and others are Dask's own deployments: whatever starts a scheduler there,
this needs its address alone.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from functools import partial
from threading import Event
from typing import Any, Protocol

from nemesis.campaigns.errors import CampaignError, WorkersGone
from nemesis.campaigns.fitness import here, installed_by, require_fit
from nemesis.interrupts import deaf_to_ctrl_c, uninterrupted

# How long a scheduler has to answer, in s.
_PATIENCE = 15.0
# How long it may take to fetch a result, some kilobytes, in s; else it is not there any more.
_FETCHING = 5.0
_SETTINGS = {
    # A scheduler takes workers for dead that it has not heard of for five minutes by the calendar:
    # all of them, where its clock is set forward or the machine slept. One that dies on the same
    # machine is noticed by its connection.
    "distributed.scheduler.worker-ttl": None,
    # A hundred times a second it looks at what a worker does: a share of the runs' time.
    "distributed.worker.profile.enabled": False,
}


class TaskKilled(CampaignError):
    """Whoever ran the task died, again and again."""


class NotYet(CampaignError):
    """A task that was finished is not any more: who had its result died before it was fetched, and
    somebody else does the task again."""


class Workers(Protocol):
    """Who does what the conductor hands out."""

    def slots(self) -> int:
        """How many tasks they do at once, now: workers come and go. Raises WorkersGone,
        WorkersUnfit."""
        ...

    def submit(self, key: str, function: Callable[..., Any], *arguments: Any) -> Hashable:
        """Hand out a task; it is known by what this returns."""
        ...

    def finished(self, tasks: Sequence[Hashable], patience: float) -> Sequence[Hashable]:
        """Those of the tasks that have ended; none, if none has after ``patience`` s. Raises
        WorkersGone."""
        ...

    def result(self, task: Hashable) -> Any:
        """What a finished task returned. Raises what it raised, NotYet, TaskKilled, WorkersGone,
        WorkersUnfit."""
        ...

    def drop(self, tasks: Sequence[Hashable]) -> None:
        """Nobody waits for these any more."""
        ...


class DaskWorkers:
    """Implements Workers. Those made on this machine are as many as there were, whatever becomes of
    them: ``local`` is their LocalCluster, None if others started them."""

    def __init__(self, client: Any, local: Any = None) -> None:
        self.local = local
        self._client = client
        # A scheduler gives one answer to all who ask for a key; another campaign may be called so.
        self._name = secrets.token_hex(4)
        # Set when some task has ended. Which one its status says, also of one that was lost.
        self._some_ended = Event()
        self._results: dict[Hashable, Any] = {}
        self._made = 0 if local is None else len(local.workers)
        # Workers that were asked what they have installed.
        self._asked: set[str] = set()

    def slots(self) -> int:
        with _reaching_scheduler():
            if self._made and len(self.local.workers) < self._made:
                # Dask gives up one that dies while it starts, or that takes long to start again.
                self.local.scale(self._made)
            ask = self._client.scheduler.ncores
            cores = self._client.sync(ask, callback_timeout=_PATIENCE)
        if self.local is None:
            self._examine([worker for worker in cores if worker not in self._asked])
        return sum(cores.values())

    def require_scheduler(self) -> None:
        """Raises WorkersUnfit if the scheduler cannot read tasks; WorkersGone."""

        def ask(function: Callable[..., Any], *arguments: Any) -> dict[str, Any]:
            call = partial(self._client.run_on_scheduler, function, *arguments)
            with _reaching_scheduler():
                try:
                    told = self._client.sync(call, callback_timeout=_PATIENCE)
                except (ImportError, AttributeError) as error:
                    told = error
            return {f"the scheduler {self._client.scheduler.address}": told}

        require_fit(installed_by(ask), here())

    def _examine(self, workers: Sequence[str]) -> None:
        """Once each: one that does not answer now is told of when its tasks fail."""

        def ask(function: Callable[..., Any], *arguments: Any) -> dict[str, Any]:
            call = partial(
                self._client.run, function, *arguments, workers=workers, on_error="return"
            )
            with suppress(TimeoutError):
                told = self._client.sync(call, callback_timeout=_PATIENCE)
                return {f"the worker {worker}": each for worker, each in told.items()}
            return {}

        self._asked.update(workers)
        if workers:
            with _reaching_scheduler():
                require_fit(installed_by(ask), here())

    def submit(self, key: str, function: Callable[..., Any], *arguments: Any) -> Hashable:
        with _reaching_scheduler():
            key = f"{key}-{self._name}"
            task = self._client.submit(function, *arguments, key=key, pure=False)
            task.add_done_callback(lambda _: self._some_ended.set())
        handed_out: Hashable = task
        return handed_out

    def finished(self, tasks: Sequence[Any], patience: float) -> Sequence[Hashable]:
        if self._client.status != "running":
            raise WorkersGone(_GONE)
        self._some_ended.clear()
        ended = _ended(tasks)
        if not ended:
            # Not by distributed.wait, which makes a task of asyncio for each that is waited for.
            self._some_ended.wait(patience)
            ended = _ended(tasks)
        self._fetch([task for task in ended if task.status == "finished"])
        return ended

    def _fetch(self, tasks: Sequence[Any]) -> None:
        """All results by one call. If one of them has died with its worker, so that it does not
        end, ``result`` asks for each by itself."""
        by_key = {task.key: task for task in tasks if task not in self._results}
        if len(by_key) < 2:
            return
        gather = partial(self._client.gather, errors="skip", asynchronous=True)
        with _reaching_scheduler(), suppress(TimeoutError):
            results = self._client.sync(gather, by_key, callback_timeout=_FETCHING)
            there = {by_key[key]: result for key, result in results.items() if result is not None}
            self._results.update(there)

    def result(self, task: Any) -> Any:
        from distributed import KilledWorker

        if task in self._results:
            return self._results.pop(task)
        if task.status in _DONE_AGAIN:
            raise NotYet(str(task.key))
        if task.status == "cancelled":
            raise WorkersGone(_GONE)
        try:
            with _reaching_scheduler() if task.status != "error" else nullcontext():
                try:
                    return task.result(timeout=_FETCHING)
                except TimeoutError as error:
                    if task.status == "error":
                        raise
                    raise NotYet(str(task.key)) from error
        except KilledWorker as error:
            raise TaskKilled(f"{task.key}: {error}") from error
        except OSError as error:
            # What the task itself has raised: of a worker's machine, as that a disk is full.
            raise WorkersGone(f"{task.key}: its worker cannot work: {error}; {_GOES_ON}") from error
        except (ImportError, AttributeError):
            # A worker has joined since, or did not answer when it was asked.
            self._asked.clear()
            self.slots()
            raise

    def drop(self, tasks: Sequence[Hashable]) -> None:
        for task in tasks:
            self._results.pop(task, None)
        # Nobody waits for them: what is not reached need not be told.
        if self._client.status == "running":
            with suppress(WorkersGone), _reaching_scheduler():
                self._client.cancel(list(tasks), force=True)


# What a task is that nobody has done yet; also one that was done, and whose worker has died.
_DONE_AGAIN = ("lost", "pending")


def _ended(tasks: Sequence[Any]) -> list[Any]:
    return [task for task in tasks if task.status not in _DONE_AGAIN]


_GOES_ON = "what was recorded is kept, and the same command goes on with the campaign"
_GONE = f"the scheduler cannot be reached any more; {_GOES_ON}"


@contextmanager
def _reaching_scheduler() -> Iterator[None]:
    """Raises WorkersGone for all that Dask raises where the scheduler has gone: its own errors of
    communication are OSErrors, and what it was asked for is cancelled."""
    from distributed import CancelledError
    from distributed.client import ClosedClientError

    try:
        yield
    except (OSError, CancelledError, ClosedClientError) as error:
        raise WorkersGone(_GONE) from error


async def _require_answer(address: str) -> None:
    """Raises TimeoutError if what listens there is no scheduler, but its dashboard perhaps: Dask's
    client would wait for the answer for ever."""
    from distributed.core import rpc
    from distributed.security import Security

    arguments = Security().get_connection_args("client")
    async with rpc(address, timeout=_PATIENCE, connection_args=arguments) as scheduler:
        try:
            # Longer than a connection takes, which has an error of its own.
            await asyncio.wait_for(scheduler.identity(), 2 * _PATIENCE)
        except TimeoutError:
            raise TimeoutError(
                "something listens there, and does not answer as a scheduler does; is it the port "
                "of its dashboard?"
            ) from None


@contextmanager
def dask_workers(scheduler: str | None, jobs: int, dashboard: str | None) -> Iterator[DaskWorkers]:
    """Those of the scheduler at this address, or so many made here, on loopback; with them a
    dashboard, at ``dashboard`` if not None. Raises WorkersGone, CampaignError if Dask is missing.
    """
    try:
        import dask
        from distributed import Client, LocalCluster

        from nemesis.campaigns.session_key import session_key
    except ModuleNotFoundError as error:
        raise CampaignError(
            f"campaigns need Dask ({error}): pip install 'splitbrain[dask]'"
        ) from error
    dask.config.set(_SETTINGS)
    for name in ("distributed", "distributed.client", "tornado.application", "asyncio"):
        # What ends a session is told in a line, by who conducts it.
        logging.getLogger(name).setLevel(logging.CRITICAL)
    with ExitStack() as stack:
        local = None
        try:
            if scheduler is None:
                with uninterrupted(), deaf_to_ctrl_c():
                    local = stack.enter_context(
                        LocalCluster(
                            n_workers=jobs,
                            threads_per_worker=1,
                            processes=True,
                            host="127.0.0.1",
                            # Dask starts a server for it in any case: without an address, at a
                            # port that another campaign may have.
                            dashboard_address=dashboard or "127.0.0.1:0",
                            silence_logs=logging.CRITICAL,
                            # Whoever reaches a scheduler can have code run by its workers, and
                            # every user of this machine reaches loopback: only who has the key is
                            # let in.
                            security=session_key(),
                        )
                    )
                client = Client(local)
            else:
                asyncio.run(_require_answer(scheduler))
                client = Client(scheduler, timeout=_PATIENCE)
            stack.enter_context(client)
        except (OSError, RuntimeError, ValueError) as error:
            what = "no workers can be made here" if scheduler is None else "no scheduler answers"
            raise WorkersGone(f"{scheduler or 'Dask'}: {what}: {error}") from error
        crew = DaskWorkers(client, local)
        if scheduler is not None:
            crew.require_scheduler()
        try:
            yield crew
        finally:
            with uninterrupted():
                stack.close()
