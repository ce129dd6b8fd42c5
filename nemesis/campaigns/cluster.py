"""The workers: processes on this machine, or those behind a scheduler of Dask.

Kubernetes, SSH, Slurm and others are Dask's own deployments: whatever starts a scheduler there,
this needs its address alone.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from nemesis.campaigns.errors import CampaignError, WorkersGone

# How long a scheduler has to answer, in s.
_PATIENCE = 15.0


class TaskKilled(CampaignError):
    """Whoever ran the task died, again and again."""


class Workers(Protocol):
    """Who does what the conductor hands out."""

    def slots(self) -> int:
        """How many tasks they do at once, now: workers come and go."""
        ...

    def submit(self, key: str, function: Callable[..., Any], *arguments: Any) -> Hashable:
        """Hand out a task; it is known by what this returns."""
        ...

    def finished(self, tasks: Sequence[Hashable], patience: float) -> Sequence[Hashable]:
        """Those of the tasks that have ended; none, if none has after ``patience`` s. Raises
        WorkersGone."""
        ...

    def result(self, task: Hashable) -> Any:
        """What a finished task returned. Raises what it raised, TaskKilled, WorkersGone."""
        ...

    def drop(self, tasks: Sequence[Hashable]) -> None:
        """Nobody waits for these any more."""
        ...


class DaskWorkers:
    """Implements Workers."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def slots(self) -> int:
        return sum(self._client.nthreads().values())

    def submit(self, key: str, function: Callable[..., Any], *arguments: Any) -> Hashable:
        task: Hashable = self._client.submit(function, *arguments, key=key, pure=False)
        return task

    def finished(self, tasks: Sequence[Hashable], patience: float) -> Sequence[Hashable]:
        from distributed import wait

        if self._client.status not in ("running", "connecting"):
            raise WorkersGone(
                "the scheduler cannot be reached any more; what was recorded is kept, and the same "
                "command goes on with the campaign"
            )
        try:
            return list(wait(tasks, timeout=patience, return_when="FIRST_COMPLETED").done)
        except TimeoutError:
            return []

    def result(self, task: Any) -> Any:
        from distributed import KilledWorker

        if task.status in ("cancelled", "lost"):
            raise WorkersGone(
                f"the scheduler has dropped {task.key}; what was recorded is kept, and the same "
                "command goes on with the campaign"
            )
        try:
            return task.result()
        except KilledWorker as error:
            raise TaskKilled(f"{task.key}: {error}") from error

    def drop(self, tasks: Sequence[Hashable]) -> None:
        if self._client.status == "running":
            self._client.cancel(list(tasks), force=True)


@contextmanager
def dask_workers(scheduler: str | None, jobs: int, dashboard: str | None) -> Iterator[DaskWorkers]:
    """Those of the scheduler at this address, or so many made here, on loopback; with them a
    dashboard, at ``dashboard`` if not None. Raises WorkersGone, CampaignError if Dask is
    missing."""
    try:
        import dask
        from distributed import Client, LocalCluster
    except ModuleNotFoundError as error:
        raise CampaignError(
            f"campaigns need Dask ({error}): pip install 'splitbrain[dask]'"
        ) from error
    # A worker runs a batch that has killed others in a process of its own.
    dask.config.set({"distributed.worker.daemon": False})
    if scheduler is not None:
        try:
            client = Client(scheduler, timeout=_PATIENCE)
        except (OSError, TimeoutError, ValueError) as error:
            raise WorkersGone(f"{scheduler}: no scheduler answers: {error}") from error
        with client:
            yield DaskWorkers(client)
        return
    with (
        LocalCluster(
            n_workers=jobs,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            # Dask starts a server for it in any case: without an address, at a port that another
            # campaign may have.
            dashboard_address=dashboard or "127.0.0.1:0",
            silence_logs=50,
        ) as local,
        Client(local) as client,
    ):
        yield DaskWorkers(client)
