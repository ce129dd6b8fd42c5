"""What a workload is, and the registry of them.

A workload says which operations clients perform, how each is asked of the service, what its answer
means for the history, and by which model the history is judged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar, NamedTuple, TypeVar

from nemesis.chooser import Chooser
from nemesis.schedule import Operate
from raft.kv.commands import Operation, Result


class Outcome(NamedTuple):
    """How an answered operation stands in the history: ``ok`` or ``fail``, with value and error."""

    type: str
    value: Any
    error: str | None = None


class Values:
    """The values of one run: unique by default, so that a read names the write that it saw; a run
    that ``repeats`` draws them from a few, to find what only equal values show."""

    def __init__(self, *, repeats: bool = False) -> None:
        self._repeats = repeats
        self._count = 0

    def new(self) -> str:
        """A value to write."""
        self._count += 1
        return str(self._count % 3 if self._repeats else self._count)

    def recent(self, chooser: Chooser) -> str | None:
        """A value that a key may have now, None meaning absent."""
        back = chooser.integer(0, min(3, self._count))
        if back == self._count:
            return None
        value = self._count - back
        return str(value % 3 if self._repeats else value)


class Workload:
    """Base of all workloads; they hold no state."""

    name: ClassVar[str]
    # The model of checker.models that judges its histories.
    model: ClassVar[str]
    # The kinds of operations, the simplest first, and those of them that change nothing.
    operations: ClassVar[tuple[str, ...]]
    reads: ClassVar[frozenset[str]]

    def draw(
        self,
        chooser: Chooser,
        kinds: Sequence[str],
        keys: Sequence[str],
        client: int,
        values: Values,
        wait: int,
    ) -> Operate:
        """Draw an operation of one of ``kinds``. ``values`` gives what to write and what to
        compare with."""
        raise NotImplementedError(f"{type(self).__name__} does not say how it is drawn")

    def simpler(self, operate: Operate) -> Iterator[Operate]:
        """Simpler operations that the shrinker may try in the place of this one."""
        yield from ()

    def expecting(self, operate: Operate, value_of: Callable[[str], str | None]) -> Operate:
        """The same operation, comparing with what the keys hold according to ``value_of``."""
        return operate

    def operation(self, f: str, key: str | None, value: Any) -> Operation:
        """What is asked of the service. Raises ScheduleError for an ``f`` or a ``value`` that the
        workload does not know."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it asks")

    def outcome(self, f: str, value: Any, result: Result) -> Outcome:
        """What an answer means for the history."""
        raise NotImplementedError(f"{type(self).__name__} does not say what answers mean")

    def last_operations(self, kinds: Sequence[str], keys: Sequence[str]) -> list[list[Operate]]:
        """Operations that must succeed after all faults have ended, in groups that are performed
        one after the other: one of each of ``kinds``, a write, and a read of each of ``keys``, so
        that what was acknowledged is seen to be still there."""
        raise NotImplementedError(f"{type(self).__name__} has no last operations")


WORKLOADS: dict[str, Workload] = {}

_W = TypeVar("_W", bound=type[Workload])


def workload(cls: _W) -> _W:
    """Register a workload under its name."""
    if cls.name in WORKLOADS:
        raise ValueError(f"two workloads are named {cls.name!r}")
    WORKLOADS[cls.name] = cls()
    return cls
