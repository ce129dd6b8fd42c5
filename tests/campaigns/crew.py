"""Workers that are no processes: they do a task when somebody asks whether it is done."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

from nemesis.campaigns.cluster import TaskKilled


class Crew:
    """Implements nemesis.campaigns.cluster.Workers. ``fate`` is asked before each task is done: it
    may raise what becomes of it."""

    def __init__(self, slots: int = 1, fate: Callable[[str], None] = lambda key: None) -> None:
        self._slots = slots
        self._fate = fate
        self._tasks: dict[Hashable, tuple[str, Callable[..., Any], tuple[Any, ...]]] = {}
        self.handed_out: list[str] = []
        self.dropped: list[Hashable] = []
        self._next = 0

    def slots(self) -> int:
        return self._slots

    def submit(self, key: str, function: Callable[..., Any], *arguments: Any) -> Hashable:
        self._next += 1
        self._tasks[self._next] = (key, function, arguments)
        self.handed_out.append(key)
        return self._next

    def finished(self, tasks: Sequence[Hashable], patience: float) -> Sequence[Hashable]:
        return tasks[:1]

    def result(self, task: Hashable) -> Any:
        key, function, arguments = self._tasks[task]
        self._fate(key)
        return function(*arguments)

    def drop(self, tasks: Sequence[Hashable]) -> None:
        self.dropped.extend(tasks)


class Killer:
    """Kills whoever does these tasks, the first time or always."""

    def __init__(self, *keys: str) -> None:
        self.keys = keys

    def __call__(self, key: str) -> None:
        if any(each in key for each in self.keys):
            raise TaskKilled(key)
